//! What the metrics are counted from, by day. Such days are made when they are first needed; a migration that changes
//! transactions or orders deletes all of them.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000017_commerce_days"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
