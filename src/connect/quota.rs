//! The daily quota of requests with an API key: one share for the client, and one for each active company.
//!
//! A company is active while it has a linked connection, so the quota changes in the course of a day. The day ends at
//! 00:00 UTC.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use super::events;
use base::boxed;
use base::clock::{DAY, day_of};
use store::Executor;
use store::{Db, Tx, quota_days};

/// How much of a day's quota is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The day in UTC, as the number of days since 1970.
    pub day: i64,
    /// Requests that may be made in it.
    pub quota: i64,
    /// Requests that were made in it, as far as all processes have told.
    pub calls: i64,
}

impl Level {
    /// Requests that are left.
    #[must_use]
    pub fn remaining(self) -> i64 {
        (self.quota - self.calls).max(0)
    }

    /// When the next day begins.
    #[must_use]
    pub fn ends_at(self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds((self.day + 1) * DAY)
    }
}

/// Where a day stands, with `share` requests for each.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn level(db: &dyn Executor, share: u32, day: i64) -> Result<Level, DbErr> {
    let calls = quota_days::find(db, day).await?.map_or(0, |row| row.calls);
    Ok(Level { day, quota: quota(db, share).await?, calls })
}

/// Adds requests to a day, and tells consumers when that was the last of its quota. Returns where the day stands.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn add(db: &Db, share: u32, day: i64, calls: i64, now: DateTime<Utc>) -> Result<Level, DbErr> {
    let tx = store::write(db).await?;
    let row = quota_days::add(&tx, day, calls).await?;
    let level = Level { day, quota: quota(&tx, share).await?, calls: row.calls };
    if level.remaining() == 0 && quota_days::reached(&tx, day, level.quota).await? {
        tracing::warn!(level.quota, "the daily quota of requests is used up");
        events::quota(&tx, events::QUOTA_REACHED, level, now).await?;
    }
    tx.commit().await?;
    Ok(level)
}

/// Forgets the days that are over, and tells consumers when the quota of one was reached: they may ask again.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn reset(db: &Db, share: u32, now: DateTime<Utc>) -> Result<(), DbErr> {
    let today = day_of(now);
    let over = quota_days::before(db, today).await?;
    if over.is_empty() {
        return Ok(());
    }
    let tx = store::write(db).await?;
    let mut reached = false;
    for row in over {
        reached |= quota_days::remove(&tx, row.day).await? && row.reached_quota.is_some();
    }
    if reached && share > 0 {
        tell_reset(&tx, share, today, now).await?;
    }
    tx.commit().await
}

async fn tell_reset(tx: &Tx, share: u32, today: i64, now: DateTime<Utc>) -> Result<(), DbErr> {
    events::quota(tx, events::QUOTA_RESET, level(tx, share, today).await?, now).await
}

async fn quota(db: &dyn Executor, share: u32) -> Result<i64, DbErr> {
    let shares = quota_days::active_companies(db).await?.saturating_add(1);
    Ok(i64::from(share).saturating_mul(shares))
}
