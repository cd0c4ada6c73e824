//! Webhook consumers: addresses that are told of events.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::WebhookConsumerId;
use entity::shape::Texts;
use entity::webhook_consumer;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::who::{Caller, Last, OfConsumer};
use base::task::Task;
use connect::webhook_secrets;
use courier::address::Refused;

/// Consumers at once.
const MOST: usize = 50;
/// Tags of one consumer.
const TAGS: usize = 10;
/// Kinds of events of one consumer.
const EVENT_TYPES: usize = 50;
/// Hours in which two secrets sign, unless it is said otherwise.
const OVERLAP: u32 = 24;
/// The most of them.
const LONGEST_OVERLAP: u32 = 720;

/// An address that is told of events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookConsumer {
    /// Its id.
    pub id: WebhookConsumerId,
    /// Where events go.
    pub url: String,
    /// Whether it is told nothing for now.
    pub disabled: bool,
    /// The kinds of events that it is told of: `read.completed`, all that begin alike by `connection.*`, all by `*`.
    pub event_types: Vec<String>,
    /// `key:value` of companies: only those with any of them; all when there is none.
    pub company_tags: Vec<String>,
    /// Why it was disabled, and what to do; absent unless that was done by Tributary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// When it was disabled; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_date: Option<DateTime<Utc>>,
    /// Since when every try has failed; absent after one that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when it asked, by `Retry-After`, to be sent nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
}

impl From<webhook_consumer::Model> for WebhookConsumer {
    fn from(row: webhook_consumer::Model) -> Self {
        Self {
            id: row.id,
            url: row.url,
            disabled: row.disabled,
            event_types: row.event_types.0,
            company_tags: row.company_tags.0,
            disabled_reason: row.disabled_reason,
            disabled_date: row.disabled_at.filter(|_| row.disabled),
            failing_since: row.failing_since,
            paused_until: row.paused_until,
        }
    }
}

/// All webhook consumers.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookConsumers {
    /// Oldest first.
    pub results: Vec<WebhookConsumer>,
}

/// A new consumer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookConsumerBody {
    /// An https address that all of the Internet reaches; the operator can allow others.
    pub url: String,
    /// Whether it is told nothing for now.
    #[serde(default)]
    pub disabled: bool,
    /// Such as `read.completed`, `connection.*` or `*`; 50 at most.
    #[schema(max_items = 50)]
    pub event_types: Vec<String>,
    /// `key:value`; 10 at most.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub company_tags: Option<Vec<String>>,
}

/// List webhook consumers
#[utoipa::path(get, path = "/webhooks", operation_id = "list-webhook-consumers", tag = "Webhooks",
    responses((status = 200, description = "All consumers; not paged.", body = WebhookConsumers), Refusals))]
pub async fn list(State(app): State<App>, _: Caller) -> Result<Json<WebhookConsumers>, Error> {
    let rows = store::webhook_consumers::all(&app.db).await?;
    Ok(Json(WebhookConsumers { results: rows.into_iter().map(WebhookConsumer::from).collect() }))
}

/// Create a webhook consumer
#[utoipa::path(post, path = "/webhooks", operation_id = "create-webhook-consumer", tag = "Webhooks",
    request_body = WebhookConsumerBody,
    responses((status = 201, description = "The consumer.", body = WebhookConsumer), Refusals))]
pub async fn create(
    State(app): State<App>,
    _: Caller,
    Body(body): Body<WebhookConsumerBody>,
) -> Result<(StatusCode, Json<WebhookConsumer>), Error> {
    let id = WebhookConsumerId::new();
    let secret =
        webhook_secrets::seal(&app.db, &app.keys, id, &webhook_secrets::generate()).await.map_err(Error::fault)?;
    let row = webhook_consumer::Model {
        id,
        url: address(&app, body.url).await?,
        disabled: body.disabled,
        event_types: Texts(event_types(body.event_types)?),
        company_tags: Texts(company_tags(body.company_tags.unwrap_or_default())?),
        secret,
        created_at: app.clock.now(),
        previous_secret: None,
        previous_secret_until: None,
        disabled_reason: None,
        disabled_at: None,
        failing_since: None,
        paused_until: None,
    };
    let tx = store::write(&app.db).await?;
    store::profiles::hold(&tx).await?;
    if store::webhook_consumers::all(&tx).await?.len() >= MOST {
        return Err(Error::Conflict(format!("There are {MOST} webhook consumers already. Delete one first.")));
    }
    store::webhook_consumers::insert(&tx, row.clone()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Get a webhook consumer
///
/// With how it fares: since when it fails, and why it was disabled.
#[utoipa::path(get, path = "/webhooks/{webhookId}", operation_id = "get-webhook-consumer", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)),
    responses((status = 200, description = "The consumer.", body = WebhookConsumer), Refusals))]
pub async fn get(OfConsumer(consumer): OfConsumer) -> Json<WebhookConsumer> {
    Json(consumer.into())
}

/// What changes of a consumer; what is absent or null stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookConsumerUpdate {
    /// As when it is made.
    #[serde(default)]
    pub url: Option<String>,
    /// Whether it is told nothing for now. Enabled again, it gets what waited; *recover* sends what happened meanwhile.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// As when it is made.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub event_types: Option<Vec<String>>,
    /// As when it is made.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub company_tags: Option<Vec<String>>,
}

