//! What the database last refused for want of space, rights or an answer, in words: for whoever asks whether this process
//! can serve.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::error::SqlxError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use base::clock;

/// How long a refusal counts. Work that met one tries again sooner, so that a lasting trouble is always a fresh one.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// When an outage was met, and its words.
type Met = (DateTime<Utc>, &'static str);

/// What was met last. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trouble(Arc<Mutex<Option<Met>>>);

impl Trouble {
    /// Notes an error, if it is an outage.
    pub fn note(&self, error: &(dyn Error + 'static)) {
        if let Some(words) = outage(error) {
            self.met(words);
        }
    }

    /// Notes an outage in its own words.
    pub fn met(&self, words: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((clock::steady(), words));
    }

    /// Data was written: whatever it was, it is over.
    pub fn over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What was met within the last minute.
    #[must_use]
    pub fn now(&self) -> Option<&'static str> {
        let met = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.filter(|(at, _)| clock::steady() - *at < FRESH).map(|(_, words)| words)
    }
}

/// Why the database cannot do it now, in words for whoever can mend it; none for an error that is no outage, which will
/// come again with every try.
#[must_use]
pub fn outage(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(words) = of_one(error) {
            return Some(words);
        }
        next = error.source();
    }
    None
}

fn of_one(error: &(dyn Error + 'static)) -> Option<&'static str> {
    match error.downcast_ref::<DbErr>() {
        Some(DbErr::ConnectionAcquire(_)) => return Some(BUSY),
        Some(
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)),
        ) => {
            return of_driver(cause);
        }
        _ => {}
    }
    // A transparent error hides the one that it is made of, and shows what that one came from.
    if error.is::<ConnAcquireErr>() {
        return Some(BUSY);
    }
    match error.downcast_ref::<RuntimeErr>() {
        Some(RuntimeErr::SqlxError(cause)) => of_driver(cause),
        _ => error.downcast_ref::<SqlxError>().and_then(of_driver),
    }
}

const BUSY: &str = "The database has no connection to spare, or does not answer.";
const GONE: &str = "The database does not answer, or ended the connection.";

fn of_driver(error: &SqlxError) -> Option<&'static str> {
    match error {
        SqlxError::PoolTimedOut => Some(BUSY),
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed
        | SqlxError::BeginFailed => Some(GONE),
        SqlxError::Database(refusal) => {
            let code = refusal.code()?;
            // SQLite numbers its refusals, PostgreSQL's codes have five letters.
            match code.parse::<u32>() {
                Ok(number) if code.len() < 5 => of_sqlite(number & 0xff),
                _ => of_postgres(&code),
            }
        }
        _ => None,
    }
}

const fn of_sqlite(code: u32) -> Option<&'static str> {
    match code {
        5 | 6 => Some("Others held the database file for too long."),
        8 => Some("The database file cannot be written: give the process the right to write it and its folder."),
        10 => Some("The disk of the database file answers with errors."),
        13 => Some("The disk of the database file is full: free some space; what waits goes on by itself."),
        14 => Some("The database file cannot be opened."),
        _ => None,
    }
}

fn of_postgres(code: &str) -> Option<&'static str> {
    match code {
        "57014" => Some("The database took too long for a statement."),
        "55P03" | "40P01" | "40001" => Some("Others held what was to be written for too long."),
        "25006" => Some("The database takes no writes: it is a standby, or set to read only."),
        "25P03" => Some(GONE),
        "53100" => Some("The database's disk is full: free some space; what waits goes on by itself."),
        "53300" => Some(BUSY),
        _ if code.starts_with("53") => Some("The database is out of memory or another means."),
        _ if code.starts_with("08") || code.starts_with("57P") => Some(GONE),
        _ if code.starts_with("58") => Some("The database's disk answers with errors."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_an_error_that_stays() {
        assert!(outage(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).is_some());
        assert!(outage(&ConnAcquireErr::Timeout).is_some());
        assert!(outage(&DbErr::RecordNotFound("x".to_owned())).is_none());
        assert!(outage(&DbErr::Custom("x".to_owned())).is_none());
        for code in ["57P01", "57014", "25006", "53300", "08006"] {
            assert!(of_postgres(code).is_some(), "{code}");
        }
        assert!(of_postgres("23505").is_none() && of_postgres("42601").is_none());
        // SQLITE_FULL, SQLITE_BUSY_SNAPSHOT, SQLITE_READONLY_DBMOVED; SQLITE_CONSTRAINT_UNIQUE is none.
        for code in [0xd, 0x205, 0x408] {
            assert!(of_sqlite(code & 0xff).is_some(), "{code}");
        }
        assert!(of_sqlite(0x813 & 0xff).is_none());
    }

    #[test]
    fn a_trouble_is_known_to_all_who_share_it_until_it_is_over() {
        let trouble = Trouble::default();
        trouble.note(&DbErr::RecordNotFound("x".to_owned()));
        assert_eq!(trouble.now(), None);
        trouble.clone().note(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        assert!(trouble.now().is_some());
        trouble.over();
        assert_eq!(trouble.now(), None);
    }
}
