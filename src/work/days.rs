//! Days are counted and kept when a sync is over, so that whoever asks for metrics does not wait for them.

use entity::id::ConnectionId;
use tokio_util::sync::CancellationToken;

use super::Worker;
use store::days;

impl Worker {
    /// Keeps all days that are over. What cannot be kept now is counted when it is asked for, so that nothing depends on it.
    pub(super) async fn keep_days(&self, connection: ConnectionId, stop: &CancellationToken) {
        let kept = stop.run_until_cancelled(days::keep_all(&self.db, connection, self.clock.now())).await;
        if let Some(Err(error)) = kept {
            tracing::warn!(%error, connection.id = %connection, "days could not be kept: they are counted when asked for");
        }
    }
}
