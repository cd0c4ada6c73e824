//! Webhook consumers: addresses that are told of events.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use entity::id::WebhookConsumerId;
use entity::shape::Texts;
use entity::webhook_consumer;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::who::{Caller, Last};
use crate::store;
use crate::vault::Place;

/// Consumers at once.
const MOST: usize = 50;
/// Tags of one consumer.
const TAGS: usize = 10;
/// Kinds of events of one consumer.
const EVENT_TYPES: usize = 50;

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
    /// The kinds of events that it is told of.
    pub event_types: Vec<String>,
    /// `key:value` of companies: only those with any of them; all when there is none.
    pub company_tags: Vec<String>,
}

impl From<webhook_consumer::Model> for WebhookConsumer {
    fn from(row: webhook_consumer::Model) -> Self {
        Self {
            id: row.id,
            url: row.url,
            disabled: row.disabled,
            event_types: row.event_types.0,
            company_tags: row.company_tags.0,
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
    /// An address of https, or of http on this machine.
    pub url: String,
    /// Whether it is told nothing for now.
    #[serde(default)]
    pub disabled: bool,
    /// Such as `read.completed`; 50 at most.
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
    let key = app.keys.installation(&app.db).await?;
    let row = webhook_consumer::Model {
        id,
        url: address(body.url)?,
        disabled: body.disabled,
        event_types: Texts(event_types(body.event_types)?),
        company_tags: Texts(company_tags(body.company_tags.unwrap_or_default())?),
        secret: key.seal(&Place::new("webhook_consumer", id, "secret"), &new_secret().into()),
        created_at: app.clock.now(),
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

/// Delete a webhook consumer
///
/// It is told nothing any more, not even what waits.
#[utoipa::path(delete, path = "/webhooks/{webhookId}", operation_id = "delete-webhook-consumer", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub async fn delete(State(app): State<App>, _: Caller, Last(given): Last) -> Result<StatusCode, Error> {
    let id = WebhookConsumerId::from_str(&given).map_err(|_| Error::none("webhook consumer", &given))?;
    if store::webhook_consumers::delete(&app.db, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::none("webhook consumer", id))
    }
}

/// As Standard Webhooks has it: `whsec_` and the base64 of 32 random bytes.
fn new_secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; 32]>()))
}

fn address(given: String) -> Result<String, Error> {
    let given = text("url", given, 2000)?;
    let good = Url::parse(&given).is_ok_and(|url| {
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "https" || (url.scheme() == "http" && here)
    });
    let refused = || Error::BadRequest("url must be an address of https, or of http on this machine.".to_owned());
    good.then_some(given).ok_or_else(refused)
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
