//! Requests for work: ids only, never secrets.

use entity::id::{CompanyId, ConnectionId};
use serde::{Deserialize, Serialize};

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
}

impl Task {
    /// What may not run twice at once.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Sync { connection } => format!("sync:{connection}"),
            Self::Erase { connection, .. } => format!("erase:{connection}"),
        }
    }
}
