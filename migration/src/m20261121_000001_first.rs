//! The first schema: every noun from a click to data.
//!
//! Literal names, one table at a time. Data tables begin their key with `connection_id`, have no foreign key and no
//! sequence, so that they can be distributed by it later.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000001_first"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        company(),
        integration(),
        connection(),
        credential(),
        data_key(),
        oauth_state(),
        session(),
        api_key(),
        profile(),
        sync_setting(),
        job(),
        dictionary(),
        feed_index(),
        feed_clock(),
        delivery(),
        sync_head(),
        checkpoint(),
        feed_head(),
        dataset(),
        source_object(),
        change(),
        outbox(),
        quarantined(),
        seen_event(),
        payout_content(),
        payout_transaction(),
        company_info(),
        customer(),
        payment(),
        transaction(),
        payout(),
        dispute(),
        product(),
        payment_method(),
        order(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("company", &["created_at", "id"]),
        unique("integration", &["platform_key"]),
        index("connection", &["company_id", "created_at"]),
        index("connection", &["next_sync_at"]),
        index("connection", &["account_id"]),
        index("oauth_state", &["expires_at"]),
        index("session", &["expires_at"]),
        unique("api_key", &["key_mac"]),
        index("job", &["run_at"]),
        unique("job", &["key"]),
        index("feed_index", &["connection_id", "to_seq"]),
        index("delivery", &["run_at"]),
        unique("delivery", &["event_id", "endpoint_id"]),
        index("dataset", &["connection_id", "data_type", "requested_at"]),
        index("dataset", &["status"]),
        index("source_object", &["connection_id", "object", "parent_id"]),
        index("source_object", &["connection_id", "object", "source_created"]),
        index("change", &["at"]),
        index("seen_event", &["connection_id", "created"]),
        index("payout_transaction", &["connection_id", "transaction_id"]),
        index("company_info", &["connection_id", "created_at", "id"]),
        index("company_info", &["connection_id", "modified_at", "id"]),
        index("customer", &["connection_id", "created_at", "id"]),
        index("customer", &["connection_id", "modified_at", "id"]),
        index("payment", &["connection_id", "created_at", "id"]),
        index("payment", &["connection_id", "modified_at", "id"]),
        index("payment", &["connection_id", "payment_intent_id"]),
        index("payment", &["connection_id", "charge_id"]),
        index("transaction", &["connection_id", "created_at", "id"]),
        index("transaction", &["connection_id", "modified_at", "id"]),
        index("transaction", &["connection_id", "source_id"]),
        index("transaction", &["connection_id", "parent_id"]),
        index("transaction", &["connection_id", "status"]),
        index("payout", &["connection_id", "created_at", "id"]),
        index("payout", &["connection_id", "modified_at", "id"]),
        index("payout", &["connection_id", "reconciliation"]),
        index("dispute", &["connection_id", "created_at", "id"]),
        index("dispute", &["connection_id", "modified_at", "id"]),
        index("product", &["connection_id", "created_at", "id"]),
        index("product", &["connection_id", "modified_at", "id"]),
        index("payment_method", &["connection_id", "created_at", "id"]),
        index("payment_method", &["connection_id", "modified_at", "id"]),
        index("order", &["connection_id", "created_at", "id"]),
        index("order", &["connection_id", "modified_at", "id"]),
    ]
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_by_{}", columns.join("_"))).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, columns).unique().to_owned()
}

