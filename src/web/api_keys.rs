//! API keys.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use entity::api_key;
use entity::id::ApiKeyId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::who::{Caller, Last};
use connect::api_keys as keys;

impl From<keys::Error> for Error {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::TooMany | keys::Error::Last => Self::Conflict(error.to_string()),
            keys::Error::None => Self::NotFound(error.to_string()),
            keys::Error::Store(_) | keys::Error::Keys(_) => Self::fault(error),
        }
    }
}

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: Option<String>,
    /// The key itself when it is made; only its beginning and end ever after.
    pub api_key: String,
    /// When it was made.
    pub created_date: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_date: Option<DateTime<Utc>>,
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            api_key: row.hint,
            created_date: row.created_at,
            last_used_date: row.last_used_at,
        }
    }
}

/// All API keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeys {
    /// Oldest first.
    pub results: Vec<ApiKey>,
}

/// List API keys
#[utoipa::path(get, path = "/apiKeys", operation_id = "list-api-keys", tag = "Settings",
    responses((status = 200, description = "All keys; not paged.", body = ApiKeys), Refusals))]
pub async fn list(State(app): State<App>, _: Caller) -> Result<Json<ApiKeys>, Error> {
    let rows = store::api_keys::all(&app.db).await?;
    Ok(Json(ApiKeys { results: rows.into_iter().map(ApiKey::from).collect() }))
}

/// What a new key is for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ApiKeyBody {
    /// At most 50 characters.
    #[serde(default)]
    pub name: Option<String>,
}

/// Create an API key
///
/// It is shown this once.
#[utoipa::path(post, path = "/apiKeys", operation_id = "create-api-key", tag = "Settings", request_body = ApiKeyBody,
    responses((status = 201, description = "The key itself, this once.", body = ApiKey), Refusals))]
#[expect(clippy::disallowed_methods, reason = "the new key is shown once, here")]
pub async fn create(
    State(app): State<App>,
    _: Caller,
    Body(body): Body<ApiKeyBody>,
) -> Result<(StatusCode, Json<ApiKey>), Error> {
    let name = body.name.map(|given| text("name", given, 50)).transpose()?;
    let (row, key) = keys::create(&app.db, &app.keys, app.clock.as_ref(), name).await?;
    let mut shown = ApiKey::from(row);
    key.expose_secret().clone_into(&mut shown.api_key);
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Delete an API key
///
/// Requests with it are refused from now on. The last key stays.
#[utoipa::path(delete, path = "/apiKeys/{apiKeyId}", operation_id = "delete-api-key", tag = "Settings",
    params(("apiKeyId" = ApiKeyId, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub async fn delete(State(app): State<App>, _: Caller, Last(id): Last) -> Result<StatusCode, Error> {
    let id = ApiKeyId::from_str(&id).map_err(|_| Error::none("API key", &id))?;
    keys::delete(&app.db, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
