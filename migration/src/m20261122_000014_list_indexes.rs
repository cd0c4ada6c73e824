//! The indexes that lists are ordered by know what is deleted, too: a page that lies deep in a list, and the count of all
//! of it, are found in the index alone.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 8] =
    ["customer", "payment", "transaction", "payout", "dispute", "product", "payment_method", "order"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for time in ["created_at", "modified_at"] {
                let old = format!("{table}_by_connection_id_{time}_id");
                manager.drop_index(Index::drop().name(&old).table(table).to_owned()).await?;
                let mut new = Index::create().name(format!("{old}_deleted_at")).table(table).to_owned();
                new.col("connection_id").col(time).col("id").col("deleted_at");
                manager.create_index(new).await?;
            }
        }
        Ok(())
    }
}
