//! Deleting all data of a connection, in batches that never hold the writer's place for long.

use entity::id::ConnectionId;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, ExprTrait};

use crate::Db;
use base::boxed;

/// Rows of one statement.
const BATCH: u64 = 5_000;

/// The tables that go last: they guard the others and number their changes. Days are kept only where there is a
/// `sync_head`, so behind it none can come any more.
const LAST: [&str; 4] = ["change", "feed_head", "sync_head", "commerce_day"];

/// Deletes the connection's rows of every data table. Returns how many there were.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn data(db: &Db, connection: ConnectionId) -> Result<u64, DbErr> {
    let first = entity::DATA.iter().copied().filter(|table| !LAST.contains(table));
    let mut rows = 0;
    for table in first.chain(LAST) {
        rows += table_of(db, table, connection).await?;
    }
    Ok(rows)
}

async fn table_of(db: &Db, table: &'static str, connection: ConnectionId) -> Result<u64, DbErr> {
    // A row's place is the one name that every table has, whatever its key is.
    let place = if db.get_database_backend() == sea_orm::DbBackend::Sqlite { "rowid" } else { "ctid" };
    let mut rows = 0;
    loop {
        let some = Query::select()
            .expr(Expr::cust(place))
            .from(table)
            .and_where(Expr::col("connection_id").eq(connection))
            .limit(BATCH)
            .to_owned();
        let delete = Query::delete()
            .from_table(table)
            .and_where(Expr::col("connection_id").eq(connection))
            .and_where(Expr::cust(place).in_subquery(some))
            .to_owned();
        let gone = db.execute(&delete).await?.rows_affected();
        rows += gone;
        if gone < BATCH {
            return Ok(rows);
        }
    }
}
