//! Whether Stripe answers: a circuit breaker for each account, and one for all of them together.
//!
//! When nothing has answered for an account in many tries, one request now and then is a probe, and its others wait for
//! what that brings instead of knocking, too; the other accounts go on. When no account gets an answer any more, it is
//! Stripe that is down: then all of them share one probe.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row, without one answer between them, after which a breaker opens.
const MANY: u32 = 15;
/// How many of these must be of others than the account that fails most: what ails one account is not Stripe's being down.
const OTHERS: u32 = 5;
/// The pause before the first probe; it doubles.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// The longest pause between two probes.
const LONGEST: Duration = Duration::from_secs(30);

/// What is known, by all requests of this process.
#[derive(Debug, Default)]
pub struct Outage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The accounts without an answer to their last tries, each with how many these are.
    accounts: HashMap<String, (u32, Breaker)>,
    all: Breaker,
    /// Failures since anybody got an answer, by account; not counted any further while the breaker of all is open.
    since: HashMap<String, u32>,
}

impl Outage {
    /// Whether a request for an account may go.
    ///
    /// # Errors
    /// How long until the next probe, when the account or Stripe counts as down and this request is not the probe.
    pub fn may_go(&self, account: &str, now: Instant) -> Result<(), Duration> {
        let mut state = self.lock();
        let own = state.accounts.get(account).and_then(|(_, own)| own.waits(now));
        // Both are asked before either takes it for its probe.
        if let Some(wait) = own.max(state.all.waits(now)) {
            return Err(wait);
        }
        if let Some((_, own)) = state.accounts.get_mut(account) {
            own.probed(now);
        }
        state.all.probed(now);
        Ok(())
    }

    /// An answer came, whatever it says.
    pub fn answered(&self, account: &str) {
        let mut state = self.lock();
        state.accounts.remove(account);
        state.all = Breaker::default();
        state.since.clear();
    }

    /// No answer came, or one that only a broken Stripe gives.
    pub fn failed(&self, account: &str, now: Instant) {
        let mut state = self.lock();
        let (failures, own) = state.accounts.entry(account.to_owned()).or_default();
        *failures = failures.saturating_add(1);
        if *failures >= MANY {
            own.open(now);
        }
        if state.all.0.is_some() {
            return;
        }
        let own = state.since.entry(account.to_owned()).or_default();
        *own = own.saturating_add(1);
        let (sum, most) =
            state.since.values().fold((0, 0), |(sum, most), one| (one.saturating_add(sum), most.max(*one)));
        if sum >= MANY && sum - most >= OTHERS {
            state.all.open(now);
            state.since.clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Open, it holds when the next probe may go, and the pause before that.
#[derive(Debug, Default)]
struct Breaker(Option<(Instant, Duration)>);

impl Breaker {
    fn waits(&self, now: Instant) -> Option<Duration> {
        self.0.and_then(|(at, _)| at.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Where it is open, this request is the probe: the next one is further away.
    fn probed(&mut self, now: Instant) {
        if let Some((at, pause)) = &mut self.0 {
            *pause = (*pause * 2).min(LONGEST);
            *at = now + *pause;
        }
    }

    fn open(&mut self, now: Instant) {
        self.0.get_or_insert((now + FIRST_PROBE, FIRST_PROBE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(outage: &Outage, account: &str, times: u32, now: Instant) {
        for _ in 0..times {
            outage.failed(account, now);
        }
    }

    #[test]
    fn r25_probes_come_at_a_growing_interval_until_one_is_answered() {
        let (outage, mut now) = (Outage::default(), Instant::now());
        fail(&outage, "a", MANY - 1, now);
        assert!(outage.may_go("a", now).is_ok(), "a few failures are no outage");
        outage.failed("a", now);
        let mut probes = 0;
        for _ in 0..24 * 60 {
            now += Duration::from_mins(1);
            if outage.may_go("a", now).is_ok() {
                probes += 1;
                assert!(outage.may_go("a", now).is_err_and(|wait| wait <= LONGEST), "one at a time");
                outage.failed("a", now);
            }
        }
        assert_eq!(probes, 24 * 60, "one within each minute that is looked at");
        now += LONGEST;
        assert!(outage.may_go("a", now).is_ok());
        outage.answered("a");
        assert!(outage.may_go("a", now).is_ok() && outage.may_go("a", now).is_ok(), "all may go again");
    }

    #[test]
    fn r25_an_account_that_gets_no_answer_keeps_no_other_waiting() {
        let (outage, now) = (Outage::default(), Instant::now());
        fail(&outage, "a", 1_000, now);
        fail(&outage, "b", OTHERS - 1, now);
        assert!(outage.may_go("a", now).is_err());
        assert!(outage.may_go("b", now).is_ok() && outage.may_go("c", now).is_ok());
        outage.answered("b");
        fail(&outage, "b", OTHERS - 1, now);
        assert!(outage.may_go("a", now).is_err(), "an answer to another is none to it");
        assert!(outage.may_go("c", now).is_ok());
    }

    #[test]
    fn r25_when_nobody_gets_an_answer_all_share_one_probe() {
        let (outage, now) = (Outage::default(), Instant::now());
        (0..MANY).for_each(|account| outage.failed(&account.to_string(), now));
        assert!(outage.may_go("another", now).is_err_and(|wait| wait <= FIRST_PROBE));
        let later = now + LONGEST;
        assert!(outage.may_go("another", later).is_ok(), "the probe");
        assert!(outage.may_go("3", later).is_err());
        outage.failed("another", later);
        assert!(outage.may_go("a third", later).is_err());
        outage.answered("3");
        assert!(outage.may_go("another", later).is_ok() && outage.may_go("a third", later).is_ok());
    }

    #[test]
    fn r25_an_accounts_own_probe_is_not_spent_while_stripe_is_down() {
        let (outage, now) = (Outage::default(), Instant::now());
        fail(&outage, "a", MANY, now);
        fail(&outage, "b", OTHERS, now);
        let later = now + FIRST_PROBE;
        assert!(outage.may_go("b", later).is_ok(), "the probe of all");
        assert!(outage.may_go("a", later).is_err());
        outage.answered("b");
        assert!(outage.may_go("a", later).is_ok(), "its own is still to go");
        assert!(outage.may_go("a", later).is_err());
    }
}
