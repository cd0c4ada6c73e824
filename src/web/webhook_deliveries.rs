//! Deliveries of events to a webhook consumer: what was sent, what came back, and sending again.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{DeliveryId, WebhookConsumerId, WebhookEventId, WebhookReplayId};
use entity::{delivery, delivery_attempt};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::who::{Last, OfConsumer};
use connect::events;

/// An event on its way to a consumer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// The event: `id` in its body, and the `webhook-id` of every try.
    pub event_id: WebhookEventId,
    /// Such as `read.completed`.
    pub event_type: String,
    /// Where it stands.
    pub status: delivery::Status,
    /// Tries so far.
    pub attempts: i32,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<DateTime<Utc>>,
    /// The replay that asked for it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_id: Option<WebhookReplayId>,
    /// When it was first queued.
    pub created: DateTime<Utc>,
    /// When it was delivered, given up or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<DateTime<Utc>>,
}

impl From<delivery::Model> for WebhookDelivery {
    fn from(row: delivery::Model) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            event_type: row.event_type,
            status: row.status,
            attempts: row.attempts,
            next_attempt: (row.status == delivery::Status::Waiting).then_some(row.run_at),
            replay_id: row.replay_id,
            created: row.created_at,
            ended: row.ended_at,
        }
    }
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttempt {
    /// From 1.
    pub number: i32,
    /// Where it was sent.
    pub url: String,
    /// When; as a Unix second it was the `webhook-timestamp`.
    pub sent: DateTime<Utc>,
    /// Milliseconds until the answer, or until it was given up.
    pub took_milliseconds: i64,
    /// The HTTP status of the answer; none when there was no answer.
    pub status_code: Option<i32>,
    /// Why it counts as failed; none when the receiver took it.
    pub error: Option<String>,
    /// The beginning of the answer's body, as text: 4096 bytes at most.
    pub reply: Option<String>,
    /// Whether the answer's body was longer than that.
    pub reply_is_cut: bool,
}

impl From<delivery_attempt::Model> for WebhookAttempt {
    fn from(row: delivery_attempt::Model) -> Self {
        Self {
            number: row.number,
            url: row.url,
            sent: row.sent_at,
            took_milliseconds: row.took_ms,
            status_code: row.status_code,
            error: row.error,
            reply: row.reply,
            reply_is_cut: row.reply_is_cut,
        }
    }
}

/// A delivery, with what was sent and what came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryWithTries {
    /// The delivery.
    #[serde(flatten)]
    pub about: WebhookDelivery,
    /// The body that is sent, the same in each try.
    pub body: Value,
    /// All tries, first one first.
    pub tries: Vec<WebhookAttempt>,
}

/// List what a consumer was sent
///
/// Newest first; `query` can ask for `status=Failed` or for one `eventType`.
#[utoipa::path(get, path = "/webhooks/{webhookId}/deliveries", operation_id = "list-webhook-deliveries",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<WebhookDelivery>), Refusals))]
pub async fn list(State(app): State<App>, OfConsumer(consumer): OfConsumer, list: List) -> Result<Response, Error> {
    let listing = list.listing(&store::deliveries::NOUN)?;
    let tx = store::read(&app.db).await?;
    let found = store::deliveries::page(&tx, consumer.id, &listing).await?;
    list.page(found, |row| Ok(WebhookDelivery::from(row)))
}

async fn find(app: &App, consumer: WebhookConsumerId, text: &str) -> Result<delivery::Model, Error> {
    let id = DeliveryId::from_str(text).map_err(|_| Error::none("delivery", text))?;
    store::deliveries::find(&app.db, consumer, id).await?.ok_or_else(|| Error::none("delivery", id))
}

/// Get a delivery
///
/// With the body that is sent, and each try with its answer.
#[utoipa::path(get, path = "/webhooks/{webhookId}/deliveries/{deliveryId}", operation_id = "get-webhook-delivery",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery.", body = WebhookDeliveryWithTries), Refusals))]
pub async fn get(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Last(id): Last,
) -> Result<Json<WebhookDeliveryWithTries>, Error> {
    let row = find(&app, consumer.id, &id).await?;
    let event = store::webhook_events::find(&app.db, row.event_id).await?;
    let event = event.ok_or_else(|| Error::none("delivery", row.id))?;
    let body = serde_json::from_str(&event.body).map_err(Error::fault)?;
    let tries = store::deliveries::attempts(&app.db, row.id).await?;
    Ok(Json(WebhookDeliveryWithTries {
        about: row.into(),
        body,
        tries: tries.into_iter().map(WebhookAttempt::from).collect(),
    }))
}

/// Send a delivery again
///
/// Under the same `webhook-id`, in a new round of tries; whether or not it was taken before.
#[utoipa::path(post, path = "/webhooks/{webhookId}/deliveries/{deliveryId}/resend",
    operation_id = "resend-webhook-delivery", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 202, description = "It will be sent.", body = WebhookDelivery), Refusals))]
pub async fn resend(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Last(id): Last,
) -> Result<(StatusCode, Json<WebhookDelivery>), Error> {
    consumer_is_told(consumer.disabled)?;
    let row = find(&app, consumer.id, &id).await?;
    let again = delivery::Model {
        status: delivery::Status::Waiting,
        failures: 0,
        run_at: app.clock.now(),
        ended_at: None,
        replay_id: None,
        ..row
    };
    let tx = store::write(&app.db).await?;
    store::deliveries::queue_again(&tx, vec![again], false).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(find(&app, consumer.id, &id).await?.into())))
}

/// Send a consumer a test
///
/// An event of the type `webhook.test`, which is sent whatever the consumer's `eventTypes` are.
#[utoipa::path(post, path = "/webhooks/{webhookId}/test", operation_id = "test-webhook-consumer", tag = "Webhooks",
    params(("webhookId" = WebhookConsumerId, Path)),
    responses((status = 202, description = "It will be sent.", body = WebhookDelivery), Refusals))]
pub async fn test(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
) -> Result<(StatusCode, Json<WebhookDelivery>), Error> {
    consumer_is_told(consumer.disabled)?;
    let tx = store::write(&app.db).await?;
    let event = events::test(&tx, consumer.id, app.clock.now()).await?;
    let made = store::deliveries::of_event(&tx, consumer.id, event).await?;
    tx.commit().await?;
    // Disabled or deleted by another request in between.
    let made = made.ok_or_else(|| Error::none("webhook consumer", consumer.id))?;
    Ok((StatusCode::ACCEPTED, Json(made.into())))
}

/// Nothing is sent to a consumer that is disabled.
pub(super) fn consumer_is_told(disabled: bool) -> Result<(), Error> {
    if disabled {
        let said =
            "The consumer is disabled, so nothing is sent to it. Enable it first: PATCH it with {\"disabled\":false}.";
        return Err(Error::Conflict(said.to_owned()));
    }
    Ok(())
}
