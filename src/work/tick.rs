//! Finds what is due: connections whose time has come, datasets that nobody works on, and webhooks to be sent.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use base::boxed;
use base::task::Task;
use store::Db;

/// Connections asked for in one round.
const ROUND: u64 = 500;

/// Asks for the syncs and the webhooks that are due. What waits or runs already is not asked for again, so that a round is repeatable.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn tick(db: &Db, now: DateTime<Utc>) -> Result<(), DbErr> {
    let due = store::connections::due(db, now, ROUND).await?.into_iter().map(|row| row.id);
    let waiting = store::datasets::connections_waiting(db).await?;
    let syncs = due.chain(waiting).map(|connection| Task::Sync { connection });
    let consumers = store::deliveries::consumers_due(db, now).await?.into_iter();
    let mut tasks: Vec<Task> = syncs.chain(consumers.map(|consumer| Task::Deliver { consumer })).collect();
    // Many wait already while many are due: they are told apart together, not one by one.
    let keys: Vec<String> = tasks.iter().map(Task::key).collect();
    let mut known: HashSet<String> = store::jobs::known(db, &keys).await?.into_iter().collect();
    tasks.retain(|task| known.insert(task.key()));
    store::jobs::wake(db, &tasks, now).await
}

/// Makes due what a clock that has been set back since put off: connections that were synced in the future, jobs that wait
/// for longer than the `longest` pause.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn pull_back(db: &Db, now: DateTime<Utc>, longest: TimeDelta) -> Result<(), DbErr> {
    let connections = store::connections::pull_back(db, now).await?;
    let jobs = store::jobs::pull_back(db, now + longest, now).await?;
    if connections + jobs > 0 {
        tracing::warn!(connections, jobs, "the clock was set back: what it had put off is due now");
    }
    Ok(())
}
