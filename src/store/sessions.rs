//! Browsers' sessions, known only by the digest of their id: a leaked table signs nobody in.

use entity::session::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::Executor;
use base::boxed;

/// The session with this digest, unless it is over.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, digest: &str, now: DateTimeUtc) -> Result<Option<session::Model>, DbErr> {
    session::Entity::find_by_id(digest).filter(Column::ExpiresAt.gt(now)).one(&db).await
}

/// Keeps a new session; `false` when there is one with its digest already.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn create(db: &dyn Executor, row: session::Model) -> Result<bool, DbErr> {
    let keep_first = OnConflict::column(Column::Digest).do_nothing().to_owned();
    let made = session::Entity::insert(row.into_active_model()).on_conflict(keep_first);
    Ok(made.exec_without_returning(&db).await? == 1)
}

/// Keeps a session's values and its new end.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn save(db: &dyn Executor, row: session::Model) -> Result<(), DbErr> {
    let newest = OnConflict::column(Column::Digest).update_columns([Column::Data, Column::ExpiresAt]).to_owned();
    session::Entity::insert(row.into_active_model()).on_conflict(newest).exec_without_returning(&db).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn delete(db: &dyn Executor, digest: &str) -> Result<(), DbErr> {
    session::Entity::delete_by_id(digest).exec(&db).await?;
    Ok(())
}

/// Removes the sessions that are over, and hands them out for whoever has to tidy up after them.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn sweep(db: &dyn Executor, now: DateTimeUtc) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec_with_returning(&db).await
}
