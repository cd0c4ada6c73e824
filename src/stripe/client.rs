//! Stripe over HTTP: one pinned version, our own limits, errors named after what the caller has to do.

use std::time::Duration;

use url::Url;

/// The API version that every request names.
pub const VERSION: &str = "2026-10-28.endive";

/// Where Stripe is, and how fast we may ask.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://api.stripe.com`, or a simulator.
    pub api_base: Url,
    /// `https://connect.stripe.com`, or a simulator.
    pub connect_base: Url,
    /// Requests a second to one endpoint of one account; 0 is no limit of ours; none is Stripe's own.
    pub rate_per_endpoint: Option<u32>,
    /// Requests a second to one account; 0 is no limit of ours; none is Stripe's own for the mode.
    pub rate_per_account: Option<u32>,
    /// How long an answer may take as a whole.
    pub timeout: Duration,
}

/// The way to Stripe: one HTTP client for the whole process, without redirects.
#[derive(Clone, Debug)]
pub struct Gate {
    pub(super) http: reqwest::Client,
    pub(super) settings: Settings,
}

impl Gate {
    /// A way to the Stripe of these settings.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(settings.timeout)
            .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, settings })
    }

    /// Where it leads.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
