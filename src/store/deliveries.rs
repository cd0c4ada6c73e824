//! Deliveries: events on their way to consumers, and what each try brought.

use entity::delivery::{self, Column, Model, Status};
use entity::delivery_attempt as attempt;
use entity::id::{DeliveryId, WebhookConsumerId, WebhookEventId};
use entity::webhook_consumer as consumer;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ExprTrait, IntoActiveModel, QueryOrder, QuerySelect};

use super::lists::{self, Found, Listing, Noun, Source};
use super::{Db, Tx};
use crate::Executor;
use base::boxed;
use base::query::{Field, Kind};

/// What can be asked of deliveries.
pub static NOUN: Noun = Noun {
    name: "Delivery",
    fields: &[
        Field { name: "id", kind: Kind::Uuid, nullable: false, source: Source::Column("id") },
        Field { name: "eventId", kind: Kind::Uuid, nullable: false, source: Source::Column("webhook_event_id") },
        Field { name: "eventType", kind: Kind::Text, nullable: false, source: Source::Column("event_type") },
        Field { name: "status", kind: Kind::Text, nullable: false, source: Source::Column("status") },
        Field { name: "created", kind: Kind::Date, nullable: false, source: Source::Column("created_at") },
    ],
};

/// One page of a consumer's deliveries, newest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn page(db: &dyn Executor, consumer: WebhookConsumerId, listing: &Listing) -> Result<Found<Model>, DbErr> {
    lists::page(db, delivery::Entity::find().filter(Column::ConsumerId.eq(consumer)), "created_at", listing).await
}

/// A consumer's delivery. Another one's is the same as none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, consumer: WebhookConsumerId, id: DeliveryId) -> Result<Option<Model>, DbErr> {
    delivery::Entity::find_by_id(id).filter(Column::ConsumerId.eq(consumer)).one(&db).await
}

/// The delivery of an event to a consumer.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_event(
    db: &dyn Executor,
    consumer: WebhookConsumerId,
    event: WebhookEventId,
) -> Result<Option<Model>, DbErr> {
    delivery::Entity::find().filter(Column::ConsumerId.eq(consumer)).filter(Column::EventId.eq(event)).one(&db).await
}

/// The tries of a delivery, first one first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn attempts(db: &dyn Executor, id: DeliveryId) -> Result<Vec<attempt::Model>, DbErr> {
    attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.eq(id))
        .order_by_asc(attempt::Column::Number)
        .all(&db)
        .await
}

/// Enabled consumers with something to send now, that did not ask to be left alone.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn consumers_due(db: &dyn Executor, now: DateTimeUtc) -> Result<Vec<WebhookConsumerId>, DbErr> {
    let waits = Query::select()
        .expr(Expr::value(1))
        .from(delivery::Entity)
        .and_where(Expr::col((delivery::Entity, Column::ConsumerId)).equals((consumer::Entity, consumer::Column::Id)))
        .and_where(Column::Status.eq(Status::Waiting))
        .and_where(Column::RunAt.lte(now))
        .to_owned();
    let paused = consumer::Column::PausedUntil;
    consumer::Entity::find()
        .select_only()
        .column(consumer::Column::Id)
        .filter(consumer::Column::Disabled.eq(false))
        .filter(paused.is_null().or(paused.lte(now)))
        .filter(Expr::exists(waits))
        .order_by_asc(consumer::Column::Id)
        .into_tuple()
        .all(&db)
        .await
}

/// What is to be sent to a consumer now, the longest waiting first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn due(
    db: &dyn Executor,
    consumer: WebhookConsumerId,
    now: DateTimeUtc,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    delivery::Entity::find()
        .filter(Column::ConsumerId.eq(consumer))
        .filter(Column::Status.eq(Status::Waiting))
        .filter(Column::RunAt.lte(now))
        .order_by_asc(Column::RunAt)
        .order_by_asc(Column::EventId)
        .limit(limit)
        .all(&db)
        .await
}