/// A company: one small business, made by the developer or the admin.
fn company() -> TableCreateStatement {
    Table::create()
        .table("company")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("name").text().not_null())
        .col(ColumnDef::new("name_folded").text().not_null())
        .col(ColumnDef::new("description").text().null())
        .col(ColumnDef::new("tags").json_binary().not_null())
        .col(ColumnDef::new("link_serial").integer().not_null())
        .col(ColumnDef::new("overrides_sync").boolean().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("last_sync_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// An integration: a way in to Stripe, set up by the admin.
fn integration() -> TableCreateStatement {
    Table::create()
        .table("integration")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("platform_key").text().not_null())
        .col(ColumnDef::new("name").text().not_null())
        .col(ColumnDef::new("source_id").uuid().not_null())
        .col(ColumnDef::new("mode").text().not_null())
        .col(ColumnDef::new("enabled").boolean().not_null())
        .col(ColumnDef::new("client_id").text().null())
        .col(ColumnDef::new("secret_key").text().null())
        .col(ColumnDef::new("secret_key_hint").text().null())
        .col(ColumnDef::new("webhook_secret").text().null())
        .col(ColumnDef::new("webhook_secret_hint").text().null())
        .col(ColumnDef::new("scope").text().not_null())
        .col(ColumnDef::new("sync").text().not_null())
        .col(ColumnDef::new("refused_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// A connection: one company's link to one Stripe account through one integration.
fn connection() -> TableCreateStatement {
    Table::create()
        .table("connection")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("company_id").uuid().not_null())
        .col(ColumnDef::new("integration_id").uuid().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("account_id").text().null())
        .col(ColumnDef::new("account_name").text().null())
        .col(ColumnDef::new("livemode").boolean().null())
        .col(ColumnDef::new("scope").text().null())
        .col(ColumnDef::new("link_serial").integer().not_null())
        .col(ColumnDef::new("errors").json_binary().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("linked_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("ended_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("last_sync_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("next_sync_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("quiet_until").big_integer().null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// What Stripe gave us for a connection, sealed by the company's data key.
fn credential() -> TableCreateStatement {
    Table::create()
        .table("credential")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("access_token").text().null())
        .col(ColumnDef::new("refresh_token").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id"))
        .to_owned()
}

/// A data key, wrapped by the master key: one for each company, and one for the installation itself.
fn data_key() -> TableCreateStatement {
    Table::create()
        .table("data_key")
        .col(ColumnDef::new("owner").uuid().not_null())
        .col(ColumnDef::new("wrapped").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("owner"))
        .to_owned()
}

/// A consent on its way: spent before the code is exchanged.
fn oauth_state() -> TableCreateStatement {
    Table::create()
        .table("oauth_state")
        .col(ColumnDef::new("digest").text().not_null())
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("session_digest").text().not_null())
        .col(ColumnDef::new("expected_account").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("expires_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("digest"))
        .to_owned()
}

/// A browser's session.
fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(ColumnDef::new("digest").text().not_null())
        .col(ColumnDef::new("data").text().not_null())
        .col(ColumnDef::new("expires_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("digest"))
        .to_owned()
}

/// An API key; the key itself is shown once and never stored.
fn api_key() -> TableCreateStatement {
    Table::create()
        .table("api_key")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(ColumnDef::new("key_mac").text().not_null())
        .col(ColumnDef::new("hint").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("last_used_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// The installation's profile: one row.
fn profile() -> TableCreateStatement {
    Table::create()
        .table("profile")
        .col(ColumnDef::new("id").integer().not_null())
        .col(ColumnDef::new("client_id").uuid().not_null())
        .col(ColumnDef::new("name").text().not_null())
        .col(ColumnDef::new("redirect_url").text().not_null())
        .col(ColumnDef::new("icon_url").text().null())
        .col(ColumnDef::new("logo_url").text().null())
        .col(ColumnDef::new("white_list_urls").json_binary().not_null())
        .col(ColumnDef::new("confirm_company_name").boolean().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// How one data type is synced: for all companies, or for one.
fn sync_setting() -> TableCreateStatement {
    Table::create()
        .table("sync_setting")
        .col(ColumnDef::new("owner").uuid().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("fetch_on_first_link").boolean().not_null())
        .col(ColumnDef::new("sync_schedule").integer().not_null())
        .col(ColumnDef::new("sync_order").integer().not_null())
        .col(ColumnDef::new("sync_from_utc").timestamp_with_time_zone().null())
        .col(ColumnDef::new("sync_from_window").integer().null())
        .col(ColumnDef::new("months_to_sync").integer().null())
        .col(ColumnDef::new("is_locked").boolean().not_null())
        .primary_key(Index::create().col("owner").col("data_type"))
        .to_owned()
}

/// A request for work. The row goes when the work is done.
fn job() -> TableCreateStatement {
    Table::create()
        .table("job")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("key").text().not_null())
        .col(ColumnDef::new("task").text().not_null())
        .col(ColumnDef::new("run_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("lease").uuid().null())
        .col(ColumnDef::new("leased_until").timestamp_with_time_zone().null())
        .col(ColumnDef::new("attempts").integer().not_null())
        .col(ColumnDef::new("again").boolean().not_null())
        .col(ColumnDef::new("last_error").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// A zstd dictionary that source objects of one type are compressed with.
fn dictionary() -> TableCreateStatement {
    Table::create()
        .table("dictionary")
        .col(ColumnDef::new("id").integer().not_null())
        .col(ColumnDef::new("object").text().not_null())
        .col(ColumnDef::new("body").blob().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// The change feed over all connections: ranges in the order of merging.
fn feed_index() -> TableCreateStatement {
    Table::create()
        .table("feed_index")
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("from_seq").big_integer().not_null())
        .col(ColumnDef::new("to_seq").big_integer().not_null())
        .primary_key(Index::create().col("position"))
        .to_owned()
}

/// The one row that orders the change feed.
fn feed_clock() -> TableCreateStatement {
    Table::create()
        .table("feed_clock")
        .col(ColumnDef::new("id").integer().not_null())
        .col(ColumnDef::new("position").big_integer().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// An event on its way to a receiver.
fn delivery() -> TableCreateStatement {
    Table::create()
        .table("delivery")
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("event_id").text().not_null())
        .col(ColumnDef::new("endpoint_id").uuid().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("payload").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("attempts").integer().not_null())
        .col(ColumnDef::new("run_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("id"))
        .to_owned()
}

/// One row for each connection: who may write its data.
fn sync_head() -> TableCreateStatement {
    Table::create()
        .table("sync_head")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("fence").big_integer().not_null())
        .col(ColumnDef::new("events_from").big_integer().null())
        .col(ColumnDef::new("first_done_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("account_read_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("mapper_version").integer().not_null())
        .primary_key(Index::create().col("connection_id"))
        .to_owned()
}

/// How far one stream of a connection has been read.
fn checkpoint() -> TableCreateStatement {
    Table::create()
        .table("checkpoint")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("stream").text().not_null())
        .col(ColumnDef::new("window_from").big_integer().not_null())
        .col(ColumnDef::new("window_until").big_integer().null())
        .col(ColumnDef::new("cursor").text().null())
        .col(ColumnDef::new("done").boolean().not_null())
        .col(ColumnDef::new("pages").big_integer().not_null())
        .col(ColumnDef::new("objects").big_integer().not_null())
        .col(ColumnDef::new("version").big_integer().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id").col("stream").col("window_from"))
        .to_owned()
}

/// The counters of a connection: taken last before a commit, so that numbers follow the order of commits.
fn feed_head() -> TableCreateStatement {
    Table::create()
        .table("feed_head")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("seq").big_integer().not_null())
        .col(ColumnDef::new("merged").big_integer().not_null())
        .col(ColumnDef::new("outbox_seq").big_integer().not_null())
        .col(ColumnDef::new("relayed").big_integer().not_null())
        .primary_key(Index::create().col("connection_id"))
        .to_owned()
}

/// A dataset (pull operation): one run of one data type for one connection.
fn dataset() -> TableCreateStatement {
    Table::create()
        .table("dataset")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("first").boolean().not_null())
        .col(ColumnDef::new("full").boolean().not_null())
        .col(ColumnDef::new("requested_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("started_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("completed_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("progress").integer().not_null())
        .col(ColumnDef::new("objects").big_integer().not_null())
        .col(ColumnDef::new("changed").big_integer().not_null())
        .col(ColumnDef::new("quarantined").big_integer().not_null())
        .col(ColumnDef::new("status_description").text().null())
        .col(ColumnDef::new("error_message").text().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A Stripe object as Stripe sent it, compressed, so that history can be mapped again without asking Stripe.
fn source_object() -> TableCreateStatement {
    Table::create()
        .table("source_object")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("object").text().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("parent_id").text().null())
        .col(ColumnDef::new("body").blob().not_null())
        .col(ColumnDef::new("codec").small_integer().not_null())
        .col(ColumnDef::new("dictionary_id").integer().null())
        .col(ColumnDef::new("body_hash").big_integer().not_null())
        .col(ColumnDef::new("api_version").text().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("read_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_created").big_integer().null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("object").col("id"))
        .to_owned()
}

/// A line of the change feed.
fn change() -> TableCreateStatement {
    Table::create()
        .table("change")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("seq").big_integer().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("record_id").text().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id").col("seq"))
        .to_owned()
}

/// An event of the contract that is to be told; written with what it tells of.
fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("seq").big_integer().not_null())
        .col(ColumnDef::new("event_id").uuid().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("payload").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id").col("seq"))
        .to_owned()
}

/// An object that could not be mapped; it never blocks the others.
fn quarantined() -> TableCreateStatement {
    Table::create()
        .table("quarantined")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("object").text().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("data_type").text().not_null())
        .col(ColumnDef::new("reason").text().not_null())
        .col(ColumnDef::new("mapper_version").integer().not_null())
        .col(ColumnDef::new("body").blob().not_null())
        .col(ColumnDef::new("codec").small_integer().not_null())
        .col(ColumnDef::new("first_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("last_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("attempts").integer().not_null())
        .primary_key(Index::create().col("connection_id").col("object").col("id"))
        .to_owned()
}

/// An event of Stripe's that was followed already.
fn seen_event() -> TableCreateStatement {
    Table::create()
        .table("seen_event")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// Whether what a payout is made of is known, and what it adds up to.
fn payout_content() -> TableCreateStatement {
    Table::create()
        .table("payout_content")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("payout_id").text().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("count").big_integer().not_null())
        .col(ColumnDef::new("net_minor").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("read_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("connection_id").col("payout_id"))
        .to_owned()
}

/// A balance transaction that a payout is made of.
fn payout_transaction() -> TableCreateStatement {
    Table::create()
        .table("payout_transaction")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("payout_id").text().not_null())
        .col(ColumnDef::new("transaction_id").text().not_null())
        .primary_key(Index::create().col("connection_id").col("payout_id").col("transaction_id"))
        .to_owned()
}

/// The account itself, with its balance.
fn company_info() -> TableCreateStatement {
    Table::create()
        .table("company_info")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(ColumnDef::new("legal_name").text().null())
        .col(ColumnDef::new("base_currency").text().null())
        .col(ColumnDef::new("country").text().null())
        .col(ColumnDef::new("email").text().null())
        .col(ColumnDef::new("time_zone").text().null())
        .col(ColumnDef::new("addresses").json_binary().not_null())
        .col(ColumnDef::new("phone_numbers").json_binary().not_null())
        .col(ColumnDef::new("web_links").json_binary().not_null())
        .col(ColumnDef::new("balances").json_binary().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A customer of the business.
fn customer() -> TableCreateStatement {
    Table::create()
        .table("customer")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(ColumnDef::new("name_folded").text().null())
        .col(ColumnDef::new("email").text().null())
        .col(ColumnDef::new("email_folded").text().null())
        .col(ColumnDef::new("phone").text().null())
        .col(ColumnDef::new("default_currency").text().null())
        .col(ColumnDef::new("addresses").json_binary().not_null())
        .col(ColumnDef::new("note").text().null())
        .col(ColumnDef::new("note_folded").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A payment: a charge, or a refund as a negative payment.
fn payment() -> TableCreateStatement {
    Table::create()
        .table("payment")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("amount_minor").big_integer().not_null())
        .col(ColumnDef::new("amount_milli").big_integer().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("payment_method_id").text().null())
        .col(ColumnDef::new("payment_method_name").text().null())
        .col(ColumnDef::new("payment_provider").text().not_null())
        .col(ColumnDef::new("charge_id").text().null())
        .col(ColumnDef::new("payment_intent_id").text().null())
        .col(ColumnDef::new("customer_id").text().null())
        .col(ColumnDef::new("balance_transaction_id").text().null())
        .col(ColumnDef::new("refunded_minor").big_integer().not_null())
        .col(ColumnDef::new("description").text().null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A balance transaction, or one of its fees.
fn transaction() -> TableCreateStatement {
    Table::create()
        .table("transaction")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("parent_id").text().not_null())
        .col(ColumnDef::new("total_minor").big_integer().not_null())
        .col(ColumnDef::new("total_milli").big_integer().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("type").text().not_null())
        .col(ColumnDef::new("sub_type").text().not_null())
        .col(ColumnDef::new("reporting_category").text().null())
        .col(ColumnDef::new("source_id").text().null())
        .col(ColumnDef::new("source_type").text().null())
        .col(ColumnDef::new("fee_minor").big_integer().null())
        .col(ColumnDef::new("net_minor").big_integer().null())
        .col(ColumnDef::new("exchange_rate").text().null())
        .col(ColumnDef::new("status").text().null())
        .col(ColumnDef::new("available_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("description").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A payout to the bank, or a debit from it.
fn payout() -> TableCreateStatement {
    Table::create()
        .table("payout")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("amount_minor").big_integer().not_null())
        .col(ColumnDef::new("amount_milli").big_integer().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("arrival_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("automatic").boolean().not_null())
        .col(ColumnDef::new("method").text().not_null())
        .col(ColumnDef::new("destination_type").text().not_null())
        .col(ColumnDef::new("reconciliation").text().not_null())
        .col(ColumnDef::new("balance_transaction_id").text().null())
        .col(ColumnDef::new("failure_balance_transaction_id").text().null())
        .col(ColumnDef::new("failure_code").text().null())
        .col(ColumnDef::new("failure_message").text().null())
        .col(ColumnDef::new("original_payout_id").text().null())
        .col(ColumnDef::new("statement_descriptor").text().null())
        .col(ColumnDef::new("description").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A dispute.
fn dispute() -> TableCreateStatement {
    Table::create()
        .table("dispute")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("amount_minor").big_integer().not_null())
        .col(ColumnDef::new("amount_milli").big_integer().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("reason").text().null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("transactions").json_binary().not_null())
        .col(ColumnDef::new("charge_id").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A product with its prices as variants.
fn product() -> TableCreateStatement {
    Table::create()
        .table("product")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("name").text().null())
        .col(ColumnDef::new("name_folded").text().null())
        .col(ColumnDef::new("description").text().null())
        .col(ColumnDef::new("description_folded").text().null())
        .col(ColumnDef::new("active").boolean().not_null())
        .col(ColumnDef::new("variants").json_binary().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// A way of paying that charges have shown.
fn payment_method() -> TableCreateStatement {
    Table::create()
        .table("payment_method")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("name").text().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// An order: a completed checkout session or a paid invoice.
fn order() -> TableCreateStatement {
    Table::create()
        .table("order")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("number").text().null())
        .col(ColumnDef::new("country").text().null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("closed_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("total_minor").big_integer().not_null())
        .col(ColumnDef::new("total_milli").big_integer().not_null())
        .col(ColumnDef::new("refund_minor").big_integer().not_null())
        .col(ColumnDef::new("refund_milli").big_integer().not_null())
        .col(ColumnDef::new("tax_minor").big_integer().not_null())
        .col(ColumnDef::new("tax_milli").big_integer().not_null())
        .col(ColumnDef::new("discount_minor").big_integer().not_null())
        .col(ColumnDef::new("discount_milli").big_integer().not_null())
        .col(ColumnDef::new("shipping_minor").big_integer().not_null())
        .col(ColumnDef::new("lines").json_binary().not_null())
        .col(ColumnDef::new("payments").json_binary().not_null())
        .col(ColumnDef::new("customer_id").text().null())
        .col(ColumnDef::new("customer_email").text().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}
