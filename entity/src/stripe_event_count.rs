//! How many webhooks of Stripe's came to an integration, by day and by what became of them.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::IntegrationId;
use crate::relation::Relation;

/// A row of `stripe_event_count`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "stripe_event_count")]
pub struct Model {
    /// The integration.
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: IntegrationId,
    /// The day in UTC, as the number of days since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    /// `received`, `duplicate`, `ignored:` and the reason, or `refused:` and the reason.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub outcome: String,
    /// How many.
    pub count: i64,
    /// When the last one came.
    pub last_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
