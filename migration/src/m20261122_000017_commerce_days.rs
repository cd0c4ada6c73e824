//! What the metrics are counted from, by day. Such days are made when they are first needed; a migration that changes
//! transactions or orders deletes all of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("commerce_day")
            .col(ColumnDef::new("connection_id").uuid().not_null())
            .col(ColumnDef::new("day").big_integer().not_null())
            .col(ColumnDef::new("revenue").json().not_null())
            .col(ColumnDef::new("orders").json().not_null())
            .primary_key(Index::create().col("connection_id").col("day"))
            .to_owned();
        manager.create_table(table).await
    }
}
