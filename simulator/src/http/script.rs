//! A script of what goes wrong on purpose: rules, each with its turns, and how often each has happened.
//!
//! While there is no rule, a request pays for one look at a flag.

use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When a rule is due, counted over what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// The first time; 1 is the very first.
    pub from: u64,
    /// From there on each n-th time.
    pub every: u64,
    /// How often in all; without a number for ever.
    pub times: Option<u64>,
}

/// What a script is made of.
pub trait Scripted: Clone {
    /// What it is counted by.
    fn label(&self) -> String;
    /// When it is due.
    fn turns(&self) -> Turns;
}

/// A rule and what has become of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told<R> {
    /// What it is counted by.
    pub label: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: R,
    /// How often something came that it is about.
    pub matched: u64,
    /// How often it has happened.
    pub fired: u64,
    #[serde(skip)]
    number: u64,
}

/// A rule that happens.
#[derive(Clone, Debug)]
pub struct Met<R> {
    /// The rule.
    pub rule: R,
    /// Which of the script's it is.
    pub number: u64,
}

/// The rules in force.
#[derive(Debug)]
pub struct Script<R> {
    any: AtomicBool,
    made: AtomicU64,
    rules: Mutex<Vec<Told<R>>>,
}

impl<R> Default for Script<R> {
    fn default() -> Self {
        Self { any: false.into(), made: 0.into(), rules: Mutex::default() }
    }
}

impl<R: Scripted> Script<R> {
    fn rules(&self) -> MutexGuard<'_, Vec<Told<R>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule behind those that are there.
    pub fn add(&self, rule: R) {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let told = Told { label: rule.label(), rule, matched: 0, fired: 0, number };
        let mut rules = self.rules();
        rules.push(told);
        self.any.store(true, Ordering::Release);
    }

    /// Takes all rules away, with their counts.
    pub fn clear(&self) {
        let mut rules = self.rules();
        rules.clear();
        self.any.store(false, Ordering::Release);
    }

    /// Whether a rule, by its number, is in force.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        self.rules().iter().any(|told| told.number == number)
    }

    /// The rules and what has become of them.
    #[must_use]
    pub fn told(&self) -> Vec<Told<R>> {
        self.rules().clone()
    }

    /// How often the rules of this name (or kind, without a name) have happened.
    #[must_use]
    pub fn fired(&self, label: &str) -> u64 {
        self.rules().iter().filter(|told| told.label == label).map(|told| told.fired).sum()
    }

    /// How often something came that the rules of this name (or kind) are about.
    #[must_use]
    pub fn matched(&self, label: &str) -> u64 {
        self.rules().iter().filter(|told| told.label == label).map(|told| told.matched).sum()
    }

    /// Every rule counts what it is about, and the first that is due happens. A rule that was not first waits for the
    /// next.
    pub fn meet(&self, is_about: impl Fn(&R) -> bool) -> Option<Met<R>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut met = None;
        for told in self.rules().iter_mut().filter(|told| is_about(&told.rule)) {
            told.matched += 1;
            let Turns { from, every, times } = told.rule.turns();
            let in_turn = told.matched >= from && (told.matched - from) % every == 0;
            if met.is_none() && in_turn && times.is_none_or(|times| told.fired < times) {
                told.fired += 1;
                met = Some(Met { rule: told.rule.clone(), number: told.number });
            }
        }
        met
    }

    /// It could not happen after all: it is not counted, and waits for the next.
    pub fn spare(&self, met: &Met<R>) {
        if let Some(told) = self.rules().iter_mut().find(|told| told.number == met.number) {
            told.fired -= 1;
        }
    }
}
