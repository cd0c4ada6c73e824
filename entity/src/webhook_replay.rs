//! Events of the past that are told to a consumer again.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{WebhookConsumerId, WebhookEventId, WebhookReplayId};
use crate::relation::Relation;

/// A row of `webhook_replay`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "webhook_replay")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookReplayId,
    /// Whom.
    pub consumer_id: WebhookConsumerId,
    /// Events from here on.
    pub since: DateTimeUtc,
    /// Events before this.
    pub until: DateTimeUtc,
    /// Whether what the consumer has taken is left out.
    pub only_missed: bool,
    /// See [`Status`].
    pub status: Status,
    /// Events looked at so far.
    pub looked_at: i64,
    /// Of these, how many were queued to be sent.
    pub queued: i64,
    /// The last event that was looked at.
    pub last_event_id: Option<WebhookEventId>,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it was queued to its end, or cancelled.
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Where a replay stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = ReplayStatus)]
pub enum Status {
    /// Events are being queued.
    #[sea_orm(string_value = "running")]
    Running,
    /// All of them are queued.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// It was stopped.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}
