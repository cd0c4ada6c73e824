//! What the simulator can be told: on the command line, or by a program that embeds it.

use super::webhooks::Endpoint;
use anyhow::{Context, ensure};
use clap::Args as ClapArgs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use url::{Host, Url};

/// The platform's client id unless another is given.
pub const DEFAULT_CLIENT_ID: &str = "ca_simulator";
/// The platform's secret key unless another is given.
pub const DEFAULT_SECRET_KEY: &str = "sk_test_simulator";

/// How many things happen a minute in each account unless another pace is given: one in five seconds.
pub const DEFAULT_PACE: NonZeroU32 = NonZeroU32::new(12).unwrap();

/// The options of `simulate`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,
    /// The same seed gives the same data, ids included
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How many charges the largest shop has, up to a million
    #[arg(long, default_value_t = 2000)]
    pub charges: u64,
    /// How many accounts there are
    #[arg(long, default_value_t = 5)]
    pub accounts: usize,
    /// A redirect URI that the platform has registered (repeatable); with none, any http address of this machine counts
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Vec<Url>,
    /// Every API and token answer takes this much longer
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Enforce Stripe's limits (25 requests a second per endpoint, 25 in test or 100 in live mode per account)
    #[arg(long)]
    pub rate_limit: bool,
    /// The authorize page approves at once, without a person
    #[arg(long)]
    pub auto_approve: bool,
    /// The platform's client id
    #[arg(long, value_name = "ca_...", default_value = DEFAULT_CLIENT_ID)]
    pub client_id: String,
    /// The platform's secret key; `sk_live_...` makes it a live-mode Stripe
    #[arg(long, value_name = "sk_test_...", default_value = DEFAULT_SECRET_KEY)]
    pub secret_key: String,
    /// The present that the data ends at, in Unix seconds; the moment of the start when left out
    #[arg(long, value_name = "SECONDS")]
    pub now: Option<i64>,
    /// Let things happen as time goes: charges, refunds, disputes, payouts, edits
    #[arg(long)]
    pub live: bool,
    /// How many things happen a minute in each account, up to 6000
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PACE, requires = "live")]
    pub live_per_minute: NonZeroU32,
    /// Where the events of connected accounts are posted to
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    pub webhook_url: Option<Url>,
    /// What those posts are signed with
    #[arg(long, value_name = "whsec_...", requires = "webhook_url")]
    pub webhook_secret: Option<String>,
    /// Write down what happens, and start again where it ended
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

/// What [`super::start`] needs to know. `Options::default()` listens on a free port of this machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The same seed gives the same data, ids included.
    pub seed: u64,
    /// How many charges the largest shop has.
    pub charges: u64,
    /// How many accounts there are.
    pub accounts: usize,
    /// Registered redirect URIs; with none, any http address of this machine counts.
    pub redirect_uris: Vec<Url>,
    /// Every API and token answer takes this much longer.
    pub latency: Duration,
    /// Whether Stripe's limits are enforced.
    pub rate_limit: bool,
    /// Whether the authorize page approves at once.
    pub auto_approve: bool,
    /// The platform's client id.
    pub client_id: String,
    /// The platform's secret key: its prefix decides the mode.
    pub secret_key: String,
    /// The present that the data ends at, in Unix seconds; the moment of the start when left out. The same seed and the
    /// same present give the same data again.
    pub now: Option<i64>,
    /// How many things happen a minute in each account that has sold something; with 0 nothing happens by itself.
    pub live_per_minute: u32,
    /// Where the events of connected accounts are posted to.
    pub webhook: Option<Endpoint>,
    /// A file that keeps what happens, so that a later start with the same seed goes on where this one ended.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            seed: 7,
            charges: 2000,
            accounts: 5,
            redirect_uris: Vec::new(),
            latency: Duration::ZERO,
            rate_limit: false,
            auto_approve: false,
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            secret_key: DEFAULT_SECRET_KEY.to_owned(),
            now: None,
            live_per_minute: 0,
            webhook: None,
            journal: None,
        }
    }
}

impl From<Args> for Options {
    fn from(args: Args) -> Self {
        Self {
            listen: args.listen,
            seed: args.seed,
            charges: args.charges,
            accounts: args.accounts,
            redirect_uris: args.redirect_uri,
            latency: Duration::from_millis(args.latency_ms),
            rate_limit: args.rate_limit,
            auto_approve: args.auto_approve,
            client_id: args.client_id,
            secret_key: args.secret_key,
            now: args.now,
            live_per_minute: if args.live { args.live_per_minute.get() } else { 0 },
            webhook: args.webhook_url.zip(args.webhook_secret).map(|(url, secret)| Endpoint::new(url, secret)),
            journal: args.journal,
        }
    }
}

