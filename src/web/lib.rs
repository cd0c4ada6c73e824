//! HTTP: the router is the table of contents.
#![expect(clippy::missing_errors_doc, reason = "what a path answers when it fails stands in its API description")]
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

pub mod access_token;
mod api;
pub mod api_keys;
mod assets;
mod body;
pub mod changes;
pub mod commerce;
pub mod companies;
pub mod company_info;
mod conditional;
pub mod connections;
pub mod cors_settings;
pub mod custom_data;
pub mod customers;
pub mod disputes;
mod entrance;
pub mod error;
pub mod event_bodies;
mod examples;
pub mod export;
pub mod health;
pub mod history;
mod idempotency;
pub mod integrations;
pub mod invoices;
pub mod link;
pub mod link_options;
pub mod metrics;
pub mod orders;
pub mod page;
pub mod parameters;
pub mod payment_methods;
pub mod payments;
pub mod payouts;
pub mod portal;
pub mod products;
pub mod profile;
pub mod quarantine;
mod rate_limit;
pub mod read_budget;
pub mod reconciliation;
pub mod refresh;
mod session;
mod shared_answers;
pub mod source;
pub mod stripe_webhooks;
pub mod subscriptions;
pub mod supplemental;
pub mod sync_settings;
pub mod transactions;
mod trim;
pub mod unsupported;
pub mod webhook_deliveries;
pub mod webhook_replays;
pub mod webhooks;
pub mod who;

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use self::api::openapi;
pub use self::entrance::RequestId;
use base::clock::SharedClock;
use connect::Means;
use connect::keys::Keys;
use connect::link::Links;
use courier::Courier;
use store::Db;
use store::trouble::Trouble;
use stripe::client::Gate;

/// What the web floor needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that the outside knows us by, without a trailing slash.
    pub public_url: Url,
    /// Hours that a Link URL lives.
    pub link_hours: u32,
    /// Minutes that a browser's session lives.
    pub session_minutes: u32,
    /// Hours after which the portal signs out who does nothing.
    pub portal_hours: u32,
    /// Bytes that a request's body may have.
    pub body_limit: usize,
    /// Requests with an API key that may be made in a day, for each active company and once more; 0: any number.
    pub daily_quota: u32,
    /// Seconds that the time in a webhook's signature may be away from ours.
    pub webhook_tolerance: u32,
}

/// The bytes of a built file of the portal by its path within it (`index.html`, `assets/...`), if there is one. The files are
/// handed in, so that this crate is not compiled again for a new portal.
pub type PortalFile = fn(&str) -> Option<Cow<'static, [u8]>>;

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
    /// The way to receivers of webhooks.
    pub courier: Courier,
    /// The settings.
    pub settings: Settings,
    /// What the database last refused.
    pub trouble: Trouble,
    /// Cancelled when the process was asked to end: from then on it is not ready.
    pub draining: CancellationToken,
    /// The portal's built files.
    pub portal_file: PortalFile,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Inner) -> Self {
        Self(Arc::new(parts))
    }

    /// What the floor below needs.
    #[must_use]
    pub fn means(&self) -> Means<'_> {
        let public_url = &self.settings.public_url;
        Means { db: &self.db, keys: &self.keys, stripe: &self.stripe, clock: &self.clock, public_url }
    }

    /// Where Link pages are.
    #[must_use]
    pub fn links(&self) -> Links<'_> {
        Links { public_url: &self.settings.public_url, hours: self.settings.link_hours }
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Everything that is served.
pub fn router(app: App) -> Router {
    let (routes, mut described) = api::routes().split_for_parts();
    api::complete(&mut described);
    // Every connection of a client clones the routes: the description is shared, or each would have its own.
    let described = Arc::new(described);
    let routes = routes
        .layer(middleware::from_fn_with_state(export::Exports::of(&app, &described), export::answer))
        .layer(middleware::from_fn_with_state(trim::Known::of(&described), trim::answer))
        .layer(middleware::from_fn(conditional::answer))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::answer))
        .layer(middleware::from_fn_with_state(rate_limit::Quota::of(&app), rate_limit::answer))
        .layer(cors_settings::layer(&app))
        .merge(portal::routes())
        .layer(session::of_the_portal(&app))
        .merge(link::routes(&app))
        .merge(assets::routes())
        .merge(stripe_webhooks::routes(&app))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(move || async move { axum::Json(described.as_ref()).into_response() }));
    entrance::before(routes, &app).with_state(app)
}
