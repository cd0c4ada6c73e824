//! Retention: once a day, what only grows is cut to what the settings say, and what went is counted in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::Worker;
use base::boxed;
use base::config::Retention;
use store::{Db, idempotency, retention};

/// How often.
const EVERY: Duration = Duration::from_hours(24);
/// How soon again when the database refused.
const AFTER_A_FAULT: Duration = Duration::from_mins(15);
/// Connections read at once.
const ROUND: u64 = 500;

/// How many rows were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Of the feed of everything.
    pub places: u64,
    /// Of the feeds of the connections.
    pub changes: u64,
    /// Of the outgoing events.
    pub outbox: u64,
    /// Of the events that were told, with their deliveries.
    pub events: u64,
    /// Of the replays of events.
    pub replays: u64,
    /// Of the deliveries that waited for a disabled consumer: they are given up, not removed.
    pub given_up: u64,
    /// Of the datasets.
    pub datasets: u64,
    /// Of the answers that are kept for requests with a key.
    pub answers: u64,
}

impl Worker {
    /// Removes what is old, each day, until it is asked to stop.
    pub(super) async fn retaining(self: Arc<Self>, stop: CancellationToken) {
        let mut due = Instant::now();
        while !stop.is_cancelled() {
            if Instant::now() >= due {
                let pause = match remove(&self.db, self.settings.retention, self.clock.now(), &stop).await {
                    Ok(removed) => {
                        tracing::info!(?removed, "what was kept long enough is gone");
                        EVERY
                    }
                    Err(error) => {
                        self.trouble.note(&error);
                        tracing::error!(%error, "what is old could not be removed; it is tried again by itself");
                        AFTER_A_FAULT
                    }
                };
                due = Instant::now() + pause;
            }
            self.rest(&stop).await;
        }
    }
}

impl Worker {
    /// Removes what was told of companies and connections that were deleted, once nobody waits for it.
    pub(super) async fn sweep_told(&self) {
        match retention::webhook_events(&self.db, None).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "what was told of deleted companies and connections is gone"),
            Err(error) => {
                tracing::error!(%error, "what was told of deleted companies and connections could not be removed");
            }
        }
    }
}

/// Removes what was kept long enough. Places go before the changes that they lead to; it can be cut off anywhere and done
/// again, and several processes may do it at once.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn remove(db: &Db, keep: Retention, now: DateTime<Utc>, stop: &CancellationToken) -> Result<Removed, DbErr> {
    let before = |days: u32| now - TimeDelta::days(days.into());
    let mut removed = Removed {
        places: retention::places(db, before(keep.changes_days)).await?,
        given_up: retention::give_up_deliveries(db, before(keep.deliveries_days), now).await?,
        events: retention::webhook_events(db, Some(before(keep.deliveries_days))).await?,
        answers: idempotency::forget(db, before(1)).await?,
        replays: retention::replays(db, before(keep.deliveries_days)).await?,
        ..Removed::default()
    };
    let mut last = None;
    loop {
        let connections = retention::connections(db, last, ROUND).await?;
        for connection in &connections {
            if stop.is_cancelled() {
                return Ok(removed);
            }
            removed.changes += retention::changes(db, *connection, before(keep.changes_days)).await?;
            removed.outbox += retention::outbox(db, *connection, before(keep.deliveries_days)).await?;
            removed.datasets += retention::datasets(db, *connection, before(keep.datasets_days)).await?;
        }
        let Some(end) = connections.last() else { return Ok(removed) };
        last = Some(*end);
    }
}
