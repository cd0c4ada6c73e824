//! Payouts as the API shows them: what each is made of.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::{payout, payout_content, payout_transaction, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, Expr, Func, Query};
use sea_orm::{ExprTrait, FromQueryResult, JoinType, QueryResult, QuerySelect};

use super::Tx;
use super::lists::{self, Listed, Listing, Noun};
use super::records::{self, Rows, Streamed};
use super::records_read::PAYOUT;
use base::boxed;

/// A payout, with what is known of its content.
#[derive(Debug)]
pub struct Row {
    /// The payout.
    pub payout: payout::Model,
    /// Its content; none while it was never looked at.
    pub content: Option<payout_content::Model>,
}

/// Begins the names of the columns of its content.
const CONTENT: &str = "content_";

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self { payout: payout::Model::from_query_result(row, prefix)?, content: records::if_there(row, CONTENT)? })
    }
}

impl Listed for payout::Entity {
    const NOUN: &'static Noun = &PAYOUT;
    const DATA_TYPE: DataType = DataType::Payouts;
    type Row = Row;

    fn widened(rows: Select<Self>) -> Select<Self> {
        use payout_content::{Column, Entity};
        let content: RelationDef = Self::belongs_to(Entity)
            .from((payout::Column::ConnectionId, payout::Column::Id))
            .to((Column::ConnectionId, Column::PayoutId))
            .into();
        records::with_columns::<Self, Entity>(rows.join(JoinType::LeftJoin, content), CONTENT)
    }
}

/// As the API shows it; a payout's own proof is told by the sync's [`sync::payouts::proof`], by the same rules.
pub(super) fn proof() -> Expr {
    use payout::Column::{AmountMinor, Reconciliation};
    use payout_content::{Column, Entity, State};
    let own = |column| Expr::col((payout::Entity, column));
    let of = |column| Expr::col((Entity, column));
    let sums_up = CaseStatement::new().case(of(Column::NetMinor).eq(own(AmountMinor)), "proven").finally("mismatch");
    let known = CaseStatement::new()
        .case(of(Column::State).eq(State::Unavailable), "notPossible")
        .case(of(Column::State).eq(State::Complete), sums_up);
    let known = Query::select()
        .expr(known)
        .from(Entity)
        .and_where(of(Column::ConnectionId).eq(own(payout::Column::ConnectionId)))
        .and_where(of(Column::PayoutId).eq(own(payout::Column::Id)))
        .to_owned();
    CaseStatement::new()
        .case(own(Reconciliation).eq("not_applicable"), "notPossible")
        .finally(Expr::from(Func::coalesce([Expr::from(known), Expr::value("pending")])))
        .into()
}

/// Whether what it is made of is known, as the API shows it.
pub(super) fn state() -> Expr {
    CaseStatement::new()
        .case(proof().eq("notPossible"), "unavailable")
        .case(proof().eq("pending"), "pending")
        .finally("complete")
        .into()
}

/// One page of what a payout is made of: balance transactions before fees and, as records of their own, their fees, so that
/// the amounts add up to the payout; with the objects of these kinds.
///
/// # Errors
/// When the database does not answer; also later, in the place of a transaction.
#[boxed]
pub async fn transactions<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    payout: &str,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Streamed<'a, transaction::Model>, DbErr> {
    records::page_of(tx, of_payout(connection, payout), connection, listing, kinds).await
}

/// All of these transactions that the listing's filter leaves, in its order.
///
/// # Errors
/// When the database does not answer; also later, in the place of a transaction.
#[boxed]
pub async fn all_transactions<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    payout: &str,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Rows<'a, transaction::Model>, DbErr> {
    records::all_of(tx, of_payout(connection, payout), connection, listing, kinds).await
}

fn of_payout(connection: ConnectionId, payout: &str) -> Select<transaction::Entity> {
    use payout_transaction::{Column, Entity};
    let ids = Query::select()
        .column(Column::TransactionId)
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ConnectionId)).eq(connection))
        .and_where(Expr::col((Entity, Column::PayoutId)).eq(payout))
        .to_owned();
    // Fees have their transaction as their parent; a transaction is its own.
    lists::of_connection::<transaction::Entity>(connection).filter(transaction::Column::ParentId.in_subquery(ids))
}
