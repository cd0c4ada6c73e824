//! Merging: the changes of all connections are brought into the one order of the feed of everything.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::Worker;
use base::boxed;
use store::{Db, feed_merge};

/// Connections of one round; its lock is held for two statements, whatever their number.
const ROUND: usize = 200;

impl Worker {
    /// Merges again and again until it is asked to stop.
    pub(super) async fn merging(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = merge(&self.db, self.clock.now()).await {
                self.trouble.note(&error);
                tracing::error!(%error, "changes could not be brought into the feed of everything; it goes on by itself");
            }
            self.rest(&stop).await;
        }
    }
}

/// Places every change that has no place yet. Any number of processes may do so at once. Returns how many it placed.
///
/// # Errors
/// When the database does not answer; what was placed stays, the rest is placed the next time.
#[boxed]
pub async fn merge(db: &Db, now: DateTime<Utc>) -> Result<i64, DbErr> {
    let mut changes = 0;
    loop {
        let heads = feed_merge::unmerged(db, ROUND as u64).await?;
        if heads.is_empty() {
            return Ok(changes);
        }
        let last = heads.len() < ROUND;
        let placed = feed_merge::place(db, &heads, now).await?;
        changes += placed.changes;
        for (connection, until) in placed.until {
            feed_merge::hint(db, connection, until).await?;
        }
        if last {
            return Ok(changes);
        }
    }
}
