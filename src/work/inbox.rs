//! What webhooks left to do: a run is told of it, and what ended long ago is removed.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::ConnectionId;
use entity::stripe_event::Reason;
use sea_orm::DbErr;

use super::{Verdict, Worker};
use sync::run::Run;

/// Hints that one run follows; the others follow at once.
const MOST: u64 = 1_000;
/// How long events that ended are kept: as long as Stripe tries a delivery again.
const KEPT: TimeDelta = TimeDelta::days(3);

/// Whether a run had all the hints that it could take.
pub(super) const fn is_full(run: &Run) -> bool {
    run.hints.len() as u64 >= MOST
}

impl Worker {
    /// Tells a run what webhooks named, and whether its connection, which is due at this time, is due anyway.
    pub(super) async fn hint(&self, run: &mut Run, due_at: Option<DateTime<Utc>>) -> Result<(), DbErr> {
        run.hints = store::stripe_events::hints(&self.db, run.connection, MOST).await?;
        run.is_due = due_at.is_some_and(|at| at <= self.clock.now());
        Ok(())
    }

    /// What webhooks left to do for a connection that cannot read is not done; when it can again, its events tell it.
    pub(super) async fn unhint(&self, connection: ConnectionId, attempts: i32, verdict: Verdict) -> Verdict {
        match store::stripe_events::give_up(&self.db, connection, Reason::Stopped, self.clock.now()).await {
            Ok(_) => verdict,
            Err(error) => self.again(attempts, &error),
        }
    }

    /// Removes events of webhooks that ended some days ago.
    pub(super) async fn sweep_inbox(&self) {
        match store::stripe_events::sweep(&self.db, self.clock.now() - KEPT).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "old webhooks were removed"),
            Err(error) => tracing::error!(%error, "old webhooks could not be removed"),
        }
    }
}