impl Options {
    /// Whether the key is a live one.
    #[must_use]
    pub fn livemode(&self) -> bool {
        self.secret_key.starts_with("sk_live_")
    }

    /// Refuses what Stripe could not be.
    ///
    /// # Errors
    /// Names the option and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        let key = &self.secret_key;
        let known = ["sk_test_", "sk_live_"].iter().any(|prefix| key.len() > prefix.len() && key.starts_with(prefix));
        ensure!(known, "--secret-key must begin with sk_test_ or sk_live_");
        ensure!(self.client_id.len() > 3 && self.client_id.starts_with("ca_"), "--client-id must begin with ca_");
        for uri in &self.redirect_uris {
            let scheme_fits = uri.scheme() == "https" || uri.scheme() == "http";
            ensure!(scheme_fits && uri.fragment().is_none(), "--redirect-uri {uri} must be http(s) without a fragment");
            let fits_mode = !self.livemode() || uri.scheme() == "https" || is_loopback(uri);
            ensure!(fits_mode, "--redirect-uri {uri} must be https with a live key");
        }
        ensure!(self.charges <= 1_000_000, "--charges may be at most 1000000");
        ensure!(self.live_per_minute <= 6_000, "--live-per-minute may be at most 6000");
        self.webhook.as_ref().map_or(Ok(()), Endpoint::check)?;
        ensure!(self.accounts >= 1, "--accounts must be at least 1");
        Ok(())
    }

    /// Where an authorization goes back to: the URI asked for when it is registered exactly so, else the first one.
    ///
    /// # Errors
    /// When it is not registered, or none was asked for and none is registered.
    pub fn redirect_uri(&self, asked: Option<&str>) -> anyhow::Result<String> {
        let Some(asked) = asked else {
            let first = self.redirect_uris.first().context("No redirect URI was given and none is registered.")?;
            return Ok(first.to_string());
        };
        // `Url` reads over these, a `Location` header must not have them.
        let is_plain = !asked.contains(|character: char| character.is_control() || " \\".contains(character));
        let registered = if !is_plain {
            false
        } else if self.redirect_uris.is_empty() {
            Url::parse(asked).is_ok_and(|url| url.scheme() == "http" && url.fragment().is_none() && is_loopback(&url))
        } else {
            // Compared as text, as Stripe does; `Url` has put a slash behind a bare host.
            self.redirect_uris
                .iter()
                .any(|uri| uri.as_str() == asked || uri.as_str().strip_suffix('/') == Some(asked) && uri.path() == "/")
        };
        ensure!(
            registered,
            "Invalid redirect URI '{asked}'. Ensure this uri exactly matches one of the uris specified in your application settings"
        );
        Ok(asked.to_owned())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uris: &[&str]) -> Options {
        Options { redirect_uris: uris.iter().map(|uri| uri.parse().unwrap()).collect(), ..Options::default() }
    }

    #[test]
    fn without_registered_uris_only_this_machine_counts() {
        let options = registered(&[]);
        for fine in ["http://127.0.0.1:8080/oauth/callback", "http://localhost/x?y=1", "http://[::1]:1/"] {
            assert_eq!(options.redirect_uri(Some(fine)).unwrap(), fine);
        }
        for bad in [
            "https://example.com/cb",
            "http://example.com/",
            "http://localhost/#x",
            "javascript:alert(1)",
            "",
            "/cb",
            "http://localhost/\r\nx: y",
            "http:\\\\localhost/",
        ] {
            assert!(options.redirect_uri(Some(bad)).is_err(), "{bad}");
        }
        assert!(options.redirect_uri(None).is_err());
    }

    #[test]
    fn registered_uris_match_exactly_and_the_first_is_the_default() {
        let options = registered(&["https://example.com/cb", "https://example.org"]);
        assert_eq!(options.redirect_uri(None).unwrap(), "https://example.com/cb");
        assert!(options.redirect_uri(Some("https://example.org")).is_ok());
        for bad in
            ["https://example.com/cb/", "https://example.com/cb?x=1", "http://127.0.0.1/cb", "https://example.com"]
        {
            assert!(options.redirect_uri(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn options_that_stripe_could_not_have_are_refused() {
        let with_key = |key: &str, uris| Options { secret_key: key.to_owned(), ..registered(uris) };
        assert!(with_key("sk_live_1", &["http://example.com/cb"]).check().is_err());
        assert!(with_key("sk_live_1", &["http://127.0.0.1/cb"]).check().is_ok());
        assert!(with_key("sk_test_1", &["http://example.com/cb"]).check().is_ok());
        for key in ["", "sk_test_", "rk_test_1", "pk_live_1"] {
            assert!(with_key(key, &[]).check().is_err(), "{key}");
        }
    }
}
