//! What the metrics are counted from is kept by day once it was counted, so that years are not counted again and again.
//!
//! The records stay what the figures come from. Whoever changes one deletes its day in the same transaction, and a day is
//! kept only when nothing was changed since it was counted; what is not kept is counted from the records. So a figure is
//! never older than the records that the same reader sees.

use std::ops::Range;

use entity::commerce_day::{ActiveModel, Column, Entity, Orders, Revenue};
use entity::id::ConnectionId;
use entity::{feed_head, order, sync_head, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ExprTrait, Order, QueryOrder, QuerySelect};

use crate::{Db, Tx, orders, revenue};
use base::boxed;
use base::clock::day_of;

/// Days that are counted at a time.
const BATCH: i64 = 64;

/// Keeps all days that are over, the newest first: those are what is asked for most. Whoever stops it in the middle leaves
/// what is kept by then.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn keep_all(db: &Db, connection: ConnectionId, now: DateTimeUtc) -> Result<(), DbErr> {
    for days in missing(db, connection, now).await?.into_iter().rev() {
        keep(db, connection, days).await?;
    }
    Ok(())
}

/// The days before today that are not kept, in UTC and from the connection's first record on: in runs for [`keep`].
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn missing(db: &Db, connection: ConnectionId, now: DateTimeUtc) -> Result<Vec<Range<i64>>, DbErr> {
    let Some(first) = first_day(db, connection).await? else { return Ok(Vec::new()) };
    let wanted = first..day_of(now);
    let kept: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Day)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Day.gte(wanted.start))
        .filter(Column::Day.lt(wanted.end))
        .order_by_asc(Column::Day)
        .into_tuple()
        .all(db)
        .await?;
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

/// The day of the connection's first transaction or order.
async fn first_day(db: &Db, connection: ConnectionId) -> Result<Option<i64>, DbErr> {
    let transaction = first_made::<transaction::Entity>(db, connection).await?;
    let order = first_made::<order::Entity>(db, connection).await?;
    Ok(transaction.into_iter().chain(order).min().map(day_of))
}

async fn first_made<E: EntityTrait>(db: &Db, connection: ConnectionId) -> Result<Option<DateTimeUtc>, DbErr> {
    E::find()
        .select_only()
        .expr(Expr::col("created_at"))
        .filter(Expr::col("connection_id").eq(connection))
        .filter(Expr::col("deleted_at").is_null())
        .order_by(Expr::col("created_at"), Order::Asc)
        .into_tuple()
        .one(db)
        .await
}

/// Counts some days and keeps them, unless something of the connection was changed meanwhile: then they are left for the
/// next time. Returns how many were kept.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn keep(db: &Db, connection: ConnectionId, days: Range<i64>) -> Result<usize, DbErr> {
    let reading = crate::read(db).await?;
    let Some(before) = changes(&reading, connection).await? else { return Ok(0) };
    let mut orders = orders::of_days(&reading, connection, days.clone()).await?;
    let revenue = revenue::of_days(&reading, connection, days).await?;
    drop(reading);
    // A day whose sums are beyond what can be counted is in neither.
    let row = |(day, revenue)| {
        let orders = orders.remove(&day)?;
        Some(ActiveModel {
            connection_id: Set(connection),
            day: Set(day),
            revenue: Set(Revenue(revenue)),
            orders: Set(Orders(orders)),
        })
    };
    let rows: Vec<ActiveModel> = revenue.into_iter().filter_map(row).collect();
    let tx = crate::write(db).await?;
    // Pages share this row until they commit: what one of them has changed is seen below, or it waits and forgets the day.
    let head = sync_head::Entity::find_by_id(connection).lock_exclusive().one(&tx).await?;
    if head.is_none() || changes(&tx, connection).await? != Some(before) {
        return Ok(0);
    }
    let there = OnConflict::columns([Column::ConnectionId, Column::Day]).do_nothing().to_owned();
    for rows in rows.chunks(crate::ROWS) {
        let rows = rows.iter().cloned();
        Entity::insert_many(rows).on_conflict(there.clone()).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

/// How often a connection's records were changed; none when it was never taken, or is deleted.
async fn changes(db: &Tx, connection: ConnectionId) -> Result<Option<i64>, DbErr> {
    Ok(feed_head::Entity::find_by_id(connection).one(db).await?.map(|head| head.seq))
}

/// Forgets the days of some moments: call it in the transaction that changes what was made then.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(tx: &Tx, connection: ConnectionId, moments: &[DateTimeUtc]) -> Result<(), DbErr> {
    let mut days: Vec<i64> = moments.iter().map(|moment| day_of(*moment)).collect();
    days.sort_unstable();
    days.dedup();
    for days in days.chunks(crate::ROWS) {
        Entity::delete_many()
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Day.is_in(days.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}
