//! Consents on their way: each state serves once, in the browser that began it, for a few minutes.

use entity::id::ConnectionId;
use entity::oauth_state::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};

use crate::Executor;
use base::boxed;

/// Keeps a state. Only its digest is known here.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn create(db: &dyn Executor, row: oauth_state::Model) -> Result<(), DbErr> {
    oauth_state::Entity::insert(row.into_active_model()).exec_without_returning(&db).await?;
    Ok(())
}

/// Takes a state out: of any number of tries, one gets it. A state that another browser began stays where it is, and
/// is the same as none; one that is over (see its `expires_at`) is taken out too, for the caller to refuse.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn spend(db: &dyn Executor, digest: &str, session_digest: &str) -> Result<Option<oauth_state::Model>, DbErr> {
    let mut spent = oauth_state::Entity::delete_many()
        .filter(Column::Digest.eq(digest))
        .filter(Column::SessionDigest.eq(session_digest))
        .exec_with_returning(&db)
        .await?;
    Ok(spent.pop())
}

/// Whether a state with this digest waits, whichever browser began it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn waits(db: &dyn Executor, digest: &str) -> Result<bool, DbErr> {
    Ok(oauth_state::Entity::find_by_id(digest).count(&db).await? > 0)
}

/// The connections that this browser has begun to link and not ended.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn begun_by(db: &dyn Executor, session_digest: &str) -> Result<Vec<ConnectionId>, DbErr> {
    let rows = oauth_state::Entity::find().filter(Column::SessionDigest.eq(session_digest)).all(&db).await?;
    Ok(rows.into_iter().map(|row| row.connection_id).collect())
}

/// Removes the states that are over; says how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn sweep(db: &dyn Executor, now: DateTimeUtc) -> Result<u64, DbErr> {
    let over = oauth_state::Entity::delete_many().filter(Column::ExpiresAt.lte(now));
    Ok(over.exec(&db).await?.rows_affected)
}

/// Removes the states of a connection that is no more.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(db: &dyn Executor, connection: ConnectionId) -> Result<(), DbErr> {
    oauth_state::Entity::delete_many().filter(Column::ConnectionId.eq(connection)).exec(&db).await?;
    Ok(())
}
