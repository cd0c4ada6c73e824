//! How many requests with an API key came, by day: all processes count together.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000016_quota_days"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
