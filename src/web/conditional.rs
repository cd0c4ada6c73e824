//! What a client has already is not sent again: every answer that was read carries an `ETag`, and a request that shows it in
//! `If-None-Match` is answered 304, without a body, while nothing has changed.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi, Ref, RefOr, Required, ResponseBuilder};
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

/// Says of each operation that reads JSON what is done here.
pub(super) fn describe(api: &mut OpenApi) {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let tag = Ref::new("#/components/headers/ETag");
    let unchanged = ResponseBuilder::new()
        .description("Nothing has changed since the answer whose `ETag` was shown; there is no body.")
        .header_ref("ETag", tag.clone())
        .build();
    let shown = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(text()))
        .description(Some("The `ETag` of an answer that you have: while nothing has changed, the answer is 304."))
        .build();
    for read in api.paths.paths.values_mut().filter_map(|path| path.get.as_mut()) {
        let Some(RefOr::T(answer)) = read.responses.responses.get_mut("200") else { continue };
        if !answer.content.contains_key("application/json") {
            continue;
        }
        answer.headers.insert("ETag".to_owned(), RefOr::Ref(tag.clone()));
        read.responses.responses.insert("304".to_owned(), unchanged.clone().into());
        read.parameters.get_or_insert_default().push(shown.clone().into());
    }
    let mut header = Header::new(text());
    header.description = Some("Names what was answered, for `If-None-Match`; a file has none.".to_owned());
    api.components.get_or_insert_default().headers.insert("ETag".to_owned(), header.into());
}

/// Whether an answer is JSON; a file is not, and is never held in memory as a whole.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}
