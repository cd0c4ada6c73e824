//! The inbox of Stripe's webhooks: events, what they leave to do for connections, and counts.

use std::collections::BTreeMap;

use entity::id::{ConnectionId, IntegrationId};
use entity::stripe_event::{self, Column, Reason, State};
use entity::{stripe_event_count as counted, stripe_hint as hint};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ExprTrait, IntoActiveModel, QueryOrder, QuerySelect};

use crate::Executor;
use crate::{Db, Tx};
use base::boxed;
use base::clock::{DAY, day_of};

/// Seconds that Stripe keeps events.
const KEPT_AT_STRIPE: i64 = 30 * DAY;
/// Events removed in one statement.
const SWEPT_AT_ONCE: u64 = 5_000;

/// What deliveries became: by integration and outcome, how many.
pub type Counts = BTreeMap<(IntegrationId, String), i64>;

/// Takes events in, each with the number of its deliveries. One that is there already counts them, and is not changed
/// otherwise. Returns the events as they are now: one that has no more deliveries than it came with is new.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn receive(tx: &Tx, events: Vec<stripe_event::Model>) -> Result<Vec<stripe_event::Model>, DbErr> {
    let more = Expr::col((stripe_event::Entity, Column::Deliveries)).add(Expr::col(("excluded", Column::Deliveries)));
    let again = OnConflict::columns([Column::IntegrationId, Column::Account, Column::Id])
        .value(Column::Deliveries, more)
        .to_owned();
    let mut kept = Vec::with_capacity(events.len());
    for events in events.chunks(super::ROWS) {
        let rows = events.iter().cloned().map(IntoActiveModel::into_active_model);
        let insert = stripe_event::Entity::insert_many(rows).on_conflict(again.clone());
        kept.extend(insert.exec_with_returning(tx).await?);
    }
    Ok(kept)
}

/// Leaves hints for connections.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn leave(tx: &Tx, hints: Vec<hint::Model>) -> Result<(), DbErr> {
    let there = OnConflict::columns([hint::Column::ConnectionId, hint::Column::EventId]).do_nothing().to_owned();
    for hints in hints.chunks(super::ROWS) {
        let rows = hints.iter().cloned().map(IntoActiveModel::into_active_model);
        hint::Entity::insert_many(rows).on_conflict(there.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Adds to the counts of a day.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor, counts: Counts, now: DateTimeUtc) -> Result<(), DbErr> {
    if counts.is_empty() {
        return Ok(());
    }
    let row = |((integration, outcome), count)| counted::ActiveModel {
        integration_id: Set(integration),
        day: Set(day_of(now)),
        outcome: Set(outcome),
        count: Set(count),
        last_at: Set(now),
    };
    let more =
        Expr::col((counted::Entity, counted::Column::Count)).add(Expr::col(("excluded", counted::Column::Count)));
    let add = OnConflict::columns([counted::Column::IntegrationId, counted::Column::Day, counted::Column::Outcome])
        .update_column(counted::Column::LastAt)
        .value(counted::Column::Count, more)
        .to_owned();
    // A map is sorted: two processes lock its rows in one order.
    counted::Entity::insert_many(counts.into_iter().map(row)).on_conflict(add).exec_without_returning(&db).await?;
    Ok(())
}

/// The counts of the day of `now`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn today(
    db: &dyn Executor,
    integration: IntegrationId,
    now: DateTimeUtc,
) -> Result<Vec<counted::Model>, DbErr> {
    counted::Entity::find()
        .filter(counted::Column::IntegrationId.eq(integration))
        .filter(counted::Column::Day.eq(day_of(now)))
        .order_by_asc(counted::Column::Outcome)
        .all(&db)
        .await
}

/// When a delivery of an integration was last believed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn last_received(db: &dyn Executor, integration: IntegrationId) -> Result<Option<DateTimeUtc>, DbErr> {
    let newest = counted::Entity::find()
        .filter(counted::Column::IntegrationId.eq(integration))
        .filter(counted::Column::Outcome.not_like("refused:%"))
        .order_by_desc(counted::Column::LastAt)
        .one(&db)
        .await?;
    Ok(newest.map(|row| row.last_at))
}

