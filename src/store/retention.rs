//! Removing what was kept long enough, in batches that never hold the writer's place for long.
//!
//! Nothing that is still needed goes: a change only when the merger has placed it and its place is gone, an outgoing
//! event only when it was copied to its receivers, a dataset only when a newer one tells where its data type stands.

use std::collections::BTreeSet;

use entity::id::{ConnectionId, DatasetId};
use entity::{change, connection, dataset, delivery, feed_clock, feed_head, feed_index, outbox};
use entity::{webhook_consumer, webhook_replay};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};

use crate::Executor;
use crate::{Db, datasets_read, feed_merge, webhook_events};
use base::boxed;

/// Rows of one statement.
const BATCH: i64 = 5_000;
/// Connections whose hints are looked at when places are removed.
const HINTS: u64 = 10_000;

/// Connections that are not deleted, in the order of their ids, behind one of them; at most `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn connections(
    db: &dyn Executor,
    after: Option<ConnectionId>,
    limit: u64,
) -> Result<Vec<ConnectionId>, DbErr> {
    let mut rows = connection::Entity::find().select_only().column(connection::Column::Id);
    if let Some(after) = after {
        rows = rows.filter(connection::Column::Id.gt(after));
    }
    rows.filter(connection::Column::DeletedAt.is_null())
        .order_by_asc(connection::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// Removes the places that were given before a time, from the first on, as far as the merger's hints have passed them:
/// without a hint the places themselves are what the merger goes by. Returns how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn places(db: &dyn Executor, before: DateTimeUtc) -> Result<u64, DbErr> {
    use feed_index::Column;
    let first = |rows: Select<feed_index::Entity>| rows.order_by_asc(Column::Position).one(&db);
    let last = feed_clock::Entity::find_by_id(1).one(&db).await?.map_or(0, |clock| clock.position);
    let young = first(feed_index::Entity::find().filter(Column::At.gte(before))).await?;
    let mut until = young.map_or(last, |range| range.position - 1);
    for head in feed_merge::unmerged(db, HINTS).await? {
        let needed = feed_index::Entity::find()
            .filter(Column::ConnectionId.eq(head.connection_id))
            .filter(Column::ToSeq.gt(head.merged));
        if let Some(range) = first(needed).await? {
            until = Ord::min(until, range.position - 1);
        }
    }
    let Some(oldest) = first(feed_index::Entity::find()).await? else { return Ok(0) };
    let mut removed = 0;
    let mut from = oldest.position;
    while from <= until {
        let to = Ord::min(until, from + BATCH - 1);
        removed += feed_index::Entity::delete_many().filter(Column::Position.lte(to)).exec(&db).await?.rows_affected;
        from = to + 1;
    }
    Ok(removed)
}

/// Removes a connection's changes that were made before a time, from the first on, as far as their places are gone.
/// Returns how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn changes(db: &dyn Executor, connection: ConnectionId, before: DateTimeUtc) -> Result<u64, DbErr> {
    use change::Column;
    let of = || change::Entity::find().filter(Column::ConnectionId.eq(connection)).order_by_asc(Column::Seq);
    let Some(oldest) = of().one(&db).await? else { return Ok(0) };
    let Some(head) = feed_head::Entity::find_by_id(connection).one(&db).await? else { return Ok(0) };
    let mut until = head.merged;
    if let Some(young) = of().filter(Column::At.gte(before)).one(&db).await? {
        until = Ord::min(until, young.seq - 1);
    }
    let placed = feed_index::Entity::find()
        .filter(feed_index::Column::ConnectionId.eq(connection))
        .order_by_asc(feed_index::Column::ToSeq)
        .one(&db)
        .await?;
    if let Some(range) = placed {
        until = Ord::min(until, range.from_seq - 1);
    }
    let mut removed = 0;
    let mut from = oldest.seq;
    while from <= until {
        let to = Ord::min(until, from + BATCH - 1);
        removed += change::Entity::delete_many()
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Seq.lte(to))
            .exec(&db)
            .await?
            .rows_affected;
        from = to + 1;
    }
    Ok(removed)
}

/// Removes a connection's outgoing events that were made before a time and copied to their receivers. Returns how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn outbox(db: &dyn Executor, connection: ConnectionId, before: DateTimeUtc) -> Result<u64, DbErr> {
    let Some(head) = feed_head::Entity::find_by_id(connection).one(&db).await? else { return Ok(0) };
    let gone = outbox::Entity::delete_many()
        .filter(outbox::Column::ConnectionId.eq(connection))
        .filter(outbox::Column::Seq.lte(head.relayed))
        .filter(outbox::Column::CreatedAt.lt(before));
    Ok(gone.exec(&db).await?.rows_affected)
}

/// Removes a connection's datasets that ended before a time. The newest of each data type, and the newest that ended
/// well, stay: they tell where it stands. Returns how many went.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn datasets(db: &dyn Executor, connection: ConnectionId, before: DateTimeUtc) -> Result<u64, DbErr> {
    use dataset::Column;
    let old: Vec<DatasetId> = dataset::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::CompletedAt.lt(before))
        .into_tuple()
        .all(&db)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let states = datasets_read::states(db, &[connection]).await?;
    let told = states.into_values().flat_map(|state| [Some(state.latest.id), state.successful.map(|row| row.id)]);
    let told: BTreeSet<DatasetId> = told.flatten().collect();
    let old: Vec<DatasetId> = old.into_iter().filter(|id| !told.contains(id)).collect();
    let mut removed = 0;
    for ids in old.chunks(super::ROWS) {
        removed += dataset::Entity::delete_many()
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(&db)
            .await?
            .rows_affected;
    }
    Ok(removed)
}

/// Gives up what has waited since before a time for consumers that are disabled. Returns how many deliveries.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn give_up_deliveries(db: &dyn Executor, before: DateTimeUtc, now: DateTimeUtc) -> Result<u64, DbErr> {
    use delivery::{Column, Status};
    let disabled = Query::select()
        .column(webhook_consumer::Column::Id)
        .from(webhook_consumer::Entity)
        .and_where(webhook_consumer::Column::Disabled.eq(true))
        .to_owned();
    let given_up = delivery::Entity::update_many()
        .set(delivery::ActiveModel { status: Set(Status::Failed), ended_at: Set(Some(now)), ..Default::default() })
        .filter(Column::Status.eq(Status::Waiting))
        .filter(Column::RunAt.lt(before))
        .filter(Column::ConsumerId.in_subquery(disabled));
    Ok(given_up.exec(&db).await?.rows_affected)
}

/// Removes events from before a time that nobody waits for, with their deliveries and the tries of these; without a time,
/// those of what was deleted. Returns how many events.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn webhook_events(db: &Db, before: Option<DateTimeUtc>) -> Result<u64, DbErr> {
    let mut removed = 0;
    loop {
        let tx = super::write(db).await?;
        let ids = webhook_events::to_remove(&tx, before, super::ROWS as u64).await?;
        if ids.is_empty() {
            return Ok(removed);
        }
        removed += webhook_events::remove(&tx, &ids).await?;
        tx.commit().await?;
    }
}

/// Removes replays that were asked for before a time and have ended. Returns how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn replays(db: &dyn Executor, before: DateTimeUtc) -> Result<u64, DbErr> {
    use webhook_replay::Column;
    let old = webhook_replay::Entity::delete_many()
        .filter(Column::CreatedAt.lt(before))
        .filter(Column::EndedAt.is_not_null());
    Ok(old.exec(&db).await?.rows_affected)
}
