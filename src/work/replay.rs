//! Replaying: events of the past are queued again for one consumer, in batches, so that it can be watched and stopped; and
//! what waits for a consumer that was deleted is forgotten.

use entity::id::{WebhookConsumerId, WebhookReplayId};
use tokio_util::sync::CancellationToken;

use super::{Verdict, Worker};
use store::{deliveries, webhook_replays};

/// Events of one transaction.
const BATCH: u64 = 500;

impl Worker {
    /// Queues what a replay asks for, until all is queued or it is cancelled.
    pub(super) async fn replay(&self, id: WebhookReplayId, attempts: i32, stop: &CancellationToken) -> Verdict {
        loop {
            if stop.is_cancelled() {
                return Verdict::GiveBack;
            }
            match webhook_replays::go_on(&self.db, id, self.clock.now(), BATCH).await {
                Ok(true) => {}
                Ok(false) => return Verdict::Done,
                Err(error) => return self.again(attempts, &error),
            }
        }
    }

    /// Removes everything that was queued for a consumer.
    pub(super) async fn forget(&self, id: WebhookConsumerId, attempts: i32) -> Verdict {
        loop {
            match deliveries::remove_of_consumer(&self.db, id, BATCH).await {
                Ok(removed) if removed == BATCH => {}
                Ok(_) => return Verdict::Done,
                Err(error) => return self.again(attempts, &error),
            }
        }
    }
}
