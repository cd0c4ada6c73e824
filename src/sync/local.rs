//! Work on what is kept, without a call to Stripe: it is done also for connections that Stripe lets nobody read any more.
//!
//! It is part of the connection's one job and takes the connection like any run, so that there is never a second owner.

use entity::id::ConnectionId;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::keep::Page;
use super::{remap, replay};
use base::boxed;
use base::clock::SharedClock;
use store::Db;

/// What local work needs.
#[derive(Debug)]
pub struct Local {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: SharedClock,
    /// Whose data.
    pub connection: ConnectionId,
    /// Asks it to stop after its next batch.
    pub stop: CancellationToken,
    fence: i64,
}

impl Local {
    /// Takes the connection, when there is local work to do; none otherwise.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn begin(
        db: &Db,
        clock: &SharedClock,
        connection: ConnectionId,
        stop: CancellationToken,
    ) -> Result<Option<Self>, Error> {
        let Some(head) = store::sync_heads::find(db, connection).await? else { return Ok(None) };
        if !remap::is_due(&head) && store::quarantine::asked(db, connection, 1).await?.is_empty() {
            return Ok(None);
        }
        let fence = store::sync_heads::take(db, connection).await?.fence;
        Ok(Some(Self { db: db.clone(), clock: clock.clone(), connection, stop, fence }))
    }

    /// Does the next part of it. Returns whether some is left.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::Stopped`], or when the database does not answer.
    #[boxed]
    pub async fn go(&self) -> Result<bool, Error> {
        replay::all(self).await?;
        remap::slice(self).await
    }

    /// Begins a transaction under the fence.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another run has taken the connection; [`Error::Stopped`] when asked to stop.
    #[boxed]
    pub async fn page(&self) -> Result<Page, Error> {
        if self.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        Page::begin(&self.db, self.connection, self.fence, self.clock.now()).await
    }

    /// The number under which records are written: above all readings so far, below all that come.
    #[must_use]
    pub const fn read_no(&self) -> i64 {
        self.fence << 32
    }
}
