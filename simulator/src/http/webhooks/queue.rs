//! What is to be delivered, and what rules make of it on its way there.

use super::super::script::Met;
use super::twist::{DeliveryRule, Twist, twisted};
use super::{Registered, Webhooks, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id.
    pub(super) endpoint: String,
    pub(super) event: Value,
    /// What the clock moves on by before the first try.
    pub(super) after: Duration,
    /// What is wrong with it.
    pub(super) twist: Option<Twist>,
    /// Whether it has been delivered before.
    pub(super) again: bool,
}

/// What is delivered one after the other.
pub type Batch = Vec<Delivery>;

impl Webhooks {
    /// The deliveries of an event that has come due; batches do not wait for each other.
    pub fn queue(&self, event: &Value) -> Vec<Batch> {
        let name = text(event, "type");
        self.queue_to(|endpoint| endpoint.wants(&name), event)
    }

    fn queue_to(&self, fits: impl Fn(&Registered) -> bool, event: &Value) -> Vec<Batch> {
        let wanting: Vec<Registered> = self.registered().iter().filter(|endpoint| fits(endpoint)).cloned().collect();
        let mut batches = Vec::with_capacity(wanting.len());
        for endpoint in &wanting {
            let mut event = event.clone();
            event["pending_webhooks"] = wanting.len().into();
            if let Some(version) = &endpoint.api_version {
                event["api_version"] = version.as_str().into();
            }
            let met = self.twists.meet(|rule| rule.is_about(&event));
            let after = Duration::ZERO;
            let plain = Delivery { endpoint: endpoint.id.clone(), event, after, twist: None, again: false };
            self.book().events += 1;
            batches.extend(self.twisted(plain, met));
        }
        self.book().waiting += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        batches
    }

    /// What a delivery becomes.
    fn twisted(&self, plain: Delivery, met: Option<Met<DeliveryRule>>) -> Vec<Batch> {
        let Some(Met { rule, number }) = met else { return vec![vec![plain]] };
        match rule.twist {
            Twist::Again { times, apart } => {
                let apart = Duration::from_secs(apart.into());
                let more = (1..=times).map(|time| Delivery { again: true, after: apart * time, ..plain.clone() });
                std::iter::once(plain.clone()).chain(more).map(|delivery| vec![delivery]).collect()
            }
            Twist::Late { seconds } => vec![vec![Delivery { after: Duration::from_secs(seconds.into()), ..plain }]],
            Twist::Lost => {
                self.book().lost += 1;
                Vec::new()
            }
            Twist::Reversed { of } => {
                let mut held = self.held();
                let batch = held.entry(number).or_default();
                batch.insert(0, plain);
                let full = batch.len() >= of;
                if full { held.remove(&number).into_iter().collect() } else { Vec::new() }
            }
            twist => {
                let mut event = plain.event;
                twisted(&twist, &mut event);
                vec![vec![Delivery { event, twist: Some(twist), ..plain }]]
            }
        }
    }

    /// What rules hold back.
    pub(super) fn held(&self) -> MutexGuard<'_, BTreeMap<u64, Batch>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers this event to every endpoint of connected accounts, whether or not it wants the type or it ever happened,
    /// so many times at once.
    pub fn send(&self, event: &Value, times: u32) {
        let everyone = |endpoint: &Registered| endpoint.enabled && endpoint.connect;
        let batches: Vec<Batch> = (0..times).flat_map(|_| self.queue_to(everyone, event)).collect();
        self.extra.lock().unwrap_or_else(PoisonError::into_inner).extend(batches);
        self.more.notify_one();
    }

    /// Takes all rules away, with their counts; what they held back is delivered in the order that it has.
    pub fn clear_twists(&self) {
        self.twists.clear();
        let released: Vec<Batch> = std::mem::take(&mut *self.held()).into_values().collect();
        self.book().waiting += released.iter().map(|batch| batch.len() as u64).sum::<u64>();
        self.extra.lock().unwrap_or_else(PoisonError::into_inner).extend(released);
        self.more.notify_one();
    }

    /// What is to be delivered besides the events that come due.
    pub fn take_extra(&self) -> Vec<Batch> {
        std::mem::take(&mut self.extra.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
