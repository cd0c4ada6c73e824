//! Something that is told outside: kept for as long as it can be told again.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ConnectionId, WebhookConsumerId, WebhookEventId};
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `webhook_event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_event")]
pub struct Model {
    /// Its id: the `webhook-id` for every receiver, and `id` in the body.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookEventId,
    /// For instance `read.completed`.
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// The company that it is about; none for a test.
    pub company_id: Option<CompanyId>,
    /// The connection that it is about.
    pub connection_id: Option<ConnectionId>,
    /// The one receiver of a test.
    pub consumer_id: Option<WebhookConsumerId>,
    /// `key:value` of the company, as they were.
    #[sea_orm(column_type = "JsonBinary")]
    pub company_tags: Texts,
    /// The body that is sent, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Whether what it is about was deleted: then it goes as soon as nobody waits for it.
    pub is_brief: bool,
    /// When it happened.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
