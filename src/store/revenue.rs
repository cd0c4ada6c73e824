//! Revenue: what moved the balance, added up from the kept days and, where none is kept, from the transactions.

use std::collections::BTreeMap;
use std::ops::Range;

use entity::commerce_day::{self, Moving, Revenue};
use entity::id::ConnectionId;
use entity::transaction::{self, Type};
use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::CaseStatement;
use sea_orm::{Condition, ExprTrait, QuerySelect};

use crate::Tx;
use base::boxed;
use base::clock::{DAY, QUARTER, day_of, start_of};

/// Stripe's words for money that a dispute took, and for what came back of it.
const DISPUTES: [&str; 2] = ["dispute", "dispute_reversal"];

/// Balance transactions of one kind in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The settlement currency.
    pub currency: String,
    /// Their type; [`Type::Unknown`] is a dispute's here.
    pub kind: Type,
    /// How many; a refund that failed and came back is in the sum, and not one more refund.
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
#[boxed]
pub async fn moved(tx: &Tx, connection: ConnectionId, stretches: &[Stretch]) -> Result<Vec<Vec<Moved>>, DbErr> {
    let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return Ok(Vec::new()) };
    let kept: Vec<(i64, Revenue)> = commerce_day::Entity::find()
        .select_only()
        .columns([commerce_day::Column::Day, commerce_day::Column::Revenue])
        .filter(commerce_day::Column::ConnectionId.eq(connection))
        .filter(commerce_day::Column::Day.between(day_of(first.0), day_of(last.1)))
        .into_tuple()
        .all(tx)
        .await?;
    let kept = kept.into_iter().collect();
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
fn add_up(kept: &BTreeMap<i64, Revenue>, (from, until): Stretch) -> (Vec<Moved>, Vec<Stretch>) {
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
        for one in &series.0 {
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
        .expr(number().sum().cast_as("BIGINT"))
        .expr(Expr::col(Column::TotalMinor).sum().cast_as("BIGINT"))
        .group_by(Column::Currency)
        .group_by(Column::Type)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|(currency, kind, count, minor)| Moved { currency, kind, count, minor }).collect())
}

/// What a transaction adds to the number of its kind: nothing, when a refund failed and comes back.
fn number() -> Expr {
    use transaction::Column;
    CaseStatement::new().case(Column::Type.eq(Type::Refund).and(Column::TotalMinor.gt(0)), 0).finally(1).into()
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

/// The sums of one day: by currency and kind, and then by part, how many and their sum.
type Sums = BTreeMap<(String, &'static str), (Type, BTreeMap<u8, (i64, i64)>)>;

/// What is kept of some days. One whose sums cannot be counted is left out.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn of_days(
    tx: &Tx,
    connection: ConnectionId,
    days: Range<i64>,
) -> Result<BTreeMap<i64, Vec<Moving>>, DbErr> {
    use transaction::Column;
    let Some((from, until)) = start_of(days.start).zip(start_of(days.end)) else { return Ok(BTreeMap::new()) };
    let rows = moving(connection, from, until)
        .columns([Column::CreatedAt, Column::Currency, Column::Type, Column::TotalMinor])
        .into_tuple::<(DateTimeUtc, String, Type, i64)>();
    let mut sums: BTreeMap<i64, Option<Sums>> = days.map(|day| (day, Some(Sums::new()))).collect();
    let mut rows = rows.stream(tx.inner()).await?;
    while let Some((at, currency, kind, minor)) = rows.try_next().await? {
        let Some(own) = sums.get_mut(&day_of(at)) else { continue };
        if own.as_mut().and_then(|own| add(own, at, currency, kind, minor)).is_none() {
            *own = None;
        }
    }
    let moving = |((currency, _), (kind, parts)): (_, (_, BTreeMap<_, _>))| {
        let parts = parts.into_iter().map(|(part, (count, sum))| (part, count, sum)).collect();
        Moving { currency, kind, parts }
    };
    let day = |(day, sums): (_, Option<Sums>)| Some((day, sums?.into_iter().map(moving).collect()));
    Ok(sums.into_iter().filter_map(day).collect())
}

/// Adds a transaction to its day; none when the sum is beyond what can be counted.
fn add(sums: &mut Sums, at: DateTimeUtc, currency: String, kind: Type, minor: i64) -> Option<()> {
    let part = u8::try_from(at.timestamp().rem_euclid(DAY) / QUARTER).ok()?;
    let (_, parts) = sums.entry((currency, kind.as_str())).or_insert_with(|| (kind, BTreeMap::new()));
    let (count, sum) = parts.entry(part).or_default();
    let comes_back = kind == Type::Refund && minor > 0;
    (*count, *sum) = (*count + i64::from(!comes_back), sum.checked_add(minor)?);
    Some(())
}

/// Which part of a day begins with a moment; none when it lies within one.
fn part_of(day: DateTimeUtc, moment: DateTimeUtc) -> Option<i64> {
    let since = moment - day;
    (since.subsec_nanos() == 0 && since.num_seconds() % QUARTER == 0).then(|| since.num_seconds() / QUARTER)
}
