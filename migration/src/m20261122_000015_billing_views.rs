//! Views of subscriptions and invoices, made as those of the other data types are.

use crate::prelude::*;

use super::m20261122_000010_views::From::{Milli, MilliOf, Same, Time};
use super::m20261122_000010_views::{View, select};

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000015_billing_views"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for (view, table, columns) in VIEWS {
            let sql = select(table, columns, manager.get_database_backend());
            manager.get_connection().execute_unprepared(&format!("CREATE VIEW {view} AS {sql}")).await?;
        }
        Ok(())
    }
}

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
            ("monthly_amount", Milli("monthly_milli")),
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
            ("total_amount", Milli("total_milli")),
            ("total_tax_amount", Milli("tax_milli")),
            ("total_discount", Milli("discount_milli")),
            ("amount_due", Milli("due_milli")),
            ("amount_paid", Milli("paid_milli")),
            ("amount_paid_elsewhere", MilliOf(PAID_ELSEWHERE)),
            ("amount_remaining", Milli("remaining_milli")),
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
