//! Signing in and out, and setting up the first user.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use entity::user;
use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_sessions::Session;

use super::super::App;
use super::super::body::Body;
use super::super::error::Error;
use super::{SignedIn, USER, is_ours};
use connect::users;

/// Tries of one email that may follow each other at once.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// After them, one more each time this has passed.
const PAUSE: Duration = Duration::from_secs(30);
/// Emails whose tries are remembered before those long at rest are forgotten.
const REMEMBERED: usize = 10_000;

/// How often an email was tried lately. It is counted per process.
#[derive(Clone, Debug)]
pub struct Tries(Arc<DefaultKeyedRateLimiter<String>>);

impl Default for Tries {
    fn default() -> Self {
        let quota = Quota::with_period(PAUSE).unwrap_or_else(|| Quota::per_minute(BURST)).allow_burst(BURST);
        Self(Arc::new(DefaultKeyedRateLimiter::keyed(quota)))
    }
}

impl Tries {
    /// Counts a try.
    fn count(&self, email: &str) -> Result<(), Error> {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        self.0.check_key(&email.trim().to_lowercase()).map_err(|until| {
            let wait = until.wait_time_from(governor::clock::DefaultClock::default().now());
            Error::TooMany(wait.as_secs() + 1)
        })
    }
}

/// A call of the portal's own script.
pub struct Ours;

impl FromRequestParts<App> for Ours {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        if is_ours(parts) {
            Ok(Self)
        } else {
            Err(Error::BadRequest("This address is for the portal: the header X-Tributary-Portal is missing.".into()))
        }
    }
}

/// Who is signed in.
#[derive(Debug, Serialize)]
struct Who {
    email: String,
    name: Option<String>,
}

impl From<user::Model> for Who {
    fn from(row: user::Model) -> Self {
        Self { email: row.email, name: row.name }
    }
}

/// What opens a session.
#[derive(Deserialize)]
pub struct Credentials {
    email: String,
    password: SecretString,
}

/// What makes the first user.
#[derive(Deserialize)]
pub struct SetUp {
    token: String,
    email: String,
    password: SecretString,
}

impl From<users::Error> for Error {
    fn from(error: users::Error) -> Self {
        match error {
            users::Error::Email => Self::field("email", error.to_string()),
            users::Error::Password => Self::field("password", error.to_string()),
            users::Error::Token => Self::Refused(error.to_string()),
            users::Error::SetUp => Self::Conflict(error.to_string()),
            other => Self::fault(other),
        }
    }
}

/// Who is signed in; else whether there is anybody who could.
pub async fn show(State(app): State<App>, request: axum::extract::Request) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    if let Some(row) = super::user(&parts, &app).await? {
        return Ok(Json(Who::from(row)).into_response());
    }
    let required = store::users::count(&app.db).await? == 0;
    let body = json!({ "statusCode": 401, "error": "Nobody is signed in.", "setupRequired": required });
    Ok((StatusCode::UNAUTHORIZED, Json(body)).into_response())
}

/// Signs in.
pub async fn sign_in(
    State(app): State<App>,
    Extension(tries): Extension<Tries>,
    _: Ours,
    session: Session,
    Body(body): Body<Credentials>,
) -> Result<Response, Error> {
    tries.count(&body.email)?;
    let found = users::sign_in(&app.db, app.clock.as_ref(), &body.email, body.password).await?;
    let row = found.ok_or_else(|| Error::Refused("The email or the password is wrong.".to_owned()))?;
    open(&session, row).await
}

/// Makes the first user, and signs them in.
pub async fn set_up(
    State(app): State<App>,
    Extension(tries): Extension<Tries>,
    _: Ours,
    session: Session,
    Body(body): Body<SetUp>,
) -> Result<Response, Error> {
    tries.count("")?;
    let clock = app.clock.as_ref();
    let row = users::set_up(&app.db, &app.keys, clock, &body.token, &body.email, body.password).await?;
    open(&session, row).await
}

/// Signs out.
pub async fn sign_out(_: Ours, session: Session) -> Result<StatusCode, Error> {
    session.flush().await.map_err(Error::fault)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The session gets a new id, so that one that was planted before is worth nothing.
async fn open(session: &Session, row: user::Model) -> Result<Response, Error> {
    session.cycle_id().await.map_err(Error::fault)?;
    let signed_in = SignedIn { id: row.id, password_set_at: row.password_set_at };
    session.insert(USER, signed_in).await.map_err(Error::fault)?;
    Ok(Json(Who::from(row)).into_response())
}
