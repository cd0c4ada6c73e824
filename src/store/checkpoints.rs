//! How far each stream of a connection has been read.

use entity::checkpoint::{self, Column};
use entity::id::ConnectionId;
use sea_orm::ExprTrait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::Executor;
use crate::Tx;
use base::boxed;

/// The stream of events; its cursor is the second up to which all are known.
pub const EVENTS: &str = "events";

/// All checkpoints of a connection.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of(db: &dyn Executor, connection: ConnectionId) -> Result<Vec<checkpoint::Model>, DbErr> {
    checkpoint::Entity::find().filter(Column::ConnectionId.eq(connection)).all(&db).await
}

/// Moves a checkpoint, or makes it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn save(tx: &Tx, row: checkpoint::Model) -> Result<(), DbErr> {
    let version = Expr::col((checkpoint::Entity, Column::Version)).add(1);
    let moved = OnConflict::columns([Column::ConnectionId, Column::Stream, Column::WindowFrom])
        .update_columns([
            Column::WindowUntil,
            Column::Cursor,
            Column::Done,
            Column::Pages,
            Column::Objects,
            Column::UpdatedAt,
        ])
        .value(Column::Version, version)
        .to_owned();
    let row = checkpoint::ActiveModel::from(row);
    checkpoint::Entity::insert(row).on_conflict(moved).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets how far the streams were read, so that they are listed anew; what is kept stays.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn reset(tx: &Tx, connection: ConnectionId) -> Result<(), DbErr> {
    checkpoint::Entity::delete_many().filter(Column::ConnectionId.eq(connection)).exec(tx).await?;
    Ok(())
}

/// Forgets how far one stream was read: the next reading of it begins anew.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(tx: &Tx, connection: ConnectionId, stream: &str) -> Result<(), DbErr> {
    checkpoint::Entity::delete_many()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Stream.eq(stream))
        .exec(tx)
        .await?;
    Ok(())
}
