//! API keys, by their keyed hash.

use entity::api_key::{self, ActiveModel, Column, Entity};
use entity::id::ApiKeyId;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use crate::Executor;
use base::boxed;

/// The key with this keyed hash.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_mac(db: &dyn Executor, mac: &str) -> Result<Option<api_key::Model>, DbErr> {
    Entity::find().filter(Column::KeyMac.eq(mac)).one(&db).await
}

/// All keys, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn all(db: &dyn Executor) -> Result<Vec<api_key::Model>, DbErr> {
    Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&db).await
}

/// Keeps a new key.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, row: api_key::Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(&db).await?;
    Ok(())
}

/// Removes a key; it is refused from the next request on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn delete(db: &dyn Executor, id: ApiKeyId) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(&db).await?;
    Ok(())
}

/// Notes that a key was used.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn used(db: &dyn Executor, id: ApiKeyId, now: DateTimeUtc) -> Result<(), DbErr> {
    Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(now)).filter(Column::Id.eq(id)).exec(&db).await?;
    Ok(())
}
