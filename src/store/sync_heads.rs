//! Who may write a connection's data: the fencing token lives beside the data.

use entity::id::ConnectionId;
use entity::sync_head::{self, Column};
use entity::{feed_head, sync_head as head};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ExprTrait, QuerySelect};

use crate::Executor;
use crate::{Db, Tx};
use base::boxed;

/// Takes the connection: the fence goes up by one, and whoever held it before is refused from now on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn take(db: &Db, connection: ConnectionId) -> Result<head::Model, DbErr> {
    let tx = crate::write(db).await?;
    ensure(&tx, connection).await?;
    sync_head::Entity::update_many()
        .col_expr(Column::Fence, Expr::col(Column::Fence).add(1))
        .filter(Column::ConnectionId.eq(connection))
        .exec(&tx)
        .await?;
    let taken = find(&tx, connection).await?.ok_or_else(|| DbErr::RecordNotFound("sync_head".to_owned()))?;
    tx.commit().await?;
    Ok(taken)
}

/// Makes the connection's heads when they are not there.
async fn ensure(tx: &Tx, connection: ConnectionId) -> Result<(), DbErr> {
    let row = sync_head::ActiveModel {
        connection_id: Set(connection),
        fence: Set(0),
        events_from: Set(None),
        first_done_at: Set(None),
        account_read_at: Set(None),
        mapper_version: Set(0),
        money_read_until: Set(None),
    };
    let there = OnConflict::column(Column::ConnectionId).do_nothing().to_owned();
    sync_head::Entity::insert(row).on_conflict(there).exec_without_returning(tx).await?;
    let row = feed_head::ActiveModel {
        connection_id: Set(connection),
        seq: Set(0),
        merged: Set(0),
        outbox_seq: Set(0),
        relayed: Set(0),
    };
    let there = OnConflict::column(feed_head::Column::ConnectionId).do_nothing().to_owned();
    feed_head::Entity::insert(row).on_conflict(there).exec_without_returning(tx).await?;
    Ok(())
}

/// Holds the connection against runs and requests alike until the transaction ends, so that what is looked up first and
/// written then is written once. The fence stays whose it is.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold(tx: &Tx, connection: ConnectionId) -> Result<(), DbErr> {
    ensure(tx, connection).await?;
    sync_head::Entity::find_by_id(connection).lock_exclusive().one(tx).await?;
    Ok(())
}

/// The connection's head; none before its first run.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, connection: ConnectionId) -> Result<Option<head::Model>, DbErr> {
    sync_head::Entity::find_by_id(connection).one(&db).await
}

/// Whether the fence is still ours. It stays so until the transaction ends.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn holds(tx: &Tx, connection: ConnectionId, fence: i64) -> Result<bool, DbErr> {
    let held = sync_head::Entity::find_by_id(connection).lock_shared().one(tx).await?;
    Ok(held.is_some_and(|head| head.fence == fence))
}

/// Notes from which second on events belong to the following.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_events_from(tx: &Tx, connection: ConnectionId, second: i64) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { events_from: Set(Some(second)), ..Default::default() }).await
}

/// Forgets from which second on events belong to the following: the next reading of the account sets it anew.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget_events(tx: &Tx, connection: ConnectionId) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { events_from: Set(None), ..Default::default() }).await
}

/// Notes when the account was last read.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_account_read(tx: &Tx, connection: ConnectionId, at: DateTimeUtc) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { account_read_at: Set(Some(at)), ..Default::default() }).await
}

/// Notes until which second of Stripe's the list of balance transactions was read.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_money_read(tx: &Tx, connection: ConnectionId, until: i64) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { money_read_until: Set(Some(until)), ..Default::default() }).await
}

/// Notes with which mapper the records were made: the oldest one of which there still may be some.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_mapper_version(tx: &Tx, connection: ConnectionId, version: i32) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { mapper_version: Set(version), ..Default::default() }).await
}

/// Notes that the first sync is complete.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_first_done(tx: &Tx, connection: ConnectionId, at: DateTimeUtc) -> Result<(), DbErr> {
    set(tx, connection, head::ActiveModel { first_done_at: Set(Some(at)), ..Default::default() }).await
}

async fn set(tx: &Tx, connection: ConnectionId, row: head::ActiveModel) -> Result<(), DbErr> {
    sync_head::Entity::update_many().set(row).filter(Column::ConnectionId.eq(connection)).exec(tx).await?;
    Ok(())
}
