//! Credentials: what Stripe gave us for a connection, sealed.

use entity::credential;
use entity::id::ConnectionId;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::Executor;
use base::boxed;

/// The connection's credential.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, connection: ConnectionId) -> Result<Option<credential::Model>, DbErr> {
    credential::Entity::find_by_id(connection).one(&db).await
}

/// Keeps a credential in place of any earlier one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn replace(db: &dyn Executor, row: credential::Model) -> Result<(), DbErr> {
    use credential::Column;
    let newest = OnConflict::column(Column::ConnectionId)
        .update_columns([Column::Kind, Column::AccessToken, Column::RefreshToken, Column::CreatedAt])
        .to_owned();
    credential::Entity::insert(row.into_active_model()).on_conflict(newest).exec_without_returning(&db).await?;
    Ok(())
}

/// Forgets the connection's credential.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn wipe(db: &dyn Executor, connection: ConnectionId) -> Result<(), DbErr> {
    credential::Entity::delete_by_id(connection).exec(&db).await?;
    Ok(())
}
