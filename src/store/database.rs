//! Opening the database, its schema, and its transactions.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use migration::Migrator;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, QueryResult, SqliteTransactionMode, SqlxSqliteConnector, Statement, TransactionOptions,
    TransactionTrait,
};

use super::steps::{self, Steps};
use super::turns::{self, Turn, Turns};
use base::boxed;
use base::fault::{self, Point};

/// A pool of connections to SQLite or PostgreSQL. On SQLite whatever writes takes its turn, and does so through the one
/// connection that writes: a commit makes the page caches of all other connections worthless, and the large statements
/// that keep a page of objects take their memory once.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// The same pool on PostgreSQL.
    writer: DatabaseConnection,
    turns: Option<Turns>,
}

impl Db {
    fn of(pool: DatabaseConnection, turns: Option<Turns>) -> Self {
        let writer = if turns.is_some() { writer(&pool) } else { pool.clone() };
        Self { pool, writer, turns }
    }

    /// The pool itself, for what is no statement. What is written through it takes no turn.
    #[must_use]
    pub const fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// The same database through another pool.
    #[must_use]
    pub fn through(&self, pool: DatabaseConnection) -> Self {
        Self::of(pool, self.turns.clone())
    }

    /// Tells `listener` of each statement from now on.
    pub fn listen(&mut self, listener: impl Fn(&sea_orm::metric::Info<'_>) + Send + Sync + 'static) {
        let listener = Arc::new(listener);
        let same = Arc::clone(&listener);
        self.pool.set_metric_callback(move |info| listener(info));
        self.writer.set_metric_callback(move |info| same(info));
    }

    /// Closes all of its connections.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn close(self) -> Result<(), DbErr> {
        self.writer.close().await?;
        self.pool.close().await
    }

    /// Where a statement goes; what writes takes its turn.
    async fn way(&self, sql: &str) -> Result<(&DatabaseConnection, Option<Turn>), DbErr> {
        match &self.turns {
            Some(turns) if turns::writes(sql) => Ok((&self.writer, Some(turns.take().await?))),
            _ => Ok((&self.pool, None)),
        }
    }
}

/// The one connection to the pool's SQLite file that writes, with a cache that is worth keeping.
fn writer(pool: &DatabaseConnection) -> DatabaseConnection {
    let pool = pool.get_sqlite_connection_pool();
    let options = pool.connect_options().as_ref().clone().pragma("cache_size", "-16000").statement_cache_capacity(100);
    let one = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    let one = one.acquire_timeout(pool.options().get_acquire_timeout());
    SqlxSqliteConnector::from_sqlx_sqlite_pool(one.connect_lazy_with(options))
}

#[async_trait]
impl ConnectionTrait for Db {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (to, _turn) = self.way(&statement.sql).await?;
        to.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let (to, _turn) = self.way(sql).await?;
        to.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (to, _turn) = self.way(&statement.sql).await?;
        to.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (to, _turn) = self.way(&statement.sql).await?;
        to.query_all_raw(statement).await
    }
}

/// A transaction; dropped without `commit` it leaves nothing.
#[derive(Debug)]
pub struct Tx {
    // Ended before the turn is: fields are dropped in their order.
    inner: DatabaseTransaction,
    _turn: Option<Turn>,
}

impl Tx {
    /// The transaction itself, for what is no single statement.
    #[must_use]
    pub const fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// When the database does not answer; whether it was kept is then not known.
    #[boxed]
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It was migrated by a newer binary.
    #[error(
        "the database has the newer schema `{0}`, which this version of tributary does not know: start the version that \
         made it, or a newer one; nothing was changed"
    )]
    Newer(String),
    /// It was not migrated yet, and this command does not do it.
    #[error("the database has no schema yet, or an older one: run `tributary migrate` (or `tributary serve`) first")]
    Older,
    /// It does not answer, or refuses.
    #[error("the database does not answer as it should: {0}")]
    Fault(#[from] DbErr),
}

/// How patiently a pool waits.
struct Manner {
    /// Connections, for SQLite and for PostgreSQL.
    connections: (u32, u32),
    /// Until a connection is free, and on SQLite until the writer's place is.
    acquire: Duration,
    /// Until a statement is given up by PostgreSQL.
    statement: &'static str,
}

/// For work, which is better late than never.
const WORK: Manner = Manner { connections: (8, 20), acquire: Duration::from_secs(20), statement: "60s" };
/// For requests: who waits is told soon that it cannot be done now.
const ANSWERS: Manner = Manner { connections: (8, 20), acquire: Duration::from_secs(3), statement: "15s" };

/// How long a process that was frozen or cut off in the middle of a transaction keeps others from what it holds. Only
/// PostgreSQL needs it: a SQLite file has one process.
const HELD: &str = "15s";

/// Opens `sqlite://FILE` (made when it is not there) or `postgres://...`, for work.
///
/// # Errors
/// When it does not answer.
#[boxed]
pub async fn open(url: &str) -> Result<Db, DbErr> {
    open_as(url, &WORK).await
}

/// Opens the same for requests, beside the pool of the work, so that neither takes the other's connections.
///
/// # Errors
/// When it does not answer.
#[boxed]
pub async fn open_to_answer(url: &str) -> Result<Db, DbErr> {
    open_as(url, &ANSWERS).await
}

