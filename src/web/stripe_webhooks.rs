//! `POST /stripe/webhooks/{integration}`: what Stripe tells of connected accounts.
//!
//! The signature is checked on the raw bytes before anything is read of them; the answer is 2xx when the event is on the
//! disk, not before. What is true but of no use here is taken and counted, since Stripe would send it for days otherwise
//! and then close the endpoint.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Extension, Json, Router};
use entity::integration;
use serde_json::{Value, json};

use super::App;
use super::error::Error;
use connect::inbox::{Believed, Inbox};
use connect::webhooks;
use stripe::signature;
use stripe::wire;

/// Bytes of the largest delivery; Stripe's are some kilobytes.
const LARGEST: usize = 1 << 20;
/// The longest id or name in an event.
const LONGEST: usize = 255;

/// The one route, with an inbox of its own.
pub fn routes(app: &App) -> Router<App> {
    let path = format!("{}{{integration}}", webhooks::PATH);
    let inbox = Inbox::new(&app.db, app.clock.clone(), app.settings.public_url.clone());
    Router::new().route(&path, post(take)).layer(DefaultBodyLimit::max(LARGEST)).layer(Extension(inbox))
}

/// Why a delivery is not taken: the word for the counts, and what the sender is told.
struct Refusal(&'static str, String);

async fn take(
    State(app): State<App>,
    Extension(inbox): Extension<Arc<Inbox>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Error> {
    let integration = store::integrations::by_key(&app.db, &key).await.map_err(|error| later(&error))?;
    let integration = Arc::new(integration.ok_or_else(|| Error::none("integration", &key))?);
    let Ok(body) = body else {
        inbox.refuse(integration.id, "too_large");
        return Err(Error::TooLarge);
    };
    let event = match believed(&app, &integration, &headers, &body).await? {
        Ok(event) => event,
        Err(Refusal(reason, said)) => {
            tracing::warn!(integration = key, reason, "a webhook was refused");
            inbox.refuse(integration.id, reason);
            return Err(Error::BadRequest(said));
        }
    };
    let at = app.clock.now();
    match inbox.take(Believed { integration, event, at }).await {
        Ok(()) => Ok(Json(json!({ "received": true }))),
        Err(error) => Err(later(&error)),
    }
}

fn later(error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("The event was not taken: {error}."))
}

/// The event of a delivery that Stripe signed, or why it is refused. The outer error is ours to mend.
async fn believed(
    app: &App,
    integration: &integration::Model,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Result<wire::Event, Refusal>, Error> {
    let secrets = webhooks::secrets(app.means(), integration).await.map_err(Error::fault)?;
    if secrets.is_empty() {
        let said =
            format!("{} has no webhook secret yet: an admin registers the endpoint or sets it.", integration.name);
        return Ok(Err(Refusal("no_secret", said)));
    }
    let mut signatures = headers.get_all("stripe-signature").iter();
    let signed = match (signatures.next(), signatures.next()) {
        (None, _) => Err(signature::Refusal::Missing),
        (Some(_), Some(_)) => Err(signature::Refusal::Malformed),
        (Some(one), None) => {
            let tolerance = i64::from(app.settings.webhook_tolerance);
            signature::verify(one.as_bytes(), body, &secrets, app.clock.now().timestamp(), tolerance)
        }
    };
    Ok(signed.map_err(|refusal| Refusal(refusal.as_str(), format!("Not taken: {refusal}."))).and_then(|()| read(body)))
}

/// Reads what was signed.
fn read(body: &[u8]) -> Result<wire::Event, Refusal> {
    let unreadable = |why: String| Refusal("unreadable", format!("It is signed, but it is no event: {why}."));
    let event: wire::Event = serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    if event.object.as_deref() == Some("v2.core.event") {
        let said = "This is a thin event. This endpoint takes snapshot events alone: in Stripe, let the event \
                    destination send snapshots.";
        return Err(Refusal("thin_event", said.to_owned()));
    }
    let object = event.data.as_ref().and_then(|data| data.object.as_ref());
    let object = object.into_iter().flat_map(|object| [object.object.as_deref(), object.id.as_deref()]);
    let texts = [Some(event.id.as_str()), Some(&event.kind), event.account.as_deref(), event.api_version.as_deref()];
    // PostgreSQL keeps no NUL, and no index a whole novel.
    let odd = |text: &str| text.len() > LONGEST || text.contains('\0');
    let is_odd = texts.into_iter().chain(object).flatten().any(odd);
    match () {
        () if event.id.is_empty() || event.kind.is_empty() => Err(unreadable("it has no id or no type".to_owned())),
        () if event.created.is_none() => Err(unreadable("it does not say when it happened".to_owned())),
        () if is_odd => Err(unreadable("its ids are not Stripe's".to_owned())),
        () => Ok(event),
    }
}
