//! Begin, finish and revoke a connection; the keys that seal what it brings.

pub mod access_tokens;
mod addresses;
pub mod adopt;
pub mod api_keys;
pub mod begin;
pub mod events;
pub mod finish;
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

use sea_orm::DbErr;
use url::Url;

use crate::clock::SharedClock;
use crate::store::Db;
use crate::stripe::client::Gate;
use crate::vault::VaultError;
use keys::Keys;

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
