//! Reconciliations: passes that are planned, on their way or ended, with what their steps counted.

use entity::id::{ConnectionId, ReconciliationId};
use entity::reconciliation::{self, Column, Model, Pass, State};
use entity::reconciliation_part as part;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, IdenStatic, Iterable, QueryOrder, QuerySelect};

use crate::Executor;
use crate::Tx;
use base::boxed;

/// A pass that nothing has happened to.
#[must_use]
pub fn fresh(connection: ConnectionId, pass: Pass, asked: bool, due_at: DateTimeUtc) -> Model {
    Model {
        connection_id: connection,
        id: ReconciliationId::new(),
        pass,
        state: State::Planned,
        asked,
        due_at,
        started_at: None,
        finished_at: None,
    }
}

/// Keeps passes.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, rows: Vec<Model>) -> Result<(), DbErr> {
    let rows: Vec<_> = rows.into_iter().map(reconciliation::ActiveModel::from).collect();
    reconciliation::Entity::insert_many(rows).exec_without_returning(&db).await?;
    Ok(())
}

/// The passes that have not ended: those on their way first, then those that were asked for, then the widest.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn open(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<Model>, DbErr> {
    let mut rows = reconciliation::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::State.is_in([State::Planned, State::Running]))
        .order_by_asc(Column::Id)
        .all(&db)
        .await?;
    rows.sort_by_key(|row| (row.state != State::Running, !row.asked, std::cmp::Reverse(row.pass)));
    Ok(rows)
}

/// When the next pass of a connection is due, or was due while it is on its way; none when there is none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn next_due(db: &dyn Executor, connection: ConnectionId) -> Result<Option<DateTimeUtc>, DbErr> {
    Ok(open(db, connection).await?.into_iter().map(|row| row.due_at).min())
}

/// The latest passes of a connection that have begun, newest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn latest(db: &dyn Executor, connection: ConnectionId, limit: u64) -> Result<Vec<Model>, DbErr> {
    reconciliation::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::State.ne(State::Planned))
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(&db)
        .await
}

/// Marks a pass as begun.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn start(tx: &Tx, row: &Model, now: DateTimeUtc) -> Result<(), DbErr> {
    let begun =
        reconciliation::ActiveModel { state: Set(State::Running), started_at: Set(Some(now)), ..Default::default() };
    set(tx, row, begun).await
}

/// Ends a pass.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn finish(tx: &Tx, row: &Model, state: State, now: DateTimeUtc) -> Result<(), DbErr> {
    let ended = reconciliation::ActiveModel { state: Set(state), finished_at: Set(Some(now)), ..Default::default() };
    set(tx, row, ended).await
}

/// Moves a planned pass to another time.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn put_off(tx: &Tx, row: &Model, due_at: DateTimeUtc) -> Result<(), DbErr> {
    set(tx, row, reconciliation::ActiveModel { due_at: Set(due_at), ..Default::default() }).await
}

async fn set(tx: &Tx, row: &Model, changed: reconciliation::ActiveModel) -> Result<(), DbErr> {
    reconciliation::Entity::update_many()
        .set(changed)
        .filter(Column::ConnectionId.eq(row.connection_id))
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The steps of some passes, in the order in which they began.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn parts(
    db: &dyn Executor,
    connection: ConnectionId,
    passes: &[ReconciliationId],
) -> Result<Vec<part::Model>, DbErr> {
    part::Entity::find()
        .filter(part::Column::ConnectionId.eq(connection))
        .filter(part::Column::ReconciliationId.is_in(passes.iter().copied()))
        .order_by_asc(part::Column::StartedAt)
        .all(&db)
        .await
}

/// Keeps how far a step came and what it counted.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn save(tx: &Tx, row: part::Model) -> Result<(), DbErr> {
    let key = [part::Column::ConnectionId, part::Column::ReconciliationId, part::Column::Step];
    let rest = part::Column::iter().filter(|column| !key.iter().any(|one| one.as_str() == column.as_str()));
    let moved = OnConflict::columns(key).update_columns(rest).to_owned();
    let row = part::ActiveModel::from(row);
    part::Entity::insert(row).on_conflict(moved).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets passes that ended before a time, and the drift that was found before it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(tx: &Tx, connection: ConnectionId, before: DateTimeUtc) -> Result<(), DbErr> {
    let old = reconciliation::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::FinishedAt.lt(before))
        .all(tx)
        .await?;
    for row in old {
        part::Entity::delete_many()
            .filter(part::Column::ConnectionId.eq(connection))
            .filter(part::Column::ReconciliationId.eq(row.id))
            .exec(tx)
            .await?;
        reconciliation::Entity::delete_many()
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Id.eq(row.id))
            .exec(tx)
            .await?;
    }
    entity::drift::Entity::delete_many()
        .filter(entity::drift::Column::ConnectionId.eq(connection))
        .filter(entity::drift::Column::FoundAt.lt(before))
        .exec(tx)
        .await?;
    Ok(())
}
