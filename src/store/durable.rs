//! A way to the same database whose commits are on the disk before they return.

use sea_orm::sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};
use sea_orm::{ConnectionTrait, DbBackend, SqlxSqliteConnector};

use super::Db;

/// The same database, for what is promised to somebody outside. On SQLite it is one connection of its own that waits for
/// the disk at each commit, which the others leave to the next checkpoint; PostgreSQL always waits.
#[must_use]
pub fn durable(db: &Db) -> Db {
    if db.get_database_backend() != DbBackend::Sqlite {
        return db.clone();
    }
    let pool = db.pool().get_sqlite_connection_pool();
    let options = pool.connect_options().as_ref().clone().synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(pool.options().get_acquire_timeout());
    db.through(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(options)))
}
