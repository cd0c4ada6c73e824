//! One try of a delivery, with what came back.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::DeliveryId;
use crate::relation::Relation;

/// A row of `delivery_attempt`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "delivery_attempt")]
pub struct Model {
    /// The delivery; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: DeliveryId,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// Where it was sent.
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// When; its whole second is the `webhook-timestamp`.
    pub sent_at: DateTimeUtc,
    /// Milliseconds until the answer, or until it was given up.
    pub took_ms: i64,
    /// The HTTP status of the answer; none when there was no answer.
    pub status_code: Option<i32>,
    /// Why it counts as failed; none when the receiver took it.
    #[sea_orm(column_type = "Text")]
    pub error: Option<String>,
    /// The beginning of the answer's body, as text.
    #[sea_orm(column_type = "Text")]
    pub reply: Option<String>,
    /// Whether the answer's body was longer than what is kept.
    pub reply_is_cut: bool,
}

impl ActiveModelBehavior for ActiveModel {}
