//! When a connection is compared with Stripe next, beside when it is synced.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000008_pass_times"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let column = ColumnDef::new("next_pass_at").timestamp_with_time_zone().null().to_owned();
        manager.alter_table(Table::alter().table("connection").add_column(column).to_owned()).await?;
        let by_time =
            Index::create().name("connection_by_next_pass_at").table("connection").col("next_pass_at").to_owned();
        manager.create_index(by_time).await
    }
}
