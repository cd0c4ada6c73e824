//! Datasets as the API shows them: history, status, and whether a data type was ever read.

use std::collections::BTreeMap;

use entity::data_type::DataType;
use entity::dataset::{Column, Entity, Model, Status};
use entity::id::{ConnectionId, DatasetId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Query};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect};

use super::lists::{self, Found, Listing, Noun, Source};
use crate::Executor;
use base::boxed;
use base::query::{Field, Kind};
use base::task::Task;

/// What can be asked of datasets.
pub static NOUN: Noun = Noun {
    name: "PullOperation",
    fields: &[
        Field { name: "id", kind: Kind::Uuid, nullable: false, source: Source::Column("id") },
        Field { name: "connectionId", kind: Kind::Uuid, nullable: false, source: Source::Column("connection_id") },
        Field { name: "dataType", kind: Kind::Text, nullable: false, source: Source::Column("data_type") },
        Field { name: "status", kind: Kind::Text, nullable: false, source: Source::Column("status") },
        Field { name: "requested", kind: Kind::Date, nullable: false, source: Source::Column("requested_at") },
        Field { name: "completed", kind: Kind::Date, nullable: true, source: Source::Column("completed_at") },
        Field { name: "progress", kind: Kind::Number, nullable: false, source: Source::Whole("progress") },
    ],
};

/// One page of what these connections were asked for, newest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn history(
    db: &dyn Executor,
    connections: &[ConnectionId],
    listing: &Listing,
) -> Result<Found<Model>, DbErr> {
    let mut found = lists::page(db, of(connections), "requested_at", listing).await?;
    told_by_leases(db, &mut found.rows).await?;
    Ok(found)
}

/// Nothing runs without a living owner: what is on its way, and in nobody's hands, waits.
async fn told_by_leases(db: &dyn Executor, rows: &mut [Model]) -> Result<(), DbErr> {
    let runs = |row: &Model| !row.status.is_final() && !matches!(row.status, Status::Initial | Status::Queued);
    let task = |row: &Model| Task::Sync { connection: row.connection_id };
    let tasks: Vec<Task> = rows.iter().filter(|row| runs(row)).map(task).collect();
    if tasks.is_empty() {
        return Ok(());
    }
    let owned = super::jobs::owned(db, &tasks).await?;
    for row in rows.iter_mut().filter(|row| runs(row) && !owned.contains(&task(row).key())) {
        row.status = Status::Queued;
        row.status_description = Some("Whoever worked on it is gone; the next free worker goes on with it.".to_owned());
    }
    Ok(())
}

/// The dataset, if it belongs to one of these connections.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, connections: &[ConnectionId], id: DatasetId) -> Result<Option<Model>, DbErr> {
    let mut found = of(connections).filter(Column::Id.eq(id)).one(&db).await?;
    told_by_leases(db, found.as_mut_slice()).await?;
    Ok(found)
}

fn of(connections: &[ConnectionId]) -> Select<Entity> {
    Entity::find().filter(Column::ConnectionId.is_in(connections.iter().copied()))
}

/// What there is to say of one data type of some connections.
#[derive(Clone, Debug)]
pub struct State {
    /// The dataset that tells where it stands: one on its way before one that ended, then the newest.
    pub latest: Model,
    /// The newest that ended well.
    pub successful: Option<Model>,
}

/// Where the data types of these connections stand; those that were never asked for are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn states(db: &dyn Executor, connections: &[ConnectionId]) -> Result<BTreeMap<DataType, State>, DbErr> {
    let mut states: BTreeMap<DataType, State> = BTreeMap::new();
    for row in newest(db, connections, None).await? {
        let known = states.entry(row.data_type).or_insert_with(|| State { latest: row.clone(), successful: None });
        if rank(&row) > rank(&known.latest) {
            known.latest = row;
        }
    }
    for row in newest(db, connections, Some(Status::Complete)).await? {
        let Some(state) = states.get_mut(&row.data_type) else { continue };
        if state.successful.as_ref().is_none_or(|known| known.completed_at < row.completed_at) {
            state.successful = Some(row);
        }
    }
    Ok(states)
}

fn rank(row: &Model) -> (bool, DateTimeUtc, DatasetId) {
    (!row.status.is_final(), row.requested_at, row.id)
}

/// The newest datasets of each data type of each connection; several when they were asked for at once.
async fn newest(db: &dyn Executor, connections: &[ConnectionId], status: Option<Status>) -> Result<Vec<Model>, DbErr> {
    let other = |column: Column| Expr::col((Alias::new("other"), column));
    let this = |column: Column| Expr::col((Entity, column));
    let mut last = Query::select();
    last.expr(other(Column::RequestedAt).max())
        .from_as(Entity, "other")
        .and_where(other(Column::ConnectionId).eq(this(Column::ConnectionId)))
        .and_where(other(Column::DataType).eq(this(Column::DataType)));
    let mut rows = of(connections);
    if let Some(status) = status {
        last.and_where(other(Column::Status).eq(status.as_str()));
        rows = rows.filter(Column::Status.eq(status));
    }
    let mut rows = rows.filter(this(Column::RequestedAt).eq(last)).order_by_asc(Column::Id).all(&db).await?;
    told_by_leases(db, &mut rows).await?;
    Ok(rows)
}

/// Where one data type of one connection stands: the newest dataset that ended well, or else the newest; none when it
/// was never asked for.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn best(db: &dyn Executor, connection: ConnectionId, data_type: DataType) -> Result<Option<Model>, DbErr> {
    let rows = || of(&[connection]).filter(Column::DataType.eq(data_type)).order_by_desc(Column::RequestedAt);
    match rows().filter(Column::Status.eq(Status::Complete)).one(&db).await? {
        Some(row) => Ok(Some(row)),
        None => rows().one(&db).await,
    }
}

/// An object that could not be mapped, without its body.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Unmapped {
    /// Stripe's `object`.
    pub object: String,
    /// Stripe's id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// What of a data type could not be mapped.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unmapped(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
) -> Result<Vec<Unmapped>, DbErr> {
    use entity::quarantined::{Column, Entity};
    Entity::find()
        .select_only()
        .columns([Column::Object, Column::Id, Column::Reason])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DataType.eq(data_type))
        .order_by_asc(Column::Object)
        .order_by_asc(Column::Id)
        .into_model()
        .all(&db)
        .await
}
