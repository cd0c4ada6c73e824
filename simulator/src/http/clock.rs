//! The simulator's clock: the real one, and for tests a way to move it on without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_micros: Arc<AtomicI64>,
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

    /// Lets this many milliseconds pass at once.
    pub fn advance(&self, millis: i64) {
        self.ahead_micros.fetch_add(millis.saturating_mul(1000), Ordering::Relaxed);
    }
}