async fn open_as(url: &str, manner: &'static Manner) -> Result<Db, DbErr> {
    let sqlite = url.starts_with("sqlite:");
    let turns = sqlite.then(|| Turns::at(url, manner.acquire));
    let url = if sqlite && !url.contains('?') { format!("{url}?mode=rwc") } else { url.to_owned() };
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        // A connection to a file cannot be cut, and asking it costs as much as a small statement.
        .test_before_acquire(!sqlite)
        .max_connections(if sqlite { manner.connections.0 } else { manner.connections.1 })
        .acquire_timeout(manner.acquire)
        .connect_timeout(manner.acquire)
        // WAL lets readers go on beside the one writer; NORMAL loses nothing but the last commits at a power cut, and
        // a sync that was cut repeats them.
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Normal)
                .busy_timeout(manner.acquire)
                .pragma("temp_store", "memory")
                // Every connection has its own: small, since each commit empties those of the readers.
                .pragma("cache_size", "-2000")
                .statement_cache_capacity(50)
        })
        .map_sqlx_postgres_opts(|options| {
            options.options([
                ("statement_timeout", manner.statement),
                ("idle_in_transaction_session_timeout", HELD),
                ("timezone", "UTC"),
            ])
        });
    Ok(Db::of(Database::connect(options).await?, turns))
}

/// Brings the schema up to date, one process at a time.
///
/// # Errors
/// [`Unusable::Newer`] when a newer binary made it; nothing is changed then.
#[must_use]
pub fn migrate(db: &Db) -> BoxFuture<'_, Result<(), Unusable>> {
    // Boxed, so that every migration is compiled here, once, and not anew in each program that calls it.
    migrate_all(db).boxed()
}

async fn migrate_all(db: &Db) -> Result<(), Unusable> {
    refuse_newer(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let steps = Steps::of(&db.pool);
        let turn = steps.turn().await?;
        refuse_newer(db).await?;
        steps.all().await?;
        fault::at(Point::BeforeMigrated);
        turn.commit().await?;
        steps.close().await?;
    } else {
        // One transaction for all of them: a file is of this version or as it was, and never in between.
        let tx = write(db).await?;
        steps::all_of_a_file(&tx.inner).await?;
        fault::at(Point::BeforeMigrated);
        tx.commit().await?;
    }
    Ok(())
}

/// Checks that the schema is the one that this binary knows, without changing it.
///
/// # Errors
/// [`Unusable::Newer`] or [`Unusable::Older`].
#[boxed]
pub async fn check(db: &Db) -> Result<(), Unusable> {
    refuse_newer(db).await?;
    let applied = applied(db).await?;
    let known = Migrator::migrations();
    if known.iter().all(|one| applied.iter().any(|name| name == one.name())) { Ok(()) } else { Err(Unusable::Older) }
}

async fn refuse_newer(db: &Db) -> Result<(), Unusable> {
    let known = Migrator::migrations();
    match applied(db).await?.into_iter().find(|name| known.iter().all(|one| one.name() != name)) {
        Some(name) => Err(Unusable::Newer(name)),
        None => Ok(()),
    }
}

/// The names of the migrations that were applied; none when there is no migration table.
async fn applied(db: &Db) -> Result<Vec<String>, DbErr> {
    let there = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT name AS version FROM sqlite_master WHERE name = 'seaql_migrations'",
        _ => {
            "SELECT table_name::text AS version FROM information_schema.tables
              WHERE table_schema = current_schema() AND table_name = 'seaql_migrations'"
        }
    };
    let backend = db.get_database_backend();
    if db.query_one_raw(Statement::from_string(backend, there)).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = db
        .query_all_raw(Statement::from_string(backend, "SELECT version FROM seaql_migrations ORDER BY version"))
        .await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// Begins in a task of its own, which nobody cancels. A request that is given up while PostgreSQL is told to begin would
/// give its connection back with the transaction open, and what is written there next would not be kept.
async fn begun(pool: &DatabaseConnection, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
    let pool = pool.clone();
    let beginning = tokio::spawn(async move { pool.begin_with_options(options).await });
    beginning.await.map_err(|error| DbErr::Custom(error.to_string()))?
}

/// Begins a transaction that will write. On SQLite it takes the writer's place at once, so that a transaction which
/// reads first never meets another in `database is locked`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn write(db: &Db) -> Result<Tx, DbErr> {
    let turn = match &db.turns {
        Some(turns) => Some(turns.take().await?),
        None => None,
    };
    let options = TransactionOptions {
        isolation_level: None,
        access_mode: None,
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
    };
    Ok(Tx { inner: begun(&db.writer, options).await?, _turn: turn })
}

/// Begins a transaction that only reads, for whole lists: PostgreSQL gives no statement of it up for its length, and looks
/// up what is read beside a record when it comes to it, instead of putting all that there is into files of its own first.
/// Whoever reads must see to an end, since the database keeps for it what others have replaced.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn read_at_leisure(db: &Db) -> Result<Tx, DbErr> {
    let tx = read(db).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        let settings =
            "SET LOCAL statement_timeout = 0; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
        tx.execute_unprepared(settings).await?;
    }
    Ok(tx)
}

/// Begins a transaction that only reads: all of its queries see one state.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn read(db: &Db) -> Result<Tx, DbErr> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let options = TransactionOptions {
        isolation_level: postgres.then_some(sea_orm::IsolationLevel::RepeatableRead),
        access_mode: postgres.then_some(AccessMode::ReadOnly),
        sqlite_transaction_mode: None,
    };
    Ok(Tx { inner: begun(&db.pool, options).await?, _turn: None })
}
