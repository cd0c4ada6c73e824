//! Until which second the copy of each data type is known to be complete.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::ConnectionId;
use sea_orm::DbErr;

use super::streams::Stream;
use base::boxed;
use store::Executor;

/// How far a data type is known to be complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// The data type.
    pub data_type: DataType,
    /// What Stripe made before is not asked for; none when everything is.
    pub from: Option<DateTime<Utc>>,
    /// Everything that happened at Stripe up to here is kept; none when that cannot be said.
    pub until: Option<DateTime<Utc>>,
    /// Why it cannot be said, and what to do.
    pub reason: Option<&'static str>,
    /// Objects of the type that are kept and could not be mapped.
    pub quarantined: u64,
}

/// Of each data type. `quiet_until` is the connection's: the second up to which empty polls have told that nothing
/// happened.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of(
    db: &dyn Executor,
    connection: ConnectionId,
    quiet_until: Option<i64>,
) -> Result<Vec<Completeness>, DbErr> {
    let head = store::sync_heads::find(db, connection).await?;
    let rows = store::checkpoints::of(db, connection).await?;
    let open: BTreeSet<&str> = rows.iter().filter(|row| !row.done).map(|row| row.stream.as_str()).collect();
    let read = |stream: &Stream| rows.iter().any(|row| row.stream == stream.name()) && !open.contains(stream.name());
    let events = rows.iter().find(|row| row.stream == store::checkpoints::EVENTS);
    let events = events.and_then(|row| row.cursor.as_deref()?.parse::<i64>().ok());
    let begun = head.as_ref().and_then(|head| head.events_from);
    let events = events.or(begun).map(|second| second.max(quiet_until.unwrap_or(second)));
    // The events of the account are not to be relied on: it is known as of its last reading.
    let account = head.as_ref().and_then(|head| head.account_read_at).map(|at| at.timestamp());
    // Balance transactions have no events: they are known as far as their list was read.
    let money = head.as_ref().and_then(|head| head.money_read_until.max(head.events_from));
    let mut all = Vec::with_capacity(DataType::ALL.len());
    for data_type in DataType::ALL {
        let streams = Stream::of(data_type);
        let (until, reason) = if streams.iter().all(read) {
            let second = match streams {
                [Stream::BalanceTransactions] => money.min(events),
                [Stream::Account] => account.min(events),
                _ => events,
            };
            (second.and_then(|second| DateTime::from_timestamp(second, 0)), None)
        } else if streams.iter().any(|stream| rows.iter().any(|row| row.stream == stream.name())) {
            (None, Some("It is not read to its end: that is on its way, or waits for the next sync."))
        } else {
            (None, Some("It is not read: it is switched off, not permitted by Stripe, or waits for the next sync."))
        };
        let quarantined = store::quarantine::count(db, connection, data_type).await?;
        let begins =
            |stream: &Stream| rows.iter().filter(|row| row.stream == stream.name()).map(|row| row.window_from).min();
        let from = streams.iter().filter_map(begins).max().filter(|second| *second > 0);
        let from = from.and_then(|second| DateTime::from_timestamp(second, 0));
        all.push(Completeness { data_type, from, until, reason, quarantined });
    }
    Ok(all)
}
