//! Views of subscriptions and invoices, made as those of the other data types are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (view, table, columns) in VIEWS {
            let sql = select(table, columns, manager.get_database_backend());
            manager.get_connection().execute_unprepared(&format!("CREATE VIEW {view} AS {sql}")).await?;
        }
        Ok(())
    }
}

/// What a column of a view is made of.
enum From {
    /// The column as it is.
    Same(&'static str),
    /// Thousandths, as an expression over `record`; the view has them, too, under the same name with `_milli`.
    Milli(&'static str),
    /// A moment.
    Time(&'static str),
}
use From::{Milli, Same, Time};

/// A view, its table, and its columns by their names.
type View = (&'static str, &'static str, &'static [(&'static str, From)]);

/// What was paid elsewhere is kept in minor units alone: how many thousandths one of them is goes by the currency.
const PAID_ELSEWHERE: &str = "record.paid_elsewhere_minor * CASE \
    WHEN record.currency IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN 1 \
    WHEN record.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', \
    'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1000 ELSE 10 END";

const VIEWS: [View; 2] = [
    (
        "commerce_subscriptions",
        "subscription",
        &[
            ("id", Same("id")),
            ("customer_id", Same("customer_id")),
            ("status", Same("status")),
            ("currency", Same("currency")),
            ("monthly_amount", Milli("record.monthly_milli")),
            ("unpriced_items", Same("unpriced_items")),
            ("collection_method", Same("collection_method")),
            ("started_date", Time("started_at")),
            ("trial_end_date", Time("trial_ends_at")),
            ("current_period_end_date", Time("period_ends_at")),
            ("cancel_at_period_end", Same("cancel_at_period_end")),
            ("cancel_date", Time("cancel_at")),
            ("cancelled_date", Time("cancelled_at")),
            ("ended_date", Time("ended_at")),
            ("created_date", Time("created_at")),
            ("modified_date", Time("modified_at")),
            ("source_modified_date", Time("source_modified_at")),
        ],
    ),
    (
        "commerce_invoices",
        "invoice",
        &[
            ("id", Same("id")),
            ("invoice_number", Same("number")),
            ("status", Same("status")),
            ("billing_reason", Same("reason")),
            ("customer_id", Same("customer_id")),
            ("subscription_id", Same("subscription_id")),
            ("currency", Same("currency")),
            ("total_amount", Milli("record.total_milli")),
            ("total_tax_amount", Milli("record.tax_milli")),
            ("total_discount", Milli("record.discount_milli")),
            ("amount_due", Milli("record.due_milli")),
            ("amount_paid", Milli("record.paid_milli")),
            ("amount_paid_elsewhere", Milli(PAID_ELSEWHERE)),
            ("amount_remaining", Milli("record.remaining_milli")),
            ("issued_date", Time("issued_at")),
            ("due_date", Time("due_at")),
            ("paid_date", Time("paid_at")),
            ("voided_date", Time("voided_at")),
            ("uncollectible_date", Time("uncollectible_at")),
            ("created_date", Time("created_at")),
            ("modified_date", Time("modified_at")),
            ("source_modified_date", Time("source_modified_at")),
        ],
    ),
];

fn select(table: &str, columns: &[(&str, From)], backend: DbBackend) -> String {
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
        // SQLite has no decimals: the thousandths beside it are exact there, too.
        Milli(value) if sqlite => vec![format!("{value} / 1000.0 AS {name}"), format!("{value} AS {name}_milli")],
        Milli(value) => {
            vec![format!("({value} * 0.001)::numeric(22, 3) AS {name}"), format!("{value} AS {name}_milli")]
        }
        // SQLite keeps times as text with `+00:00` at their end.
        Time(column) if sqlite => vec![format!("replace(record.{column}, '+00:00', 'Z') AS {name}")],
        Time(column) => vec![format!("record.{column} AS {name}")],
    }
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
