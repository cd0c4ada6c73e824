//! What payouts are made of.

use std::collections::HashMap;

use entity::change::Kind;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::payout_content::{self, Column, State};
use entity::{payout, payout_transaction, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QueryResult, QuerySelect};

use crate::Executor;
use crate::Tx;
use crate::bulk::Changed;
use base::boxed;

/// Payouts whose content Stripe has finished and we have not read, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn unread(db: &dyn Executor, connection: ConnectionId, limit: u64) -> Result<Vec<String>, DbErr> {
    let known = Query::select()
        .column(Column::PayoutId)
        .from(payout_content::Entity)
        .and_where(Column::ConnectionId.eq(connection))
        .and_where(Column::State.ne(State::Pending))
        .to_owned();
    payout::Entity::find()
        .select_only()
        .column(payout::Column::Id)
        .filter(payout::Column::ConnectionId.eq(connection))
        .filter(payout::Column::Reconciliation.eq("completed"))
        .filter(payout::Column::DeletedAt.is_null())
        .filter(Expr::col(payout::Column::Id).not_in_subquery(known))
        .order_by_asc(payout::Column::CreatedAt)
        .order_by_asc(payout::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// Keeps what a payout is made of. Returns the change of the payout, which shows it, when it was not known so before.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn keep(
    tx: &Tx,
    content: payout_content::Model,
    transactions: Vec<String>,
) -> Result<Option<Changed>, DbErr> {
    let (connection, payout, now) = (content.connection_id, content.payout_id.clone(), content.read_at);
    let before = payout_content::Entity::find_by_id((connection, payout.clone())).one(tx).await?;
    let shown = |row: &payout_content::Model| (row.state, row.count, row.net_minor);
    let changes = before.as_ref().map(shown) != Some(shown(&content));
    payout_transaction::Entity::delete_many()
        .filter(payout_transaction::Column::ConnectionId.eq(connection))
        .filter(payout_transaction::Column::PayoutId.eq(&payout))
        .exec(tx)
        .await?;
    for ids in transactions.chunks(super::ROWS) {
        let row = |id: &String| payout_transaction::ActiveModel {
            connection_id: Set(connection),
            payout_id: Set(payout.clone()),
            transaction_id: Set(id.clone()),
        };
        let rows: Vec<_> = ids.iter().map(row).collect();
        payout_transaction::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let newest = OnConflict::columns([Column::ConnectionId, Column::PayoutId])
        .update_columns([Column::State, Column::Count, Column::NetMinor, Column::ReadNo, Column::ReadAt])
        .to_owned();
    let row = payout_content::ActiveModel::from(content);
    payout_content::Entity::insert(row).on_conflict(newest).exec_without_returning(tx).await?;
    if !changes {
        return Ok(None);
    }
    let shown = payout::Entity::update_many()
        .col_expr(payout::Column::ModifiedAt, Expr::value(now))
        .filter(payout::Column::ConnectionId.eq(connection))
        .filter(payout::Column::Id.eq(&payout))
        .filter(payout::Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    let changed = || Changed { data_type: DataType::Payouts, id: payout, kind: Kind::Updated };
    Ok((shown.rows_affected > 0).then(changed))
}

/// The earliest `created` of transactions that should be available by now and are still pending here.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn pending_since(
    db: &dyn Executor,
    connection: ConnectionId,
    now: DateTimeUtc,
) -> Result<Option<DateTimeUtc>, DbErr> {
    transaction::Entity::find()
        .select_only()
        .column(transaction::Column::CreatedAt)
        .filter(transaction::Column::ConnectionId.eq(connection))
        .filter(transaction::Column::Status.eq("pending"))
        .filter(transaction::Column::AvailableAt.lte(now))
        .order_by_asc(transaction::Column::CreatedAt)
        .limit(1)
        .into_tuple()
        .one(&db)
        .await
}

/// What is known of a payout's content, beside what the kept rows add up to.
#[derive(Clone, Debug)]
pub struct Check {
    /// The payout.
    pub payout: String,
    /// Its amount in minor units.
    pub amount_minor: i64,
    /// What was read, when it was read to its end.
    pub content: Option<payout_content::Model>,
    /// How many of its transactions are kept.
    pub count: i64,
    /// Their net amounts; none when the sum is beyond what can be counted.
    pub net_minor: Option<i64>,
}

impl Check {
    /// Whether its content was read to its end.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.content.is_some()
    }

    /// Whether the transactions that are kept are those that were read.
    #[must_use]
    pub fn is_as_read(&self) -> bool {
        self.content.as_ref().is_some_and(|read| read.count == self.count && Some(read.net_minor) == self.net_minor)
    }

    /// Whether they are, and add up to the payout's amount.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.is_as_read() && self.net_minor == Some(self.amount_minor)
    }
}

