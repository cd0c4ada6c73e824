//! Removing what a deleted connection left: data first, coordination last, so that a crash between them is mended by
//! doing it again.

use entity::id::{CompanyId, ConnectionId};
use entity::stripe_event::Reason;

use super::{Verdict, Worker};
use base::fault::{self, Point};

impl Worker {
    pub(super) async fn erase(&self, company: CompanyId, connection: ConnectionId, attempts: i32) -> Verdict {
        match self.erased(company, connection).await {
            Ok(()) => Verdict::Done,
            Err(error) => self.again(attempts, &error),
        }
    }

    async fn erased(&self, company: CompanyId, connection: ConnectionId) -> Result<(), sea_orm::DbErr> {
        // Whoever still syncs it is refused from here on.
        store::sync_heads::take(&self.db, connection).await?;
        // What it still had to tell is told; nobody else tells it now.
        super::relay::relay_of(&self.db, &self.public_url, connection).await?;
        let rows = store::erase::data(&self.db, connection).await?;
        fault::at(Point::DataErased);
        store::stripe_events::give_up(&self.db, connection, Reason::Disconnected, self.clock.now()).await?;
        store::webhook_events::forget_connection(&self.db, connection).await?;
        store::connections::erase(&self.db, connection).await?;
        tracing::info!(company.id = %company, connection.id = %connection, rows, "a deleted connection's data is gone");
        Ok(())
    }
}
