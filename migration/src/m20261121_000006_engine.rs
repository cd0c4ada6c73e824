//! What the engine keeps beside its pages: from when on a first sync can be read, reads against Stripe's allocation, and
//! schedules that name an hour.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000006_engine"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    let text = |name: &'static str| ColumnDef::new(name).text().null().to_owned();
    vec![
        ("dataset", ColumnDef::new("readable_from").timestamp_with_time_zone().null().to_owned()),
        ("connection", ColumnDef::new("reads").json_binary().not_null().default("{}").to_owned()),
        ("integration", text("sync_at")),
        ("integration", text("sync_time_zone")),
    ]
}
