//! Who signs in to the portal.

use entity::id::UserId;
use entity::user::{ActiveModel, Column, Entity, Model, PasswordHash};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::Executor;
use base::boxed;

/// How many there are.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor) -> Result<u64, DbErr> {
    Entity::find().count(&db).await
}

/// The user with this id.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, id: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(&db).await
}

/// The user with this address, in whatever case it is written.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_email(db: &dyn Executor, email: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::EmailFolded.eq(email.to_lowercase())).one(&db).await
}

/// Keeps a new user.
///
/// # Errors
/// When the database does not answer, or the address is taken.
#[boxed]
pub async fn insert(db: &dyn Executor, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(&db).await?;
    Ok(())
}

/// Sets a password's hash; whoever is signed in is signed out.
///
/// # Errors
/// When the database does not answer, or there is no such user.
#[boxed]
pub async fn set_password(db: &dyn Executor, id: UserId, hash: PasswordHash, at: DateTimeUtc) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: sea_orm::Unchanged(id),
        password_hash: Set(hash),
        password_set_at: Set(at),
        ..Default::default()
    };
    Entity::update(row).exec(&db).await?;
    Ok(())
}

/// Notes that a user signed in.
///
/// # Errors
/// When the database does not answer, or there is no such user.
#[boxed]
pub async fn signed_in(db: &dyn Executor, id: UserId, at: DateTimeUtc) -> Result<(), DbErr> {
    let row = ActiveModel { id: sea_orm::Unchanged(id), last_sign_in_at: Set(Some(at)), ..Default::default() };
    Entity::update(row).exec(&db).await?;
    Ok(())
}
