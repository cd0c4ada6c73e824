//! Who is told of events: a URL, what it is told of, and the secrets that the telling is signed with.

use anyhow::ensure;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// Where webhooks go from the start.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Takes the POSTs.
    pub url: Url,
    /// What they are signed with, `whsec_…`.
    pub secret: String,
    /// The wait before the second try; each further one is twice as long, up to ten minutes.
    pub first_wait: Duration,
}

impl Endpoint {
    /// An endpoint that is tried again after a second, then two, then four.
    #[must_use]
    pub fn new(url: Url, secret: impl Into<String>) -> Self {
        Self { url, secret: secret.into(), first_wait: FIRST_WAIT }
    }

    /// Refuses what Stripe could not deliver to.
    ///
    /// # Errors
    /// Names the option.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(["http", "https"].contains(&self.url.scheme()), "--webhook-url {} must be http or https", self.url);
        ensure!(
            self.secret.len() > 6 && self.secret.starts_with("whsec_"),
            "--webhook-secret must begin with whsec_ and go on"
        );
        Ok(())
    }
}

/// The wait before the second try of an endpoint that does not say otherwise.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);

/// An endpoint as the platform has registered it.
#[derive(Clone, Debug)]
pub struct Registered {
    /// `we_…`
    pub id: String,
    /// Takes the POSTs.
    pub url: Url,
    /// The newest secret first; an older one signs too until its second comes.
    pub secrets: Vec<(String, i64)>,
    /// Types of events, or `*` alone for all.
    pub enabled_events: Vec<String>,
    /// The version that bodies are said to have; the account's default without one.
    pub api_version: Option<String>,
    /// Whether it hears of connected accounts; one that does not hears of the platform's own, where nothing happens.
    pub connect: bool,
    /// Free text.
    pub description: Option<String>,
    /// Free texts by name.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is delivered to.
    pub enabled: bool,
    /// When it was registered.
    pub created: i64,
    /// The wait before the second try.
    pub first_wait: Duration,
}

impl Registered {
    /// Whether it is told of an event of this type in a connected account.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.enabled && self.connect && self.enabled_events.iter().any(|wanted| wanted == "*" || wanted == name)
    }

    /// The secrets that sign at this second.
    pub fn live_secrets(&self, now: i64) -> impl Iterator<Item = &str> {
        self.secrets.iter().filter(move |(_, until)| now < *until).map(|(secret, _)| secret.as_str())
    }
}
