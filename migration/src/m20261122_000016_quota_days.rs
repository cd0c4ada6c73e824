//! How many requests with an API key came, by day: all processes count together.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("quota_day")
            .col(ColumnDef::new("day").big_integer().not_null())
            .col(ColumnDef::new("calls").big_integer().not_null())
            .col(ColumnDef::new("reached_quota").big_integer().null())
            .primary_key(Index::create().col("day"))
            .to_owned();
        manager.create_table(table).await
    }
}
