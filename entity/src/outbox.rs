//! An event of the contract that is to be told; written with what it tells of.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Its number within the connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// For instance `read.completed`.
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// Its payload, as JSON.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// When.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
