//! The outbox on its way: what connections' data had to tell becomes events, each once.
//!
//! `feed_head.relayed` is only a hint of how far that is: it is written after the events are, and when it is lost, an event
//! that is there already is not told twice.

use entity::feed_head::{self, Column};
use entity::id::ConnectionId;
use entity::outbox;
use sea_orm::entity::prelude::*;
use sea_orm::{ExprTrait, QueryOrder, QuerySelect};

use crate::Executor;
use base::boxed;

/// Connections that have told something which is no event yet, with the hint of how far that is; at most `limit`. One of
/// the sweeps over all connections: a partial index holds just these.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unrelayed(db: &dyn Executor, limit: u64) -> Result<Vec<(ConnectionId, i64)>, DbErr> {
    feed_head::Entity::find()
        .select_only()
        .columns([Column::ConnectionId, Column::Relayed])
        .filter(Expr::col(Column::OutboxSeq).gt(Expr::col(Column::Relayed)))
        .order_by_asc(Column::ConnectionId)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// How far a connection's outbox was relayed, where something in it was not.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unrelayed_of(db: &dyn Executor, connection: ConnectionId) -> Result<Option<i64>, DbErr> {
    let head = feed_head::Entity::find().filter(Column::ConnectionId.eq(connection)).one(&db).await?;
    Ok(head.filter(|head| head.outbox_seq > head.relayed).map(|head| head.relayed))
}

/// What a connection told after a number, the first one first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn after(
    db: &dyn Executor,
    connection: ConnectionId,
    seq: i64,
    limit: u64,
) -> Result<Vec<outbox::Model>, DbErr> {
    outbox::Entity::find()
        .filter(outbox::Column::ConnectionId.eq(connection))
        .filter(outbox::Column::Seq.gt(seq))
        .order_by_asc(outbox::Column::Seq)
        .limit(limit)
        .all(&db)
        .await
}

/// Notes how far a connection's outbox became events. It never goes back.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hint(db: &dyn Executor, connection: ConnectionId, seq: i64) -> Result<(), DbErr> {
    feed_head::Entity::update_many()
        .col_expr(Column::Relayed, Expr::value(seq))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Relayed.lt(seq))
        .exec(&db)
        .await?;
    Ok(())
}
