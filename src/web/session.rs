//! The browser's session: a cookie with an id that only its digest is kept of.
//!
//! The cookie is `HttpOnly` and `SameSite=Lax`, so that it comes along when Stripe sends the owner back. Over https it
//! is `Secure` and has the prefix `__Host-`; only an installation on a loopback http address goes without.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Duration, Utc};
use sea_orm::prelude::async_trait::async_trait;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use super::App;
use base::vault::digest;

/// Sessions in our database.
#[derive(Clone, Debug)]
pub struct Sessions {
    app: App,
    minutes: i64,
}

/// The layer that gives the Link pages their [`Session`].
#[must_use]
pub fn of_link(app: &App) -> SessionManagerLayer<Sessions> {
    let secure = app.settings.public_url.scheme() == "https";
    let name = if secure { "__Host-tributary" } else { "tributary" };
    layer(app, i64::from(app.settings.session_minutes)).with_name(name).with_same_site(SameSite::Lax)
}

/// The layer that gives the portal and the API its [`Session`]: another one, whose cookie never comes from elsewhere.
#[must_use]
pub fn of_the_portal(app: &App) -> SessionManagerLayer<Sessions> {
    let secure = app.settings.public_url.scheme() == "https";
    let name = if secure { "__Host-tributary-portal" } else { "tributary-portal" };
    layer(app, i64::from(app.settings.portal_hours) * 60).with_name(name).with_same_site(SameSite::Strict)
}

fn layer(app: &App, minutes: i64) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions { app: app.clone(), minutes })
        .with_secure(app.settings.public_url.scheme() == "https")
        .with_http_only(true)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::minutes(minutes)))
}

/// The digest by which a session is known; none before it was saved for the first time.
#[must_use]
pub fn digest_of(session: &Session) -> Option<String> {
    session.id().map(digest_of_id)
}

fn digest_of_id(id: Id) -> String {
    digest(id.to_string().as_bytes())
}

impl Sessions {
    /// The row of a record. Its end is counted by our own clock.
    fn row(&self, record: &Record) -> Result<entity::session::Model> {
        Ok(entity::session::Model {
            digest: digest_of_id(record.id),
            data: serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
            expires_at: self.app.clock.now() + Duration::minutes(self.minutes),
        })
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !store::sessions::create(&self.app.db, self.row(record)?).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        store::sessions::save(&self.app.db, self.row(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row =
            store::sessions::find(&self.app.db, &digest_of_id(*id), self.app.clock.now()).await.map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let data = serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: expiry(row.expires_at)? }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        store::sessions::delete(&self.app.db, &digest_of_id(*id)).await.map_err(backend)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn backend(error: sea_orm::DbErr) -> Error {
    Error::Backend(error.to_string())
}

fn expiry(at: DateTime<Utc>) -> Result<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(at.timestamp()).map_err(|error| Error::Decode(error.to_string()))
}

/// The session of a request that came through [`of_link`].
#[derive(Clone, Debug)]
pub struct Browser(pub Session);

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = (axum::http::StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Self::Rejection> {
        Session::from_request_parts(parts, state).await.map(Self)
    }
}
