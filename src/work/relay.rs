//! Relaying: what reads left in their outboxes becomes events, with all who are told of them.

use std::sync::Arc;

use entity::id::ConnectionId;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Worker;
use base::boxed;
use base::fault::{self, Point};
use connect::events;
use store::{Db, outbox};

/// Connections of one round.
const ROUND: u64 = 200;
/// Events of one transaction.
const BATCH: u64 = 100;

impl Worker {
    /// Relays again and again until it is asked to stop.
    pub(super) async fn relaying(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = relay(&self.db, &self.public_url).await {
                self.trouble.note(&error);
                tracing::error!(%error, "what happened could not be told outside; it goes on by itself");
            }
            self.rest(&stop).await;
        }
    }
}

/// Makes events of everything that waits in an outbox; they lead to this address of ours. Any number of processes may do
/// so at once, and it can be cut off anywhere: an event that is there already is not told twice. Returns how many rows it
/// looked at.
///
/// # Errors
/// When the database does not answer; the rest is relayed the next time.
#[boxed]
pub async fn relay(db: &Db, public_url: &Url) -> Result<u64, DbErr> {
    let mut relayed = 0;
    loop {
        let heads = outbox::unrelayed(db, ROUND).await?;
        let last = (heads.len() as u64) < ROUND;
        for (connection, from) in heads {
            relayed += relay_one(db, public_url, connection, from).await?;
        }
        if last {
            return Ok(relayed);
        }
    }
}

/// The same for one connection, whose data is about to go.
///
/// # Errors
/// When the database does not answer.
pub async fn relay_of(db: &Db, public_url: &Url, connection: ConnectionId) -> Result<(), DbErr> {
    if let Some(from) = outbox::unrelayed_of(db, connection).await? {
        relay_one(db, public_url, connection, from).await?;
    }
    Ok(())
}

async fn relay_one(db: &Db, public_url: &Url, connection: ConnectionId, mut from: i64) -> Result<u64, DbErr> {
    let mut relayed = 0;
    loop {
        let rows = outbox::after(db, connection, from, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok(relayed) };
        fault::at(Point::BeforeRelay);
        let tx = store::write(db).await?;
        for row in &rows {
            if !events::read(&tx, public_url, row).await? {
                tracing::warn!(connection.id = %connection, row.event_type, "of a connection that is gone nobody is told");
            }
        }
        tx.commit().await?;
        fault::at(Point::AfterRelay);
        outbox::hint(db, connection, last).await?;
        relayed += rows.len() as u64;
        from = last;
    }
}
