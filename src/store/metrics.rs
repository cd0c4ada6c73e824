//! What the commerce metrics are counted from, besides revenue: records as they are now, so that nothing can drift from them.

use entity::id::ConnectionId;
use entity::{order, payout, subscription};
use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect};

use crate::store::Tx;

/// An order, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// When it was paid, or made where that is not known.
    pub at: DateTimeUtc,
    /// Who bought; none for a guest.
    pub customer: Option<String>,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Its total, in minor units.
    pub minor: i64,
}

/// Every order of a connection before a time, the oldest first, one after the other.
///
/// # Errors
/// When the database does not answer.
pub async fn each_order(
    db: &Tx,
    connection: ConnectionId,
    before: DateTimeUtc,
    mut each: impl FnMut(Sold),
) -> Result<(), DbErr> {
    use order::{Column, Entity};
    let at = || Expr::expr(Func::coalesce([Expr::col(Column::ClosedAt), Expr::col(Column::CreatedAt)]));
    let rows = Entity::find()
        .select_only()
        .expr(at())
        .column(Column::CustomerId)
        .column(Column::Currency)
        .column(Column::TotalMinor)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .filter(at().lt(before))
        .order_by(at(), sea_orm::Order::Asc)
        .into_tuple::<(DateTimeUtc, Option<String>, String, i64)>();
    let mut rows = rows.stream(db.inner()).await?;
    while let Some((at, customer, currency, minor)) = rows.try_next().await? {
        each(Sold { at, customer, currency, minor });
    }
    Ok(())
}

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
pub async fn payouts(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<Vec<Paid>, DbErr> {
    use payout::{Column, Entity};
    let rows: Vec<(String, i64, payout::Status, DateTimeUtc, DateTimeUtc)> = Entity::find()
        .select_only()
        .columns([Column::Currency, Column::AmountMinor, Column::Status, Column::CreatedAt, Column::ArrivalAt])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(db)
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
pub async fn subscriptions(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<Vec<Subscribed>, DbErr> {
    use subscription::{Column, Entity};
    type Row = (String, i64, subscription::Status, DateTimeUtc, Option<DateTimeUtc>, Option<DateTimeUtc>);
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([Column::Currency, Column::MonthlyMinor, Column::Status])
        .columns([Column::StartedAt, Column::TrialEndsAt, Column::EndedAt])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .into_tuple()
        .all(db)
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
