//! When a connection is compared with Stripe next, beside when it is synced.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("next_pass_at").timestamp_with_time_zone().null().to_owned();
        manager.alter_table(Table::alter().table("connection").add_column(column).to_owned()).await?;
        let by_time =
            Index::create().name("connection_by_next_pass_at").table("connection").col("next_pass_at").to_owned();
        manager.create_index(by_time).await
    }
}
