//! The portal: its files, and the sign-in that lets a browser ask the API without a key.

mod files;
mod sign_in;

use axum::Router;
use axum::http::HeaderName;
use axum::http::request::Parts;
use axum::response::Redirect;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::user;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

pub(super) use self::files::built;
use super::App;
use super::error::Error;

/// Where the portal is.
pub const PATH: &str = "/portal/";
/// The portal's script sends this header with every call; a form or a page of another origin cannot.
pub(super) const OURS: HeaderName = HeaderName::from_static("x-tributary-portal");
/// What the session keeps of a signed-in user.
const USER: &str = "user";

/// Who signed in, and when their password was set then: a new password ends older sessions.
#[derive(Debug, Serialize, Deserialize)]
struct SignedIn {
    id: UserId,
    password_set_at: DateTime<Utc>,
}

/// The portal's routes; the session's layer comes around them and the API together.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/portal/api/session", get(sign_in::show).post(sign_in::sign_in).delete(sign_in::sign_out))
        .route("/portal/api/setup", post(sign_in::set_up))
        .layer(axum::Extension(sign_in::Tries::default()))
        .route("/", get(|| async { Redirect::to(PATH) }))
        .route("/portal", get(|| async { Redirect::permanent(PATH) }))
        .route(PATH, get(files::index))
        .route("/docs", get(files::reference))
        .route("/portal/{*path}", get(files::file))
}

/// The user whose browser asks: only from the portal's own script, with a session that still stands.
///
/// # Errors
/// A fault of the database.
pub async fn user(parts: &Parts, app: &App) -> Result<Option<user::Model>, Error> {
    if !is_ours(parts) {
        return Ok(None);
    }
    let Some(session) = parts.extensions.get::<Session>() else { return Ok(None) };
    let Some(signed_in) = session.get::<SignedIn>(USER).await.map_err(Error::fault)? else { return Ok(None) };
    let found = store::users::find(&app.db, signed_in.id).await?;
    Ok(found.filter(|row| row.password_set_at == signed_in.password_set_at))
}

fn is_ours(parts: &Parts) -> bool {
    parts.headers.contains_key(OURS)
}
