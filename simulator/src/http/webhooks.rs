//! Connect webhooks: each event of a connected account is posted to one URL, signed, until the answer is 2xx.

use super::clock::Clock;
use anyhow::{Context, ensure};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often an event is tried before it is given up.
pub const TRIES: u32 = 12;
/// No wait between two tries is longer.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Where webhooks go.
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
        Self { url, secret: secret.into(), first_wait: Duration::from_secs(1) }
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

/// What has become of the deliveries since the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Events that came due for connected accounts.
    pub events: u64,
    /// Those whose delivery was answered with 2xx.
    pub delivered: u64,
    /// Those that wait for their first or next try.
    pub waiting: u64,
    /// Those that were tried to the last.
    pub given_up: u64,
    /// Requests made.
    pub tries: u64,
    /// Requests that failed.
    pub failed_tries: u64,
    /// Why the last one failed.
    pub last_failure: Option<String>,
    /// Delivered events by type.
    pub types: BTreeMap<String, u64>,
    /// Delivered events by account.
    pub accounts: BTreeMap<String, u64>,
}

/// Delivers events to an [`Endpoint`].
#[derive(Debug)]
pub struct Webhooks {
    endpoint: Endpoint,
    client: Client,
    slots: Semaphore,
    tally: Mutex<Tally>,
    clock: Clock,
    livemode: bool,
}

impl Webhooks {
    /// Ready to deliver.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(endpoint: Endpoint, clock: Clock, livemode: bool) -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent("Stripe/1.0 (+https://stripe.com/docs/webhooks)");
        let client = client.build().context("cannot make a client for webhooks")?;
        Ok(Self { endpoint, client, slots: Semaphore::new(AT_ONCE), tally: Mutex::default(), clock, livemode })
    }

    /// What has become of the deliveries so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.book().clone()
    }

    fn book(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an event that is about to be delivered.
    pub fn queued(&self) {
        let mut tally = self.book();
        tally.events += 1;
        tally.waiting += 1;
    }

    /// Delivers a [`Self::queued`] event, again and again if it has to.
    pub async fn deliver(&self, mut event: Value) {
        event["pending_webhooks"] = 1.into();
        let body = self.body(&event);
        let mut wait = self.endpoint.first_wait;
        for left in (0..TRIES).rev() {
            let outcome = self.try_once(&body).await;
            if self.done(&event, outcome, left) {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Books a try; whether it was the last one.
    fn done(&self, event: &Value, outcome: Result<(), String>, left: u32) -> bool {
        let mut tally = self.book();
        tally.tries += 1;
        match outcome {
            Ok(()) => {
                tally.delivered += 1;
                *tally.types.entry(name(event, "type")).or_default() += 1;
                *tally.accounts.entry(name(event, "account")).or_default() += 1;
            }
            Err(why) => {
                tally.failed_tries += 1;
                tally.last_failure = Some(why);
                if left > 0 {
                    return false;
                }
                tally.given_up += 1;
            }
        }
        tally.waiting -= 1;
        true
    }

    /// As Stripe writes it: indented by two.
    fn body(&self, event: &Value) -> String {
        let text = format!("{event:#}");
        if self.livemode { text.replace("\"livemode\": false", "\"livemode\": true") } else { text }
    }

    async fn try_once(&self, body: &str) -> Result<(), String> {
        let slot = self.slots.acquire().await;
        let signature = signature(&self.endpoint.secret, self.clock.seconds(), body);
        let request = self
            .client
            .post(self.endpoint.url.clone())
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", signature)
            .body(body.to_owned());
        let answer = request.send().await;
        drop(slot);
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("{} answered {}", self.endpoint.url, answer.status())),
            Err(error) => Err(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

fn name(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_default().to_owned()
}

/// `Stripe-Signature`: HMAC-SHA256 over the second, a dot and the body; the key is the whole secret, `whsec_` too.
fn signature(secret: &str, at: i64, body: &str) -> String {
    let signed = format!("{at}.{body}");
    // HMAC takes a key of any length, so there is always one.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(signed.as_bytes()));
    let code = mac.map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
    format!("t={at},v1={code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_stripes_libraries_compute() {
        // stripe.webhooks.generateTestHeaderString({ payload: '{"id": "evt_1"}', secret: 'whsec_test', timestamp: 1234567890 })
        let expected = "t=1234567890,v1=b3438eb4cd223087802cdde731a317ddccd5a62b8132472fa8e5343a090d3471";
        assert_eq!(signature("whsec_test", 1_234_567_890, "{\"id\": \"evt_1\"}"), expected);
    }
}
