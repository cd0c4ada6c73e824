//! The simulator's clock: the real one, and for tests ways to move it on without waiting and to let it stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

const SECOND: i64 = 1_000_000;

/// Tells the time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_micros: Arc<AtomicI64>,
    /// The moment that the accounts' time stands at; 0 while it goes on.
    held_micros: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl Clock {
    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the simulator's one place that asks the machine")]
        let now = SystemTime::now();
        let real = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        i64::try_from(real).unwrap_or(i64::MAX).saturating_add(self.ahead_micros.load(Ordering::Relaxed))
    }

    /// Whole seconds since 1970, as Stripe writes times: the time of the accounts.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        let held = self.held_micros.load(Ordering::Relaxed);
        let micros =
            if held == 0 { self.micros() } else { held.saturating_add(self.ahead_micros.load(Ordering::Relaxed)) };
        micros.div_euclid(SECOND)
    }

    /// Whole seconds since 1970 of the clock that never stands.
    #[must_use]
    pub fn going(&self) -> i64 {
        self.micros().div_euclid(SECOND)
    }

    /// Lets the time of the accounts stand until [`Self::advance`] moves it: nothing settles by itself between what somebody
    /// reads and what he compares it with. Waits, limits and signatures go by the clock as ever.
    pub fn hold(&self) {
        let now = self.micros() - self.ahead_micros.load(Ordering::Relaxed);
        // Whose time stands already, stays at its moment.
        let _ = self.held_micros.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Lets the time of the accounts go on: it leaps to that of the clock.
    pub fn release(&self) {
        self.held_micros.store(0, Ordering::Relaxed);
    }

    /// Whether the time of the accounts stands.
    #[must_use]
    pub fn held(&self) -> bool {
        self.held_micros.load(Ordering::Relaxed) != 0
    }

    /// Lets this many milliseconds pass at once; what waits for this clock wakes up.
    pub fn advance(&self, millis: i64) {
        self.ahead_micros.fetch_add(millis.saturating_mul(1000), Ordering::Relaxed);
        self.moved.notify_waiters();
    }

    /// Waits until this clock has moved on by so much, by itself or by [`Self::advance`].
    pub async fn pass(&self, time: Duration) {
        let until = self.micros().saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
        loop {
            let moved = self.moved.notified();
            let mut moved = std::pin::pin!(moved);
            // From here on no move goes unheard, the time is asked after it.
            moved.as_mut().enable();
            let left = u64::try_from(until - self.micros()).unwrap_or(0);
            if left == 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_micros(left)) => {}
                () = moved => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_the_clock_wakes_when_it_is_moved() {
        let clock = Clock::default();
        let (waiting, ahead) = (clock.clone(), clock.seconds());
        let waited = tokio::spawn(async move { waiting.pass(Duration::from_hours(48)).await });
        tokio::task::yield_now().await;
        clock.advance(48 * 3_600_000);
        tokio::time::timeout(Duration::from_secs(10), waited).await.expect("awake").unwrap();
        assert!(clock.seconds() >= ahead + 48 * 3_600);
    }

    #[tokio::test]
    async fn the_time_of_the_accounts_stands_can_be_moved_and_goes_on_again() {
        let clock = Clock::default();
        clock.advance(60_000);
        clock.hold();
        let (held, micros) = (clock.seconds(), clock.micros());
        clock.pass(Duration::from_millis(1_100)).await;
        assert!(clock.micros() >= micros + 1_100_000 && clock.going() > held);
        clock.hold();
        assert_eq!(clock.seconds(), held);
        clock.advance(5_000);
        assert_eq!(clock.seconds(), held + 5);
        clock.release();
        assert!(clock.seconds() > held + 5);
    }
}
