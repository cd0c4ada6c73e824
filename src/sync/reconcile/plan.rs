//! When a pass is due: each kind at its interval, each connection at a time of its own.

use chrono::{DateTime, Duration, Utc};
use entity::id::ConnectionId;
use entity::reconciliation::{Model, Pass, State};

use super::super::error::Error;
use super::super::run::Run;
use base::boxed;
use store::Tx;

/// How long reports and what they found are kept.
pub const KEPT: Duration = Duration::days(400);

/// The days before its beginning that a pass compares; none is everything.
#[must_use]
pub const fn days(pass: Pass) -> Option<i64> {
    match pass {
        Pass::Nightly => Some(7),
        Pass::Weekly => Some(120),
        Pass::Full => None,
    }
}

/// The time between two passes of a kind.
#[must_use]
pub const fn interval(pass: Pass) -> Duration {
    match pass {
        Pass::Nightly => Duration::days(1),
        Pass::Weekly => Duration::days(7),
        Pass::Full => Duration::days(30),
    }
}

/// When a connection's first pass of a kind is due: in the second half of its interval, spread over it by the
/// connection's id, so that many that were linked at once are not compared at once.
#[must_use]
pub fn first(connection: ConnectionId, pass: Pass, now: DateTime<Utc>) -> DateTime<Utc> {
    // The last bytes of a UUID v7 are random.
    let part = connection.0.as_u128() % 1_000;
    let half = interval(pass) / 2;
    now + half + half * i32::try_from(part).unwrap_or(0) / 1_000
}

/// Whether its time has come, or it has begun.
#[must_use]
pub fn is_due(row: &Model, now: DateTime<Utc>) -> bool {
    row.state == State::Running || row.due_at <= now
}

/// Sees to it that a connection with a schedule has a pass of each kind planned.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_planned(run: &Run) -> Result<(), Error> {
    if !run.continuous {
        return Ok(());
    }
    let open = store::reconciliations::open(&run.db, run.connection).await?;
    let now = run.clock.now();
    let unplanned = Pass::ALL.into_iter().filter(|pass| open.iter().all(|row| row.pass != *pass));
    let fresh = |pass| store::reconciliations::fresh(run.connection, pass, false, first(run.connection, pass, now));
    let rows: Vec<Model> = unplanned.map(fresh).collect();
    if !rows.is_empty() {
        let page = run.page().await?;
        store::reconciliations::insert(page.tx(), rows).await?;
        page.commit().await?;
    }
    Ok(())
}

/// Plans the next pass of this kind; a narrower one that is due has been done with it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn after(run: &Run, tx: &Tx, pass: &Model, now: DateTime<Utc>) -> Result<(), Error> {
    let open = store::reconciliations::open(tx, run.connection).await?;
    for row in open.iter().filter(|row| row.state == State::Planned && !row.asked) {
        if row.pass < pass.pass && is_due(row, now) {
            store::reconciliations::put_off(tx, row, next(row, now)).await?;
        }
    }
    if run.continuous && open.iter().all(|row| row.pass != pass.pass) {
        let fresh = store::reconciliations::fresh(run.connection, pass.pass, false, next(pass, now));
        store::reconciliations::insert(tx, vec![fresh]).await?;
    }
    Ok(())
}

/// Makes a pass of this kind due, also on a connection without a schedule. One that is on its way is no such pass: what it
/// has compared may not be as it was.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn at_once(run: &Run, tx: &Tx, pass: Pass) -> Result<(), Error> {
    let now = run.clock.now();
    let open = store::reconciliations::open(tx, run.connection).await?;
    if let Some(row) = open.iter().find(|row| row.pass == pass && row.state == State::Planned) {
        return Ok(store::reconciliations::put_off(tx, row, row.due_at.min(now)).await?);
    }
    let fresh = store::reconciliations::fresh(run.connection, pass, false, now);
    Ok(store::reconciliations::insert(tx, vec![fresh]).await?)
}

/// The next time of a pass's own rhythm; times that have gone by are not made up for.
fn next(row: &Model, now: DateTime<Utc>) -> DateTime<Utc> {
    let interval = interval(row.pass);
    let missed = (now - row.due_at).num_seconds().max(0) / interval.num_seconds();
    row.due_at + interval * i32::try_from(missed + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_spread_and_keep_their_rhythm() {
        let now = DateTime::UNIX_EPOCH;
        let due: std::collections::BTreeSet<_> =
            (0..100_u128).map(|id| first(ConnectionId(uuid::Uuid::from_u128(id)), Pass::Nightly, now)).collect();
        assert_eq!(due.len(), 100, "each has its own time");
        assert!(due.iter().all(|time| *time >= now + Duration::hours(12) && *time < now + Duration::hours(24)));
        let row = store::reconciliations::fresh(ConnectionId(uuid::Uuid::nil()), Pass::Nightly, false, now);
        assert_eq!(next(&row, now + Duration::hours(1)), now + Duration::days(1));
        assert_eq!(next(&row, now + Duration::hours(49)), now + Duration::days(3), "what was missed is not made up");
    }
}
