//! HTTP: the router is the table of contents.

pub mod link;
mod session;
pub mod start;

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::SharedClock;
use crate::connect::keys::Keys;
use crate::store::Db;
use crate::stripe::client::Gate;

/// What the web floor needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that the outside knows us by, without a trailing slash.
    pub public_url: Url,
    /// Hours that a Link URL lives.
    pub link_hours: u32,
    /// Minutes that a browser's session lives.
    pub session_minutes: u32,
    /// Bytes that a request's body may have.
    pub body_limit: usize,
}

/// What every handler has at hand.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
#[derive(Debug)]
pub struct Inner {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: SharedClock,
    /// The keys.
    pub keys: Keys,
    /// The way to Stripe.
    pub stripe: Gate,
    /// The settings.
    pub settings: Settings,
    /// Cancelled when the process was asked to end: from then on it is not ready.
    pub draining: CancellationToken,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Inner) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Everything that is served.
#[must_use]
pub fn router(app: App) -> Router {
    Router::new().merge(link::routes(&app)).merge(start::routes()).with_state(app)
}
