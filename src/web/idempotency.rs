//! `Idempotency-Key`: a POST that is sent again under the same key has no second effect; it is answered as the first was.
//!
//! The key is noted before the request is done and its answer is kept after it, for a day. A request whose process ended in
//! between is never done again by itself: nobody can tell whether it had its effect, and the caller is told so.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use entity::idempotency_key;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::App;
use super::error::Error;
use super::who::Caller;
use base::vault::Place;
use store::idempotency as kept;

/// The header that names a request.
pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Characters that a key may have.
const LONGEST: usize = 255;
/// Minutes after which a request that was not answered is not under way any more: longer than any answer takes.
const OVER: i64 = 3;

/// Does a POST with a key once.
pub(super) async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    once(&app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn once(app: &App, request: Request, next: Next) -> Result<Response, Error> {
    let (mut parts, body) = request.into_parts();
    let key = named(parts.headers.get(HEADER))?;
    // Who is not known is told so by the route itself.
    let Ok(caller) = Caller::from_request_parts(&mut parts, app).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let body = to_bytes(body, app.settings.body_limit).await.map_err(|_| Error::TooLarge)?;
    let row = idempotency_key::Model {
        owner: owner(caller),
        key,
        request: fingerprint(&parts.method, parts.uri.path_and_query().map_or("", |path| path.as_str()), &body),
        began_at: app.clock.now(),
        status: None,
        answer: None,
    };
    if let Some(known) = kept::begin(&app.db, row.clone()).await? {
        return again(app, &row, known).await;
    }
    let (app, request) = (app.clone(), Request::from_parts(parts, Body::from(body)));
    // A task of its own goes on to its end, also when the caller does not wait for it.
    let done = tokio::spawn(async move { finished(&app, &row, next.run(request).await).await }).await;
    match done {
        Ok(answer) => answer,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(ended) => Err(Error::fault(ended)),
    }
}

/// The key, as the caller gave it.
fn named(header: Option<&HeaderValue>) -> Result<String, Error> {
    let key = header.and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST {
        let said = format!("Idempotency-Key must have 1 to {LONGEST} characters of ASCII, such as a random UUID.");
        return Err(Error::BadRequest(said));
    }
    Ok(key.to_owned())
}

/// All API keys belong to one client; a user's and a page's keys are their own.
fn owner(caller: Caller) -> String {
    match caller {
        Caller::Key(_) => "client".to_owned(),
        Caller::User(id) => format!("user:{id}"),
        Caller::Page(company) => format!("company:{company}"),
    }
}

fn fingerprint(method: &Method, path: &str, body: &Bytes) -> String {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body.as_ref()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// What a request is answered that came before.
async fn again(app: &App, row: &idempotency_key::Model, known: idempotency_key::Model) -> Result<Response, Error> {
    if known.request != row.request {
        let said = "This Idempotency-Key was used for another request: give each request a key of its own.";
        return Err(Error::BadRequest(said.to_owned()));
    }
    let status = known.status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let (Some(status), Some(answer)) = (status, &known.answer) else {
        return Err(Error::Conflict(if row.began_at - known.began_at < TimeDelta::minutes(OVER) {
            "The first request with this Idempotency-Key is still being done: ask again in a few seconds.".to_owned()
        } else {
            "The first request with this Idempotency-Key was cut off, and may have had its effect: look whether it has, \
             and send it under a new key if not."
                .to_owned()
        }));
    };
    let opened = app.keys.installation(&app.db).await?.open(&place(row), answer).map_err(Error::fault)?;
    #[expect(clippy::disallowed_methods, reason = "the answer may hold a secret that was shown to this caller before")]
    let body = opened.expose_secret().to_owned();
    let has_body = !body.is_empty();
    let mut response = (status, body).into_response();
    if has_body {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Keeps an answer; a refusal had no effect, and its key is free again.
async fn finished(app: &App, row: &idempotency_key::Model, response: Response) -> Result<Response, Error> {
    let status = response.status();
    if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE {
        kept::give_up(&app.db, &row.owner, &row.key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(Error::fault)?;
    let text = SecretString::from(String::from_utf8(bytes.to_vec()).map_err(Error::fault)?);
    let sealed = app.keys.installation(&app.db).await?.seal(&place(row), &text);
    kept::end(&app.db, &row.owner, &row.key, status.as_u16(), sealed).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn place(row: &idempotency_key::Model) -> Place {
    Place::new("idempotency_key", format!("{}/{}", row.owner, row.key), "answer")
}
