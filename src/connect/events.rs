//! What is told outside of companies, connections and reads: each event with its body, which never changes afterwards.
//!
//! A body leads to the portal, the API and the Link pages under the address that is known when it is written. A Link URL
//! opens a consent page for whoever has it, so it is there without its token: ask for the company or the connection to get a
//! fresh one.

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId, WebhookConsumerId, WebhookEventId};
use entity::shape::Texts;
use entity::webhook_event::Model;
use entity::{company, connection, integration, outbox};
use sea_orm::DbErr;
use serde_json::{Value, json};
use url::Url;

use super::addresses::Addresses;
use super::quota::Level;
use base::boxed;
use store::Tx;

/// What happens to companies and connections, by the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A company was made.
    CompanyCreated,
    /// A company was deleted.
    CompanyDeleted,
    /// A connection was made; it waits for its owner.
    ConnectionCreated,
    /// A connection was linked for the first time.
    ConnectionConnected,
    /// A connection was unlinked here, or its access ended at Stripe.
    ConnectionDisconnected,
    /// A connection that had ended was linked again.
    ConnectionReconnected,
    /// An owner's consent came to nothing.
    ConnectionFailed,
    /// A connection was deleted.
    ConnectionDeleted,
}

impl Kind {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CompanyCreated => "company.created",
            Self::CompanyDeleted => "company.deleted",
            Self::ConnectionCreated => "connection.created",
            Self::ConnectionConnected => "connection.connected",
            Self::ConnectionDisconnected => "connection.disconnected",
            Self::ConnectionReconnected => "connection.reconnected",
            Self::ConnectionFailed => "connection.failed",
            Self::ConnectionDeleted => "connection.deleted",
        }
    }
}

/// The daily quota of requests is used up.
pub const QUOTA_REACHED: &str = "client.rateLimit.reached";
/// A new day began after one whose quota was used up.
pub const QUOTA_RESET: &str = "client.rateLimit.reset";
/// The kind of a test.
pub const TEST: &str = "webhook.test";

/// Tells of a company, in the transaction of what happens to it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn company(
    tx: &Tx,
    public_url: &Url,
    kind: Kind,
    row: &company::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut payload = about_company(row);
    put(&mut payload, "redirect", json!(Addresses(public_url).link(row.id)));
    if let Some(at) = row.last_sync_at {
        put(&mut payload, "lastSync", json!(at));
    }
    put(&mut payload, "created", json!(row.created_at));
    if kind == Kind::CompanyDeleted {
        store::webhook_events::forget_company(tx, row.id).await?;
    }
    let mut event = event(WebhookEventId::new(), kind.word(), &payload, now);
    event.company_id = Some(row.id);
    event.company_tags = tags(row);
    event.is_brief = kind == Kind::CompanyDeleted;
    store::webhook_events::tell(tx, event).await
}

/// Tells of a connection as it is now, in the transaction of what happens to it; of one that is deleted, before that is
/// written.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn connection(
    tx: &Tx,
    public_url: &Url,
    kind: Kind,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Some(row) = store::connections::by_id(tx, id).await? else { return Ok(()) };
    let Some(company) = store::companies::even_deleted(tx, row.company_id).await? else { return Ok(()) };
    let integration = store::integrations::by_id(tx, row.integration_id).await?;
    if kind == Kind::ConnectionDeleted {
        store::webhook_events::forget_connection(tx, id).await?;
    }
    let at = Addresses(public_url);
    let payload = json!({
        "referenceCompany": reference(&company, at),
        "connection": about_connection(row, integration.as_ref(), at),
    });
    let mut event = event(WebhookEventId::new(), kind.word(), &payload, now);
    event.company_id = Some(company.id);
    event.connection_id = Some(id);
    event.company_tags = tags(&company);
    event.is_brief = kind == Kind::ConnectionDeleted;
    store::webhook_events::tell(tx, event).await
}

/// Tells what a connection's outbox holds: its words, with the company that they are about and where to look. One that is
/// there already is not told twice. Of a connection that is gone there is nobody to tell of; `false` then.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn read(tx: &Tx, public_url: &Url, row: &outbox::Model) -> Result<bool, DbErr> {
    let Some(connection) = store::connections::even_deleted(tx, row.connection_id).await? else { return Ok(false) };
    let Some(company) = store::companies::even_deleted(tx, connection.company_id).await? else { return Ok(false) };
    let mut payload: Value = serde_json::from_str(&row.payload).map_err(|error| DbErr::Json(error.to_string()))?;
    let at = Addresses(public_url);
    put(&mut payload, "referenceCompany", reference(&company, at));
    lead(&mut payload, company.id, at);
    let mut event = event(WebhookEventId(row.event_id), &row.event_type, &payload, row.created_at);
    event.company_id = Some(company.id);
    event.connection_id = Some(connection.id);
    event.company_tags = tags(&company);
    event.is_brief = connection.deleted_at.is_some() || company.deleted_at.is_some();
    store::webhook_events::tell(tx, event).await?;
    Ok(true)
}

