//! What went wrong with a connection: kept at it, and shown until it is over.
//!
//! Call what writes here in a transaction that [`super::write`] began: the list is read before it is written.

use entity::connection::{self, Fault};
use entity::id::ConnectionId;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::connections::{hold, update};
use crate::Executor;
use base::boxed;

/// How many a connection keeps; the oldest go first.
pub const KEPT: usize = 20;

/// Adds one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn push(db: &dyn Executor, id: ConnectionId, fault: Fault) -> Result<(), DbErr> {
    change(db, id, |faults| faults.push(fault)).await
}

/// Says what is wrong now, in place of what was said under the same `status_text` before: what comes again and again
/// takes one place. As long as it lasts, `at` stays that of its beginning.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn say(db: &dyn Executor, id: ConnectionId, fault: Fault) -> Result<(), DbErr> {
    change(db, id, |faults| {
        let before = faults.iter().position(|one| one.status_text == fault.status_text).map(|at| faults.remove(at));
        let since = before.filter(|one| one.resolved_at.is_none()).map_or(fault.at, |one| one.at);
        faults.push(Fault { at: since, ..fault });
    })
    .await
}

/// Marks those with one of these `status_text`s as over.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn resolve(db: &dyn Executor, id: ConnectionId, texts: &[&str], now: DateTimeUtc) -> Result<(), DbErr> {
    let of_these = |one: &&mut Fault| texts.contains(&one.status_text.as_str());
    change(db, id, |faults| faults.iter_mut().filter(of_these).for_each(|one| end(one, now))).await
}

/// Marks every one as over.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve_all(db: &dyn Executor, id: ConnectionId, now: DateTimeUtc) -> Result<(), DbErr> {
    change(db, id, |faults| faults.iter_mut().for_each(|one| end(one, now))).await
}

fn end(fault: &mut Fault, now: DateTimeUtc) {
    fault.resolved_at.get_or_insert(now);
}

/// Writes the list when it is another one afterwards.
async fn change(db: &dyn Executor, id: ConnectionId, change: impl FnOnce(&mut Vec<Fault>)) -> Result<(), DbErr> {
    let Some(row) = hold(db, id).await? else { return Ok(()) };
    let mut faults = row.errors.clone();
    change(&mut faults);
    faults.drain(..faults.len().saturating_sub(KEPT));
    if faults == row.errors {
        return Ok(());
    }
    update(db, id, connection::ActiveModel { errors: Set(faults), ..Default::default() }).await
}
