//! What every request passes: an id, one line in the log, limits, and the headers that every answer carries.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;
use uuid::Uuid;

use super::{App, error};

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Requests that panicked since this process began.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// What pages may load, unless a page says it itself.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// The request's id: 32 hexadecimal digits.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Puts the entrance before all routes. What a panic or a timeout leaves becomes an ordinary error.
pub(super) fn before(routes: Router<App>, app: &App) -> Router<App> {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(DefaultBodyLimit::max(app.settings.body_limit))
        .layer(RequestBodyLimitLayer::new(app.settings.body_limit))
        .layer(middleware::from_fn_with_state(app.clone(), enter))
        .layer(packing())
}

/// Answers are packed for those who take it, but for pages: what they hold of a session must not be told by their length.
fn packing() -> CompressionLayer<impl Predicate> {
    let worth = DefaultPredicate::new().and(NotForContentType::const_new("text/html"));
    // Its pages are packed already.
    let worth = worth.and(NotForContentType::const_new("application/vnd.apache.parquet"));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what the panic held")]
fn panicked(held: Box<dyn Any + Send>) -> Response {
    let said = held.downcast_ref::<String>().map(String::as_str).or_else(|| held.downcast_ref::<&str>().copied());
    let count = PANICS.fetch_add(1, Ordering::Relaxed) + 1;
    tracing::error!(panic = said.unwrap_or("without words"), count, "a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Gives the request its id, logs it in one line without its query (which may hold a Link token), and finishes the
/// answer.
async fn enter(State(app): State<App>, mut request: Request<Body>, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let by_portal = request.headers().contains_key(super::portal::OURS);
    let began = app.clock.now();
    let span = tracing::info_span!("request", id = %id);
    async {
        // PostgreSQL knows no text with a NUL, and nothing is called by one.
        let mut response = if request.uri().path().contains("%00") {
            error::Error::NotFound("There is nothing at this address.".to_owned()).into_response()
        } else {
            next.run(request).await
        };
        if let Some(error::Outage(words)) = response.extensions_mut().remove() {
            app.trouble.met(words);
        }
        let mut response = error::finish(response, &id);
        if by_portal {
            // It would make the browser ask for a name and a password itself, and hold the answer back until then.
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
        }
        let ms = (app.clock.now() - began).num_milliseconds();
        let status = response.status().as_u16();
        if route == "/healthz" || route == "/readyz" {
            tracing::debug!(%method, route, status, ms, "answered");
        } else {
            tracing::info!(%method, route, status, ms, "answered");
        }
        with_headers(response, &id)
    }
    .instrument(span)
    .await
}

fn with_headers(mut response: Response, id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT_POLICY));
        headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    }
    response
}
