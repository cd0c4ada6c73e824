//! What a caller asked for under a key of its own, and which of Stripe's own fields are served beside the records.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000011_calls"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for table in [once(), supplemental_config(), custom_data_type()] {
            manager.create_table(table).await?;
        }
        let mut oldest_first = Index::create();
        oldest_first.name("idempotency_key_by_began_at").table("idempotency_key").col("began_at");
        manager.create_index(oldest_first).await
    }
}

/// A request that has one effect, however often it is sent.
fn once() -> TableCreateStatement {
    Table::create()
        .table("idempotency_key")
        .col(ColumnDef::new("owner").text().not_null())
        .col(ColumnDef::new("key").text().not_null())
        .col(ColumnDef::new("request").text().not_null())
        .col(ColumnDef::new("began_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("status").small_integer().null())
        .col(ColumnDef::new("answer").text().null())
        .primary_key(Index::create().col("owner").col("key"))
        .to_owned()
}

fn supplemental_config() -> TableCreateStatement {
    Table::create()
        .table("supplemental_config")
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("sources").json_binary().not_null())
        .primary_key(Index::create().col("integration_id").col("data_type"))
        .to_owned()
}

fn custom_data_type() -> TableCreateStatement {
    Table::create()
        .table("custom_data_type")
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("identifier").text().not_null())
        .col(ColumnDef::new("config").json_binary().not_null())
        .primary_key(Index::create().col("integration_id").col("identifier"))
        .to_owned()
}
