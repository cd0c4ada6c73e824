//! Sums of revenue are made when a sync is over, so that whoever asks for metrics does not wait for them.

use chrono::DateTime;
use entity::id::ConnectionId;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::store::revenue;

impl Worker {
    /// Keeps the sums of all days that are over. What cannot be kept now is counted when it is asked for, so that nothing
    /// depends on it.
    pub(super) async fn keep_revenue(&self, connection: ConnectionId, stop: &CancellationToken) {
        let kept = async {
            let all = (DateTime::UNIX_EPOCH, self.clock.now());
            for days in revenue::missing(&self.db, connection, all).await? {
                if stop.is_cancelled() {
                    break;
                }
                revenue::keep(&self.db, connection, days).await?;
            }
            Ok::<_, sea_orm::DbErr>(())
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, connection.id = %connection, "sums of revenue could not be kept: they are counted when asked for");
        }
    }
}
