//! Objects that could not be mapped, with the reason.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::quarantined::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder};

use crate::store::Tx;

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
}

/// Sets an object aside; one that is there already gets the new reason and counts one more.
///
/// # Errors
/// When the database does not answer.
pub async fn put(
    tx: &Tx,
    connection: ConnectionId,
    odd: Odd,
    mapper_version: i32,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    let (body, codec) = super::source_objects::pack(&odd.raw);
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
    };
    let again = OnConflict::columns([Column::ConnectionId, Column::Object, Column::Id])
        .update_columns([Column::Reason, Column::MapperVersion, Column::Body, Column::Codec, Column::LastAt])
        .value(Column::Attempts, Expr::col((quarantined::Entity, Column::Attempts)).add(1))
        .to_owned();
    quarantined::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// Lets objects go that could be mapped after all.
///
/// # Errors
/// When the database does not answer.
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
pub async fn of(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<Vec<quarantined::Model>, DbErr> {
    quarantined::Entity::find().filter(Column::ConnectionId.eq(connection)).order_by_asc(Column::Id).all(db).await
}

/// Whether nothing of a connection is set aside.
///
/// # Errors
/// When the database does not answer.
pub async fn is_empty(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<bool, DbErr> {
    Ok(quarantined::Entity::find().filter(Column::ConnectionId.eq(connection)).one(db).await?.is_none())
}
