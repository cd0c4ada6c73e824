//! Payouts as the API shows them: what each is made of.

use std::collections::HashMap;

use entity::id::ConnectionId;
use entity::{payout, payout_content, payout_transaction, transaction};
use futures::stream::{BoxStream, StreamExt};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ExprTrait, JoinType, QuerySelect};

use super::Tx;
use super::lists::{self, Found, Listing};

/// What is known of the content of these payouts.
///
/// # Errors
/// When the database does not answer.
pub async fn contents(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    payouts: &[&str],
) -> Result<HashMap<String, payout_content::Model>, DbErr> {
    use payout_content::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::PayoutId.is_in(payouts.iter().copied()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.payout_id.clone(), row)).collect())
}

/// One page of the balance transactions that a payout is made of, each without its fees' own records.
///
/// # Errors
/// When the database does not answer.
pub async fn transactions(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    payout: &str,
    listing: &Listing,
) -> Result<Found<transaction::Model>, DbErr> {
    lists::page(db, of_payout(connection, payout), "created_at", listing).await
}

/// All of these transactions that the listing's filter leaves, in its order, one after the other as the database gives them.
///
/// # Errors
/// When the database does not answer; also later, in the place of a transaction.
pub async fn all_transactions<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    payout: &str,
    listing: &Listing,
) -> Result<BoxStream<'a, Result<transaction::Model, DbErr>>, DbErr> {
    let rows = lists::whole(of_payout(connection, payout), listing, tx.get_database_backend());
    Ok(rows.stream(tx.inner()).await?.boxed())
}

fn of_payout(connection: ConnectionId, payout: &str) -> Select<transaction::Entity> {
    use payout_transaction::{Column, Entity};
    let ids = Query::select()
        .column(Column::TransactionId)
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ConnectionId)).eq(connection))
        .and_where(Expr::col((Entity, Column::PayoutId)).eq(payout))
        .to_owned();
    lists::of_connection::<transaction::Entity>(connection).filter(transaction::Column::Id.in_subquery(ids))
}

/// All payouts of a connection that the listing's filter leaves, in its order, each with what is known of its content, one
/// after the other as the database gives them.
///
/// # Errors
/// When the database does not answer; also later, in the place of a payout.
pub async fn stream<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    listing: &Listing,
) -> Result<BoxStream<'a, Result<(payout::Model, Option<payout_content::Model>), DbErr>>, DbErr> {
    use payout_content::Column;
    let content: RelationDef = payout::Entity::belongs_to(payout_content::Entity)
        .from((payout::Column::ConnectionId, payout::Column::Id))
        .to((Column::ConnectionId, Column::PayoutId))
        .into();
    let rows = lists::whole(lists::of_connection::<payout::Entity>(connection), listing, tx.get_database_backend());
    let rows = rows.join(JoinType::LeftJoin, content).select_also(payout_content::Entity);
    Ok(rows.stream(tx.inner()).await?.boxed())
}

/// All payouts of a connection, each with what is known of its content.
///
/// # Errors
/// When the database does not answer.
pub async fn with_contents(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
) -> Result<Vec<(payout::Model, Option<payout_content::Model>)>, DbErr> {
    use payout_content::{Column, Entity};
    let payouts = lists::of_connection::<payout::Entity>(connection).all(db).await?;
    let contents = Entity::find().filter(Column::ConnectionId.eq(connection)).all(db).await?;
    let mut contents: HashMap<String, payout_content::Model> =
        contents.into_iter().map(|row| (row.payout_id.clone(), row)).collect();
    let with = |row: payout::Model| {
        let content = contents.remove(&row.id);
        (row, content)
    };
    Ok(payouts.into_iter().map(with).collect())
}
