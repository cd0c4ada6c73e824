//! What a connection says of a sync that was put off or given up, also when nobody asked for data: then no dataset is open
//! that could say it.

use chrono::{DateTime, Utc};
use entity::connection::{Fault, Model};
use entity::id::ConnectionId;

use super::Worker;
use store::Tx;
use stripe::error::Error as Refusal;

/// The `status_text`s of such faults: a sync that ends well ends them.
const TEXTS: [&str; 4] = [LIMITED, SILENT, REFUSED, OURS];
const LIMITED: &str = "rate_limited";
const SILENT: &str = "no_answer";
const REFUSED: &str = "refused";
/// A fault of ours.
pub(super) const OURS: &str = "internal_error";

const fn words(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::RateLimited => ("429", LIMITED),
        Refusal::Transport(_) => ("502", SILENT),
        _ => ("400", REFUSED),
    }
}

impl Worker {
    /// Says at the connection what Stripe did, and when it goes on or whose turn it is.
    pub(super) async fn say_refused(&self, connection: ConnectionId, refusal: &Refusal, reason: &str) {
        self.say(connection, words(refusal), reason).await;
    }

    /// Says at the connection what is wrong: a status and a word for it, and a sentence. What cannot be written is logged:
    /// it is no reason to do anything else than was decided.
    pub(super) async fn say(&self, connection: ConnectionId, words: (&str, &str), reason: &str) {
        let fault = Fault {
            status_code: words.0.to_owned(),
            status_text: words.1.to_owned(),
            message: reason.to_owned(),
            at: self.clock.now(),
            resolved_at: None,
        };
        let said = async {
            let tx = store::write(&self.db).await?;
            store::connection_faults::say(&tx, connection, fault).await?;
            tx.commit().await
        };
        if let Err(error) = said.await {
            tracing::error!(%error, connection.id = %connection, "a connection could not be told what is wrong");
        }
    }
}

/// A sync ended well: what was wrong is over.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn all_is_well(tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<(), sea_orm::DbErr> {
    let is_active = |fault: &Fault| fault.resolved_at.is_none() && TEXTS.contains(&fault.status_text.as_str());
    if row.errors.iter().any(is_active) {
        store::connection_faults::resolve(tx, row.id, &TEXTS, now).await?;
    }
    Ok(())
}
