//! What the commerce metrics are counted from, besides revenue and orders: records as they are now.

use entity::id::ConnectionId;
use entity::{payout, subscription};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use crate::Executor;
use base::boxed;

/// A payout, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// ISO 4217, upper case.
    pub currency: String,
    /// Minor units.
    pub minor: i64,
    /// Where it stands.
    pub status: payout::Status,
    /// When it was made.
    pub made: DateTimeUtc,
    /// When it arrives.
    pub arrival: DateTimeUtc,
}

/// The payouts of a connection.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn payouts(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<Paid>, DbErr> {
    use payout::{Column, Entity};
    let rows: Vec<(String, i64, payout::Status, DateTimeUtc, DateTimeUtc)> = Entity::find()
        .select_only()
        .columns([Column::Currency, Column::AmountMinor, Column::Status, Column::CreatedAt, Column::ArrivalAt])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(&db)
        .await?;
    let paid = |(currency, minor, status, made, arrival)| Paid { currency, minor, status, made, arrival };
    Ok(rows.into_iter().map(paid).collect())
}

/// A subscription, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// ISO 4217, upper case.
    pub currency: String,
    /// Minor units a month.
    pub minor: i64,
    /// Where it stands.
    pub status: subscription::Status,
    /// When it began.
    pub started: DateTimeUtc,
    /// When its trial ended or ends.
    pub trial_ends: Option<DateTimeUtc>,
    /// When it ended.
    pub ended: Option<DateTimeUtc>,
}

/// The subscriptions of a connection.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn subscriptions(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<Subscribed>, DbErr> {
    use subscription::{Column, Entity};
    type Row = (String, i64, subscription::Status, DateTimeUtc, Option<DateTimeUtc>, Option<DateTimeUtc>);
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([Column::Currency, Column::MonthlyMinor, Column::Status])
        .columns([Column::StartedAt, Column::TrialEndsAt, Column::EndedAt])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(&db)
        .await?;
    let subscribed = |(currency, minor, status, started, trial_ends, ended)| Subscribed {
        currency,
        minor,
        status,
        started,
        trial_ends,
        ended,
    };
    Ok(rows.into_iter().map(subscribed).collect())
}
