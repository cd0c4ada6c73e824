//! The simulator's clock: the real one, and for tests a way to move it on without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Tells the time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_micros: Arc<AtomicI64>,
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

    /// Whole seconds since 1970, as Stripe writes times.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.micros().div_euclid(1_000_000)
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
}
