//! An address that is told of events.

use sea_orm::entity::prelude::*;

use crate::id::WebhookConsumerId;
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `webhook_consumer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_consumer")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookConsumerId,
    /// Where events go.
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// Whether it is told nothing for now.
    pub disabled: bool,
    /// The kinds of events that it is told of.
    #[sea_orm(column_type = "JsonBinary")]
    pub event_types: Texts,
    /// `key:value` of companies: only those with any of them; all when there is none.
    #[sea_orm(column_type = "JsonBinary")]
    pub company_tags: Texts,
    /// The signing secret, sealed.
    #[sea_orm(column_type = "Text")]
    pub secret: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// The secret before the present one, sealed; it signs too until `previous_secret_until`.
    #[sea_orm(column_type = "Text")]
    pub previous_secret: Option<String>,
    /// Until when the secret before signs too.
    pub previous_secret_until: Option<DateTimeUtc>,
    /// Why it was disabled, when that was not the developer's doing.
    #[sea_orm(column_type = "Text")]
    pub disabled_reason: Option<String>,
    /// When it was disabled.
    pub disabled_at: Option<DateTimeUtc>,
    /// Since when every try has failed; none after one that succeeded.
    pub failing_since: Option<DateTimeUtc>,
    /// Until when it asked, by `Retry-After`, to be left alone.
    pub paused_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
