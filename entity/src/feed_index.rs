//! The change feed over all connections: ranges in the order of merging.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `feed_index`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "feed_index")]
pub struct Model {
    /// Place in the feed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Whose range.
    pub connection_id: ConnectionId,
    /// First number of the range.
    pub from_seq: i64,
    /// Last number of the range.
    pub to_seq: i64,
    /// When it was given its place.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