/// The next finished payouts, behind an id, of those made from a time on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn checks(
    db: &dyn Executor,
    connection: ConnectionId,
    from: DateTimeUtc,
    after: &str,
    limit: u64,
) -> Result<Vec<Check>, DbErr> {
    let payouts: Vec<(String, i64)> = payout::Entity::find()
        .select_only()
        .columns([payout::Column::Id, payout::Column::AmountMinor])
        .filter(payout::Column::ConnectionId.eq(connection))
        .filter(payout::Column::Reconciliation.eq("completed"))
        .filter(payout::Column::DeletedAt.is_null())
        .filter(payout::Column::CreatedAt.gte(from))
        .filter(payout::Column::Id.gt(after))
        .order_by_asc(payout::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await?;
    let ids: Vec<String> = payouts.iter().map(|(id, _)| id.clone()).collect();
    let known = payout_content::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::State.eq(State::Complete))
        .filter(Column::PayoutId.is_in(ids.iter().map(String::as_str)))
        .all(&db)
        .await?;
    let mut known: HashMap<String, payout_content::Model> =
        known.into_iter().map(|row| (row.payout_id.clone(), row)).collect();
    let sums = sums(db, connection, ids).await?;
    let check = |(payout, amount_minor): (String, i64)| {
        let (count, net_minor) = sums.get(&payout).copied().unwrap_or((0, Some(0)));
        Check { content: known.remove(&payout), payout, amount_minor, count, net_minor }
    };
    Ok(payouts.into_iter().map(check).collect())
}

/// Amounts are summed in two parts, so that no database meets a sum beyond its integers.
const PART: i64 = 1_000_000;

/// Count and net amounts of the transactions that are kept of these payouts, summed up where they are: a payout may be
/// made of any number of them.
async fn sums(
    db: &dyn Executor,
    connection: ConnectionId,
    payouts: Vec<String>,
) -> Result<HashMap<String, (i64, Option<i64>)>, DbErr> {
    use payout_transaction::Column as Link;
    use transaction::Column as Moved;
    let net = || Expr::col((transaction::Entity, Moved::NetMinor));
    let payout = (payout_transaction::Entity, Link::PayoutId);
    let mut rows = Query::select();
    rows.column(payout)
        .expr(Expr::col((transaction::Entity, Moved::Id)).count())
        .expr(net().count())
        .expr(net().div(PART).sum().cast_as("bigint"))
        .expr(net().modulo(PART).sum().cast_as("bigint"))
        .from(payout_transaction::Entity)
        .inner_join(
            transaction::Entity,
            Expr::col((transaction::Entity, Moved::ConnectionId))
                .equals((payout_transaction::Entity, Link::ConnectionId))
                .and(
                    Expr::col((transaction::Entity, Moved::Id))
                        .equals((payout_transaction::Entity, Link::TransactionId)),
                ),
        )
        .and_where(Expr::col((payout_transaction::Entity, Link::ConnectionId)).eq(connection))
        .and_where(Expr::col(payout).is_in(payouts))
        .and_where(Expr::col((transaction::Entity, Moved::DeletedAt)).is_null())
        .group_by_col(payout);
    db.query_all(&rows).await?.iter().map(sum).collect()
}

/// A payout, how many transactions it has, and their net amounts; none when one has none, or the sum is beyond counting.
fn sum(row: &QueryResult) -> Result<(String, (i64, Option<i64>)), DbErr> {
    let (payout, count, with_net): (String, i64, i64) =
        (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    let (large, small): (Option<i64>, Option<i64>) = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
    let net = || large?.checked_mul(PART)?.checked_add(small?);
    Ok((payout, (count, (count == with_net).then(net).flatten())))
}

/// Forgets what a payout is made of, so that it is read again.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(tx: &Tx, connection: ConnectionId, payout: &str) -> Result<(), DbErr> {
    payout_content::Entity::delete_many()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::PayoutId.eq(payout))
        .exec(tx)
        .await?;
    Ok(())
}
