//! Telling a webhook consumer again: what it missed since a time, or all that happened between two times.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use entity::id::{WebhookConsumerId, WebhookReplayId};
use entity::webhook_replay::{self, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::Body;
use super::error::Error;
use super::webhook_deliveries::consumer_is_told;
use super::who::{Last, OfConsumer};
use base::task::Task;

/// Events of the past that are told again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookReplay {
    /// Its id.
    pub id: WebhookReplayId,
    /// `Running` while events are being queued, `Queued` when all are, `Cancelled` when it was stopped.
    pub status: Status,
    /// Events from here on.
    pub since: DateTime<Utc>,
    /// Events before this.
    pub until: DateTime<Utc>,
    /// Whether what the consumer has taken is left out.
    pub only_missed: bool,
    /// Events of that time that are kept.
    pub events: u64,
    /// Of these, how many were looked at so far.
    pub looked_at: i64,
    /// Of these, how many were queued for the consumer.
    pub queued: i64,
    /// Of those queued, how many the consumer has taken.
    pub delivered: i64,
    /// How many wait for their first or next try.
    pub waiting: i64,
    /// How many were given up.
    pub failed: i64,
    /// How many were not sent, because this was cancelled.
    pub cancelled: i64,
    /// When it was asked for.
    pub created: DateTime<Utc>,
    /// When all was queued, or when it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<DateTime<Utc>>,
}

async fn shown(app: &App, row: webhook_replay::Model) -> Result<WebhookReplay, Error> {
    let counts = store::webhook_replays::counts(&app.db, row.id).await?;
    let count = |status: entity::delivery::Status| counts.get(status.as_str()).copied().unwrap_or_default();
    Ok(WebhookReplay {
        events: store::webhook_replays::total(&app.db, &row).await?,
        delivered: count(entity::delivery::Status::Delivered),
        waiting: count(entity::delivery::Status::Waiting),
        failed: count(entity::delivery::Status::Failed),
        cancelled: count(entity::delivery::Status::Cancelled),
        id: row.id,
        status: row.status,
        since: row.since,
        until: row.until,
        only_missed: row.only_missed,
        looked_at: row.looked_at,
        queued: row.queued,
        created: row.created_at,
        ended: row.ended_at,
    })
}

/// Since when a consumer missed something.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RecoverRequest {
    /// Events from here on.
    pub since: DateTime<Utc>,
}

/// Recover what a consumer missed
///
/// Queues every event since a time that the consumer has not taken: what was given up, what waits for a later try, and
/// what happened while it was disabled. What it has taken is not sent again.
#[utoipa::path(post, path = "/webhooks/{webhookId}/recover", operation_id = "recover-webhook-consumer",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path)), request_body = RecoverRequest,
    responses((status = 202, description = "It will be done; watch it as a replay.", body = WebhookReplay), Refusals))]
pub async fn recover(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Body(asked): Body<RecoverRequest>,
) -> Result<(StatusCode, Json<WebhookReplay>), Error> {
    consumer_is_told(consumer.disabled)?;
    begin(&app, consumer.id, asked.since, None, true).await
}

/// Which events are told again.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReplayEventsRequest {
    /// Events from here on.
    pub since: DateTime<Utc>,
    /// Events before this; now when it is left out.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

/// Replay events to a consumer
///
/// Queues every event of a time that the consumer is told of, also those that it has taken; each under its `webhook-id`.
#[utoipa::path(post, path = "/webhooks/{webhookId}/replays", operation_id = "replay-webhook-events",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path)), request_body = ReplayEventsRequest,
    responses((status = 202, description = "It will be done.", body = WebhookReplay), Refusals))]
pub async fn create(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Body(asked): Body<ReplayEventsRequest>,
) -> Result<(StatusCode, Json<WebhookReplay>), Error> {
    consumer_is_told(consumer.disabled)?;
    begin(&app, consumer.id, asked.since, asked.until, false).await
}

async fn begin(
    app: &App,
    consumer: WebhookConsumerId,
    since: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    only_missed: bool,
) -> Result<(StatusCode, Json<WebhookReplay>), Error> {
    let now = app.clock.now();
    let until = until.unwrap_or(now).min(now);
    if since >= until {
        return Err(Error::BadRequest("since must be before until, and in the past.".to_owned()));
    }
    let row = webhook_replay::Model {
        id: WebhookReplayId::new(),
        consumer_id: consumer,
        since,
        until,
        only_missed,
        status: Status::Running,
        looked_at: 0,
        queued: 0,
        last_event_id: None,
        created_at: now,
        ended_at: None,
    };
    let tx = store::write(&app.db).await?;
    store::webhook_replays::insert(&tx, row.clone()).await?;
    store::jobs::enqueue(&tx, &Task::Replay { replay: row.id }, now).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(shown(app, row).await?)))
}

async fn find(app: &App, consumer: WebhookConsumerId, text: &str) -> Result<webhook_replay::Model, Error> {
    let id = WebhookReplayId::from_str(text).map_err(|_| Error::none("replay", text))?;
    store::webhook_replays::find(&app.db, consumer, id).await?.ok_or_else(|| Error::none("replay", id))
}

/// Watch a replay
#[utoipa::path(get, path = "/webhooks/{webhookId}/replays/{replayId}", operation_id = "get-webhook-replay",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path), ("replayId" = WebhookReplayId, Path)),
    responses((status = 200, description = "How far it is.", body = WebhookReplay), Refusals))]
pub async fn get(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Last(id): Last,
) -> Result<Json<WebhookReplay>, Error> {
    let row = find(&app, consumer.id, &id).await?;
    Ok(Json(shown(&app, row).await?))
}

/// Cancel a replay
///
/// Nothing more is queued, and what it queued and is not sent yet is not sent; a message on its way arrives.
#[utoipa::path(delete, path = "/webhooks/{webhookId}/replays/{replayId}", operation_id = "cancel-webhook-replay",
    tag = "Webhooks", params(("webhookId" = WebhookConsumerId, Path), ("replayId" = WebhookReplayId, Path)),
    responses((status = 200, description = "Where it was stopped.", body = WebhookReplay), Refusals))]
pub async fn cancel(
    State(app): State<App>,
    OfConsumer(consumer): OfConsumer,
    Last(id): Last,
) -> Result<Json<WebhookReplay>, Error> {
    let row = find(&app, consumer.id, &id).await?;
    store::webhook_replays::cancel(&app.db, consumer.id, row.id, app.clock.now()).await?;
    let row = find(&app, consumer.id, &id).await?;
    Ok(Json(shown(&app, row).await?))
}
