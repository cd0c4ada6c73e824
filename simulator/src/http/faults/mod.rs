//! Faults on demand: rules say which request meets what, and count how often it happened.

use super::script::{Met, Script, Told};

mod pages;
mod refusal;
mod rule;
mod spoil;

pub use pages::edited;
pub use refusal::{REASONS, Refusal};
pub use rule::{Fault, Point, Rule};
pub use spoil::{Spot, instead, spoilt};
use tokio::sync::watch;

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

/// The rules in force.
#[derive(Debug)]
pub struct Faults {
    script: Script<Rule>,
    ending: watch::Sender<bool>,
    cleared: watch::Sender<()>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { script: Script::default(), ending: watch::channel(false).0, cleared: watch::channel(()).0 }
    }
}

impl Faults {
    /// Adds a rule behind those that are there.
    ///
    /// # Panics
    /// For an endpoint that the simulator does not have, and for what cannot be sent; ask [`Rule::check`] before.
    pub fn add(&self, rule: Rule) {
        let checked = rule.check(&super::api::patterns());
        assert!(checked.is_ok(), "{checked:?}");
        self.script.add(rule);
    }

    /// Takes all rules away, with their counts. What a rule of them delays is delayed no longer.
    pub fn clear(&self) {
        self.script.clear();
        self.cleared.send_replace(());
    }

    /// Waits until a rule, by its number, is taken away.
    pub async fn taken_away(&self, rule: u64) {
        let mut cleared = self.cleared.subscribe();
        // The sender lives as long as `self`.
        let _ = cleared.wait_for(|()| !self.script.has(rule)).await;
    }

    /// The rules and what has become of them.
    #[must_use]
    pub fn told(&self) -> Vec<Told<Rule>> {
        self.script.told()
    }

    /// How often the rules of this name (or kind, without a name) have happened.
    #[must_use]
    pub fn fired(&self, name: &str) -> u64 {
        self.script.fired(name)
    }

    /// How many requests the rules of this name (or kind) were about.
    #[must_use]
    pub fn matched(&self, name: &str) -> u64 {
        self.script.matched(name)
    }

    /// What a request meets.
    pub fn meet(&self, asking: &Asking<'_>) -> Option<Met<Rule>> {
        self.script.meet(|rule| is_about(rule, asking))
    }

    /// The fault could not happen to this request after all: it is not counted, and waits for the next.
    pub fn spare(&self, met: &Met<Rule>) {
        self.script.spare(met);
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
