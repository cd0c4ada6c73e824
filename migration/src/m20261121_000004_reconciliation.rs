//! The proof: passes that compare what is kept with Stripe, what they found, and why something is gone.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000004_reconciliation"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for table in [reconciliation(), reconciliation_part(), drift()] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("reconciliation", &["connection_id", "state", "due_at"])).await?;
        manager.create_index(index("drift", &["connection_id", "found_at"])).await?;
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// What older rows do not have is null: data tables have no defaults.
fn columns() -> [(&'static str, ColumnDef); 4] {
    [
        ("source_object", ColumnDef::new("deleted_cause").text().null().to_owned()),
        ("quarantined", ColumnDef::new("crashes").integer().null().to_owned()),
        ("quarantined", ColumnDef::new("replay_at").timestamp_with_time_zone().null().to_owned()),
        ("sync_head", ColumnDef::new("money_read_until").big_integer().null().to_owned()),
    ]
}

/// One pass over a connection: planned, on its way, or ended.
fn reconciliation() -> TableCreateStatement {
    Table::create()
        .table("reconciliation")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("pass").text().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("asked").boolean().not_null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("started_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("finished_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// One step of a pass: its checkpoint, and what it counted.
fn reconciliation_part() -> TableCreateStatement {
    Table::create()
        .table("reconciliation_part")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("reconciliation_id").uuid().not_null())
        .col(ColumnDef::new("step").text().not_null())
        .col(ColumnDef::new("window_from").big_integer().not_null())
        .col(ColumnDef::new("cursor").text().null())
        .col(ColumnDef::new("edge").big_integer().null())
        .col(ColumnDef::new("edge_ids").json_binary().not_null())
        .col(ColumnDef::new("done").boolean().not_null())
        .col(ColumnDef::new("reason").text().null())
        .col(ColumnDef::new("failures").integer().not_null())
        .col(ColumnDef::new("there").big_integer().not_null())
        .col(ColumnDef::new("here").big_integer().not_null())
        .col(ColumnDef::new("money_there").json_binary().not_null())
        .col(ColumnDef::new("money_here").json_binary().not_null())
        .col(ColumnDef::new("missing").big_integer().not_null())
        .col(ColumnDef::new("extra").big_integer().not_null())
        .col(ColumnDef::new("different").big_integer().not_null())
        .col(ColumnDef::new("repaired").big_integer().not_null())
        .col(ColumnDef::new("fresh").big_integer().not_null())
        .col(ColumnDef::new("unlisted").big_integer().not_null())
        .col(ColumnDef::new("started_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("finished_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("reconciliation_id").col("step"))
        .to_owned()
}

/// One thing that was not here as it is at Stripe.
fn drift() -> TableCreateStatement {
    Table::create()
        .table("drift")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("reconciliation_id").uuid().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("layer").text().not_null())
        .col(ColumnDef::new("object").text().not_null())
        .col(ColumnDef::new("object_id").text().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("fields").json_binary().not_null())
        .col(ColumnDef::new("repaired").boolean().not_null())
        .col(ColumnDef::new("found_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_by_{}", columns.join("_"))).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
