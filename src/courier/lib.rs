//! The way to receivers of webhooks: signs what is sent, and dials only addresses that may be dialled.
//!
//! A name is resolved and judged anew for each message, by the very resolver that the dialling uses: the address that was
//! judged is the one that is dialled. Nothing is kept open in between, redirects are answers like any other, and proxies
//! of the surroundings are not asked.
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

use base::boxed;

pub mod address;
mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use secrecy::SecretString;

use self::address::{Names, Refused, Rules, Standing};

/// Bytes of an answer that are read.
const READ: usize = 64 << 10;
/// Bytes of an answer that are kept.
const KEPT: usize = 4 << 10;
/// The longest that a receiver can ask to be left alone.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(24);

/// What is sent.
#[derive(Debug)]
pub struct Message<'a> {
    /// The receiver's address.
    pub url: &'a str,
    /// The event's id: the same for each try.
    pub id: String,
    /// When it is sent.
    pub at: DateTime<Utc>,
    /// The body, byte for byte.
    pub body: &'a str,
    /// Each signs: `whsec_` and base64, the present one first.
    pub secrets: &'a [SecretString],
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// Why it counts as failed; none when the receiver took it.
    pub error: Option<String>,
    /// Until when the receiver asks to be left alone.
    pub paused_until: Option<DateTime<Utc>>,
    /// The beginning of the body, as text.
    pub body: Option<String>,
    /// Whether the body was longer than what is kept.
    pub is_cut: bool,
    /// How long it took.
    pub took: Duration,
}

/// The way to receivers.
#[derive(Clone)]
pub struct Courier {
    /// To addresses that all of the Internet reaches.
    open: reqwest::Client,
    /// To addresses that a setting names, and to no others.
    inside: reqwest::Client,
    names: Arc<dyn Names>,
    rules: Arc<Rules>,
    timeout: Duration,
}

impl fmt::Debug for Courier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Courier").field("rules", &self.rules).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Courier {
    /// A way by these rules; `names` finds the addresses of hosts.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(rules: Rules, timeout: Duration, names: Arc<dyn Names>) -> Result<Self, reqwest::Error> {
        base::tls::install();
        let rules = Arc::new(rules);
        let client = |least| {
            let resolver = Judging { names: Arc::clone(&names), rules: Arc::clone(&rules), least };
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .no_gzip()
                .pool_max_idle_per_host(0)
                .dns_resolver(Arc::new(resolver))
                .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        Ok(Self { open: client(Standing::Public)?, inside: client(Standing::Inside)?, names, rules, timeout })
    }

    /// Whether a receiver may have this address, as far as that can be told now: a name that leads nowhere yet is let
    /// through, since it is judged again whenever something is sent.
    ///
    /// # Errors
    /// Why it may not.
    #[boxed]
    pub async fn check(&self, url: &str) -> Result<(), Refused> {
        let target = self.rules.read(url)?;
        let address::Host::Name(name) = &target.host else { return Ok(()) };
        let found = tokio::time::timeout(self.timeout, self.names.look_up(name.clone())).await;
        match found {
            Ok(Ok(found)) => self.rules.judge(name, &found, target.least).map(drop),
            Ok(Err(_)) | Err(_) if target.least == Standing::Public => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refused::NotInside(name.clone())),
        }
    }

    /// Sends a message once and tells what came back; whatever goes wrong is in the reply.
    #[boxed]
    pub async fn send(&self, message: &Message<'_>) -> Reply {
        let began = Instant::now();
        let mut reply = match self.rules.read(message.url) {
            Ok(target) => self.send_to(target.least, message).await,
            Err(refused) => Reply { error: Some(refused.to_string()), ..Reply::default() },
        };
        reply.took = began.elapsed();
        reply
    }

    async fn send_to(&self, least: Standing, message: &Message<'_>) -> Reply {
        let client = if least == Standing::Public { &self.open } else { &self.inside };
        let seconds = message.at.timestamp();
        let Some(signature) = signature::sign(message.secrets, &message.id, seconds, message.body) else {
            return Reply { error: Some("the signing secret is not usable: rotate it".to_owned()), ..Reply::default() };
        };
        let request = client
            .post(message.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(message.body.to_owned());
        let until = tokio::time::Instant::now() + self.timeout;
        match tokio::time::timeout_at(until, request.send()).await {
            Err(_) => {
                let error = format!("no answer within {} seconds", self.timeout.as_secs());
                Reply { error: Some(error), ..Reply::default() }
            }
            Ok(Err(error)) => Reply { error: Some(said(&error)), ..Reply::default() },
            Ok(Ok(answer)) => read(answer, message.at, until).await,
        }
    }
}

/// What an answer means: only 2xx is a success, and its body is read as far as it comes in time.
async fn read(mut answer: reqwest::Response, now: DateTime<Utc>, until: tokio::time::Instant) -> Reply {
    let status = answer.status();
    let error = match status {
        status if status.is_success() => None,
        status if status.is_redirection() => {
            Some(format!("answered {} and a redirect, which is never followed", status.as_u16()))
        }
        status => Some(format!("answered {}", status.as_u16())),
    };
    let paused_until = error.as_ref().and_then(|_| pause(answer.headers(), now));
    let mut body = Vec::new();
    while let Ok(Ok(Some(part))) = tokio::time::timeout_at(until, answer.chunk()).await {
        body.extend_from_slice(&part);
        if body.len() >= READ {
            break;
        }
    }
    let is_cut = body.len() > KEPT;
    body.truncate(KEPT);
    // PostgreSQL knows no text with a NUL.
    let body = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    Reply { status: Some(status.as_u16()), error, paused_until, body: Some(body), is_cut, took: Duration::ZERO }
}

/// `Retry-After`, in seconds or as a date.
fn pause(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let until = match text.parse::<u32>() {
        Ok(seconds) => now + TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc(),
    };
    (until > now).then(|| until.min(now + LONGEST_PAUSE))
}

/// The innermost cause tells most: that an address was refused, that nobody listens there, that a certificate is bad.
fn said(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return refused.to_string();
        }
        cause = inner;
    }
    let kind = if error.is_connect() { "no connection" } else { "the connection broke off" };
    format!("{kind}: {cause}")
}

/// Resolves names and judges all of their addresses before any is dialled.
struct Judging {
    names: Arc<dyn Names>,
    rules: Arc<Rules>,
    least: Standing,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, rules, least) = (Arc::clone(&self.names), Arc::clone(&self.rules), self.least);
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = names.look_up(name.clone()).await?;
            let judged = rules.judge(&name, &found, least)?;
            Ok(Box::new(judged.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_to_be_left_alone_in_seconds_or_until_a_date() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            pause(&headers, now).map(|until| (until - now).num_seconds())
        };
        assert_eq!(asked("90"), Some(90));
        assert_eq!(asked("Fri, 15 Jan 2027 08:01:00 GMT"), Some(60));
        assert_eq!(asked("4000000000"), Some(86_400), "a day at most");
        for none in ["0", "soon", "-5", "Fri, 15 Jan 2027 07:00:00 GMT"] {
            assert_eq!(asked(none), None, "{none}");
        }
    }
}
