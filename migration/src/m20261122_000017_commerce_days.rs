//! Sums of what moved the balance, by day: metrics of years are added up from them. They are made when they are first
//! asked for; a migration that changes transactions deletes all of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("revenue_day")
            .col(ColumnDef::new("connection_id").uuid().not_null())
            .col(ColumnDef::new("day").integer().not_null())
            .col(ColumnDef::new("series").json_binary().not_null())
            .primary_key(Index::create().col("connection_id").col("day"))
            .to_owned();
        manager.create_table(table).await
    }
}
