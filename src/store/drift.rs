//! Drift: what is kept, compared with what should be; and what was found so.
//!
//! A stored hash is never trusted here: the kept content itself is compared, and the hash is checked against it. What
//! was found is *distrusted*, so that keeping the right content writes it whatever its row claims.

use entity::id::ConnectionId;
use entity::source_object::{self, Column};
use entity::{drift, quarantined};
use sea_orm::ExprTrait;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde_json::Value;

use super::lists::{self, Found, Listing, Noun, field};
use crate::Executor;
use crate::Tx;
use base::boxed;
use base::query::Kind;

/// What can be asked of drift.
pub static NOUN: Noun = Noun {
    name: "Drift",
    fields: &[
        field("objectId", Kind::Id, "object_id"),
        field("object", Kind::Text, "object"),
        field("dataType", Kind::Text, "data_type"),
        field("layer", Kind::Text, "layer"),
        field("kind", Kind::Text, "kind"),
        field("foundDate", Kind::Date, "found_at"),
    ],
};

/// Keeps what was found.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(tx: &Tx, rows: Vec<drift::Model>) -> Result<(), DbErr> {
    let rows: Vec<_> = rows.into_iter().map(drift::ActiveModel::from).collect();
    for rows in rows.chunks(super::ROWS) {
        drift::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// One page of what was found, newest first unless an order is given.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn page(
    db: &dyn Executor,
    connection: ConnectionId,
    listing: &Listing,
) -> Result<Found<drift::Model>, DbErr> {
    let rows = drift::Entity::find().filter(drift::Column::ConnectionId.eq(connection));
    lists::page(db, rows, "found_at", listing).await
}

/// A source object as it is kept, with its own claims about itself.
#[derive(Clone, Debug)]
pub struct Held {
    /// Stripe's id.
    pub id: String,
    /// The JSON that is kept; none when it does not read.
    pub body: Option<Value>,
    /// Whether the row's hash is that of its body.
    pub sound: bool,
    /// The object that it hangs on.
    pub parent_id: Option<String>,
    /// Stripe's `created`, as the row says.
    pub created: Option<i64>,
    /// The reading that it comes from.
    pub read_no: i64,
    /// Whether it is there, and not marked as gone.
    pub live: bool,
}

/// The source objects of a kind with these ids, gone ones among them.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn held(
    db: &dyn Executor,
    connection: ConnectionId,
    object: &str,
    ids: Vec<String>,
) -> Result<Vec<Held>, DbErr> {
    let rows = source_object::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(object))
        .filter(Column::Id.is_in(ids))
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(opened).collect())
}

fn opened(row: source_object::Model) -> Held {
    let raw = super::source_objects::unpack(&row.body, row.codec).ok();
    Held {
        sound: raw.as_ref().is_some_and(|raw| super::hash(raw) == row.body_hash),
        body: raw.and_then(|raw| serde_json::from_slice(&raw).ok()),
        id: row.id,
        parent_id: row.parent_id,
        created: row.source_created,
        read_no: row.read_no,
        live: row.deleted_at.is_none(),
    }
}

/// The ids of the objects of a kind that are there and were made in these seconds, the last one excluded. From second 0
/// on those without a second count, too. At most `limit`, in no order.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn made_in(
    db: &dyn Executor,
    connection: ConnectionId,
    object: &str,
    seconds: (i64, Option<i64>),
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let (from, below) = seconds;
    let mut made = Expr::col(Column::SourceCreated).gte(from);
    if let Some(below) = below {
        made = made.and(Expr::col(Column::SourceCreated).lt(below));
    }
    if from == 0 {
        made = made.or(Expr::col(Column::SourceCreated).is_null()).or(Expr::col(Column::SourceCreated).lt(0));
    }
    source_object::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(object))
        .filter(Column::DeletedAt.is_null())
        .filter(made)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// The next source objects of a kind, behind an id, each with its `status`; one that does not read has none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn behind(
    db: &dyn Executor,
    connection: ConnectionId,
    object: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, Option<String>)>, DbErr> {
    #[derive(serde::Deserialize)]
    struct Standing {
        status: Option<String>,
    }
    let rows = source_object::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(object))
        .filter(Column::Id.gt(after))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db)
        .await?;
    let status = |row: &source_object::Model| {
        let raw = super::source_objects::unpack(&row.body, row.codec).ok()?;
        serde_json::from_slice::<Standing>(&raw).ok()?.status
    };
    Ok(rows.into_iter().map(|row| (status(&row), row.id)).map(|(status, id)| (id, status)).collect())
}

/// Lets the next content of these source objects be kept, whatever their rows claim.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn distrust(tx: &Tx, connection: ConnectionId, object: &str, ids: Vec<String>) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    source_object::Entity::update_many()
        .col_expr(Column::BodyHash, Expr::value(0_i64))
        .col_expr(Column::ReadNo, Expr::value(0_i64))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(object))
        .filter(Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether an object is set aside: then it has no record, and lacks none.
///
/// # Errors
/// When the database does not answer.
pub async fn is_set_aside(db: &dyn Executor, connection: ConnectionId, object: &str, id: &str) -> Result<bool, DbErr> {
    let key = (connection, object.to_owned(), id.to_owned());
    Ok(quarantined::Entity::find_by_id(key).one(&db).await?.is_some())
}
