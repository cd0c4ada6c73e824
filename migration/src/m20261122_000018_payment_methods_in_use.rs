//! Whether a way of paying is in use is found in an index: without it each of them would be looked for among all payments.
//!
//! On PostgreSQL nobody waits for it: it is made beside reads and writes, and anew when a migration was killed half way.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261122_000018_payment_methods_in_use"
    }

    /// PostgreSQL makes no index beside others inside of a transaction; a SQLite file has its own around all migrations.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let beside = if manager.get_database_backend() == DbBackend::Postgres { "CONCURRENTLY" } else { "" };
        let (db, name) = (manager.get_connection(), "payment_by_connection_id_payment_method_id");
        db.execute_unprepared(&format!("DROP INDEX {beside} IF EXISTS {name}")).await?;
        let columns = "connection_id, payment_method_id";
        db.execute_unprepared(&format!("CREATE INDEX {beside} {name} ON payment ({columns})")).await?;
        Ok(())
    }
}
