//! Requests for work: ids only, never secrets.

use entity::id::{CompanyId, ConnectionId, WebhookConsumerId, WebhookReplayId};
use serde::{Deserialize, Serialize};

/// What the keys of tasks begin with that tell receivers of webhooks something.
pub const WEBHOOKS: &str = "webhook-";

/// A request for work; what may not run twice at once has one [`key`](Task::key).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Read one connection's account: all of it the first time, then what changed.
    Sync {
        /// Which.
        connection: ConnectionId,
    },
    /// Remove what a deleted connection left, in the data group first.
    Erase {
        /// Whose connection it was.
        company: CompanyId,
        /// Which.
        connection: ConnectionId,
    },
    /// Send a webhook consumer what waits for it.
    Deliver {
        /// Which.
        consumer: WebhookConsumerId,
    },
    /// Queue events of the past for a webhook consumer.
    Replay {
        /// Which.
        replay: WebhookReplayId,
    },
    /// Remove what waits for a webhook consumer that was deleted.
    Forget {
        /// Which.
        consumer: WebhookConsumerId,
    },
}

impl Task {
    /// What may not run twice at once.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Sync { connection } => format!("sync:{connection}"),
            Self::Erase { connection, .. } => format!("erase:{connection}"),
            Self::Deliver { consumer } => format!("{WEBHOOKS}deliver:{consumer}"),
            Self::Replay { replay } => format!("{WEBHOOKS}replay:{replay}"),
            Self::Forget { consumer } => format!("{WEBHOOKS}forget:{consumer}"),
        }
    }
}
