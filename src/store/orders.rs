//! Orders as the metrics count them: who paid how much, and when.

use std::collections::BTreeMap;
use std::ops::Range;

use entity::commerce_day::{self, Ordered, Orders};
use entity::id::ConnectionId;
use entity::order;
use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Func;
use sea_orm::{QueryOrder, QuerySelect};

use crate::Tx;
use base::clock::{QUARTER, day_of, start_of};

/// Kept days that are read at a time.
const BATCH: u64 = 64;

/// Orders of one customer, or of guests, at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sold<'a> {
    /// When they were paid, or made where that is not known: to the quarter of an hour where the day is kept.
    pub at: DateTimeUtc,
    /// Who bought; none for guests.
    pub customer: Option<&'a str>,
    /// ISO 4217, upper case.
    pub currency: &'a str,
    /// How many orders.
    pub count: i64,
    /// Their sum, in minor units.
    pub minor: i64,
}

/// All orders of a connection, in any order. Where times are asked for to the moment, and not to the quarter of an hour
/// alone, kept days are not used.
///
/// # Errors
/// When the database does not answer.
pub async fn each(
    tx: &Tx,
    connection: ConnectionId,
    to_the_moment: bool,
    mut each: impl FnMut(Sold<'_>),
) -> Result<(), DbErr> {
    let mut behind = None;
    let mut kept = if to_the_moment { Vec::new() } else { kept_from(tx, connection, behind).await? };
    while !kept.is_empty() {
        for (day, orders) in kept {
            if behind.is_none_or(|behind| behind < day) {
                counted(tx, connection, behind, Some(day), &mut each).await?;
            }
            behind = Some(day + 1);
            for of in &orders.0 {
                for (quarter, customer, count, minor) in &of.parts {
                    let Some(at) = DateTimeUtc::from_timestamp(quarter * QUARTER, 0) else { continue };
                    let (customer, currency) = (customer.as_deref(), of.currency.as_str());
                    each(Sold { at, customer, currency, count: *count, minor: *minor });
                }
            }
        }
        kept = kept_from(tx, connection, behind).await?;
    }
    counted(tx, connection, behind, None, &mut each).await
}

/// Some kept days, the oldest first, none of them before this one.
async fn kept_from(tx: &Tx, connection: ConnectionId, day: Option<i64>) -> Result<Vec<(i64, Orders)>, DbErr> {
    use commerce_day::{Column, Entity};
    Entity::find()
        .select_only()
        .columns([Column::Day, Column::Orders])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Day.gte(day.unwrap_or(i64::MIN)))
        .order_by_asc(Column::Day)
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await
}

/// Counts the orders of some days one by one.
async fn counted(
    tx: &Tx,
    connection: ConnectionId,
    from: Option<i64>,
    until: Option<i64>,
    each: &mut impl FnMut(Sold<'_>),
) -> Result<(), DbErr> {
    let orders = made(connection, from.and_then(start_of), until.and_then(start_of));
    let mut orders = orders.into_tuple::<Row>().stream(tx.inner()).await?;
    while let Some((_, at, customer, currency, minor)) = orders.try_next().await? {
        each(Sold { at, customer: customer.as_deref(), currency: &currency, count: 1, minor });
    }
    Ok(())
}

/// When an order was made and when it was paid, who bought, and for how much.
type Row = (DateTimeUtc, DateTimeUtc, Option<String>, String, i64);

/// The orders that were made in a stretch of time.
fn made(connection: ConnectionId, from: Option<DateTimeUtc>, until: Option<DateTimeUtc>) -> Select<order::Entity> {
    use order::{Column, Entity};
    let paid_at = Func::coalesce([Expr::col(Column::ClosedAt), Expr::col(Column::CreatedAt)]);
    let mut orders = Entity::find()
        .select_only()
        .column(Column::CreatedAt)
        .expr(Expr::expr(paid_at))
        .columns([Column::CustomerId, Column::Currency, Column::TotalMinor])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null());
    if let Some(from) = from {
        orders = orders.filter(Column::CreatedAt.gte(from));
    }
    if let Some(until) = until {
        orders = orders.filter(Column::CreatedAt.lt(until));
    }
    orders
}

/// What is kept of some days: the orders that were made on each. One whose sums cannot be counted is left out.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn of_days(
    tx: &Tx,
    connection: ConnectionId,
    days: Range<i64>,
) -> Result<BTreeMap<i64, Vec<Ordered>>, DbErr> {
    /// By currency, and then by quarter and customer: how many and their sum.
    type Sums = BTreeMap<String, BTreeMap<(i64, Option<String>), (i64, i64)>>;
    let Some((from, until)) = start_of(days.start).zip(start_of(days.end)) else { return Ok(BTreeMap::new()) };
    let mut sums: BTreeMap<i64, Option<Sums>> = days.map(|day| (day, Some(Sums::new()))).collect();
    let mut orders = made(connection, Some(from), Some(until)).into_tuple::<Row>().stream(tx.inner()).await?;
    while let Some((made_at, at, customer, currency, minor)) = orders.try_next().await? {
        let Some(of) = sums.get_mut(&day_of(made_at)) else { continue };
        let Some(day) = of else { continue };
        let quarter = at.timestamp().div_euclid(QUARTER);
        let sum = day.entry(currency).or_default().entry((quarter, customer)).or_default();
        match sum.1.checked_add(minor) {
            Some(minor) => *sum = (sum.0 + 1, minor),
            None => *of = None,
        }
    }
    let ordered = |(currency, parts): (_, BTreeMap<_, _>)| {
        let part = |((quarter, customer), (count, minor))| (quarter, customer, count, minor);
        Ordered { currency, parts: parts.into_iter().map(part).collect() }
    };
    let day = |(day, sums): (i64, Option<Sums>)| Some((day, sums?.into_iter().map(ordered).collect()));
    Ok(sums.into_iter().filter_map(day).collect())
}
