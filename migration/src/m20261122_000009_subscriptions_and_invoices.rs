//! Subscriptions and invoices as records of their own, and what sums of money and of orders are read from.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000009_subscriptions_and_invoices"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for table in [subscription(), invoice()] {
            manager.create_table(table).await?;
        }
        for table in ["subscription", "invoice"] {
            for column in ["created_at", "modified_at"] {
                let mut index =
                    Index::create().name(format!("{table}_by_connection_id_{column}_id")).table(table).to_owned();
                index.col("connection_id").col(column).col("id");
                manager.create_index(index).await?;
            }
        }
        // Whatever is summed stands in the index: neither database looks at a row for it.
        // With the column of the condition in them, SQLite reads the sums from the indexes alone.
        for index in [
            r#"CREATE INDEX transaction_sums ON "transaction"
               (connection_id, created_at, "type", currency, reporting_category, total_minor, deleted_at)
               WHERE deleted_at IS NULL"#,
            r#"CREATE INDEX order_sums ON "order"
               (connection_id, COALESCE(closed_at, created_at), customer_id, currency, total_minor, deleted_at)
               WHERE deleted_at IS NULL"#,
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// What a customer pays for again and again.
fn subscription() -> TableCreateStatement {
    Table::create()
        .table("subscription")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("customer_id").text().null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("items").json_binary().not_null())
        .col(ColumnDef::new("monthly_minor").big_integer().not_null())
        .col(ColumnDef::new("monthly_milli").big_integer().not_null())
        .col(ColumnDef::new("unpriced_items").integer().not_null())
        .col(ColumnDef::new("discounts").json_binary().not_null())
        .col(ColumnDef::new("collection_method").text().null())
        .col(ColumnDef::new("started_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("trial_ends_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("period_ends_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("cancel_at_period_end").boolean().not_null())
        .col(ColumnDef::new("cancel_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("cancelled_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("ended_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}

/// An invoice, from its draft to whatever becomes of it.
fn invoice() -> TableCreateStatement {
    Table::create()
        .table("invoice")
        .col(ColumnDef::new("connection_id").uuid().not_null())
        .col(ColumnDef::new("id").text().not_null())
        .col(ColumnDef::new("number").text().null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("reason").text().null())
        .col(ColumnDef::new("customer_id").text().null())
        .col(ColumnDef::new("subscription_id").text().null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("total_minor").big_integer().not_null())
        .col(ColumnDef::new("total_milli").big_integer().not_null())
        .col(ColumnDef::new("tax_minor").big_integer().not_null())
        .col(ColumnDef::new("tax_milli").big_integer().not_null())
        .col(ColumnDef::new("discount_minor").big_integer().not_null())
        .col(ColumnDef::new("discount_milli").big_integer().not_null())
        .col(ColumnDef::new("due_minor").big_integer().not_null())
        .col(ColumnDef::new("due_milli").big_integer().not_null())
        .col(ColumnDef::new("paid_minor").big_integer().not_null())
        .col(ColumnDef::new("paid_milli").big_integer().not_null())
        .col(ColumnDef::new("paid_elsewhere_minor").big_integer().not_null())
        .col(ColumnDef::new("remaining_minor").big_integer().not_null())
        .col(ColumnDef::new("remaining_milli").big_integer().not_null())
        .col(ColumnDef::new("issued_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("paid_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("voided_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("uncollectible_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("lines").json_binary().not_null())
        .col(ColumnDef::new("payments").json_binary().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("source_modified_at").timestamp_with_time_zone().null())
        .col(ColumnDef::new("content_hash").big_integer().not_null())
        .col(ColumnDef::new("read_no").big_integer().not_null())
        .col(ColumnDef::new("modified_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("deleted_at").timestamp_with_time_zone().null())
        .primary_key(Index::create().col("connection_id").col("id"))
        .to_owned()
}