/// Change a webhook consumer
///
/// What is absent or null stays as it is.
#[utoipa::path(patch, path = "/webhooks/{webhookId}", operation_id = "update-webhook-consumer", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)), request_body = WebhookConsumerUpdate,
    responses((status = 200, description = "The consumer.", body = WebhookConsumer), Refusals))]
pub async fn update(
    State(app): State<App>,
    OfConsumer(webhook_consumer::Model { id, .. }): OfConsumer,
    Body(body): Body<WebhookConsumerUpdate>,
) -> Result<Json<WebhookConsumer>, Error> {
    let url = match body.url {
        Some(given) => Some(address(&app, given).await?),
        None => None,
    };
    let kinds = body.event_types.map(event_types).transpose()?;
    let tags = body.company_tags.map(company_tags).transpose()?;
    let gone = || Error::none("webhook consumer", id);
    let tx = store::write(&app.db).await?;
    let row = store::webhook_consumers::hold(&tx, id).await?.ok_or_else(gone)?;
    let (kinds, tags) = (kinds.map_or(row.event_types, Texts), tags.map_or(row.company_tags, Texts));
    store::webhook_consumers::set(&tx, id, url.unwrap_or(row.url), kinds, tags).await?;
    match body.disabled {
        Some(true) if !row.disabled => store::webhook_consumers::disable(&tx, id, None, app.clock.now()).await?,
        Some(false) if row.disabled => store::webhook_consumers::enable(&tx, id).await?,
        _ => {}
    }
    let row = store::webhook_consumers::find(&tx, id).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// How long the secret before signs too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRequest {
    /// Hours in which both sign; 24 when it is left out, 720 at most, 0 ends the one before at once.
    #[serde(default)]
    #[schema(maximum = 720)]
    pub overlap_hours: Option<u32>,
}

/// A new signing secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SigningSecret {
    /// `whsec_` and base64. It is shown here and nowhere else.
    pub secret: String,
    /// Until when the secret before signs too.
    pub previous_until: DateTime<Utc>,
}

/// Make a new signing secret
///
/// The answer is the only place that shows it. For some hours what is sent carries two signatures, one by the secret
/// before, so that a receiver can change over without losing anything. Ask for one after the consumer was made.
#[utoipa::path(post, path = "/webhooks/{webhookId}/secret", operation_id = "rotate-webhook-secret", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)), request_body = SecretRequest,
    responses((status = 200, description = "The secret.", body = SigningSecret), Refusals))]
#[expect(clippy::disallowed_methods, reason = "the secret is shown to its owner, once")]
pub async fn rotate_secret(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Body(asked): Body<SecretRequest>,
) -> Result<Json<SigningSecret>, Error> {
    let hours = asked.overlap_hours.unwrap_or(OVERLAP);
    if hours > LONGEST_OVERLAP {
        return Err(Error::BadRequest(format!("overlapHours must be a whole number from 0 to {LONGEST_OVERLAP}.")));
    }
    let until = app.clock.now() + TimeDelta::hours(hours.into());
    let made = webhook_secrets::rotate(&app.db, &app.keys, consumer.id, until).await.map_err(Error::fault)?;
    let secret = made.ok_or_else(|| Error::none("webhook consumer", consumer.id))?;
    Ok(Json(SigningSecret { secret: secret.expose_secret().to_owned(), previous_until: until }))
}

/// Delete a webhook consumer
///
/// It is told nothing any more, not even what waits.
#[utoipa::path(delete, path = "/webhooks/{webhookId}", operation_id = "delete-webhook-consumer", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub async fn delete(State(app): State<App>, _: Caller, Last(given): Last) -> Result<StatusCode, Error> {
    let id = WebhookConsumerId::from_str(&given).map_err(|_| Error::none("webhook consumer", &given))?;
    let tx = store::write(&app.db).await?;
    if !store::webhook_consumers::delete(&tx, id).await? {
        return Err(Error::none("webhook consumer", id));
    }
    store::jobs::enqueue(&tx, &Task::Forget { consumer: id }, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address that a receiver may have; what it leads to is judged again whenever something is sent.
async fn address(app: &App, given: String) -> Result<String, Error> {
    let given = text("url", given, 2000)?;
    let refused = |refused: Refused| Error::BadRequest(format!("url cannot be the address of a receiver: {refused}."));
    app.courier.check(&given).await.map_err(refused)?;
    Ok(given)
}

/// Names are not compared with a list: consumers ask for kinds that are still to come.
fn event_types(given: Vec<String>) -> Result<Vec<String>, Error> {
    let letters = |name: &String| {
        !name.is_empty()
            && name.len() <= 100
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || ".*_-{}".contains(letter))
    };
    if given.is_empty() || given.len() > EVENT_TYPES || !given.iter().all(letters) {
        let said = format!("eventTypes must name 1 to {EVENT_TYPES} kinds of events, such as read.completed.");
        return Err(Error::BadRequest(said));
    }
    Ok(given)
}

fn company_tags(given: Vec<String>) -> Result<Vec<String>, Error> {
    let pair = |tag: &String| {
        let halves = tag.split_once(':').is_some_and(|(key, value)| !key.is_empty() && !value.is_empty());
        halves && tag.chars().count() <= 500 && !tag.contains('\0')
    };
    if given.len() > TAGS || !given.iter().all(pair) {
        return Err(Error::BadRequest(format!("companyTags may have {TAGS} entries, each as key:value.")));
    }
    Ok(given)
}
