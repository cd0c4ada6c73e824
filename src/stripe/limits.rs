//! Our own pace, below Stripe's limits: per account, and per endpoint of an account.
//!
//! Stripe says when we are too fast (429); a pace is then halved and found again from below, first quickly up to where it was
//! refused, then slowly. A fixed limiter would keep knocking at a limit that Stripe has lowered, hence our own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use base::boxed;

/// Requests a second that Stripe allows to one endpoint, and to a test account.
const STRIPE_ENDPOINT: u32 = 25;
/// Requests a second that Stripe allows to a live account.
const STRIPE_LIVE_ACCOUNT: u32 = 100;
/// Requests a second where we set no limit: more than one connection can ask for.
const UNLIMITED: u32 = 2_000;
/// The slowest pace, in requests a second.
const SLOWEST: f64 = 0.25;
/// After this without a refusal the place where it was refused counts no more.
const CALM: Duration = Duration::from_secs(10);
/// Paces that nobody used for this long are forgotten.
const FORGET: Duration = Duration::from_mins(10);

/// Requests a second; none is Stripe's own limit, 0 is no limit of ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// To one endpoint of one account.
    pub endpoint: Option<u32>,
    /// To one account.
    pub account: Option<u32>,
}

/// Keeps the pace of all requests of this process.
#[derive(Debug)]
pub struct Limits {
    rates: Rates,
    paces: Mutex<Paces>,
}

#[derive(Debug)]
struct Paces {
    by_key: HashMap<String, Pace>,
    swept: Instant,
}

/// What Stripe's `Stripe-Rate-Limited-Reason` says is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TooMuch {
    /// All requests of the account: `global-rate`, `global-concurrency`.
    Account,
    /// Those to the endpoint: `endpoint-rate`, `endpoint-concurrency`, `resource-specific`, and words not known yet.
    Endpoint,
    /// No reason is given: another request holds the object (`lock_timeout`), and our pace is not the trouble.
    #[default]
    Nothing,
}

impl TooMuch {
    /// As the header has it.
    #[must_use]
    pub fn of(reason: Option<&str>) -> Self {
        match reason {
            Some("global-rate" | "global-concurrency") => Self::Account,
            Some(_) => Self::Endpoint,
            None => Self::Nothing,
        }
    }
}

impl Limits {
    /// Limits at these rates.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, paces: Mutex::new(Paces { by_key: HashMap::new(), swept: Instant::now() }) }
    }

    /// Waits until a request to this endpoint of this account may go.
    #[boxed]
    pub async fn wait(&self, account: &str, livemode: bool, endpoint: &str) {
        let at = {
            let now = Instant::now();
            let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
            paces.sweep(now);
            let whole = paces.turn(account_key(account, livemode), self.most(None, livemode), now);
            whole.max(paces.turn(endpoint_key(account, livemode, endpoint), self.most(Some(endpoint), livemode), now))
        };
        tokio::time::sleep_until(at).await;
    }

    /// Notes that Stripe found a request too much which was sent at `sent`; what was on its way by then counts once.
    pub fn slow(&self, account: &str, livemode: bool, endpoint: &str, too_much: TooMuch, sent: Instant) {
        let (key, most) = match too_much {
            TooMuch::Nothing => return,
            TooMuch::Account => (account_key(account, livemode), self.most(None, livemode)),
            TooMuch::Endpoint => (endpoint_key(account, livemode, endpoint), self.most(Some(endpoint), livemode)),
        };
        let now = Instant::now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.by_key.entry(key).or_insert_with(|| Pace::new(most, now));
        if pace.slowed.is_none_or(|slowed| sent > slowed) {
            pace.slow(now);
        }
    }

    /// Requests a second at most.
    fn most(&self, endpoint: Option<&str>, livemode: bool) -> f64 {
        let rate = match endpoint {
            Some(_) => self.rates.endpoint.unwrap_or(STRIPE_ENDPOINT),
            None => self.rates.account.unwrap_or(if livemode { STRIPE_LIVE_ACCOUNT } else { STRIPE_ENDPOINT }),
        };
        f64::from(if rate == 0 { UNLIMITED } else { rate })
    }
}

fn account_key(account: &str, livemode: bool) -> String {
    format!("{account} {livemode}")
}

fn endpoint_key(account: &str, livemode: bool, endpoint: &str) -> String {
    format!("{account} {livemode} {endpoint}")
}

impl Paces {
    fn turn(&mut self, key: String, most: f64, now: Instant) -> Instant {
        self.by_key.entry(key).or_insert_with(|| Pace::new(most, now)).turn(now)
    }

