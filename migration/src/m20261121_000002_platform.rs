//! Who signs in, who is told, and which web pages may ask: users, webhook consumers and allowed origins.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000002_platform"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(user()).await?;
        manager.create_index(one_user_for_an_address()).await?;
        manager.create_table(webhook_consumer()).await?;
        manager.alter_table(allowed_origins()).await?;
        manager.alter_table(consumer_of_a_delivery()).await
    }
}

/// A person who signs in to the portal.
fn user() -> TableCreateStatement {
    Table::create()
        .table("user")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("email").text().not_null())
        .col(ColumnDef::new("email_folded").text().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(ColumnDef::new("password_hash").text().not_null())
        .col(ColumnDef::new("password_set_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("last_sign_in_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn one_user_for_an_address() -> IndexCreateStatement {
    Index::create().name("user_unique_email_folded").table("user").col("email_folded").unique().to_owned()
}

/// An address that is told of events.
fn webhook_consumer() -> TableCreateStatement {
    Table::create()
        .table("webhook_consumer")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("url").text().not_null())
        .col(ColumnDef::new("disabled").boolean().not_null())
        .col(ColumnDef::new("event_types").json_binary().not_null())
        .col(ColumnDef::new("company_tags").json_binary().not_null())
        .col(ColumnDef::new("secret").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn allowed_origins() -> TableAlterStatement {
    Table::alter()
        .table("profile")
        .add_column(ColumnDef::new("allowed_origins").json_binary().not_null().default("[]"))
        .to_owned()
}

/// The word of the contract: a delivery goes to a consumer.
fn consumer_of_a_delivery() -> TableAlterStatement {
    Table::alter().table("delivery").rename_column("endpoint_id", "consumer_id").to_owned()
}
