//! Objects that could not be mapped, with the reason.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::quarantined::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QuerySelect};

use super::lists::{self, Found, Listing, Noun, field};
use crate::Executor;
use crate::Tx;
use base::boxed;
use base::query::Kind;

/// An object that crashed the mapper as often as this is not tried again by itself: somebody asks for it.
pub const CRASHES: i32 = 3;

/// What can be asked of quarantined objects.
pub static NOUN: Noun = Noun {
    name: "QuarantinedObject",
    fields: &[
        field("id", Kind::Id, "id"),
        field("object", Kind::Text, "object"),
        field("dataType", Kind::Text, "data_type"),
        field("firstDate", Kind::Date, "first_at"),
        field("lastDate", Kind::Date, "last_at"),
    ],
};

/// An object that could not be mapped.
#[derive(Clone, Debug)]
pub struct Odd {
    /// Stripe's `object`.
    pub object: String,
    /// Stripe's id.
    pub id: String,
    /// The data type that lacks it.
    pub data_type: DataType,
    /// Why, with the field and its value.
    pub reason: String,
    /// The raw JSON.
    pub raw: Vec<u8>,
    /// Whether the mapper crashed on it.
    pub crashed: bool,
}

/// Sets an object aside; one that is there already gets the new reason and counts one more.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn put(
    tx: &Tx,
    connection: ConnectionId,
    odd: Odd,
    mapper_version: i32,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    let (body, codec) = super::source_objects::pack(&odd.raw);
    let crashes =
        if odd.crashed { Expr::col((quarantined::Entity, Column::Crashes)).if_null(0).add(1) } else { Expr::value(0) };
    let row = quarantined::ActiveModel {
        connection_id: Set(connection),
        object: Set(odd.object),
        id: Set(odd.id),
        data_type: Set(odd.data_type),
        reason: Set(odd.reason),
        mapper_version: Set(mapper_version),
        body: Set(body),
        codec: Set(codec),
        first_at: Set(now),
        last_at: Set(now),
        attempts: Set(1),
        crashes: Set(Some(i32::from(odd.crashed))),
        replay_at: Set(None),
    };
    let again = OnConflict::columns([Column::ConnectionId, Column::Object, Column::Id])
        .update_columns([
            Column::Reason,
            Column::MapperVersion,
            Column::Body,
            Column::Codec,
            Column::LastAt,
            Column::ReplayAt,
        ])
        .value(Column::Crashes, crashes)
        .value(Column::Attempts, Expr::col((quarantined::Entity, Column::Attempts)).add(1))
        .to_owned();
    quarantined::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// Lets objects go that could be mapped after all.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn release(tx: &Tx, connection: ConnectionId, object: &str, ids: Vec<String>) -> Result<(), DbErr> {
    quarantined::Entity::delete_many()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(object))
        .filter(Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is set aside of a connection.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<quarantined::Model>, DbErr> {
    quarantined::Entity::find().filter(Column::ConnectionId.eq(connection)).order_by_asc(Column::Id).all(&db).await
}

/// Whether nothing of a connection is set aside.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn is_empty(db: &dyn Executor, connection: ConnectionId) -> Result<bool, DbErr> {
    Ok(quarantined::Entity::find().filter(Column::ConnectionId.eq(connection)).one(&db).await?.is_none())
}

/// One page of what is set aside, latest first unless an order is given.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn page(
    db: &dyn Executor,
    connection: ConnectionId,
    listing: &Listing,
) -> Result<Found<quarantined::Model>, DbErr> {
    let rows = quarantined::Entity::find().filter(Column::ConnectionId.eq(connection));
    lists::page(db, rows, "last_at", listing).await
}

/// What is set aside under an id; objects of different kinds may share one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn with_id(db: &dyn Executor, connection: ConnectionId, id: &str) -> Result<Vec<quarantined::Model>, DbErr> {
    quarantined::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Id.eq(id))
        .order_by_asc(Column::Object)
        .all(&db)
        .await
}

/// The raw JSON of a row.
///
/// # Errors
/// When it is broken.
pub fn raw(row: &quarantined::Model) -> Result<Vec<u8>, DbErr> {
    super::source_objects::unpack(&row.body, row.codec)
}

/// Asks to map again: the object with this id, or all. Returns how many that are.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn ask_replay(
    db: &dyn Executor,
    connection: ConnectionId,
    id: Option<&str>,
    now: DateTimeUtc,
) -> Result<u64, DbErr> {
    let mut asked = quarantined::Entity::update_many()
        .col_expr(Column::ReplayAt, Expr::value(now))
        .filter(Column::ConnectionId.eq(connection));
    if let Some(id) = id {
        asked = asked.filter(Column::Id.eq(id));
    }
    Ok(asked.exec(&db).await?.rows_affected)
}

/// The next objects that somebody asked to map again.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn asked(db: &dyn Executor, connection: ConnectionId, limit: u64) -> Result<Vec<quarantined::Model>, DbErr> {
    quarantined::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::ReplayAt.is_not_null())
        .order_by_asc(Column::Object)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db)
        .await
}

/// Kind and id of the objects that this mapper crashed on too often to be tried again by itself.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn barred(
    db: &dyn Executor,
    connection: ConnectionId,
    mapper_version: i32,
) -> Result<Vec<(String, String)>, DbErr> {
    quarantined::Entity::find()
        .select_only()
        .columns([Column::Object, Column::Id])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Crashes.gte(CRASHES))
        .filter(Column::MapperVersion.eq(mapper_version))
        .into_tuple()
        .all(&db)
        .await
}

/// Takes back that these were asked for: their next try is under way.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn take_back(tx: &Tx, connection: ConnectionId, rows: &[quarantined::Model]) -> Result<(), DbErr> {
    for row in rows {
        quarantined::Entity::update_many()
            .col_expr(Column::ReplayAt, Expr::value(None::<DateTimeUtc>))
            .filter(Column::ConnectionId.eq(connection))
            .filter(Column::Object.eq(&row.object))
            .filter(Column::Id.eq(&row.id))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// How many objects are set aside that a data type lacks.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor, connection: ConnectionId, data_type: DataType) -> Result<u64, DbErr> {
    quarantined::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::DataType.eq(data_type))
        .count(&db)
        .await
}
