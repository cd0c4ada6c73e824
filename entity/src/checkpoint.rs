//! How far one stream of a connection has been read.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// The connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// A list of Stripe's: `charges`, `refunds`, ..., or `events`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub stream: String,
    /// First Unix second of the window.
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_from: i64,
    /// First Unix second after the window.
    pub window_until: Option<i64>,
    /// The last object read; for `events` the second up to which all are known.
    #[sea_orm(column_type = "Text")]
    pub cursor: Option<String>,
    /// Whether the window is read to its end.
    pub done: bool,
    /// Pages read.
    pub pages: i64,
    /// Objects read.
    pub objects: i64,
    /// Counts its changes.
    pub version: i64,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
