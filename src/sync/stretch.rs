//! Which stretch of the events list a look reads: pure.
//!
//! Events enter the list late and in any order, several of them in one second. So each look reads again a stretch that the
//! one before has read, and what was followed is remembered by its id.

/// Seconds that a look reads again: an event may be listed later than its `created` says.
pub const OVERLAP: i64 = 600;
/// Seconds before now that the cursor never passes.
pub const LATE: i64 = 60;

/// The second that a look begins at; `cursor` is the second up to which all was known.
#[must_use]
pub const fn from(cursor: i64) -> i64 {
    cursor - OVERLAP
}

/// The second up to which all is known after a look at `now`, by Stripe's clock. It never goes back.
#[must_use]
pub fn known_until(now: i64, cursor: i64) -> i64 {
    (now - LATE).max(cursor)
}
