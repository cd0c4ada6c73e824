//! What payouts are made of.

use entity::id::ConnectionId;
use entity::payout_content::{self, Column, State};
use entity::{payout, payout_transaction, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QuerySelect};

use crate::store::Tx;

/// Payouts whose content Stripe has finished and we have not read, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn unread(db: &impl ConnectionTrait, connection: ConnectionId, limit: u64) -> Result<Vec<String>, DbErr> {
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
        .all(db)
        .await
}

/// Keeps what a payout is made of.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(tx: &Tx, content: payout_content::Model, transactions: Vec<String>) -> Result<(), DbErr> {
    let (connection, payout) = (content.connection_id, content.payout_id.clone());
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
    Ok(())
}

/// The earliest `created` of transactions that should be available by now and are still pending here.
///
/// # Errors
/// When the database does not answer.
pub async fn pending_since(
    db: &impl ConnectionTrait,
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
        .one(db)
        .await
}

/// The newest `created` of the connection's transactions.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_transaction(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
) -> Result<Option<DateTimeUtc>, DbErr> {
    transaction::Entity::find()
        .select_only()
        .column(transaction::Column::CreatedAt)
        .filter(transaction::Column::ConnectionId.eq(connection))
        .order_by_desc(transaction::Column::CreatedAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}
