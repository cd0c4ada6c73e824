//! Stripe over HTTP: one pinned version, our own limits, retries where a retry can help.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::error::Error;
use super::limits::{Limits, Rates, TooMuch};
use super::outage::Outage;
use base::boxed;

/// The API version that every request names.
pub const VERSION: &str = "2026-10-28.endive";

/// Tries of one request, the first one included.
const TRIES: u32 = 5;
/// Tries of one request that Stripe finds too much: each comes at a slower pace.
const LIMITED_TRIES: u32 = 12;
/// The first pause between tries; it doubles, and a random part of it is waited.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// The longest pause that is made when Stripe asks for it; whoever is asked once only does not make it.
const LONGEST_WISH: Duration = Duration::from_mins(2);
/// Bytes of the largest answer that is read.
const LARGEST_ANSWER: usize = 64 << 20;

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
    limits: Arc<Limits>,
    outage: Arc<Outage>,
}

impl Gate {
    /// A way to the Stripe of these settings.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        base::tls::install();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(settings.timeout)
            .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let rates = Rates { endpoint: settings.rate_per_endpoint, account: settings.rate_per_account };
        Ok(Self { http, settings, limits: Arc::new(Limits::new(rates)), outage: Arc::default() })
    }

    /// Where it leads.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An account, read with the platform's key; without an account it is the platform's own.
    #[must_use]
    pub fn account(&self, key: SecretString, account: Option<String>, livemode: bool) -> Account {
        Account { gate: self.clone(), key, id: account, livemode, tries: TRIES, reads: Arc::default() }
    }
}

/// One account at Stripe.
#[derive(Clone, Debug)]
pub struct Account {
    gate: Gate,
    key: SecretString,
    id: Option<String>,
    livemode: bool,
    tries: u32,
    reads: Arc<AtomicI64>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body, not parsed.
    pub body: Vec<u8>,
    /// Stripe's own time, a Unix second, from the `Date` header; none where it is missing.
    pub date: Option<i64>,
}

impl Account {
    /// The account's id, `acct_...`; none for the platform's own.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The same account, asked once only: to find out whether Stripe answers at all.
    #[must_use]
    pub fn once_only(&self) -> Self {
        Self { tries: 1, ..self.clone() }
    }

    /// How many requests were sent, tries included, since this was last asked: Stripe counts them against the account's
    /// read allocation.
    #[must_use]
    pub fn take_reads(&self) -> i64 {
        self.reads.swap(0, Ordering::Relaxed)
    }

    /// Reads `/v1/...`. `endpoint` is the path's pattern, which Stripe's limits count by.
    ///
    /// # Errors
    /// See [`Error`]; passing troubles were tried again already.
    #[boxed]
    pub async fn get(&self, endpoint: &str, path: &str, query: &[(&str, String)]) -> Result<Answer, Error> {
        let who = self.id.as_deref().unwrap_or("platform");
        let (mut pause, mut tries, mut limited) = (FIRST_PAUSE, 0, 0);
        loop {
            self.gate.outage.may_go(who, Instant::now()).map_err(|wait| {
                let seconds = wait.as_secs() + 1;
                Error::Transport(format!("it has not answered for a while and is asked again in {seconds} s"))
            })?;
            self.gate.limits.wait(who, self.livemode, endpoint).await;
            let sent = Instant::now();
            self.reads.fetch_add(1, Ordering::Relaxed);
            let (error, wish) = match self.once(path, query).await {
                Ok(answer) => {
                    self.gate.outage.answered(who);
                    return Ok(answer);
                }
                Err(tried) => tried,
            };
            if matches!(error, Error::Transport(_)) {
                self.gate.outage.failed(who, Instant::now());
            } else {
                self.gate.outage.answered(who);
            }
            let most = if matches!(error, Error::RateLimited) {
                self.gate.limits.slow(who, self.livemode, endpoint, wish.too_much, sent);
                limited += 1;
                limited < LIMITED_TRIES.min(self.tries * 3)
            } else {
                tries += 1;
                tries < self.tries
            };
            if !most || !wish.again.unwrap_or_else(|| error.is_passing()) {
                return Err(error);
            }
            let wait = wish.after.map_or_else(|| pause.mul_f64(rand::random::<f64>()), |wish| wish.min(LONGEST_WISH));
            if self.tries == 1 && wait > LONGEST_PAUSE {
                return Err(error);
            }
            tracing::info!(path, tries, limited, %error, wait_ms = wait.as_millis(), "Stripe will be asked again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the platform's key leaves for Stripe")]
    async fn once(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, (Error, Wish)> {
        let lost = |error: reqwest::Error| (Error::Transport(error.without_url().to_string()), Wish::default());
        let mut url = self.gate.settings.api_base.clone();
        url.set_path(path);
        let mut request = self
            .gate
            .http
            .get(url)
            .query(query)
            .bearer_auth(self.key.expose_secret())
            .header("Stripe-Version", VERSION);
        if let Some(account) = &self.id {
            request = request.header("Stripe-Account", account);
        }
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let (wish, date) = (Wish::read(response.headers()), date(response.headers()));
        let request_id = text(response.headers(), "request-id").unwrap_or_default().to_owned();
        let mut body = Vec::with_capacity(response.content_length().map_or(0, bounded));
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err((Error::Transport("its answer is larger than 64 MiB".to_owned()), Wish::default()));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(Answer { body, date });
        }
        let error = Error::of_answer(status.as_u16(), &body);
        tracing::warn!(path, status = status.as_u16(), stripe.request_id = request_id, %error, "Stripe said no");
        Err((error, wish))
    }
}

/// What the answer wishes about another try.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    again: Option<bool>,
    after: Option<Duration>,
    too_much: TooMuch,
}

impl Wish {
    fn read(headers: &HeaderMap) -> Self {
        let after = text(headers, "retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let again = text(headers, "stripe-should-retry").and_then(|text| text.parse().ok());
        Self { again, after, too_much: TooMuch::of(text(headers, "stripe-rate-limited-reason")) }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let text = text(headers, "date")?;
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|time| time.timestamp())
}

fn bounded(length: u64) -> usize {
    usize::try_from(length).map_or(LARGEST_ANSWER, |length| length.min(LARGEST_ANSWER))
}
