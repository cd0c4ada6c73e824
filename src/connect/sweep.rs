//! Sweep: what owners left lying when they closed a page.

use std::collections::HashMap;

use serde_json::Value;

use super::finish::{self, Held};
use super::{Fault, Means};
use base::boxed;

/// Where a browser's session keeps an account that waits for its owner's decision; see [`Held`].
pub const HELD: &str = "held";

/// What was swept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// States that were over.
    pub states: u64,
    /// Sessions that were over.
    pub sessions: usize,
    /// Accounts that waited for a decision in one of these sessions, and were given back.
    pub given_back: usize,
}

/// Removes the states and sessions that are over. An account that waited in such a session for its owner's decision is
/// given back: nobody can decide any more. It can be called as often as one likes.
///
/// # Errors
/// When something of ours is at fault.
#[boxed]
pub async fn sweep(means: &Means<'_>) -> Result<Swept, Fault> {
    let means = *means;
    let now = means.clock.now();
    let states = store::oauth_states::sweep(means.db, now).await?;
    let over = store::sessions::sweep(means.db, now).await?;
    let held: Vec<Held> = over.iter().filter_map(|session| held(&session.data)).collect();
    for one in &held {
        finish::refuse(means, one).await?;
    }
    Ok(Swept { states, sessions: over.len(), given_back: held.len() })
}

fn held(data: &str) -> Option<Held> {
    let mut values: HashMap<String, Value> = serde_json::from_str(data).ok()?;
    serde_json::from_value(values.remove(HELD)?).ok()?
}
