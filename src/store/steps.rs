//! The steps that bring a schema up to date: migration by migration.
//!
//! On PostgreSQL one process does them while others read and write, and may wait for it. A step that changes a table waits
//! for it briefly and tries again, since whoever comes after waits behind it. A step that nobody waits for, such as an index
//! made beside reads and writes, waits as long as it has to.

use std::time::Duration;

use migration::Migrator;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, SqlxPostgresConnector,
    Statement, TransactionTrait,
};

use base::fault::{self, Point};

/// How long a step waits for a table, and others behind it.
const BRIEF: &str = "500ms";
/// Between two tries for a table, or for the turn.
const PAUSE: Duration = Duration::from_millis(500);
/// Tries for a table: whoever holds it for minutes is named in the log, and the process may be started again.
const TRIES: u32 = 300;
/// What PostgreSQL says when a table was not to be had in time.
const HELD: &str = "55P03";

/// Connections of their own to a PostgreSQL server, whose statements take the time that they need: an index over many
/// rows may be a matter of minutes.
#[derive(Debug)]
pub(super) struct Steps {
    /// Waits for as long as it takes.
    patient: DatabaseConnection,
    /// Waits briefly.
    brief: DatabaseConnection,
}

impl Steps {
    pub(super) fn of(pool: &DatabaseConnection) -> Self {
        // The turn has a connection, too.
        Self { patient: connections(pool, "0", 2), brief: connections(pool, BRIEF, 1) }
    }

    /// Several processes may start at once, and wait here until the first has done it. Between two looks they hold nothing
    /// of the database: who makes an index beside others waits for every statement that is under way.
    pub(super) async fn turn(&self) -> Result<DatabaseTransaction, DbErr> {
        let mut waits = false;
        loop {
            let turn = self.patient.begin().await?;
            // It is idle while the steps are done, on another connection.
            turn.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
            let ask = "SELECT pg_try_advisory_xact_lock(7418201121)";
            let row = turn.query_one_raw(Statement::from_string(DbBackend::Postgres, ask)).await?;
            if row.map(|row| row.try_get_by_index(0)).transpose()? == Some(true) {
                return Ok(turn);
            }
            turn.rollback().await?;
            if !waits {
                tracing::info!("another process migrates the schema: this one waits until that is done");
            }
            waits = true;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Does what is not done yet. Each step is a transaction of its own, so that no lock is held for longer than one takes.
    pub(super) async fn all(&self) -> Result<(), DbErr> {
        let pending = Migrator::get_pending_migrations(&self.brief).await?;
        // They are made without a transaction so that nobody waits for them.
        let all = Migrator::migrations();
        let holds_up_nobody =
            |name: &str| all.iter().any(|one| one.name() == name && one.use_transaction() == Some(false));
        for (done, step) in pending.iter().enumerate() {
            tell(step.name(), done, pending.len());
            if holds_up_nobody(step.name()) {
                Migrator::up(&self.patient, Some(1)).await?;
            } else {
                self.briefly(step.name()).await?;
            }
            fault::at(Point::Migrating);
        }
        Ok(())
    }

    async fn briefly(&self, migration: &str) -> Result<(), DbErr> {
        let mut tries = 1;
        loop {
            match Migrator::up(&self.brief, Some(1)).await {
                Err(error) if tries < TRIES && is_held(&error) => {
                    tracing::warn!(migration, tries, "a table is held by a long transaction: the step is tried again");
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                ended => return ended,
            }
        }
    }

    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.brief.close().await?;
        self.patient.close().await
    }
}

/// All steps of a file, in the transaction that is given.
pub(super) async fn all_of_a_file(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    let pending = Migrator::get_pending_migrations(tx).await?;
    for (done, step) in pending.iter().enumerate() {
        tell(step.name(), done, pending.len());
        Migrator::up(tx, Some(1)).await?;
        fault::at(Point::Migrating);
    }
    Ok(())
}

/// On a large database a step takes its time.
fn tell(migration: &str, done: usize, steps: usize) {
    tracing::info!(migration, step = done + 1, steps, "the schema is migrated");
}

fn connections(pool: &DatabaseConnection, lock_timeout: &str, most: u32) -> DatabaseConnection {
    let pool = pool.get_postgres_connection_pool();
    let limits = [("statement_timeout", "0"), ("lock_timeout", lock_timeout)];
    let options = pool.connect_options().as_ref().clone().options(limits);
    let own = PgPoolOptions::new().max_connections(most).acquire_timeout(pool.options().get_acquire_timeout());
    SqlxPostgresConnector::from_sqlx_postgres_pool(own.connect_lazy_with(options))
}

fn is_held(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    cause.as_database_error().and_then(sea_orm::sqlx::error::DatabaseError::code).is_some_and(|code| code == HELD)
}
