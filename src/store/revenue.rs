//! Revenue in sums: what moved the balance is kept by day once it was counted, so that a year is not counted again and again.
//!
//! The transactions stay what the figures come from. Whoever changes one deletes its day in the same transaction, and a day
//! is kept only when nothing was changed since it was counted; what is not kept is counted from the transactions. So a
//! figure is never older than the records that the same reader sees.

use std::collections::BTreeMap;
use std::ops::Range;

use entity::id::ConnectionId;
use entity::revenue_day::{self, Series};
use entity::transaction::{self, Type};
use entity::{feed_head, sync_head};
use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, Condition, ExprTrait, QueryOrder, QuerySelect};

use crate::store::{self, Db, Tx};

/// Stripe's words for money that a dispute took, and for what came back of it.
const DISPUTES: [&str; 2] = ["dispute", "dispute_reversal"];
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds of one of a day's parts: every time zone's days begin with one of them.
const PART: i64 = 900;
/// Days that are counted at a time.
const BATCH: i32 = 64;

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

/// A stretch of time: from its first moment to the one behind its last.
pub type Stretch = (DateTimeUtc, DateTimeUtc);

/// What moved the balance in each of some stretches of time, of which none begins before the one in front of it; fees as
/// their own; nothing but sales, refunds, disputes and fees. A kind may come several times: each is a part of the sum.
///
/// # Errors
/// When the database does not answer, or a sum is beyond what it can count.
pub async fn moved(tx: &Tx, connection: ConnectionId, stretches: &[Stretch]) -> Result<Vec<Vec<Moved>>, DbErr> {
    let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return Ok(Vec::new()) };
    let kept = revenue_day::Entity::find()
        .filter(revenue_day::Column::ConnectionId.eq(connection))
        .filter(revenue_day::Column::Day.between(day_of(first.0), day_of(last.1)));
    let kept: BTreeMap<i32, Vec<Series>> = kept.all(tx).await?.into_iter().map(|row| (row.day, row.series)).collect();
    let mut all = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let (mut rows, rest) = add_up(&kept, *stretch);
        for (from, until) in rest {
            rows.extend(counted(tx, connection, from, until).await?);
        }
        all.push(rows);
    }
    Ok(all)
}

/// What the kept days tell of a stretch, and the stretches in it of which they tell nothing.
fn add_up(kept: &BTreeMap<i32, Vec<Series>>, (from, until): Stretch) -> (Vec<Moved>, Vec<Stretch>) {
    let (mut rows, mut rest) = (Vec::new(), Vec::new());
    let (mut behind, end) = (from, until);
    for (day, series) in kept.range(day_of(from)..=day_of(until)) {
        let Some(own) = start_of(*day).zip(start_of(day + 1)) else { continue };
        let (from, until) = (Ord::max(own.0, from), Ord::min(own.1, until));
        let Some((first, next)) = part_of(own.0, from).zip(part_of(own.0, until)) else { continue };
        if from >= until {
            continue;
        }
        if behind < from {
            rest.push((behind, from));
        }
        behind = until;
        for one in series {
            let parts = one.parts.iter().filter(|(part, ..)| (first..next).contains(&i64::from(*part)));
            rows.extend(parts.map(|(_, count, minor)| Moved {
                currency: one.currency.clone(),
                kind: one.kind,
                count: *count,
                minor: *minor,
            }));
        }
    }
    if behind < end {
        rest.push((behind, end));
    }
    (rows, rest)
}

/// Counts a stretch of time from the transactions.
async fn counted(
    tx: &Tx,
    connection: ConnectionId,
    from: DateTimeUtc,
    until: DateTimeUtc,
) -> Result<Vec<Moved>, DbErr> {
    use transaction::Column;
    let rows: Vec<(String, Type, i64, i64)> = moving(connection, from, until)
        .column(Column::Currency)
        .column(Column::Type)
        .expr(Expr::col(Column::TotalMinor).count())
        .expr(Expr::col(Column::TotalMinor).sum().cast_as("BIGINT"))
        .group_by(Column::Currency)
        .group_by(Column::Type)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|(currency, kind, count, minor)| Moved { currency, kind, count, minor }).collect())
}

/// The transactions of a stretch of time that are revenue.
fn moving(connection: ConnectionId, from: DateTimeUtc, until: DateTimeUtc) -> Select<transaction::Entity> {
    use transaction::Column;
    let kinds = [Type::Payment, Type::Refund, Type::PaymentFee, Type::PaymentFeeRefund];
    let disputes = Column::Type.eq(Type::Unknown).and(Column::ReportingCategory.is_in(DISPUTES));
    transaction::Entity::find()
        .select_only()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(until))
        .filter(Condition::any().add(Column::Type.is_in(kinds)).add(disputes))
}

