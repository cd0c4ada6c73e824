//! Connect webhooks: each event of a connected account is posted to the endpoints that want it, signed, until the answer
//! is 2xx.

mod endpoint;
mod queue;
mod signature;
mod twist;

use super::clock::Clock;
use super::script::Script;
use anyhow::Context;
pub use endpoint::{Endpoint, FIRST_WAIT, Registered};
pub use queue::{Batch, Delivery};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::Value;
#[cfg(test)]
pub use signature::code;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
pub use twist::{DeliveryRule, Twist};

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often an event is tried before it is given up.
pub const TRIES: u32 = 12;
/// No wait between two tries is longer.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// What nobody has as a secret.
const WRONG_SECRET: &str = "whsec_wrong";
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
    /// Those that a rule holds back until others come.
    pub held: u64,
    /// Those that were lost on purpose.
    pub lost: u64,
    /// Deliveries of what had been delivered, on purpose, that were answered with 2xx.
    pub again: u64,
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

/// Delivers events to the endpoints that are `Registered`.
#[derive(Debug)]
pub struct Webhooks {
    /// What goes wrong on purpose.
    pub twists: Script<DeliveryRule>,
    registered: Mutex<Vec<Registered>>,
    /// What waits for others, by the rule that holds it.
    held: Mutex<BTreeMap<u64, Vec<Delivery>>>,
    /// What is to be delivered besides the events that come due.
    extra: Mutex<Vec<Batch>>,
    /// Rings when there is something extra.
    pub more: Notify,
    client: Client,
    slots: Semaphore,
    tally: Mutex<Tally>,
    clock: Clock,
    livemode: bool,
}

impl Webhooks {
    /// Ready to deliver, to this endpoint and to those that will be registered.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(first: Option<Endpoint>, clock: Clock, livemode: bool) -> anyhow::Result<Self> {
        // A client needs a provider; an error says that there is one.
        drop(rustls::crypto::ring::default_provider().install_default());
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
        Ok(Self {
            twists: Script::default(),
            registered,
            held: Mutex::default(),
            extra: Mutex::default(),
            more: Notify::new(),
            client,
            slots: Semaphore::new(AT_ONCE),
            tally: Mutex::default(),
            clock,
            livemode,
        })
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
        let held = self.held().values().map(|batch| batch.len() as u64).sum();
        Tally { held, ..self.book().clone() }
    }

    fn book(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers one after the other.
    pub async fn deliver_all(&self, batch: Batch) {
        for delivery in batch {
            self.deliver(delivery).await;
        }
    }

    /// Delivers, again and again if it has to.
    async fn deliver(&self, delivery: Delivery) {
        self.clock.pass(delivery.after).await;
        let body = self.body(&delivery);
        let mut wait = None;
        for left in (0..TRIES).rev() {
            let endpoint = self.registered().iter().find(|known| known.id == delivery.endpoint).cloned();
            let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else {
                let mut tally = self.book();
                tally.dropped += 1;
                tally.waiting -= 1;
                return;
            };
            let outcome = self.try_once(&endpoint, &delivery, &body).await;
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
            Ok(()) if delivery.again => tally.again += 1,
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
    fn body(&self, delivery: &Delivery) -> String {
        let text = format!("{:#}", delivery.event);
        // The world's objects are test-mode ones.
        let live = self.livemode != (delivery.twist == Some(Twist::OtherMode));
        let text = if live { text.replace("\"livemode\": false", "\"livemode\": true") } else { text };
        if delivery.twist == Some(Twist::Escaped) { twist::escaped(&text) } else { text }
    }

    fn signature(&self, endpoint: &Registered, twist: Option<&Twist>, body: &str) -> String {
        let now = self.clock.going();
        let right = || endpoint.live_secrets(now);
        match twist {
            Some(Twist::ClockOff { seconds }) => signature::header(right(), now + seconds, body),
            Some(Twist::WrongSignature) => signature::header([WRONG_SECRET], now, body),
            Some(Twist::TwoSignatures) => {
                let header = signature::header(std::iter::once(WRONG_SECRET).chain(right()), now, body);
                format!("{header},v0={}", signature::code("whsec_v0", now, body))
            }
            _ => signature::header(right(), now, body),
        }
    }

    async fn try_once(&self, endpoint: &Registered, delivery: &Delivery, body: &str) -> Result<(), String> {
        let slot = self.slots.acquire().await;
        let signature = self.signature(endpoint, delivery.twist.as_ref(), body);
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
