//! Data keys, wrapped by the master key.

use entity::data_key;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::Executor;
use base::boxed;

/// The wrapped key of an owner.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, owner: Uuid) -> Result<Option<String>, DbErr> {
    Ok(data_key::Entity::find_by_id(owner).one(&db).await?.map(|row| row.wrapped))
}

/// Any wrapped key, to try a master key on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn any(db: &dyn Executor) -> Result<Option<data_key::Model>, DbErr> {
    data_key::Entity::find().one(&db).await
}

/// Keeps a wrapped key unless the owner has one already: whoever comes first wins, and the caller reads again.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, owner: Uuid, wrapped: String, now: DateTimeUtc) -> Result<(), DbErr> {
    let row = data_key::ActiveModel { owner: Set(owner), wrapped: Set(wrapped), created_at: Set(now) };
    let keep_first = OnConflict::column(data_key::Column::Owner).do_nothing().to_owned();
    data_key::Entity::insert(row).on_conflict(keep_first).exec_without_returning(&db).await?;
    Ok(())
}

/// Forgets an owner's key: what was sealed by it can never be opened again.
///
/// # Errors
/// When the database does not answer.
pub async fn destroy(db: &dyn Executor, owner: Uuid) -> Result<(), DbErr> {
    data_key::Entity::delete_by_id(owner).exec(&db).await?;
    Ok(())
}
