//! Faults on demand: rules say which request meets what, and count how often it happened.
//!
//! While there is no rule a request pays for one look at a flag.

mod pages;
mod refusal;
mod rule;
mod spoil;

pub use pages::edited;
pub use refusal::{REASONS, Refusal};
pub use rule::{Fault, Point, Rule};
use serde::Serialize;
pub use spoil::{Spot, instead, spoilt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A rule and what has become of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// What it is counted by.
    pub label: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests it was about.
    pub matched: u64,
    /// How many of them met the fault.
    pub fired: u64,
    #[serde(skip)]
    number: u64,
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// `GET`
    pub method: &'a str,
    /// `/v1/charges/{id}`
    pub pattern: &'a str,
    /// The account it may see; none before or without access.
    pub account: Option<&'a str>,
    /// Whether it asks for a page of a list that it may see.
    pub list: bool,
    /// Whether it has a cursor.
    pub cursor: bool,
}

/// A fault that a request meets.
#[derive(Clone, Debug)]
pub struct Met {
    /// What happens.
    pub fault: Fault,
    number: u64,
}

/// The rules in force.
#[derive(Debug)]
pub struct Faults {
    any: AtomicBool,
    rules: Mutex<Vec<Told>>,
    made: Mutex<u64>,
    ending: watch::Sender<bool>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { any: false.into(), rules: Mutex::default(), made: Mutex::default(), ending: watch::channel(false).0 }
    }
}

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Vec<Told>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule behind those that are there.
    ///
    /// # Panics
    /// For an endpoint that the simulator does not have, and for what cannot be sent; ask [`Rule::check`] before.
    pub fn add(&self, rule: Rule) {
        let endpoints = super::api::patterns();
        assert!(rule.check(&endpoints).is_ok(), "{:?}", rule.check(&endpoints));
        let number = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            *made += 1;
            *made
        };
        self.rules().push(Told { label: rule.label(), rule, matched: 0, fired: 0, number });
        self.any.store(true, Ordering::Release);
    }

    /// Takes all rules away, with their counts.
    pub fn clear(&self) {
        self.any.store(false, Ordering::Release);
        self.rules().clear();
    }

    /// The rules and what has become of them.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.rules().clone()
    }

    /// How often the rules of this name (or kind, without a name) have happened.
    #[must_use]
    pub fn fired(&self, name: &str) -> u64 {
        self.rules().iter().filter(|told| told.label == name).map(|told| told.fired).sum()
    }

    /// How many requests the rules of this name (or kind) were about.
    #[must_use]
    pub fn matched(&self, name: &str) -> u64 {
        self.rules().iter().filter(|told| told.label == name).map(|told| told.matched).sum()
    }

    /// What a request meets: every rule about it counts it, and the first that is due happens. A rule that was not first
    /// waits for the next request.
    #[must_use]
    pub fn meet(&self, asking: &Asking<'_>) -> Option<Met> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut met = None;
        for told in self.rules().iter_mut().filter(|told| is_about(&told.rule, asking)) {
            told.matched += 1;
            let Rule { from, every, times, .. } = told.rule;
            let in_turn = told.matched >= from && (told.matched - from) % every == 0;
            if met.is_none() && in_turn && times.is_none_or(|times| told.fired < times) {
                told.fired += 1;
                met = Some(Met { fault: told.rule.fault.clone(), number: told.number });
            }
        }
        met
    }

    /// The fault could not happen to this request after all: it is not counted, and waits for the next.
    pub fn spare(&self, met: &Met) {
        if let Some(told) = self.rules().iter_mut().find(|told| told.number == met.number) {
            told.fired -= 1;
        }
    }

    /// Ends what waits on purpose, for the server stops.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the server stops.
    pub async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives as long as `self`.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    /// Tells a stream that outlives its request when the server stops.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }
}

fn is_about(rule: &Rule, asking: &Asking<'_>) -> bool {
    rule.is_about(asking.method, asking.pattern)
        && rule.account.as_deref().is_none_or(|account| asking.account == Some(account))
        && (asking.list || !rule.fault.is_of_lists())
        && (asking.cursor || !rule.fault.needs_cursor())
        && (asking.account.is_some() || rule.fault != Fault::Revoke)
}
