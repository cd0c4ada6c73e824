//! What a client has already is not sent again: every answer that was read carries an `ETag`, and a request that shows it in
//! `If-None-Match` is answered 304, without a body, while nothing has changed.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use xxhash_rust::xxh3::xxh3_128;

use super::error::Error;

/// Tags what was read, and answers 304 where it is known.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let reads = request.method() == Method::GET;
    let known = request.headers().typed_get::<IfNoneMatch>();
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A page is in memory already: this copies nothing.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Error::fault(anyhow::anyhow!("an answer could not be read")).into_response();
    };
    // Weak, since a compressed answer has other bytes and says the same.
    let Ok(tag) = format!("W/\"{:032x}\"", xxh3_128(&bytes)).parse::<ETag>() else {
        return Error::fault(anyhow::anyhow!("a hash is no ETag")).into_response();
    };
    let changed = known.is_none_or(|known| known.precondition_passes(&tag));
    parts.headers.typed_insert(tag);
    if changed {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    Response::from_parts(parts, Body::empty())
}

/// Whether an answer is JSON; a file is not, and is never held in memory as a whole.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}
