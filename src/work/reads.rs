//! Requests to Stripe are counted while a run is under way, not at its end alone: a first sync may take hours.

use std::time::Duration;

use entity::id::ConnectionId;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::Worker;
use sync::error::Error;
use sync::run::{Ended, Run};

/// How often they are counted: so much is lost with a process that is killed.
const EVERY: Duration = Duration::from_secs(10);

impl Worker {
    /// Runs to the end and counts meanwhile. Returns how many are not counted yet, too.
    pub(super) async fn counted(&self, run: &mut Run) -> (Result<Ended, Error>, i64) {
        let (connection, stripe, over) = (run.connection, run.stripe.clone(), CancellationToken::new());
        let going = async {
            let ended = run.go().await;
            over.cancel();
            ended
        };
        let counting = async {
            let mut uncounted = 0;
            while over.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                uncounted += stripe.take_reads();
                match self.count_reads(connection, uncounted).await {
                    Ok(()) => uncounted = 0,
                    Err(error) => tracing::warn!(%error, connection.id = %connection, "requests are counted later"),
                }
            }
            uncounted + stripe.take_reads()
        };
        tokio::join!(going, counting)
    }

    /// Counts requests of today.
    pub(super) async fn count_reads(&self, connection: ConnectionId, more: i64) -> Result<(), DbErr> {
        let tx = store::write(&self.db).await?;
        store::connections::count_reads(&tx, connection, self.clock.now().date_naive(), more).await?;
        tx.commit().await
    }
}
