//! The feed of everything: ranges of every connection's changes get their places, one after the other.
//!
//! Places are given under the lock of the one row of `feed_clock`; within a connection they follow the numbers, and these
//! follow the commits. `feed_head.merged` is only a hint of how far that is: it is written afterwards, and when it is
//! lost the places themselves tell.

use std::collections::HashMap;

use entity::id::ConnectionId;
use entity::{feed_clock, feed_head, feed_index};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, Condition, ExprTrait, FromQueryResult, QueryOrder, QuerySelect};

use crate::Db;
use crate::Executor;
use base::boxed;

/// How far a connection's changes have been numbered, and how far they are known to have their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Head {
    /// Whose.
    pub connection_id: ConnectionId,
    /// The last number that was given.
    pub seq: i64,
    /// The last number that has its place; a hint.
    pub merged: i64,
}

/// Connections with changes that may have no place yet, at most `limit`. One of the sweeps over all connections: a
/// partial index holds just these.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unmerged(db: &dyn Executor, limit: u64) -> Result<Vec<Head>, DbErr> {
    use feed_head::Column;
    feed_head::Entity::find()
        .select_only()
        .columns([Column::ConnectionId, Column::Seq, Column::Merged])
        .filter(Expr::col(Column::Seq).gt(Expr::col(Column::Merged)))
        .order_by_asc(Column::ConnectionId)
        .limit(limit)
        .into_model()
        .all(&db)
        .await
}

/// What became of a round of [`place`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Changes that got their place.
    pub changes: i64,
    /// How far each connection has its places now: to be told to [`hint`], after this is committed.
    pub until: Vec<(ConnectionId, i64)>,
}

/// Gives the changes of these connections their places. Several may do so at once: the second finds what the first
/// placed, and places the rest.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn place(db: &Db, heads: &[Head], now: DateTimeUtc) -> Result<Placed, DbErr> {
    let tx = crate::write(db).await?;
    let clock = feed_clock::Entity::find_by_id(1).lock_exclusive().one(&tx).await?;
    let mut position = clock.ok_or_else(|| DbErr::RecordNotFound("feed_clock".to_owned()))?.position;
    let known = placed_until(&tx, heads).await?;
    let (mut placed, mut rows) = (Placed::default(), Vec::new());
    for head in heads {
        let last = known.get(&head.connection_id).map_or(head.merged, |known| Ord::max(*known, head.merged));
        placed.until.push((head.connection_id, Ord::max(last, head.seq)));
        if last < head.seq {
            position += 1;
            placed.changes += head.seq - last;
            rows.push(feed_index::ActiveModel {
                position: Set(position),
                connection_id: Set(head.connection_id),
                from_seq: Set(last + 1),
                to_seq: Set(head.seq),
                at: Set(now),
            });
        }
    }
    if rows.is_empty() {
        return Ok(placed);
    }
    for rows in rows.chunks(super::ROWS) {
        feed_index::Entity::insert_many(rows.to_vec()).exec_without_returning(&tx).await?;
    }
    let moved = feed_clock::ActiveModel { id: Set(1), position: Set(position) };
    feed_clock::Entity::update(moved).exec(&tx).await?;
    tx.commit().await?;
    Ok(placed)
}

/// The last number of each connection that has its place beyond what its hint says.
async fn placed_until(db: &dyn Executor, heads: &[Head]) -> Result<HashMap<ConnectionId, i64>, DbErr> {
    use feed_index::Column;
    let beyond = |head: &Head| {
        Condition::all().add(Column::ConnectionId.eq(head.connection_id)).add(Column::ToSeq.gt(head.merged))
    };
    let any = heads.iter().fold(Condition::any(), |any, head| any.add(beyond(head)));
    let rows: Vec<(ConnectionId, i64)> = feed_index::Entity::find()
        .select_only()
        .column(Column::ConnectionId)
        .column_as(Column::ToSeq.max(), "last")
        .filter(any)
        .group_by(Column::ConnectionId)
        .into_tuple()
        .all(&db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Notes how far a connection has its places, so that it is not looked at again.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hint(db: &dyn Executor, connection: ConnectionId, until: i64) -> Result<(), DbErr> {
    use feed_head::Column;
    feed_head::Entity::update_many()
        .col_expr(Column::Merged, Expr::value(until))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Merged.lt(until))
        .exec(&db)
        .await?;
    Ok(())
}
