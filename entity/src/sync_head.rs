//! One row for each connection: who may write its data.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `sync_head`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "sync_head")]
pub struct Model {
    /// The connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The fencing token: goes up by one whenever a run takes the connection.
    pub fence: i64,
    /// Unix second from which events belong to the following: written before the first list call.
    pub events_from: Option<i64>,
    /// When the first sync was complete.
    pub first_done_at: Option<DateTimeUtc>,
    /// When the account was last read.
    pub account_read_at: Option<DateTimeUtc>,
    /// The mapper that the records were made with.
    pub mapper_version: i32,
    /// Unix second at Stripe when the list of balance transactions was last read up to its newest: they have no events.
    pub money_read_until: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
