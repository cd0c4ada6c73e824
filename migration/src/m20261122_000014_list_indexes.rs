//! The indexes that lists are ordered by know what is deleted, too: a page that lies deep in a list, and the count of all
//! of it, are found in the index alone.
//!
//! On PostgreSQL nobody waits for them: they are made beside reads and writes, each on its own, so that a migration that
//! was killed goes on by making anew what is half made.

use crate::prelude::*;

pub struct Step;

const TABLES: [&str; 10] = [
    "customer",
    "payment",
    "transaction",
    "payout",
    "dispute",
    "product",
    "payment_method",
    "order",
    "subscription",
    "invoice",
];

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000014_list_indexes"
    }

    /// PostgreSQL makes no index beside others inside of a transaction; a SQLite file has its own around all migrations.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let beside = if manager.get_database_backend() == DbBackend::Postgres { "CONCURRENTLY" } else { "" };
        let db = manager.get_connection();
        for table in TABLES {
            for time in ["created_at", "modified_at"] {
                let old = format!("{table}_by_connection_id_{time}_id");
                let new = format!("{old}_deleted_at");
                for sql in [
                    format!("DROP INDEX {beside} IF EXISTS {new}"),
                    format!("CREATE INDEX {beside} {new} ON \"{table}\" (connection_id, {time}, id, deleted_at)"),
                    format!("DROP INDEX {beside} IF EXISTS {old}"),
                ] {
                    db.execute_unprepared(&sql).await?;
                }
            }
        }
        Ok(())
    }
}