/// Tells of the daily quota of requests: [`QUOTA_REACHED`] or [`QUOTA_RESET`].
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn quota(tx: &Tx, kind: &str, level: Level, now: DateTime<Utc>) -> Result<(), DbErr> {
    let payload = json!({
        "dailyQuota": level.quota, "quotaRemaining": level.remaining(), "expiryDate": level.ends_at(),
    });
    store::webhook_events::tell(tx, event(WebhookEventId::new(), kind, &payload, now)).await
}

/// Sends a consumer something that tells nothing. Returns the event's id.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn test(tx: &Tx, consumer: WebhookConsumerId, now: DateTime<Utc>) -> Result<WebhookEventId, DbErr> {
    let payload = json!({ "message": "This is a test. Nothing has happened." });
    let mut event = event(WebhookEventId::new(), TEST, &payload, now);
    event.consumer_id = Some(consumer);
    let id = event.id;
    store::webhook_events::tell(tx, event).await?;
    Ok(id)
}

fn event(id: WebhookEventId, kind: &str, payload: &Value, now: DateTime<Utc>) -> Model {
    let body = json!({ "id": id, "eventType": kind, "generatedDate": now, "payload": payload });
    Model {
        id,
        event_type: kind.to_owned(),
        company_id: None,
        connection_id: None,
        consumer_id: None,
        company_tags: Texts::default(),
        body: body.to_string(),
        is_brief: false,
        created_at: now,
    }
}

fn tags(row: &company::Model) -> Texts {
    Texts(row.tags.0.iter().map(|(key, value)| format!("{key}:{value}")).collect())
}

fn about_company(row: &company::Model) -> Value {
    let mut about = json!({ "id": row.id, "name": row.name, "tags": row.tags.0 });
    if let Some(description) = &row.description {
        put(&mut about, "description", json!(description));
    }
    about
}

/// A company in an event that is about something of it.
fn reference(row: &company::Model, at: Addresses<'_>) -> Value {
    let mut about = about_company(row);
    put(&mut about, "links", json!({ "portal": at.portal(row.id) }));
    about
}

/// Says of each issue of a read where to look.
fn lead(payload: &mut Value, company: CompanyId, at: Addresses<'_>) {
    for read in payload.get_mut("dataTypes").and_then(Value::as_array_mut).into_iter().flatten() {
        let dataset = read.get("datasetId").and_then(Value::as_str).unwrap_or_default().to_owned();
        for issue in read.get_mut("issues").and_then(Value::as_array_mut).into_iter().flatten() {
            put(issue, "links", at.issue(company, &dataset));
        }
    }
}

fn put(about: &mut Value, name: &str, value: Value) {
    if let Some(fields) = about.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// As the API shows it, but for the token of its Link URL.
fn about_connection(row: connection::Model, integration: Option<&integration::Model>, at: Addresses<'_>) -> Value {
    let link_url = at.link_of(&row);
    let errors: Vec<Value> = row.errors.iter().map(about_fault).collect();
    let mut about = json!({
        "id": row.id,
        "integrationId": row.integration_id,
        "integrationKey": integration.map(|one| &one.platform_key),
        "sourceId": integration.map(|one| one.source_id),
        "sourceType": "Commerce",
        "platformName": integration.map(|one| &one.name),
        "linkUrl": link_url,
        "status": row.status,
        "created": row.created_at,
        "dataConnectionErrors": errors,
    });
    if let Some(at) = row.last_sync_at {
        put(&mut about, "lastSync", json!(at));
    }
    if let Some(account) = row.account_id {
        let info = json!({
            "accountId": account, "accountName": row.account_name, "livemode": row.livemode, "scope": row.scope,
        });
        put(&mut about, "connectionInfo", info);
    }
    about
}

fn about_fault(fault: &connection::Fault) -> Value {
    json!({
        "statusCode": fault.status_code,
        "statusText": fault.status_text,
        "errorMessage": fault.message,
        "erroredOnUtc": fault.at,
        "status": if fault.resolved_at.is_some() { "Resolved" } else { "Active" },
        "resolvedOnUtc": fault.resolved_at,
    })
}
