//! The change feed and the outbox of a connection: numbered last before the commit, so that numbers follow commits.

use entity::feed_head::{self, Column};
use entity::id::ConnectionId;
use entity::{change, outbox};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QuerySelect};

use crate::Executor;
use crate::Tx;
use crate::bulk::Changed;
use base::boxed;

/// Writes changes under the next numbers. The counter's row stays locked until the transaction ends: call this last.
///
/// # Errors
/// When the database does not answer, or the connection was never taken.
#[boxed]
pub async fn append(tx: &Tx, connection: ConnectionId, changes: Vec<Changed>, now: DateTimeUtc) -> Result<(), DbErr> {
    let Ok(count) = i64::try_from(changes.len()) else { return Err(DbErr::Custom("too many changes".to_owned())) };
    if count == 0 {
        return Ok(());
    }
    let last = raise(tx, connection, Column::Seq, count).await?;
    let rows = changes.into_iter().zip(last - count + 1..).map(|(changed, seq)| change::ActiveModel {
        connection_id: Set(connection),
        seq: Set(seq),
        data_type: Set(changed.data_type),
        record_id: Set(changed.id),
        kind: Set(changed.kind),
        at: Set(now),
    });
    let rows: Vec<_> = rows.collect();
    for rows in rows.chunks(super::ROWS) {
        change::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Writes an event that is to be told outside.
///
/// # Errors
/// As [`append`].
#[boxed]
pub async fn tell(
    tx: &Tx,
    connection: ConnectionId,
    event_type: &str,
    payload: &serde_json::Value,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    let seq = raise(tx, connection, Column::OutboxSeq, 1).await?;
    let row = outbox::ActiveModel {
        connection_id: Set(connection),
        seq: Set(seq),
        event_id: Set(Uuid::now_v7()),
        event_type: Set(event_type.to_owned()),
        payload: Set(payload.to_string()),
        created_at: Set(now),
    };
    outbox::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The changes of a connection after a number, at most `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn after(
    db: &dyn Executor,
    connection: ConnectionId,
    seq: i64,
    limit: u64,
) -> Result<Vec<change::Model>, DbErr> {
    change::Entity::find()
        .filter(change::Column::ConnectionId.eq(connection))
        .filter(change::Column::Seq.gt(seq))
        .order_by_asc(change::Column::Seq)
        .limit(limit)
        .all(&db)
        .await
}

async fn raise(tx: &Tx, connection: ConnectionId, counter: Column, by: i64) -> Result<i64, DbErr> {
    let raise = Query::update()
        .table(feed_head::Entity)
        .value(counter, Expr::col(counter).add(by))
        .and_where(Expr::col(Column::ConnectionId).eq(connection))
        .returning_col(counter)
        .to_owned();
    let raised = tx.query_one(&raise).await?.ok_or_else(|| DbErr::RecordNotFound("feed_head".to_owned()))?;
    raised.try_get_by_index(0)
}
