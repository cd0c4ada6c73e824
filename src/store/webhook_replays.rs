//! Replays: events of the past that are queued for a consumer again.

use std::collections::BTreeMap;

use entity::delivery::{self, Status as DeliveryStatus};
use entity::id::{DeliveryId, WebhookConsumerId, WebhookReplayId};
use entity::webhook_event;
use entity::webhook_replay::{self, Column, Model, Status};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, IntoActiveModel, QueryOrder, QuerySelect};

use super::{Db, Tx, deliveries, webhook_consumers, webhook_events};
use crate::Executor;
use base::boxed;

/// Keeps a new one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, row: Model) -> Result<(), DbErr> {
    webhook_replay::Entity::insert(row.into_active_model()).exec_without_returning(&db).await?;
    Ok(())
}

/// A consumer's replay. Another one's is the same as none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, consumer: WebhookConsumerId, id: WebhookReplayId) -> Result<Option<Model>, DbErr> {
    webhook_replay::Entity::find_by_id(id).filter(Column::ConsumerId.eq(consumer)).one(&db).await
}

/// What became of the deliveries that a replay queued.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn counts(db: &dyn Executor, id: WebhookReplayId) -> Result<BTreeMap<&'static str, i64>, DbErr> {
    let rows: Vec<(DeliveryStatus, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Status)
        .column_as(delivery::Column::Id.count(), "count")
        .filter(delivery::Column::ReplayId.eq(id))
        .group_by(delivery::Column::Status)
        .into_tuple()
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(|(status, count)| (status.as_str(), count)).collect())
}

/// Events that a replay will look at.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn total(db: &dyn Executor, row: &Model) -> Result<u64, DbErr> {
    events_of(row).count(&db).await
}

/// Events of its time, but for tests.
fn events_of(row: &Model) -> Select<webhook_event::Entity> {
    webhook_event::Entity::find()
        .filter(webhook_event::Column::CreatedAt.gte(row.since))
        .filter(webhook_event::Column::CreatedAt.lt(row.until))
        .filter(webhook_event::Column::ConsumerId.is_null())
}

/// Queues the next events of a replay. Returns whether there may be more.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn go_on(db: &Db, id: WebhookReplayId, now: DateTimeUtc, limit: u64) -> Result<bool, DbErr> {
    let tx = super::write(db).await?;
    let row = webhook_replay::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let Some(row) = row.filter(|row| row.status == Status::Running) else { return Ok(false) };
    let Some(consumer) = webhook_consumers::find(&tx, row.consumer_id).await? else { return Ok(false) };
    let mut events = events_of(&row).order_by_asc(webhook_event::Column::Id).limit(limit);
    if let Some(last) = row.last_event_id {
        events = events.filter(webhook_event::Column::Id.gt(last));
    }
    let events = events.all(&tx).await?;
    // What happened before there was this consumer it has not missed.
    let missed = |event: &&webhook_event::Model| !row.only_missed || event.created_at >= consumer.created_at;
    let wanted = events.iter().filter(missed).filter(|event| webhook_events::is_for(event, &consumer));
    let queued = wanted.map(|event| fresh(event, &row, now)).collect();
    let queued = deliveries::queue_again(&tx, queued, row.only_missed).await?;
    let more = events.len() as u64 == limit;
    let ended = webhook_replay::ActiveModel {
        status: Set(if more { Status::Running } else { Status::Queued }),
        looked_at: Set(row.looked_at + i64::try_from(events.len()).unwrap_or(i64::MAX)),
        queued: Set(row.queued + i64::try_from(queued).unwrap_or(i64::MAX)),
        last_event_id: Set(events.last().map(|event| event.id).or(row.last_event_id)),
        ended_at: Set((!more).then_some(now)),
        ..Default::default()
    };
    update(&tx, id, ended).await?;
    tx.commit().await?;
    Ok(more)
}

fn fresh(event: &webhook_event::Model, row: &Model, now: DateTimeUtc) -> delivery::Model {
    delivery::Model {
        id: DeliveryId::new(),
        event_id: event.id,
        consumer_id: row.consumer_id,
        event_type: event.event_type.clone(),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        failures: 0,
        run_at: now,
        created_at: now,
        ended_at: None,
        replay_id: Some(row.id),
    }
}

/// Stops a replay: nothing more is queued, and what it queued and what waits still is not sent. Returns how many
/// deliveries that were; none when it is not there.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn cancel(
    db: &Db,
    consumer: WebhookConsumerId,
    id: WebhookReplayId,
    now: DateTimeUtc,
) -> Result<Option<u64>, DbErr> {
    let tx = super::write(db).await?;
    let row = webhook_replay::Entity::find_by_id(id).filter(Column::ConsumerId.eq(consumer)).lock_exclusive();
    if row.one(&tx).await?.is_none() {
        return Ok(None);
    }
    let ended =
        webhook_replay::ActiveModel { status: Set(Status::Cancelled), ended_at: Set(Some(now)), ..Default::default() };
    update(&tx, id, ended).await?;
    let cancelled = delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            status: Set(DeliveryStatus::Cancelled),
            ended_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(delivery::Column::ReplayId.eq(id))
        .filter(delivery::Column::Status.eq(DeliveryStatus::Waiting))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(Some(cancelled.rows_affected))
}

async fn update(tx: &Tx, id: WebhookReplayId, row: webhook_replay::ActiveModel) -> Result<(), DbErr> {
    webhook_replay::Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}
