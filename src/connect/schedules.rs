//! Schedules: when a connection is due by what is set, and what follows when something else is set.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::connection;
use sea_orm::DbErr;

use base::boxed;
use store::Executor;
use store::Tx;
use store::connections::Among;
use sync::schedule::{self, Plan};

/// When a connection is due after a sync that ends now, by what is set at this moment. Asked in a transaction that holds
/// the connection, no change of what is set is missed: it is seen here, or comes afterwards and sets the connection anew.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn next(
    db: &dyn Executor,
    row: &connection::Model,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let Some(integration) = store::integrations::by_id(db, row.integration_id).await? else { return Ok(None) };
    let wishes = store::wishes::of(db, row.company_id).await?;
    Ok(schedule::next(Plan::of(&integration), &wishes, row.id, now))
}

/// Sets connections anew after something else was set about how they are synced, in the same transaction: as after a sync
/// that ended now. One that is due sooner, or already, stays so and finds its new time at its end: what is set again and
/// again puts nothing off, and what was asked for is read.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn renew(tx: &Tx, among: Among, now: DateTime<Utc>) -> Result<(), DbErr> {
    let plans: HashMap<_, _> = store::integrations::all(tx).await?.iter().map(|one| (one.id, Plan::of(one))).collect();
    let held = store::connections::hold_asked(tx, among).await?;
    let mut companies: Vec<_> = held.iter().map(|one| one.company_id).collect();
    companies.dedup();
    let wishes = store::wishes::of_each(tx, &companies).await?;
    let (mut due, mut over) = (Vec::new(), Vec::new());
    for one in held {
        let wishes = wishes.get(&one.company_id).map_or(&[][..], Vec::as_slice);
        let next = plans.get(&one.integration_id).and_then(|plan| schedule::next(*plan, wishes, one.id, now));
        match (next, one.next_sync_at) {
            (Some(next), before) if before.is_none_or(|before| next < before) => due.push((one.id, next)),
            (None, Some(before)) if before > now => over.push(one.id),
            _ => {}
        }
    }
    store::connections::set_due(tx, &due).await?;
    store::connections::set_unplanned(tx, &over).await
}
