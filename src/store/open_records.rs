//! Records that are not final yet, and were made before a time: what is still to become of them changes nothing in a
//! list of what is new.

use entity::id::ConnectionId;
use entity::{dispute, payment, payout, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::{ExprTrait, QueryOrder, QuerySelect};

use crate::Executor;
use base::boxed;

/// Kinds of objects that may be open, each with Stripe's word.
pub const KINDS: [&str; 5] = ["charge", "refund", "dispute", "payout", "balance_transaction"];

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// Whose.
    pub connection: ConnectionId,
    /// Made before this time.
    pub before: DateTimeUtc,
    /// Now.
    pub now: DateTimeUtc,
    /// Payouts are open until they are older than this.
    pub payouts_from: DateTimeUtc,
    /// How many at most.
    pub limit: u64,
}

/// The next open objects of a kind, behind an id.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn next(db: &dyn Executor, kind: &str, after: &str, of: Looked) -> Result<Vec<String>, DbErr> {
    match kind {
        "charge" => payments(db, payment::Kind::Charge, after, of).await,
        "refund" => payments(db, payment::Kind::Refund, after, of).await,
        "dispute" => disputes(db, after, of).await,
        "payout" => payouts(db, after, of).await,
        "balance_transaction" => transactions(db, after, of).await,
        _ => Ok(Vec::new()),
    }
}

async fn payments(db: &dyn Executor, kind: payment::Kind, after: &str, of: Looked) -> Result<Vec<String>, DbErr> {
    use payment::{Column, Entity, Status};
    let open = Column::Status.is_in([Status::Pending, Status::Authorized, Status::Unknown]);
    ids(db, Entity::find().filter(Column::Kind.eq(kind)).filter(open), after, of).await
}

async fn disputes(db: &dyn Executor, after: &str, of: Looked) -> Result<Vec<String>, DbErr> {
    use dispute::{Column, Entity, Status};
    let ended = [Status::Won, Status::Lost, Status::Accepted, Status::ChargeRefunded, Status::InquiryClosed];
    ids(db, Entity::find().filter(Column::Status.is_not_in(ended)), after, of).await
}

async fn payouts(db: &dyn Executor, after: &str, of: Looked) -> Result<Vec<String>, DbErr> {
    use payout::{Column, Entity};
    ids(db, Entity::find().filter(Column::CreatedAt.gte(of.payouts_from)), after, of).await
}

async fn transactions(db: &dyn Executor, after: &str, of: Looked) -> Result<Vec<String>, DbErr> {
    use transaction::{Column, Entity};
    let late = Entity::find().filter(Column::Status.eq("pending")).filter(Column::AvailableAt.lte(of.now));
    ids(db, late, after, of).await
}

/// The ids of some records, in their order; every record's table has these columns.
async fn ids<E: EntityTrait>(
    db: &dyn Executor,
    rows: Select<E>,
    after: &str,
    of: Looked,
) -> Result<Vec<String>, DbErr> {
    rows.select_only()
        .expr(Expr::col("id"))
        .filter(Expr::col("connection_id").eq(of.connection))
        .filter(Expr::col("deleted_at").is_null())
        .filter(Expr::col("created_at").lt(of.before))
        .filter(Expr::col("id").gt(after))
        .order_by_asc(Expr::col("id"))
        .limit(of.limit)
        .into_tuple()
        .all(&db)
        .await
}
