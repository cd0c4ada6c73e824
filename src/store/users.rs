//! Who signs in to the portal.

use entity::id::UserId;
use entity::user::{ActiveModel, Column, Entity, Model, PasswordHash};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// How many there are.
///
/// # Errors
/// When the database does not answer.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Entity::find().count(db).await
}

/// The user with this id.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The user with this address, in whatever case it is written.
///
/// # Errors
/// When the database does not answer.
pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::EmailFolded.eq(email.to_lowercase())).one(db).await
}

/// Keeps a new user.
///
/// # Errors
/// When the database does not answer, or the address is taken.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(db).await?;
    Ok(())
}

/// Sets a password's hash; whoever is signed in is signed out.
///
/// # Errors
/// When the database does not answer, or there is no such user.
pub async fn set_password(
    db: &impl ConnectionTrait,
    id: UserId,
    hash: PasswordHash,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: sea_orm::Unchanged(id),
        password_hash: Set(hash),
        password_set_at: Set(at),
        ..Default::default()
    };
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// Notes that a user signed in.
///
/// # Errors
/// When the database does not answer, or there is no such user.
pub async fn signed_in(db: &impl ConnectionTrait, id: UserId, at: DateTimeUtc) -> Result<(), DbErr> {
    let row = ActiveModel { id: sea_orm::Unchanged(id), last_sign_in_at: Set(Some(at)), ..Default::default() };
    Entity::update(row).exec(db).await?;
    Ok(())
}
