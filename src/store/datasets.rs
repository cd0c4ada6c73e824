//! Datasets: what was asked for, how far it is, how it ended.

use entity::data_type::DataType;
use entity::dataset::{self, Column, Status};
use entity::id::{ConnectionId, DatasetId};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QuerySelect};

use crate::Executor;
use crate::Tx;
use base::boxed;

/// A dataset of the type is on its way already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InProgress(pub DatasetId);

/// Writes datasets as Queued. Those of types that are on their way already are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn queue(
    tx: &Tx,
    connection: ConnectionId,
    types: &[DataType],
    first: bool,
    now: DateTimeUtc,
) -> Result<Vec<dataset::Model>, DbErr> {
    let busy = unfinished(tx, connection).await?;
    let rows: Vec<dataset::Model> = types
        .iter()
        .filter(|kind| busy.iter().all(|one| one.data_type != **kind))
        .map(|kind| fresh(connection, *kind, first, now))
        .collect();
    if !rows.is_empty() {
        dataset::Entity::insert_many(rows.iter().cloned().map(dataset::ActiveModel::from))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(rows)
}

/// Writes one dataset as Queued, or tells which one is on its way.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn queue_one(
    tx: &Tx,
    connection: ConnectionId,
    kind: DataType,
    now: DateTimeUtc,
) -> Result<Result<dataset::Model, InProgress>, DbErr> {
    if let Some(busy) = unfinished(tx, connection).await?.into_iter().find(|one| one.data_type == kind) {
        return Ok(Err(InProgress(busy.id)));
    }
    let row = fresh(connection, kind, false, now);
    dataset::Entity::insert(dataset::ActiveModel::from(row.clone())).exec_without_returning(tx).await?;
    Ok(Ok(row))
}

/// A dataset that nothing has happened to.
#[must_use]
pub fn fresh(connection: ConnectionId, kind: DataType, first: bool, now: DateTimeUtc) -> dataset::Model {
    dataset::Model {
        connection_id: connection,
        id: DatasetId::new(),
        data_type: kind,
        status: Status::Queued,
        first,
        full: false,
        requested_at: now,
        started_at: None,
        readable_from: None,
        completed_at: None,
        progress: 0,
        objects: 0,
        changed: 0,
        quarantined: 0,
        status_description: None,
        error_message: None,
    }
}

/// Keeps a dataset as it is now.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, row: dataset::Model) -> Result<(), DbErr> {
    dataset::Entity::insert(dataset::ActiveModel::from(row)).exec_without_returning(&db).await?;
    Ok(())
}

/// The connection's datasets that are not final, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unfinished(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<dataset::Model>, DbErr> {
    dataset::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Status.is_in(OPEN))
        .order_by_asc(Column::RequestedAt)
        .order_by_asc(Column::Id)
        .all(&db)
        .await
}

/// The statuses that are not final.
const OPEN: [Status; 6] =
    [Status::Initial, Status::Queued, Status::Fetching, Status::Mapping, Status::Validating, Status::Processing];

/// Connections with datasets that are not final: the sweep that asks again for what nobody works on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn connections_waiting(db: &dyn Executor) -> Result<Vec<ConnectionId>, DbErr> {
    dataset::Entity::find()
        .select_only()
        .column(Column::ConnectionId)
        .filter(Column::Status.is_in(OPEN))
        .distinct()
        .into_tuple()
        .all(&db)
        .await
}

/// Moves datasets to another status that is not final.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn advance(
    db: &dyn Executor,
    connection: ConnectionId,
    ids: &[DatasetId],
    status: Status,
    word: Option<&str>,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let started = Expr::col(Column::StartedAt).if_null(now);
    dataset::Entity::update_many()
        .col_expr(Column::Status, Expr::value(status.as_str()))
        .col_expr(Column::StatusDescription, Expr::value(word))
        .col_expr(Column::StartedAt, started)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(&db)
        .await?;
    Ok(())
}

/// What one step brought for a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gain {
    /// Objects read from Stripe.
    pub objects: i64,
    /// Records that changed.
    pub changed: i64,
    /// Objects that could not be mapped.
    pub quarantined: i64,
    /// How far it is now, 0 to 99; it never goes back.
    pub progress: i32,
}

/// Adds what a step brought.
///
/// # Errors
/// When the database does not answer.
pub async fn gain(
    db: &dyn Executor,
    connection: ConnectionId,
    gains: impl IntoIterator<Item = (DatasetId, Gain)>,
) -> Result<(), DbErr> {
    for (id, gain) in gains {
        let further = Expr::case(Expr::col(Column::Progress).lt(gain.progress), gain.progress)
            .finally(Expr::col(Column::Progress));
        dataset::Entity::update_many()
            .col_expr(Column::Objects, Expr::col(Column::Objects).add(gain.objects))
            .col_expr(Column::Changed, Expr::col(Column::Changed).add(gain.changed))
            .col_expr(Column::Quarantined, Expr::col(Column::Quarantined).add(gain.quarantined))
            .col_expr(Column::Progress, further.into())
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Id.eq(id))
            .exec(&db)
            .await?;
    }
    Ok(())
}

/// Notes from when on a dataset that is still being read can be read already.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_readable(
    db: &dyn Executor,
    connection: ConnectionId,
    id: DatasetId,
    from: DateTimeUtc,
) -> Result<(), DbErr> {
    let word = format!("What is from {} or later can be read already; older data follows.", from.date_naive());
    dataset::Entity::update_many()
        .col_expr(Column::ReadableFrom, Expr::value(from))
        .col_expr(Column::StatusDescription, Expr::value(word))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(OPEN))
        .exec(&db)
        .await?;
    Ok(())
}

/// Ends a dataset, well or with a reason. One that has ended stays as it is; `false` then.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn finish(
    db: &dyn Executor,
    connection: ConnectionId,
    id: DatasetId,
    status: Status,
    reason: Option<&str>,
    now: DateTimeUtc,
) -> Result<bool, DbErr> {
    let ended = dataset::Entity::update_many()
        .set(dataset::ActiveModel {
            status: Set(status),
            progress: Set(100),
            completed_at: Set(Some(now)),
            status_description: Set(None),
            error_message: Set(reason.map(str::to_owned)),
            ..Default::default()
        })
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(OPEN))
        .exec(&db)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Some datasets of a connection, in the order in which they were asked for.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn with_ids(
    db: &dyn Executor,
    connection: ConnectionId,
    ids: &[DatasetId],
) -> Result<Vec<dataset::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    in_order(dataset::Entity::find().filter(Column::Id.is_in(ids.iter().copied())), connection).all(&db).await
}

/// The datasets of a connection's first sync.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_first(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<dataset::Model>, DbErr> {
    in_order(dataset::Entity::find().filter(Column::First.eq(true)), connection).all(&db).await
}

fn in_order(rows: Select<dataset::Entity>, connection: ConnectionId) -> Select<dataset::Entity> {
    rows.filter(Column::ConnectionId.eq(connection)).order_by_asc(Column::RequestedAt).order_by_asc(Column::Id)
}

/// Puts every dataset of a connection that is not final back to Queued, with a word on what it waits for.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn wait_all(db: &dyn Executor, connection: ConnectionId, word: &str) -> Result<(), DbErr> {
    dataset::Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Queued.as_str()))
        .col_expr(Column::StatusDescription, Expr::value(word))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Status.is_in(OPEN))
        .exec(&db)
        .await?;
    Ok(())
}
