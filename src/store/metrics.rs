//! What the commerce metrics are counted from: records as they are now, so that nothing can drift from them.

use entity::id::ConnectionId;
use entity::transaction::Type;
use entity::{order, payout, subscription, transaction};
use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{Condition, ExprTrait, QueryOrder, QuerySelect};

use crate::store::Tx;

/// Stripe's words for money that a dispute took, and for what came back of it.
const DISPUTES: [&str; 2] = ["dispute", "dispute_reversal"];

/// Balance transactions of one kind in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The settlement currency.
    pub currency: String,
    /// Their type; [`Type::Unknown`] is a dispute's here.
    pub kind: Type,
    /// How many.
    pub count: i64,
    /// Their sum, in minor units.
    pub minor: i64,
}

/// What moved the balance in a stretch of time, fees as their own; nothing but sales, refunds, disputes and fees.
///
/// # Errors
/// When the database does not answer, or a sum is beyond what it can count.
pub async fn moved(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    from: DateTimeUtc,
    until: DateTimeUtc,
) -> Result<Vec<Moved>, DbErr> {
    use transaction::{Column, Entity};
    let kinds = [Type::Payment, Type::Refund, Type::PaymentFee, Type::PaymentFeeRefund];
    let disputes = Column::Type.eq(Type::Unknown).and(Column::ReportingCategory.is_in(DISPUTES));
    let rows: Vec<(String, Type, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Currency)
        .column(Column::Type)
        .expr(Expr::col(Column::TotalMinor).count())
        .expr(Expr::col(Column::TotalMinor).sum().cast_as("BIGINT"))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(until))
        .filter(Condition::any().add(Column::Type.is_in(kinds)).add(disputes))
        .group_by(Column::Currency)
        .group_by(Column::Type)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(currency, kind, count, minor)| Moved { currency, kind, count, minor }).collect())
}

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
