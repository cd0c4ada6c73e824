//! Local work of a connection's job: what needs no call to Stripe comes first, and also where nobody may read any more.

use entity::id::ConnectionId;
use tokio_util::sync::CancellationToken;

use super::{Verdict, Worker};
use sync::error::Error;
use sync::local::Local;

impl Worker {
    /// Does the next part of it. Returns whether some is left.
    pub(super) async fn local(
        &self,
        connection: ConnectionId,
        attempts: i32,
        stop: CancellationToken,
    ) -> Result<bool, Verdict> {
        self.do_local(connection, stop).await.map_err(|error| match error {
            Error::Fenced => Verdict::Lost,
            Error::Stopped => Verdict::GiveBack,
            Error::Store(error) => self.again(attempts, &error),
            error @ (Error::Stripe(_) | Error::Held { .. }) => self.later(attempts, error),
        })
    }

    async fn do_local(&self, connection: ConnectionId, stop: CancellationToken) -> Result<bool, Error> {
        // What belongs to a deleted connection is being removed.
        if store::connections::by_id(&self.db, connection).await?.is_none() {
            return Ok(false);
        }
        match Local::begin(&self.db, &self.clock, connection, stop).await? {
            Some(local) => local.go().await,
            None => Ok(false),
        }
    }
}
