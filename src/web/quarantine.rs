//! What could not be mapped: shown as Stripe sent it, with the reason, and mapped again when somebody asks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use entity::quarantined;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::who::{Last, OfConnection};
use base::task::Task;

/// An object that could not be mapped. It is kept, and lacks its record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarantinedObject {
    /// Stripe's id.
    pub id: String,
    /// Stripe's word for what it is.
    pub object: String,
    /// The data type that lacks it.
    pub data_type: DataType,
    /// Why, with the field and its value.
    pub reason: String,
    /// The mapper that gave up.
    pub mapper_version: i32,
    /// How often it was tried.
    pub attempts: i32,
    /// How often the mapper crashed on it, one after the other; from the third time on it is not tried again by itself.
    pub crashes: i32,
    /// When it was first met.
    pub first_date: DateTime<Utc>,
    /// When it was last met.
    pub last_date: DateTime<Utc>,
    /// When it was asked to be mapped again; null when nobody did since the last try.
    pub replay_asked_date: Option<DateTime<Utc>>,
}

/// An object that could not be mapped, with what Stripe sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarantinedObjectWithRaw {
    /// The object.
    #[serde(flatten)]
    pub about: QuarantinedObject,
    /// As Stripe sent it: the JSON, or the text when it is none.
    pub raw: serde_json::Value,
}

impl From<quarantined::Model> for QuarantinedObject {
    fn from(row: quarantined::Model) -> Self {
        Self {
            id: row.id,
            object: row.object,
            data_type: row.data_type,
            reason: row.reason,
            mapper_version: row.mapper_version,
            attempts: row.attempts,
            crashes: row.crashes.unwrap_or_default(),
            first_date: row.first_at,
            last_date: row.last_at,
            replay_asked_date: row.replay_at,
        }
    }
}

/// List what could not be mapped
///
/// Latest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/quarantine",
    operation_id = "list-quarantine", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<QuarantinedObject>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    let listing = list.listing(&store::quarantine::NOUN)?;
    let tx = store::read(&app.db).await?;
    let found = store::quarantine::page(&tx, of.connection.id, &listing).await?;
    list.page(found, |row| Ok(QuarantinedObject::from(row)))
}

/// Get an object that could not be mapped
///
/// As Stripe sent it.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/quarantine/{objectId}",
    operation_id = "get-quarantined", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("objectId" = String, Path)),
    responses((status = 200, description = "The object.", body = QuarantinedObjectWithRaw), Refusals))]
pub async fn get(
    State(app): State<App>,
    of: OfConnection,
    Last(id): Last,
) -> Result<Json<QuarantinedObjectWithRaw>, Error> {
    let rows = store::quarantine::with_id(&app.db, of.connection.id, &id).await?;
    let row = rows.into_iter().next().ok_or_else(|| Error::none("quarantined object", &id))?;
    let raw = store::quarantine::raw(&row)?;
    let raw = serde_json::from_slice(&raw).unwrap_or_else(|_| String::from_utf8_lossy(&raw).into_owned().into());
    Ok(Json(QuarantinedObjectWithRaw { about: row.into(), raw }))
}

/// What is to be mapped again.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReplayRequest {
    /// The object; all when it is left out.
    pub id: Option<String>,
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayAsked {
    /// How many objects will be mapped again.
    pub asked: u64,
}

/// Map again what could not be mapped
///
/// From the object that is kept, without a call to Stripe. What maps now gets its record and leaves this list; what does
/// not stays, with the new reason and one more attempt.
#[utoipa::path(post, path = "/companies/{companyId}/connections/{connectionId}/quarantine/replay",
    operation_id = "replay-quarantine", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)), request_body = ReplayRequest,
    responses((status = 202, description = "It will be done.", body = ReplayAsked), Refusals))]
pub async fn replay(
    State(app): State<App>,
    of: OfConnection,
    Body(request): Body<ReplayRequest>,
) -> Result<(StatusCode, Json<ReplayAsked>), Error> {
    let (connection, now) = (of.connection.id, app.clock.now());
    let id = request.id.filter(|id| !id.is_empty()).map(|id| text("id", id, 255)).transpose()?;
    let asked = store::quarantine::ask_replay(&app.db, connection, id.as_deref(), now).await?;
    if let (0, Some(id)) = (asked, id) {
        return Err(Error::none("quarantined object", id));
    }
    if asked > 0 {
        // After the data, in a transaction of its own: asked for once more, it is found waiting.
        store::jobs::enqueue(&app.db, &Task::Sync { connection }, now).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(ReplayAsked { asked })))
}
