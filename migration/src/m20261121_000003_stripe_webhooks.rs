//! Stripe's webhooks in: the inbox, what it leaves to do, counts, and the endpoint of an integration.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000003_stripe_webhooks"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(stripe_event()).await?;
        manager.create_index(events_by_end()).await?;
        manager.create_table(stripe_hint()).await?;
        manager.create_index(hints_by_event()).await?;
        manager.create_table(stripe_event_count()).await?;
        // SQLite takes one column a statement.
        for column in endpoint_of_an_integration() {
            manager.alter_table(Table::alter().table("integration").add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// The inbox: each event once.
fn stripe_event() -> TableCreateStatement {
    Table::create()
        .table("stripe_event")
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("account").text().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("object").text().null())
        .col(ColumnDef::new("object_id").text().null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("livemode").boolean().not_null())
        .col(ColumnDef::new("api_version").text().null())
        .col(ColumnDef::new("received_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("reason").text().null())
        .col(ColumnDef::new("deliveries").big_integer().not_null())
        .col(ColumnDef::new("done_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("integration_id").col("account").col("id"))
        .to_owned()
}

/// For what is removed some days after its end.
fn events_by_end() -> IndexCreateStatement {
    Index::create().name("stripe_event_done_at").table("stripe_event").col("done_at").to_owned()
}

/// An object that a connection has to read again.
fn stripe_hint() -> TableCreateStatement {
    Table::create()
        .table("stripe_hint")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("event_id").text().not_null())
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("account").text().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("object").text().null())
        .col(ColumnDef::new("object_id").text().null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .primary_key(Index::create().col("connection_id").col("event_id"))
        .to_owned()
}

/// For the end of an event: it is done when no connection has a hint of it.
fn hints_by_event() -> IndexCreateStatement {
    Index::create().name("stripe_hint_event_id").table("stripe_hint").col("event_id").to_owned()
}

/// What came, by day and by what became of it.
fn stripe_event_count() -> TableCreateStatement {
    Table::create()
        .table("stripe_event_count")
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("day").big_integer().not_null())
        .col(ColumnDef::new("outcome").text().not_null())
        .col(ColumnDef::new("count").big_integer().not_null())
        .col(ColumnDef::new("last_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("integration_id").col("day").col("outcome"))
        .to_owned()
}

fn endpoint_of_an_integration() -> [ColumnDef; 5] {
    [
        ColumnDef::new("webhook_secret_previous").text().null().to_owned(),
        ColumnDef::new("webhook_previous_until").timestamp_with_time_zone().null().to_owned(),
        ColumnDef::new("webhook_endpoint_id").text().null().to_owned(),
        ColumnDef::new("webhook_url").text().null().to_owned(),
        ColumnDef::new("webhook_registered_at").timestamp_with_time_zone().null().to_owned(),
    ]
}
