//! What webhooks tell, for the API's description: the kinds of events and their bodies.
//!
//! The bodies are written where the events happen; a test compares what was really sent with these schemas.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId, DatasetId, IntegrationId, WebhookEventId};
use entity::{connection, dataset};
use serde::Serialize;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{OpenApi as _, ToSchema};
use uuid::Uuid;

use super::connections::{ConnectionError, ConnectionInfo};
use super::examples::Recorded;

/// Kind, schema of its body, and when it is told.
const KINDS: [(&str, &str, &str); 13] = [
    ("company.created", "CompanyEvent", "A company was made"),
    ("company.deleted", "CompanyEvent", "A company was deleted"),
    ("connection.created", "ConnectionEvent", "A connection was made, by you or by the owner on the Link page"),
    ("connection.connected", "ConnectionEvent", "An owner consented for the first time"),
    ("connection.reconnected", "ConnectionEvent", "An owner consented after an end"),
    ("connection.failed", "ConnectionEvent", "A consent came to nothing"),
    ("connection.disconnected", "ConnectionEvent", "A connection was unlinked here, or ended at Stripe"),
    ("connection.deleted", "ConnectionEvent", "A connection was deleted, with its data"),
    ("read.completed", "ReadEvent", "Data types were read to their end, well or not"),
    ("read.completed.initial", "ReadEvent", "The first sync of a connection is complete"),
    ("client.rateLimit.reached", "RateLimitEvent", "The daily quota of requests is used up"),
    ("client.rateLimit.reset", "RateLimitEvent", "A new day began after one whose quota was used up"),
    ("webhook.test", "TestEvent", "You asked for a test"),
];

/// An event about a company.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyEvent {
    /// Its id, the same in every try; also in the header `webhook-id`.
    pub id: WebhookEventId,
    /// What happened.
    pub event_type: String,
    /// When.
    pub generated_date: DateTime<Utc>,
    /// The company.
    pub payload: EventCompany,
}

/// A company, as events about itself show it: the API shows it so, but for its connections and its Link URL's token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// What you wrote about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its Link page, which opens nothing: ask the API for a Link URL that does.
    pub redirect: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When a sync last ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<DateTime<Utc>>,
}

/// The company that an event about something of it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyReference {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// What you wrote about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where to look at it.
    pub links: CompanyLinks,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Where to look at a company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyLinks {
    /// Its page in the portal.
    pub portal: String,
}

/// An event about a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionEvent {
    /// Its id, the same in every try; also in the header `webhook-id`.
    pub id: WebhookEventId,
    /// What happened.
    pub event_type: String,
    /// When.
    pub generated_date: DateTime<Utc>,
    /// The connection and its company.
    pub payload: ConnectionPayload,
}

/// What an event tells of a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionPayload {
    /// Its company.
    pub reference_company: CompanyReference,
    /// The connection.
    pub connection: EventConnection,
}

/// A connection, as events show it: as the API does, but for its Link URL's token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventConnection {
    /// Its id.
    pub id: ConnectionId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// The integration's key.
    pub integration_key: String,
    /// The source.
    pub source_id: Uuid,
    /// Always `Commerce`.
    pub source_type: String,
    /// The integration's name.
    pub platform_name: String,
    /// Its Link page, which opens nothing: ask the API for a Link URL that does.
    pub link_url: String,
    /// Where it stands.
    pub status: connection::Status,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When a sync last ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<DateTime<Utc>>,
    /// What went wrong, newest last.
    pub data_connection_errors: Vec<ConnectionError>,
    /// The Stripe account, once linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_info: Option<ConnectionInfo>,
}

/// An event about reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadEvent {
    /// Its id, the same in every try; also in the header `webhook-id`.
    pub id: WebhookEventId,
    /// What happened.
    pub event_type: String,
    /// When.
    pub generated_date: DateTime<Utc>,
    /// What was read.
    pub payload: ReadPayload,
}

/// What an event tells of reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadPayload {
    /// The company.
    pub reference_company: CompanyReference,
    /// Whatever these reads changed has a `modifiedDate` from here on.
    pub modified_from_date: DateTime<Utc>,
    /// One for each data type.
    pub data_types: Vec<ReadDataType>,
}

/// How the read of a data type ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadDataType {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The data type.
    pub data_type: DataType,
    /// The dataset, as `data/history` shows it.
    pub dataset_id: DatasetId,
    /// Whether any record was created, updated or deleted.
    pub records_modified: bool,
    /// How it ended.
    pub status: dataset::Status,
    /// What deserves a look.
    pub issues: Vec<ReadIssue>,
}

/// Something about a read that deserves a look.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadIssue {
    /// `error.read` or `warning.validation`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, and whose turn it is.
    pub message: String,
    /// Where to look.
    pub links: IssueLinks,
}

/// Where to look when a read deserves it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IssueLinks {
    /// What the checks of the sync found, in the API.
    pub logs: String,
    /// The company's syncs, in the portal.
    pub portal: String,
    /// What that means, in the API's description.
    pub read_more: String,
}

/// An event about the daily quota of requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimitEvent {
    /// Its id, the same in every try; also in the header `webhook-id`.
    pub id: WebhookEventId,
    /// What happened.
    pub event_type: String,
    /// When.
    pub generated_date: DateTime<Utc>,
    /// The quota.
    pub payload: RateLimitPayload,
}

/// How much of the daily quota is left.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimitPayload {
    /// Requests that may be made in a day.
    pub daily_quota: i64,
    /// How many of them are left.
    pub quota_remaining: i64,
    /// When it is reset: the next 00:00 UTC.
    pub expiry_date: DateTime<Utc>,
}

/// An event that tells nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestEvent {
    /// Its id, the same in every try; also in the header `webhook-id`.
    pub id: WebhookEventId,
    /// Always `webhook.test`.
    pub event_type: String,
    /// When.
    pub generated_date: DateTime<Utc>,
    /// A message.
    pub payload: TestPayload,
}

/// What a test tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestPayload {
    /// That it is one.
    pub message: String,
}

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(CompanyEvent, ConnectionEvent, ReadEvent, RateLimitEvent, TestEvent)))]
struct Bodies;

/// Puts the events into the description, with what was sent as their examples.
pub(super) fn add(api: &mut OpenApi, recorded: &Recorded) {
    api.merge(Bodies::openapi());
    let mut told = Paths::new();
    for (kind, schema, when) in KINDS {
        let mut body = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
        body.example = recorded.events.get(kind).cloned();
        let body = RequestBodyBuilder::new().content("application/json", body).build();
        let operation = OperationBuilder::new()
            .summary(Some(when))
            .operation_id(Some(format!("told-{}", kind.replace('.', "-"))))
            .tag("Webhooks")
            .request_body(Some(body))
            .response("2XX", ResponseBuilder::new().description("You have it. Anything else is tried again."))
            .response("410", ResponseBuilder::new().description("Disables the consumer."))
            .build();
        told.paths.insert(kind.to_owned(), PathItem::new(HttpMethod::Post, operation));
    }
    api.webhooks = Some(told);
}
