//! `/v1/webhook_endpoints`: the platform registers who is told of the events of its connected accounts. What is
//! registered lives as long as the simulator runs.

use super::super::error::Error;
use super::super::params::{Param, Params};
use super::super::shared::Shared;
use super::super::version;
use super::super::webhooks::{FIRST_WAIT, Registered};
use super::list;
use axum::http::StatusCode;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;

/// How many endpoints there may be.
const MOST: usize = 16;
/// Every type of event that there is.
const EVENT_TYPES: &str = include_str!("event_types.txt");

/// What is asked of the endpoints.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `GET /v1/webhook_endpoints`
    List,
    /// `POST /v1/webhook_endpoints`
    Create,
    /// `GET /v1/webhook_endpoints/{id}`
    Get(String),
    /// `POST /v1/webhook_endpoints/{id}`
    Update(String),
    /// `DELETE /v1/webhook_endpoints/{id}`
    Delete(String),
}

/// Does it; the parameters come from the query or the form.
///
/// # Errors
/// As Stripe words them.
pub fn answer(shared: &Shared, verb: Verb, mut params: Params) -> Result<Value, Error> {
    let now = shared.clock.seconds();
    match verb {
        Verb::List => page(shared, params),
        Verb::Create => {
            let made = create(shared, params, now)?;
            let mut shown = object(shared, &made);
            // This answer alone shows the secret.
            shown["secret"] = made.secrets[0].0.as_str().into();
            shared.webhooks.registered().push(made);
            shared.happened.notify_one();
            Ok(shown)
        }
        Verb::Get(id) => {
            params.finish()?;
            Ok(object(shared, &found(shared, &id)?))
        }
        Verb::Update(id) => {
            let changed = update(found(shared, &id)?, &mut params)?;
            params.finish()?;
            let shown = object(shared, &changed);
            let mut registered = shared.webhooks.registered();
            if let Some(place) = registered.iter_mut().find(|known| known.id == id) {
                *place = changed;
            }
            drop(registered);
            shared.happened.notify_one();
            Ok(shown)
        }
        Verb::Delete(id) => {
            found(shared, &id)?;
            shared.webhooks.registered().retain(|known| known.id != id);
            Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
        }
    }
}

fn found(shared: &Shared, id: &str) -> Result<Registered, Error> {
    let known = shared.webhooks.registered().iter().find(|known| known.id == id).cloned();
    known.ok_or_else(|| Error::missing(StatusCode::NOT_FOUND, "webhook endpoint", id, "id"))
}

fn create(shared: &Shared, mut params: Params, now: i64) -> Result<Registered, Error> {
    let url = url(&mut params)?.ok_or_else(|| Error::required("url"))?;
    let enabled_events = types(&mut params)?.ok_or_else(|| Error::required("enabled_events"))?;
    let connect = flag(&mut params, "connect")?.unwrap_or(false);
    let api_version = params.text("api_version")?;
    if let Some(unknown) = api_version.as_deref().filter(|version| !version::exists(version)) {
        return Err(Error::invalid(format!("Invalid Stripe API version: {unknown}")).of("api_version"));
    }
    let (description, metadata) = (params.text("description")?, metadata(params.take("metadata"))?);
    params.finish()?;
    if shared.webhooks.registered().len() >= MOST {
        let mode = if shared.options.livemode() { "live" } else { "test" };
        return Err(Error::invalid(format!("You have reached the maximum of {MOST} {mode} webhook endpoints.")));
    }
    Ok(Registered {
        id: format!("we_1P{}", Alphanumeric.sample_string(&mut rand::rng(), 22)),
        url,
        secrets: vec![(secret(), i64::MAX)],
        enabled_events,
        api_version,
        connect,
        description,
        metadata,
        enabled: true,
        created: now,
        first_wait: FIRST_WAIT,
    })
}

/// A new `whsec_…`.
pub fn secret() -> String {
    format!("whsec_{}", Alphanumeric.sample_string(&mut rand::rng(), 32))
}

fn update(known: Registered, params: &mut Params) -> Result<Registered, Error> {
    let mut changed = known;
    if let Some(url) = url(params)? {
        changed.url = url;
    }
    if let Some(types) = types(params)? {
        changed.enabled_events = types;
    }
    if let Some(text) = params.text("description")? {
        changed.description = Some(text);
    }
    if let Some(disabled) = flag(params, "disabled")? {
        changed.enabled = !disabled;
    }
    changed.metadata.extend(metadata(params.take("metadata"))?);
    // An empty value takes a key away.
    changed.metadata.retain(|_, value| !value.is_empty());
    Ok(changed)
}

fn url(params: &mut Params) -> Result<Option<Url>, Error> {
    let Some(text) = params.text("url")? else { return Ok(None) };
    let invalid = || Error::invalid(format!("Not a valid URL: {text}")).of("url");
    let url = Url::parse(&text).map_err(|_| invalid())?;
    if ["http", "https"].contains(&url.scheme()) { Ok(Some(url)) } else { Err(invalid()) }
}

fn types(params: &mut Params) -> Result<Option<Vec<String>>, Error> {
    let names = params.list("enabled_events")?;
    for (number, name) in names.iter().enumerate() {
        if name != "*" && !EVENT_TYPES.lines().any(|known| known == name) {
            let message =
                format!("Invalid enabled_events[{number}]: must be one of the types of events, or *; not {name}");
            return Err(Error::invalid(message).of(&format!("enabled_events[{number}]")));
        }
    }
    Ok((!names.is_empty()).then_some(names))
}

fn flag(params: &mut Params, name: &str) -> Result<Option<bool>, Error> {
    let Some(text) = params.text(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::invalid(format!("Invalid boolean: {text}")).of(name))
}

fn metadata(params: Vec<Param>) -> Result<BTreeMap<String, String>, Error> {
    let entry = |param: Param| match param.inner.as_slice() {
        [key] => Ok((key.clone(), param.value)),
        _ => Err(Error::invalid("Invalid object").of("metadata")),
    };
    params.into_iter().map(entry).collect()
}

fn object(shared: &Shared, known: &Registered) -> Value {
    json!({
        "id": known.id,
        "object": "webhook_endpoint",
        "api_version": known.api_version,
        "application": known.connect.then_some(&shared.options.client_id),
        "created": known.created,
        "description": known.description,
        "enabled_events": known.enabled_events,
        "livemode": false,
        "metadata": known.metadata,
        "status": if known.enabled { "enabled" } else { "disabled" },
        "url": known.url.as_str(),
    })
}

fn page(shared: &Shared, mut params: Params) -> Result<Value, Error> {
    let limit = list::limit(&mut params)?;
    let (after, before) = (params.text("starting_after")?, params.text("ending_before")?);
    params.finish()?;
    let all: Vec<Registered> = shared.webhooks.registered().iter().rev().cloned().collect();
    let place = |id: &str, param: &str| {
        let missing = || Error::missing(StatusCode::BAD_REQUEST, "webhook endpoint", id, param);
        all.iter().position(|known| known.id == id).ok_or_else(missing)
    };
    let (first, last) = match (after, before) {
        (_, Some(id)) => {
            let end = place(&id, "ending_before")?;
            (end.saturating_sub(limit), end)
        }
        (after, None) => {
            let start = after.map_or(Ok(0), |id| place(&id, "starting_after").map(|found| found + 1))?;
            (start, all.len().min(start + limit))
        }
    };
    let data: Vec<Value> = all[first..last].iter().map(|known| object(shared, known)).collect();
    Ok(json!({ "object": "list", "url": "/v1/webhook_endpoints", "has_more": last < all.len(), "data": data }))
}
