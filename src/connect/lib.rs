//! Begin, finish and revoke a connection; the keys that seal what it brings.
// Nothing that comes from outside may end a task: what could panic is refused, an unchecked index too.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unimplemented,
        clippy::get_unwrap,
        clippy::indexing_slicing
    )
)]

pub mod access_tokens;
mod addresses;
pub mod adopt;
pub mod api_keys;
pub mod begin;
pub mod events;
pub mod finish;
mod hs256;
pub mod inbox;
pub mod integrations;
pub mod keys;
pub mod link;
pub mod quota;
pub mod refresh;
pub mod revoke;
pub mod schedules;
pub mod sweep;
pub mod users;
pub mod webhook_secrets;
pub mod webhooks;

use keys::Keys;
use sea_orm::DbErr;
use url::Url;

use base::clock::SharedClock;
use base::vault::VaultError;
use store::Db;
use stripe::client::Gate;

/// What connecting needs at hand.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys.
    pub keys: &'a Keys,
    /// The way to Stripe.
    pub stripe: &'a Gate,
    /// The clock.
    pub clock: &'a SharedClock,
    /// The address that the outside knows us by: events lead there.
    pub public_url: &'a Url,
}

/// A fault of ours: nobody outside can mend it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Store(#[from] DbErr),
    /// A key is not at hand.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// Something sealed does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An address cannot be made.
    #[error("an address cannot be made: {0}")]
    Address(#[from] url::ParseError),
}