/// Forgets the days of some moments: call it in the transaction that changes what moved the balance then.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &Tx, connection: ConnectionId, moments: &[DateTimeUtc]) -> Result<(), DbErr> {
    let mut days: Vec<i32> = moments.iter().map(|moment| day_of(*moment)).collect();
    days.sort_unstable();
    days.dedup();
    for days in days.chunks(store::ROWS) {
        revenue_day::Entity::delete_many()
            .filter(revenue_day::Column::ConnectionId.eq(connection))
            .filter(revenue_day::Column::Day.is_in(days.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The whole days of a stretch, in UTC and from the connection's first transaction on, of which no sums are kept: in runs
/// for [`keep`].
///
/// # Errors
/// When the database does not answer.
pub async fn missing(db: &Db, connection: ConnectionId, (from, until): Stretch) -> Result<Vec<Range<i32>>, DbErr> {
    let Some(first) = first_day(db, connection).await? else { return Ok(Vec::new()) };
    let wanted = Ord::max(first, day_of(from))..day_of(until);
    let kept = kept_days(db, connection, &wanted).await?;
    let (mut runs, mut behind) = (Vec::new(), wanted.start);
    for day in kept.into_iter().chain([wanted.end]) {
        while behind < day {
            let next = Ord::min(day, behind + BATCH);
            runs.push(behind..next);
            behind = next;
        }
        behind = Ord::max(behind, day + 1);
    }
    Ok(runs)
}

/// The day of the connection's first transaction.
async fn first_day(db: &Db, connection: ConnectionId) -> Result<Option<i32>, DbErr> {
    use transaction::Column;
    let first: Option<DateTimeUtc> = transaction::Entity::find()
        .select_only()
        .column(Column::CreatedAt)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::CreatedAt)
        .into_tuple()
        .one(db)
        .await?;
    Ok(first.map(day_of))
}

async fn kept_days(db: &Db, connection: ConnectionId, wanted: &Range<i32>) -> Result<Vec<i32>, DbErr> {
    use revenue_day::Column;
    revenue_day::Entity::find()
        .select_only()
        .column(Column::Day)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Day.gte(wanted.start))
        .filter(Column::Day.lt(wanted.end))
        .order_by_asc(Column::Day)
        .into_tuple()
        .all(db)
        .await
}

/// Counts some days and keeps their sums, unless something of the connection was changed meanwhile: then they are left for
/// the next time. Returns how many were kept.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(db: &Db, connection: ConnectionId, days: Range<i32>) -> Result<usize, DbErr> {
    let reading = store::read(db).await?;
    let Some(before) = changes(&reading, connection).await? else { return Ok(0) };
    let rows = count_days(&reading, connection, days).await?;
    drop(reading);
    let tx = store::write(db).await?;
    // Pages share this row until they commit: what one of them has changed is seen below, or it waits and forgets the day.
    let head = sync_head::Entity::find_by_id(connection).lock_exclusive().one(&tx).await?;
    if head.is_none() || changes(&tx, connection).await? != Some(before) {
        return Ok(0);
    }
    let count = rows.len();
    let there =
        OnConflict::columns([revenue_day::Column::ConnectionId, revenue_day::Column::Day]).do_nothing().to_owned();
    for rows in rows.chunks(store::ROWS) {
        let rows = rows.iter().cloned();
        revenue_day::Entity::insert_many(rows).on_conflict(there.clone()).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// How often a connection's records were changed; none when it was never taken, or is deleted.
async fn changes(db: &Tx, connection: ConnectionId) -> Result<Option<i64>, DbErr> {
    Ok(feed_head::Entity::find_by_id(connection).one(db).await?.map(|head| head.seq))
}

/// The sums of one day: by currency and kind, and then by part, how many and their sum.
type Sums = BTreeMap<(String, &'static str), (Type, BTreeMap<u8, (i64, i64)>)>;

/// Counts days from the transactions. One whose sums cannot be counted is left out.
async fn count_days(
    tx: &Tx,
    connection: ConnectionId,
    days: Range<i32>,
) -> Result<Vec<revenue_day::ActiveModel>, DbErr> {
    use transaction::Column;
    let Some((from, until)) = start_of(days.start).zip(start_of(days.end)) else { return Ok(Vec::new()) };
    let rows = moving(connection, from, until)
        .columns([Column::CreatedAt, Column::Currency, Column::Type, Column::TotalMinor])
        .into_tuple::<(DateTimeUtc, String, Type, i64)>();
    let mut sums: BTreeMap<i32, Option<Sums>> = days.map(|day| (day, Some(Sums::new()))).collect();
    let mut rows = rows.stream(tx.inner()).await?;
    while let Some((at, currency, kind, minor)) = rows.try_next().await? {
        let Some(own) = sums.get_mut(&day_of(at)) else { continue };
        if own.as_mut().and_then(|own| add(own, at, currency, kind, minor)).is_none() {
            *own = None;
        }
    }
    let row = |(day, sums): (i32, Option<Sums>)| {
        let series = sums?.into_iter().map(|((currency, _), (kind, parts))| Series {
            currency,
            kind,
            parts: parts.into_iter().map(|(part, (count, sum))| (part, count, sum)).collect(),
        });
        Some(revenue_day::ActiveModel { connection_id: Set(connection), day: Set(day), series: Set(series.collect()) })
    };
    Ok(sums.into_iter().filter_map(row).collect())
}

/// Adds a transaction to its day; none when the sum is beyond what can be counted.
fn add(sums: &mut Sums, at: DateTimeUtc, currency: String, kind: Type, minor: i64) -> Option<()> {
    let part = u8::try_from(at.timestamp().rem_euclid(DAY) / PART).ok()?;
    let (_, parts) = sums.entry((currency, kind.as_str())).or_insert_with(|| (kind, BTreeMap::new()));
    let (count, sum) = parts.entry(part).or_default();
    (*count, *sum) = (*count + 1, sum.checked_add(minor)?);
    Some(())
}

/// Days from 1970-01-01 to the day of a moment, in UTC.
fn day_of(moment: DateTimeUtc) -> i32 {
    i32::try_from(moment.timestamp().div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// When a day begins; none at the end of all time.
fn start_of(day: i32) -> Option<DateTimeUtc> {
    DateTimeUtc::from_timestamp(i64::from(day) * DAY, 0)
}

/// Which part of a day begins with a moment; none when it lies within one.
fn part_of(day: DateTimeUtc, moment: DateTimeUtc) -> Option<i64> {
    let since = moment - day;
    (since.subsec_nanos() == 0 && since.num_seconds() % PART == 0).then(|| since.num_seconds() / PART)
}
