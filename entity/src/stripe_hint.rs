//! What a webhook leaves for a connection to do: read the object again that its event names.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::{ConnectionId, IntegrationId};
use crate::relation::Relation;

/// A row of `stripe_hint`; gone when the object was read.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "stripe_hint")]
pub struct Model {
    /// The connection that has to read; one event may be for several that share an account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The event's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub event_id: String,
    /// The event's integration, with its account the rest of its key.
    pub integration_id: IntegrationId,
    /// The event's account.
    #[sea_orm(column_type = "Text")]
    pub account: String,
    /// What happened: `charge.refunded`, ...
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// Stripe's word for the object.
    #[sea_orm(column_type = "Text")]
    pub object: Option<String>,
    /// The object's id.
    #[sea_orm(column_type = "Text")]
    pub object_id: Option<String>,
    /// When it happened, a Unix second of Stripe's clock.
    pub created: i64,
}

impl ActiveModelBehavior for ActiveModel {}
