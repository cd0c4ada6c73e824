//! Addresses that are told of events.

use entity::id::WebhookConsumerId;
use entity::webhook_consumer::{ActiveModel, Column, Entity, Model};
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

/// All of them, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(db).await
}

/// Keeps a new one.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(db).await?;
    Ok(())
}

/// Removes one; `false` when it is not there.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(db: &impl ConnectionTrait, id: WebhookConsumerId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id).exec(db).await?.rows_affected == 1)
}