/// What is left to do for a connection, the oldest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hints(db: &dyn Executor, connection: ConnectionId, limit: u64) -> Result<Vec<hint::Model>, DbErr> {
    hint::Entity::find()
        .filter(hint::Column::ConnectionId.eq(connection))
        .order_by_asc(hint::Column::Created)
        .order_by_asc(hint::Column::EventId)
        .limit(limit)
        .all(&db)
        .await
}

/// What the hints named was read: they go, and an event that leaves nothing to do for anyone is done. Repeatable.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn read(db: &Db, hints: &[hint::Model], now: DateTimeUtc) -> Result<(), DbErr> {
    end(db, hints, State::Done, None, now).await
}

/// Whatever is left to do for a connection will not be done, for this reason.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn give_up(db: &Db, connection: ConnectionId, reason: Reason, now: DateTimeUtc) -> Result<u64, DbErr> {
    let mut given_up = 0;
    loop {
        let left = hints(db, connection, super::ROWS as u64).await?;
        if left.is_empty() {
            return Ok(given_up);
        }
        end(db, &left, State::Ignored, Some(reason), now).await?;
        given_up += left.len() as u64;
    }
}

async fn end(
    db: &Db,
    hints: &[hint::Model],
    state: State,
    reason: Option<Reason>,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    for hints in hints.chunks(super::ROWS) {
        let [first, ..] = hints else { return Ok(()) };
        let ids = || hints.iter().map(|one| one.event_id.as_str());
        let tx = super::write(db).await?;
        hint::Entity::delete_many()
            .filter(hint::Column::ConnectionId.eq(first.connection_id))
            .filter(hint::Column::EventId.is_in(ids()))
            .exec(&tx)
            .await?;
        let left = Query::select()
            .column(hint::Column::EventId)
            .from(hint::Entity)
            .and_where(hint::Column::EventId.is_in(ids()))
            .to_owned();
        let ended = stripe_event::ActiveModel {
            state: Set(state),
            reason: Set(reason),
            done_at: Set(Some(now)),
            ..Default::default()
        };
        // Of one connection, hence of one integration and one account.
        stripe_event::Entity::update_many()
            .set(ended)
            .filter(Column::IntegrationId.eq(first.integration_id))
            .filter(Column::Account.eq(&first.account))
            .filter(Column::Id.is_in(ids()))
            .filter(Column::Id.not_in_subquery(left))
            .filter(Column::State.eq(State::Pending))
            .exec(&tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Removes events that ended before a moment, and those from before it that nobody has a hint of any more; and hints that
/// are older than what Stripe keeps, after which a connection lists everything anew. Returns how many events.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn sweep(db: &dyn Executor, before: DateTimeUtc) -> Result<u64, DbErr> {
    let kept_at_stripe = before.timestamp() - KEPT_AT_STRIPE;
    hint::Entity::delete_many().filter(hint::Column::Created.lt(kept_at_stripe)).exec(&db).await?;
    let hinted = Query::select().column(hint::Column::EventId).from(hint::Entity).to_owned();
    // Two connections that end the same event at once may each see the other's hint.
    let forgotten = Column::DoneAt.is_null().and(Column::ReceivedAt.lt(before)).and(Column::Id.not_in_subquery(hinted));
    let mut removed = sweep_where(db, forgotten).await?;
    removed += sweep_where(db, Column::DoneAt.lt(before)).await?;
    Ok(removed)
}

async fn sweep_where(db: &dyn Executor, over: Expr) -> Result<u64, DbErr> {
    let key = [Column::IntegrationId, Column::Account, Column::Id];
    let mut removed = 0;
    loop {
        let mut some = Query::select();
        some.columns(key).from(stripe_event::Entity).and_where(over.clone()).limit(SWEPT_AT_ONCE);
        let chosen = Expr::tuple(key.map(Expr::col)).in_subquery(some);
        let gone = stripe_event::Entity::delete_many().filter(chosen).exec(&db).await?.rows_affected;
        removed += gone;
        if gone < SWEPT_AT_ONCE {
            return Ok(removed);
        }
    }
}
