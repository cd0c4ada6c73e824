//! Named points at which a test ends the process or a task. Nothing happens at them unless the setting `test.fault` armed
//! one when the process began; unarmed, passing a point is one load of a pointer.

use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where something can be made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before a page is asked for at Stripe.
    BeforeFetch,
    /// A page is here, and nothing of it is kept.
    AfterFetch,
    /// The source objects of a page are written, its records are not; nothing is committed.
    MidWrite,
    /// Rows and cursor are written, in one transaction that is not committed.
    BeforeCommit,
    /// Rows and cursor are committed.
    AfterCommit,
    /// A run came to its end; the connection has not been told.
    BeforeStatus,
    /// A code was exchanged at Stripe; nothing of it is kept here.
    Exchanged,
    /// A step of a migration is done, maybe not the last one; on SQLite that is not committed.
    Migrating,
    /// The schema is migrated; on SQLite that is not committed.
    BeforeMigrated,
    /// A deleted connection's data is gone; the connection's own row is not.
    DataErased,
    /// A caller of the API has been recognised; nothing was done for it.
    Answering,
    /// What a read left in its outbox is found; no event is made of it yet.
    BeforeRelay,
    /// Events are made of an outbox; the outbox does not know it yet.
    AfterRelay,
    /// A webhook is about to be sent.
    BeforeSend,
    /// A receiver has answered; nothing of it is kept.
    AfterSend,
}

impl Point {
    /// Every one of them.
    pub const ALL: [Self; 15] = [
        Self::BeforeFetch,
        Self::AfterFetch,
        Self::MidWrite,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeStatus,
        Self::Exchanged,
        Self::Migrating,
        Self::BeforeMigrated,
        Self::DataErased,
        Self::Answering,
        Self::BeforeRelay,
        Self::AfterRelay,
        Self::BeforeSend,
        Self::AfterSend,
    ];

    /// The word that the setting names it by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeFetch => "before_fetch",
            Self::AfterFetch => "after_fetch",
            Self::MidWrite => "mid_write",
            Self::BeforeCommit => "before_commit",
            Self::AfterCommit => "after_commit",
            Self::BeforeStatus => "before_status",
            Self::Exchanged => "exchanged",
            Self::Migrating => "migrating",
            Self::BeforeMigrated => "before_migrated",
            Self::DataErased => "data_erased",
            Self::Answering => "answering",
            Self::BeforeRelay => "before_relay",
            Self::AfterRelay => "after_relay",
            Self::BeforeSend => "before_send",
            Self::AfterSend => "after_send",
        }
    }
}

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The process, at once and without a word to anybody, as by `kill -9`.
    Abort,
    /// The task, by a panic.
    Panic,
}

/// A fault: what ends, where, and at which passing of the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    point: Point,
    passing: u32,
}

/// What a fault may look like.
pub const FORM: &str = "abort or panic, a point and the number of its passing, such as abort:after_fetch:3";

impl FromStr for Fault {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(':');
        let (Some(kind), Some(point), Some(passing), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let kind = match kind {
            "abort" => Kind::Abort,
            "panic" => Kind::Panic,
            _ => return Err(()),
        };
        let point = Point::ALL.into_iter().find(|one| one.word() == point).ok_or(())?;
        let passing = passing.parse().ok().filter(|passing| *passing > 0).ok_or(())?;
        Ok(Self { kind, point, passing })
    }
}

static ARMED: OnceLock<(Fault, AtomicU32)> = OnceLock::new();

/// Arms a fault for the life of this process; a second one is not taken.
pub fn arm(fault: Fault) {
    tracing::warn!(?fault, "a fault is armed: this process is made to fail");
    let _ = ARMED.set((fault, AtomicU32::new(0)));
}

/// Passes a point.
pub fn at(point: Point) {
    let Some((fault, passed)) = ARMED.get() else { return };
    if fault.point != point {
        return;
    }
    let passing = passed.fetch_add(1, Ordering::Relaxed) + 1;
    match fault.kind {
        _ if passing != fault.passing => {}
        Kind::Abort => std::process::abort(),
        Kind::Panic => end_the_task(point),
    }
}

#[expect(clippy::panic, reason = "it is what was asked for")]
fn end_the_task(point: Point) {
    panic!("the setting test.fault ends this task at {}", point.word());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_what_ends_where_and_when() {
        let parsed: Fault = "abort:after_fetch:3".parse().unwrap();
        assert_eq!(parsed, Fault { kind: Kind::Abort, point: Point::AfterFetch, passing: 3 });
        for bad in ["", "abort", "abort:after_fetch", "abort:after_fetch:0", "abort:nowhere:1", "stop:after_fetch:1"] {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
        for point in Point::ALL {
            assert!(format!("panic:{}:1", point.word()).parse::<Fault>().is_ok());
        }
    }
}
