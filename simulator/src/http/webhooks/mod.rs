//! Connect webhooks: each event of a connected account is posted to the endpoints that want it, signed, until the answer
//! is 2xx.

mod endpoint;
mod signature;

use super::clock::Clock;
use anyhow::Context;
pub use endpoint::{Endpoint, FIRST_WAIT, Registered};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often an event is tried before it is given up.
pub const TRIES: u32 = 12;
/// No wait between two tries is longer.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// The endpoint of the command line.
const OF_OPTIONS: &str = "we_1PsimulatorOptions";

/// What has become of the deliveries since the start; an event counts once for each endpoint that wants it.
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
    /// Those whose endpoint was deleted or disabled while they waited.
    pub dropped: u64,
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
    /// Delivered events by endpoint.
    pub endpoints: BTreeMap<String, u64>,
}

/// Delivers events to the endpoints that are [`Registered`].
#[derive(Debug)]
pub struct Webhooks {
    registered: Mutex<Vec<Registered>>,
    client: Client,
    slots: Semaphore,
    tally: Mutex<Tally>,
    clock: Clock,
    livemode: bool,
}

/// An event on its way to an endpoint.
#[derive(Debug)]
pub struct Delivery {
    endpoint: String,
    event: Value,
}

impl Webhooks {
    /// Ready to deliver, to this endpoint and to those that will be registered.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(first: Option<Endpoint>, clock: Clock, livemode: bool) -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent("Stripe/1.0 (+https://stripe.com/docs/webhooks)");
        let client = client.build().context("cannot make a client for webhooks")?;
        let registered = first.map(|endpoint| Registered {
            id: OF_OPTIONS.to_owned(),
            url: endpoint.url,
            secrets: vec![(endpoint.secret, i64::MAX)],
            enabled_events: vec!["*".to_owned()],
            api_version: None,
            connect: true,
            description: Some("given at the simulator's start".to_owned()),
            metadata: BTreeMap::new(),
            enabled: true,
            created: clock.seconds(),
            first_wait: endpoint.first_wait,
        });
        let registered = Mutex::new(registered.into_iter().collect());
        Ok(Self { registered, client, slots: Semaphore::new(AT_ONCE), tally: Mutex::default(), clock, livemode })
    }

    /// The endpoints, oldest first, for this moment alone.
    pub fn registered(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody is told of connected accounts.
    #[must_use]
    pub fn listened_to(&self) -> bool {
        self.registered().iter().any(|endpoint| endpoint.enabled && endpoint.connect)
    }

    /// What has become of the deliveries so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.book().clone()
    }

    fn book(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The deliveries of an event that has come due.
    pub fn queue(&self, event: &Value) -> Vec<Delivery> {
        let name = text(event, "type");
        let wanting: Vec<Registered> =
            self.registered().iter().filter(|endpoint| endpoint.wants(&name)).cloned().collect();
        let mut tally = self.book();
        tally.events += wanting.len() as u64;
        tally.waiting += wanting.len() as u64;
        let pending = wanting.len();
        let delivery = |endpoint: Registered| {
            let mut event = event.clone();
            event["pending_webhooks"] = pending.into();
            if let Some(version) = endpoint.api_version {
                event["api_version"] = version.into();
            }
            Delivery { endpoint: endpoint.id, event }
        };
        wanting.into_iter().map(delivery).collect()
    }

    /// Delivers, again and again if it has to.
    pub async fn deliver(&self, delivery: Delivery) {
        let body = self.body(&delivery.event);
        let mut wait = None;
        for left in (0..TRIES).rev() {
            let endpoint = self.registered().iter().find(|known| known.id == delivery.endpoint).cloned();
            let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else {
                let mut tally = self.book();
                tally.dropped += 1;
                tally.waiting -= 1;
                return;
            };
            let outcome = self.try_once(&endpoint, &body).await;
            if self.done(&delivery, outcome, left) {
                return;
            }
            let pause = wait.unwrap_or(endpoint.first_wait);
            self.clock.pass(pause).await;
            wait = Some((pause * 2).min(LONGEST_WAIT));
        }
    }

    /// Books a try; whether it was the last one.
    fn done(&self, delivery: &Delivery, outcome: Result<(), String>, left: u32) -> bool {
        let mut tally = self.book();
        tally.tries += 1;
        match outcome {
            Ok(()) => {
                tally.delivered += 1;
                *tally.types.entry(text(&delivery.event, "type")).or_default() += 1;
                *tally.accounts.entry(text(&delivery.event, "account")).or_default() += 1;
                *tally.endpoints.entry(delivery.endpoint.clone()).or_default() += 1;
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

    async fn try_once(&self, endpoint: &Registered, body: &str) -> Result<(), String> {
        let slot = self.slots.acquire().await;
        let now = self.clock.seconds();
        let signature = signature::header(endpoint.live_secrets(now), now, body);
        let request = self
            .client
            .post(endpoint.url.clone())
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", signature)
            .body(body.to_owned());
        let answer = request.send().await;
        drop(slot);
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("{} answered {}", endpoint.url, answer.status())),
            Err(error) => Err(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_default().to_owned()
}
