//! The one place that asks what time it is.
//!
//! Everything else takes a [`Clock`], so that a test can move time and so that no two reads of one operation disagree.

use std::{
    fmt::Debug,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// Tells the time: UTC, cut to whole microseconds, because PostgreSQL cuts and `SQLite` does not.
pub trait Clock: Send + Sync + Debug {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock, ready to be shared.
    #[must_use]
    pub fn shared() -> SharedClock {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A time that only goes forward, at the pace of the machine, whatever is done to its clock: what leases are measured by
/// within one process. It is near the true time, and no more.
#[must_use]
pub fn steady() -> DateTime<Utc> {
    static START: OnceLock<(DateTime<Utc>, Instant)> = OnceLock::new();
    let (time, instant) = START.get_or_init(|| (SystemClock.now(), Instant::now()));
    let passed = Duration::from_std(instant.elapsed()).unwrap_or(Duration::MAX);
    time.checked_add_signed(passed).unwrap_or(*time).trunc_subsecs(6)
}

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Seconds of a quarter of an hour: the days of every time zone of today begin with one.
pub const QUARTER: i64 = 900;

/// The day of a moment in UTC, as the number of days since 1970-01-01.
#[must_use]
pub const fn day_of(moment: DateTime<Utc>) -> i64 {
    moment.timestamp().div_euclid(DAY)
}

/// When such a day begins; none at the end of all time.
#[must_use]
pub fn start_of(day: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(day.checked_mul(DAY)?, 0)
}

/// A clock that stands still until it is moved, for tests. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `time`, cut to whole microseconds.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(time.timestamp_micros())))
    }

    /// Moves the clock to `time`, forward or back.
    pub fn set(&self, time: DateTime<Utc>) {
        self.0.store(time.timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock by `step`; a negative step moves it back. A step of more microseconds than an `i64` holds moves
    /// nothing.
    pub fn advance(&self, step: Duration) {
        self.0.fetch_add(step.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_time_has_whole_microseconds() {
        let now = SystemClock.now();
        assert_eq!(now.timestamp_subsec_nanos() % 1_000, 0);
        assert!(now.timestamp() > 1_700_000_000);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_its_clones_agree() {
        let start = DateTime::from_timestamp(1_800_000_000, 123_456_789).unwrap();
        let clock = ManualClock::at(start);
        let other = clock.clone();
        assert_eq!(clock.now(), start.trunc_subsecs(6));
        clock.advance(Duration::seconds(90));
        assert_eq!(other.now(), start.trunc_subsecs(6) + Duration::seconds(90));
        clock.set(start - Duration::days(1));
        assert_eq!(other.now(), (start - Duration::days(1)).trunc_subsecs(6));
    }
}
