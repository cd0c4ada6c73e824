//! An event on its way to one consumer.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{DeliveryId, WebhookConsumerId, WebhookEventId, WebhookReplayId};
use crate::relation::Relation;

/// A row of `delivery`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    /// The event; its id is the `webhook-id` of every try.
    #[sea_orm(column_name = "webhook_event_id")]
    pub event_id: WebhookEventId,
    /// The receiver.
    pub consumer_id: WebhookConsumerId,
    /// For instance `read.completed`.
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// See [`Status`].
    pub status: Status,
    /// Tries so far, over all rounds.
    pub attempts: i32,
    /// Failures of this round: the place in the schedule. A resend begins a new round.
    pub failures: i32,
    /// Not before.
    pub run_at: DateTimeUtc,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it came to its end, well or not.
    pub ended_at: Option<DateTimeUtc>,
    /// The replay that asked for this round.
    pub replay_id: Option<WebhookReplayId>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Where a delivery stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = DeliveryStatus)]
pub enum Status {
    /// It waits for its next try.
    #[sea_orm(string_value = "waiting")]
    Waiting,
    /// The receiver took it.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// The last try of the schedule failed, or the receiver wants no more.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Its replay was cancelled before it was tried.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl Status {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
