//! Views for those who connect their own tools: one for each data type, with what the API calls it, without what is deleted.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000010_views"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for (view, table, columns) in VIEWS {
            let sql = select(table, columns, manager.get_database_backend());
            manager.get_connection().execute_unprepared(&format!("CREATE VIEW {view} AS {sql}")).await?;
        }
        Ok(())
    }
}

/// What a column of a view is made of.
pub(crate) enum From {
    /// The column as it is.
    Same(&'static str),
    /// Thousandths; the view has them, too, under the same name with `_milli`.
    Milli(&'static str),
    /// The same, as an expression over `record`.
    MilliOf(&'static str),
    /// A moment.
    Time(&'static str),
    /// A flag that the API shows as a status.
    Published(&'static str),
}
use From::{Milli, MilliOf, Published, Same, Time};

/// A view, its table, and its columns by their names.
pub(crate) type View = (&'static str, &'static str, &'static [(&'static str, From)]);

const CREATED: (&str, From) = ("created_date", Time("created_at"));
const MODIFIED: (&str, From) = ("modified_date", Time("modified_at"));
const SOURCE_MODIFIED: (&str, From) = ("source_modified_date", Time("source_modified_at"));

const VIEWS: [View; 9] = [
    (
        "commerce_company_info",
        "company_info",
        &[
            ("commerce_platform_ref", Same("id")),
            ("company_name", Same("name")),
            ("company_legal_name", Same("legal_name")),
            ("base_currency", Same("base_currency")),
            ("country", Same("country")),
            ("time_zone", Same("time_zone")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_customers",
        "customer",
        &[
            ("id", Same("id")),
            ("customer_name", Same("name")),
            ("email_address", Same("email")),
            ("phone", Same("phone")),
            ("default_currency", Same("default_currency")),
            ("note", Same("note")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_payments",
        "payment",
        &[
            ("id", Same("id")),
            ("amount", Milli("amount_milli")),
            ("currency", Same("currency")),
            ("status", Same("status")),
            ("payment_method_id", Same("payment_method_id")),
            ("payment_method_name", Same("payment_method_name")),
            ("payment_provider", Same("payment_provider")),
            ("charge_id", Same("charge_id")),
            ("customer_id", Same("customer_id")),
            ("due_date", Time("due_at")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_transactions",
        "transaction",
        &[
            ("id", Same("id")),
            ("parent_id", Same("parent_id")),
            ("total_amount", Milli("total_milli")),
            ("currency", Same("currency")),
            ("type", Same("type")),
            ("sub_type", Same("sub_type")),
            ("transaction_source_id", Same("source_id")),
            ("transaction_source_type", Same("source_type")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_payouts",
        "payout",
        &[
            ("id", Same("id")),
            ("amount", Milli("amount_milli")),
            ("currency", Same("currency")),
            ("status", Same("status")),
            ("arrival_date", Time("arrival_at")),
            ("is_automatic", Same("automatic")),
            ("method", Same("method")),
            ("destination_type", Same("destination_type")),
            ("transaction_id", Same("balance_transaction_id")),
            ("failure_transaction_id", Same("failure_balance_transaction_id")),
            ("failure_code", Same("failure_code")),
            ("failure_message", Same("failure_message")),
            ("original_payout_id", Same("original_payout_id")),
            ("statement_descriptor", Same("statement_descriptor")),
            ("description", Same("description")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_disputes",
        "dispute",
        &[
            ("id", Same("id")),
            ("total_amount", Milli("amount_milli")),
            ("currency", Same("currency")),
            ("status", Same("status")),
            ("reason", Same("reason")),
            ("charge_id", Same("charge_id")),
            ("due_date", Time("due_at")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_products",
        "product",
        &[
            ("id", Same("id")),
            ("name", Same("name")),
            ("description", Same("description")),
            ("status", Published("active")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
    (
        "commerce_payment_methods",
        "payment_method",
        &[("id", Same("id")), ("name", Same("name")), ("status", Same("status")), CREATED, MODIFIED, SOURCE_MODIFIED],
    ),
    (
        "commerce_orders",
        "order",
        &[
            ("id", Same("id")),
            ("order_number", Same("number")),
            ("country", Same("country")),
            ("currency", Same("currency")),
            ("closed_date", Time("closed_at")),
            ("total_amount", Milli("total_milli")),
            ("total_refund", Milli("refund_milli")),
            ("total_tax_amount", Milli("tax_milli")),
            ("total_discount", Milli("discount_milli")),
            ("customer_id", Same("customer_id")),
            CREATED,
            MODIFIED,
            SOURCE_MODIFIED,
        ],
    ),
];

/// The rows of a view.
pub(crate) fn select(table: &str, columns: &[(&str, From)], backend: DbBackend) -> String {
    let mut all = vec![
        format!("{} AS company_id", id("connection.company_id", backend)),
        format!("{} AS connection_id", id("record.connection_id", backend)),
    ];
    for (name, from) in columns {
        all.extend(column(name, from, backend));
    }
    format!(
        "SELECT {} FROM \"{table}\" AS record JOIN connection ON connection.id = record.connection_id \
         JOIN company ON company.id = connection.company_id WHERE record.deleted_at IS NULL \
         AND connection.deleted_at IS NULL AND company.deleted_at IS NULL",
        all.join(", ")
    )
}

fn column(name: &str, from: &From, backend: DbBackend) -> Vec<String> {
    let sqlite = backend == DbBackend::Sqlite;
    match from {
        Same(column) => vec![format!("record.\"{column}\" AS \"{name}\"")],
        Milli(column) => amount(name, &format!("record.{column}"), sqlite),
        MilliOf(value) => amount(name, value, sqlite),
        // SQLite keeps times as text with `+00:00` at their end.
        Time(column) if sqlite => vec![format!("replace(record.{column}, '+00:00', 'Z') AS {name}")],
        Time(column) => vec![format!("record.{column} AS {name}")],
        Published(column) => {
            vec![format!("CASE WHEN record.{column} THEN 'Published' ELSE 'Unpublished' END AS {name}")]
        }
    }
}

fn amount(name: &str, milli: &str, sqlite: bool) -> Vec<String> {
    // SQLite has no decimals: the thousandths beside it are exact there, too.
    let decimal = if sqlite { format!("{milli} / 1000.0") } else { format!("({milli} * 0.001)::numeric(22, 3)") };
    vec![format!("{decimal} AS {name}"), format!("{milli} AS {name}_milli")]
}

/// SQLite keeps ids as 16 bytes; they are shown as text.
fn id(column: &str, backend: DbBackend) -> String {
    if backend != DbBackend::Sqlite {
        return column.to_owned();
    }
    let part = |from: u8, length: u8| format!("substr(hex({column}), {from}, {length})");
    let parts = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)];
    format!("lower({})", parts.join(" || '-' || "))
}
