//! `fields=id,amount`: the results of a list with nothing but these properties. What a list's results have is known from the
//! API's own description.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::openapi::OpenApi;

use super::conditional::is_json;
use super::error::Error;
use super::page::Trimmed;

/// The properties of each list's results, by its route.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<BTreeMap<String, BTreeSet<String>>>);

impl Known {
    /// What this description tells.
    pub(super) fn of(described: &OpenApi) -> Self {
        // Its JSON is easier to walk than its types, and this is done once.
        let described = serde_json::to_value(described).unwrap_or_default();
        let paths = described.get("paths").and_then(Value::as_object).into_iter().flatten();
        let lists = paths.filter_map(|(path, item)| {
            let answer = item.pointer("/get/responses/200/content/application~1json/schema")?;
            let results = resolved(&described, answer)?.pointer("/properties/results/items")?;
            let names = resolved(&described, results)?.get("properties")?.as_object()?.keys().cloned().collect();
            Some((path.clone(), names))
        });
        Self(Arc::new(lists.collect()))
    }
}

fn resolved<'a>(described: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(place) => described.pointer(place.trim_start_matches('#')),
        None => Some(schema),
    }
}

#[derive(Deserialize)]
struct Asked {
    fields: Option<String>,
}

/// Leaves nothing in the results but what was asked for.
pub(super) async fn answer(State(known): State<Known>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let asked = Query::<Asked>::try_from_uri(request.uri()).ok().and_then(|Query(asked)| asked.fields);
    let (Some(fields), Some(known)) = (asked, route.and_then(|route| known.0.get(&route).cloned())) else {
        return next.run(request).await;
    };
    let wanted = wanted(Some(&fields));
    if let Some(unknown) = wanted.iter().find(|one| !known.contains(*one)) {
        let all: Vec<_> = known.into_iter().collect();
        let said = format!("fields: there is no `{unknown:.100}` here; there are {}.", all.join(", "));
        return Error::BadRequest(said).into_response();
    }
    let response = next.run(request).await;
    let is_done = response.extensions().get::<Trimmed>().is_some();
    if wanted.is_empty() || is_done || response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    page(response, &wanted).await.unwrap_or_else(|error| Error::fault(error).into_response())
}

/// The properties that `fields` asks for; none: all.
pub(super) fn wanted(fields: Option<&str>) -> BTreeSet<String> {
    let fields = fields.unwrap_or_default().split(',').map(str::trim);
    fields.filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// An object's properties, as they were written: read as numbers, amounts would become floats.
type Properties<'a> = BTreeMap<&'a str, &'a RawValue>;

/// What is wanted of an object.
pub(super) fn trimmed<'a>(whole: &'a str, wanted: &BTreeSet<String>) -> serde_json::Result<Properties<'a>> {
    let mut properties: Properties<'a> = serde_json::from_str(whole)?;
    properties.retain(|name, _| wanted.contains(*name));
    Ok(properties)
}

/// A page that was written whole, with nothing in its results but what is wanted.
async fn page(response: Response, wanted: &BTreeSet<String>) -> anyhow::Result<Response> {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await?;
    let mut page: Properties<'_> = serde_json::from_slice(&whole)?;
    let rows: Vec<&RawValue> = page.get("results").map_or(Ok(Vec::new()), |all| serde_json::from_str(all.get()))?;
    let rows: Vec<_> = rows.iter().map(|row| trimmed(row.get(), wanted)).collect::<Result<_, _>>()?;
    let results = serde_json::value::to_raw_value(&rows)?;
    if let Some(own) = page.get_mut("results") {
        *own = &results;
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, serde_json::to_vec(&page)?.into()))
}