    fn sweep(&mut self, now: Instant) {
        if now.duration_since(self.swept) >= FORGET {
            self.swept = now;
            self.by_key.retain(|_, pace| now.saturating_duration_since(pace.next) < FORGET);
        }
    }
}

/// The pace of one account, or of one endpoint of it.
#[derive(Debug)]
struct Pace {
    /// Requests a second that it may reach.
    most: f64,
    /// Requests a second now.
    rate: f64,
    /// Where it was refused last: up to here it grows quickly, from here on slowly.
    ceiling: f64,
    /// When the next request may go.
    next: Instant,
    /// When it last grew.
    grown: Instant,
    slowed: Option<Instant>,
}

impl Pace {
    const fn new(most: f64, now: Instant) -> Self {
        Self { most, rate: most, ceiling: most, next: now, grown: now, slowed: None }
    }

    /// When a request may go; the one after it comes later.
    fn turn(&mut self, now: Instant) -> Instant {
        self.grow(now);
        let step = Duration::from_secs_f64(1.0 / self.rate);
        // A second that begins with a full bucket would see twice the rate: what was not used is kept for a fifth of a
        // second alone, and not at all while Stripe refuses.
        let kept = if self.rate < self.most { Duration::ZERO } else { Duration::from_millis(200) };
        let earliest = now.checked_sub(kept).unwrap_or(now);
        let at = self.next.max(earliest);
        self.next = at + step;
        at.max(now)
    }

    fn grow(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.grown).as_secs_f64();
        self.grown = now;
        // A limit that was lifted is not crept up to.
        if self.slowed.is_some_and(|slowed| now.saturating_duration_since(slowed) > CALM) {
            self.ceiling = self.most;
        }
        if self.rate < self.most {
            let quickly = self.rate < self.ceiling;
            let share: f64 = if quickly { 0.1 } else { 0.01 };
            let grown = share.mul_add(self.most * passed, self.rate);
            self.rate = grown.min(if quickly { self.ceiling } else { self.most });
        }
    }

    fn slow(&mut self, now: Instant) {
        self.grow(now);
        self.ceiling = (self.rate * 0.8).max(SLOWEST);
        self.rate = (self.rate / 2.0).max(SLOWEST);
        self.slowed = Some(now);
        self.next = self.next.max(now) + Duration::from_secs_f64(1.0 / self.rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests that a pace lets go in a time, in steps of a millisecond.
    fn count(pace: &mut Pace, from: Instant, time: Duration) -> u32 {
        let (mut requests, mut now) = (0, from);
        while now < from + time {
            if pace.next.max(now) <= now || pace.next <= now {
                pace.turn(now);
                requests += 1;
            } else {
                now = pace.next.min(from + time);
            }
        }
        requests
    }

    #[test]
    fn a_pace_is_kept_and_has_no_double_second() {
        let now = Instant::now();
        let mut pace = Pace::new(25.0, now);
        assert!((25..=26).contains(&count(&mut pace, now, Duration::from_secs(1))));
        assert!((247..=253).contains(&count(&mut pace, now + Duration::from_secs(1), Duration::from_secs(10))));
        let late = now + Duration::from_mins(1);
        assert!(count(&mut pace, late, Duration::from_secs(1)) <= 31, "an idle minute is not made up for");
    }

    #[test]
    fn a_refusal_halves_it_and_it_comes_back() {
        let now = Instant::now();
        let mut pace = Pace::new(20.0, now);
        pace.slow(now);
        let first = count(&mut pace, now, Duration::from_secs(1));
        assert!((8..=12).contains(&first), "{first} in the first second");
        let later = now + Duration::from_mins(1);
        let back = count(&mut pace, later, Duration::from_secs(1));
        assert!((19..=24).contains(&back), "{back} a minute later");
    }

    #[test]
    fn a_storm_slows_down_to_a_trickle_but_never_to_nothing() {
        let mut now = Instant::now();
        let mut pace = Pace::new(25.0, now);
        for _ in 0..20 {
            pace.slow(now);
            now += Duration::from_millis(100);
        }
        assert!(pace.rate >= SLOWEST && pace.rate < 1.0);
    }

    #[test]
    fn reasons_name_what_is_too_much() {
        assert_eq!(TooMuch::of(Some("global-rate")), TooMuch::Account);
        assert_eq!(TooMuch::of(Some("endpoint-concurrency")), TooMuch::Endpoint);
        assert_eq!(TooMuch::of(Some("a new word")), TooMuch::Endpoint);
        assert_eq!(TooMuch::of(None), TooMuch::Nothing);
    }
}
