//! The counters of a connection: taken last before a commit, so that numbers follow the order of commits.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `feed_head`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "feed_head")]
pub struct Model {
    /// The connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The last number given to a change.
    pub seq: i64,
    /// The last number that the merger has seen; a hint.
    pub merged: i64,
    /// The last number given to an outgoing event.
    pub outbox_seq: i64,
    /// The last outgoing event that the relay has copied; a hint.
    pub relayed: i64,
}

impl ActiveModelBehavior for ActiveModel {}
