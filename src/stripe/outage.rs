//! Whether Stripe answers at all: when nothing has for long, one request now and then is a probe, and the others wait for
//! what it brings instead of knocking, too.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row, without one answer between them, after which Stripe counts as down.
const MANY: u32 = 15;
/// The pause before the first probe; it doubles.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// The longest pause between two probes.
const LONGEST: Duration = Duration::from_secs(30);

/// What is known, by all requests of this process.
#[derive(Debug, Default)]
pub struct Outage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    probe: Option<(Instant, Duration)>,
}

impl Outage {
    /// Whether a request may go.
    ///
    /// # Errors
    /// How long until the next probe, when Stripe counts as down and this request is not the probe.
    pub fn may_go(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.probe {
            Some((at, _)) if now < at => Err(at - now),
            Some((_, pause)) => {
                let pause = (pause * 2).min(LONGEST);
                state.probe = Some((now + pause, pause));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An answer came, whatever it says.
    pub fn answered(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// No answer came, or one that only a broken Stripe gives.
    pub fn failed(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= MANY && state.probe.is_none() {
            state.probe = Some((now + FIRST_PROBE, FIRST_PROBE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r25_probes_come_at_a_growing_interval_until_one_is_answered() {
        let (outage, mut now) = (Outage::default(), Instant::now());
        for _ in 1..MANY {
            outage.failed(now);
        }
        assert!(outage.may_go(now).is_ok(), "a few failures are no outage");
        outage.failed(now);
        let mut probes = 0;
        for _ in 0..24 * 60 {
            now += Duration::from_mins(1);
            if outage.may_go(now).is_ok() {
                probes += 1;
                assert!(outage.may_go(now).is_err_and(|wait| wait <= LONGEST), "one at a time");
                outage.failed(now);
            }
        }
        assert_eq!(probes, 24 * 60, "one within each minute that is looked at");
        now += LONGEST;
        assert!(outage.may_go(now).is_ok());
        outage.answered();
        assert!(outage.may_go(now).is_ok() && outage.may_go(now).is_ok(), "all may go again");
    }
}