/// What a try means for its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It failed; another try, then.
    Again(DateTimeUtc),
    /// It failed, and was the last try.
    GivenUp,
}

/// Keeps a try and what it means. `false` when somebody else tried the same meanwhile, or the delivery is gone: then
/// nothing is kept.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn record(tx: &Tx, tried: &Model, row: attempt::Model, outcome: Outcome) -> Result<bool, DbErr> {
    let ended = row.sent_at;
    let (status, run_at, ended_at, failures) = match outcome {
        Outcome::Delivered => (Status::Delivered, tried.run_at, Some(ended), tried.failures),
        Outcome::Again(at) => (Status::Waiting, at, None, tried.failures + 1),
        Outcome::GivenUp => (Status::Failed, tried.run_at, Some(ended), tried.failures + 1),
    };
    let now = delivery::ActiveModel {
        status: Set(status),
        attempts: Set(tried.attempts + 1),
        failures: Set(failures),
        run_at: Set(run_at),
        ended_at: Set(ended_at),
        ..Default::default()
    };
    let kept = delivery::Entity::update_many()
        .set(now)
        .filter(Column::Id.eq(tried.id))
        .filter(Column::Attempts.eq(tried.attempts))
        .filter(Column::Status.eq(Status::Waiting))
        .exec(tx)
        .await?;
    if kept.rows_affected == 0 {
        return Ok(false);
    }
    attempt::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(true)
}

/// Queues events for a consumer anew, each in a new round: those that were never queued, those that came to an end, and
/// those whose next try is still to come; what is due already stays as it is. With `only_missed`, what it has taken stays taken. Returns how many were queued.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn queue_again(tx: &Tx, rows: Vec<Model>, only_missed: bool) -> Result<u64, DbErr> {
    let (mine, new) = (Expr::col((delivery::Entity, Column::RunAt)), Expr::col(("excluded", Column::RunAt)));
    let rests = Expr::col((delivery::Entity, Column::Status)).ne(Status::Waiting.as_str()).or(mine.gt(new));
    let mut queued = 0;
    for rows in rows.chunks(super::ROWS) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        let mut again = OnConflict::columns([Column::EventId, Column::ConsumerId]);
        again
            .update_columns([Column::Status, Column::Failures, Column::RunAt, Column::EndedAt, Column::ReplayId])
            .action_and_where(rests.clone());
        if only_missed {
            again.action_and_where(Expr::col((delivery::Entity, Column::Status)).ne(Status::Delivered.as_str()));
        }
        queued += delivery::Entity::insert_many(rows).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(queued)
}

/// Removes what is queued for a consumer and what was tried. Returns how many deliveries; call it until it is less than
/// `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn remove_of_consumer(db: &Db, consumer: WebhookConsumerId, limit: u64) -> Result<u64, DbErr> {
    let tx = super::write(db).await?;
    let some: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConsumerId.eq(consumer))
        .limit(limit)
        .into_tuple()
        .all(&tx)
        .await?;
    remove(&tx, &some).await?;
    tx.commit().await?;
    Ok(some.len() as u64)
}

/// Removes the deliveries of events, and their tries.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn remove_of_events(tx: &Tx, events: &[WebhookEventId]) -> Result<(), DbErr> {
    let some: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EventId.is_in(events.iter().copied()))
        .into_tuple()
        .all(tx)
        .await?;
    remove(tx, &some).await
}

async fn remove(tx: &Tx, ids: &[DeliveryId]) -> Result<(), DbErr> {
    for ids in ids.chunks(super::ROWS) {
        let ids = || ids.iter().copied();
        attempt::Entity::delete_many().filter(attempt::Column::DeliveryId.is_in(ids())).exec(tx).await?;
        delivery::Entity::delete_many().filter(Column::Id.is_in(ids())).exec(tx).await?;
    }
    Ok(())
}
