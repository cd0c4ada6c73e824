//! Webhooks out: what is told, to whom it is on its way, what each try brought, and what is told again.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000007_deliveries"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for table in [webhook_event(), delivery_attempt(), webhook_replay()] {
            manager.create_table(table).await?;
        }
        // The body is kept once, with the event, whose id is a UUID like all others.
        manager.drop_index(Index::drop().name("delivery_by_event_id_endpoint_id").table("delivery").to_owned()).await?;
        for column in ["payload", "event_id"] {
            manager.alter_table(Table::alter().table("delivery").drop_column(column).to_owned()).await?;
        }
        for column in of_a_delivery() {
            manager.alter_table(Table::alter().table("delivery").add_column(column).to_owned()).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        for column in of_a_consumer() {
            manager.alter_table(Table::alter().table("webhook_consumer").add_column(column).to_owned()).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared(
            "CREATE INDEX feed_head_unrelayed ON feed_head (connection_id) WHERE outbox_seq > relayed",
        )
        .await?;
        Ok(())
    }
}

/// Something that is told outside; its body never changes.
fn webhook_event() -> TableCreateStatement {
    Table::create()
        .table("webhook_event")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("company_id").uuid().null())
        .col(ColumnDef::new("connection_id").uuid().null())
        .col(ColumnDef::new("consumer_id").uuid().null())
        .col(ColumnDef::new("company_tags").json_binary().not_null())
        .col(ColumnDef::new("body").text().not_null())
        .col(ColumnDef::new("is_brief").boolean().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// What the table of deliveries has besides; no version before this one wrote a row into it.
fn of_a_delivery() -> Vec<ColumnDef> {
    let nobody = "00000000-0000-0000-0000-000000000000";
    vec![
        ColumnDef::new("webhook_event_id").uuid().not_null().default(nobody).to_owned(),
        ColumnDef::new("failures").integer().not_null().default(0).to_owned(),
        ColumnDef::new("ended_at").timestamp_with_time_zone().null().to_owned(),
        ColumnDef::new("replay_id").uuid().null().to_owned(),
    ]
}

/// One try of a delivery, with what came back.
fn delivery_attempt() -> TableCreateStatement {
    Table::create()
        .table("delivery_attempt")
        .col(ColumnDef::new("delivery_id").uuid().not_null())
        .col(ColumnDef::new("number").integer().not_null())
        .col(ColumnDef::new("url").text().not_null())
        .col(ColumnDef::new("sent_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("took_ms").big_integer().not_null())
        .col(ColumnDef::new("status_code").integer().null())
        .col(ColumnDef::new("error").text().null())
        .col(ColumnDef::new("reply").text().null())
        .col(ColumnDef::new("reply_is_cut").boolean().not_null())
        .primary_key(Index::create().col("delivery_id").col("number"))
        .to_owned()
}

/// Events of the past that are told to a consumer again.
fn webhook_replay() -> TableCreateStatement {
    Table::create()
        .table("webhook_replay")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("consumer_id").uuid().not_null())
        .col(ColumnDef::new("since").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("until").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("only_missed").boolean().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("looked_at").big_integer().not_null())
        .col(ColumnDef::new("queued").big_integer().not_null())
        .col(ColumnDef::new("last_event_id").uuid().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("ended_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// The secret before the present one, why it is told nothing, since when it fails, and until when it asked to be left alone.
fn of_a_consumer() -> Vec<ColumnDef> {
    let text = |name: &'static str| ColumnDef::new(name).text().null().to_owned();
    let time = |name: &'static str| ColumnDef::new(name).timestamp_with_time_zone().null().to_owned();
    vec![
        text("previous_secret"),
        time("previous_secret_until"),
        text("disabled_reason"),
        time("disabled_at"),
        time("failing_since"),
        time("paused_until"),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(format!("{table}_by_{}", columns.join("_"))).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("webhook_event", &["created_at", "id"]),
        index("webhook_event", &["company_id"]),
        index("webhook_event", &["connection_id"]),
        index("delivery", &["webhook_event_id", "consumer_id"]).unique().to_owned(),
        index("delivery", &["consumer_id", "status", "run_at"]),
        index("delivery", &["consumer_id", "created_at", "id"]),
        index("delivery", &["replay_id"]),
        index("webhook_replay", &["consumer_id", "created_at"]),
    ]
}
