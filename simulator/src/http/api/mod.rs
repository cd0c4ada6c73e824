//! The API itself: `/v1/...`, from a request to an answer in Stripe's words.

mod expand;
mod expandable;
mod list;
mod resource;
mod route;

use super::error::Error;
use super::oauth::connections::Scope;
use super::params::Params;
use super::shared::{Access, PLATFORM_ACCOUNT, Shared};
use super::version;
use crate::world::{Kind, Page, Refusal};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use expand::Look;
use rand::distr::{Alphanumeric, SampleString};
use resource::{Resource, noun};
use route::{Route, Target};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers everything that no other route has taken.
pub async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request_id = request_id();
    let (request, _body) = request.into_parts();
    let method = if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
    let asked = Asked { shared: &shared, request: &request, method: &method };
    let mut endpoint = "unknown";
    let mut account = None;
    let answer = asked.answer(&mut endpoint, &mut account);
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    let livemode = shared.options.livemode();
    let answer = if livemode { answer.map(live) } else { answer };
    let response = render(answer, &request_id, &request, livemode);
    shared.counters.count(&format!("{method} {endpoint}"), account.as_deref(), response.status().as_u16());
    response
}

/// A new `req_…`, as every answer has one of its own.
pub fn request_id() -> String {
    format!("req_{}", Alphanumeric.sample_string(&mut rand::rng(), 14))
}

/// A request on its way to an answer.
struct Asked<'a> {
    shared: &'a Shared,
    request: &'a Parts,
    method: &'a Method,
}

impl Asked<'_> {
    /// Checks in Stripe's order: address, key, version, limits, scope, parameters. What is known of the endpoint and the
    /// account stays known when the answer is an error.
    fn answer(&self, endpoint: &mut &'static str, account: &mut Option<String>) -> Result<Vec<u8>, Error> {
        let path = self.request.uri.path();
        let route = Route::find(self.method.as_str(), path)?;
        *endpoint = route.pattern;
        let in_path = if let Target::Account(Some(id)) = &route.target { Some(id.as_str()) } else { None };
        let access = self.shared.access(&self.request.headers, in_path)?;
        *account = Some(access.account.clone());
        version::asked(&self.request.headers)?;
        if self.shared.options.rate_limit {
            let (livemode, now) = (self.shared.options.livemode(), self.shared.clock.micros());
            self.shared.limits.pass(&access.account, route.pattern, livemode, now).map_err(Error::limited)?;
        }
        if self.method != Method::GET {
            return Err(self.refused_write(&access));
        }
        self.read(route.target, &access)
    }

    fn refused_write(&self, access: &Access) -> Error {
        if access.scope < Scope::ReadWrite {
            return Error::scope_too_small(&access.account);
        }
        Error::not_simulated(&format!(
            "{} {}; see POST /_simulator/accounts/…/actions",
            self.method,
            self.request.uri.path()
        ))
    }

    fn read(&self, target: Target, access: &Access) -> Result<Vec<u8>, Error> {
        let mut params = Params::parse(self.request.uri.query().unwrap_or_default());
        let now = self.shared.clock.seconds();
        let look = Look { world: &self.shared.world, account: &access.account, now };
        let object = match target {
            Target::List(resource, parent) => return page(resource, parent.as_deref(), params, &look),
            Target::One(resource, id) => return one(resource, &id, params, &look),
            Target::Account(_) => look.world.account_object(look.account),
            Target::Balance => look.world.balance(look.account, now),
        };
        if let Some(entry) = params.list("expand")?.first() {
            return Err(Error::invalid(format!("This property cannot be expanded ({entry}).")).of("expand"));
        }
        params.finish()?;
        let object = object.or_else(|| of_platform(&access.account, &target));
        bytes(&object.ok_or_else(|| Error::missing(StatusCode::NOT_FOUND, "account", &access.account, "id"))?)
    }
}

/// The platform's own account and its balance.
fn of_platform(account: &str, target: &Target) -> Option<Value> {
    if account != PLATFORM_ACCOUNT {
        return None;
    }
    Some(match target {
        Target::Balance => json!({
            "object": "balance", "available": [], "pending": [], "livemode": false, "refund_and_dispute_prefunding": null,
        }),
        _ => json!({
            "id": account, "object": "account", "type": "standard", "country": "US", "default_currency": "usd",
            "business_profile": { "name": "The platform" }, "charges_enabled": false, "payouts_enabled": false,
            "details_submitted": false, "email": null, "metadata": {},
            "settings": { "dashboard": { "display_name": "The platform", "timezone": "Etc/UTC" } },
        }),
    })
}

fn one(resource: &Resource, id: &str, mut params: Params, look: &Look<'_>) -> Result<Vec<u8>, Error> {
    let expand = list::expansions(&mut params, resource.kind, false)?;
    params.finish()?;
    let object = look.world.get(look.account, resource.kind, id, look.now);
    let mut object = object.ok_or_else(|| Error::missing(StatusCode::NOT_FOUND, resource.noun, id, "id"))?;
    for path in &expand {
        path.apply(&mut object, look);
    }
    bytes(&object)
}

/// A list as it is sent.
#[derive(Serialize)]
struct Listed<'a> {
    object: &'static str,
    url: &'a str,
    has_more: bool,
    data: &'a [Value],
}

fn page(resource: &Resource, parent: Option<&str>, params: Params, look: &Look<'_>) -> Result<Vec<u8>, Error> {
    let request = list::Request::read(resource, parent, params, look)?;
    if let (Some((kind, filter)), Some(id)) = (resource.parent, parent) {
        let found = look.world.get(look.account, kind, id, look.now);
        if found.is_none_or(|parent| parent["deleted"] == true) {
            return Err(Error::missing(StatusCode::NOT_FOUND, noun(kind), id, filter));
        }
    }
    let page = if look.account == PLATFORM_ACCOUNT {
        empty_page(&request)
    } else {
        look.world.page(look.account, resource.kind, &request.query)
    };
    let mut page = page.map_err(|refusal| refused(&refusal, resource.kind))?;
    for row in &mut page.data {
        for path in &request.expand {
            path.apply(row, look);
        }
    }
    let url = resource.path.replace("{id}", parent.unwrap_or_default());
    bytes(&Listed { object: "list", url: &url, has_more: page.has_more, data: &page.data })
}

/// The platform's own account has nothing, so no cursor is in it either.
fn empty_page(request: &list::Request) -> Result<Page, Refusal> {
    let (after, before) = (request.query.after.clone(), request.query.before.clone());
    let cursor = after.map(|id| ("starting_after", id)).or(before.map(|id| ("ending_before", id)));
    match cursor {
        Some((param, id)) => Err(Refusal::NoSuchCursor { param, id }),
        None => Ok(Page { data: Vec::new(), has_more: false }),
    }
}

fn refused(refusal: &Refusal, kind: Kind) -> Error {
    match refusal {
        Refusal::NoSuchCursor { param, id } => Error::missing(StatusCode::BAD_REQUEST, noun(kind), id, param),
        Refusal::Invalid(message) => Error::invalid(message),
    }
}

fn bytes(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(4096);
    serde_json::to_writer(&mut bytes, body).map_err(|error| Error::not_simulated(&error.to_string()))?;
    Ok(bytes)
}

/// The world's objects are test-mode ones; within a text the quotes would be escaped, so only the field itself is met.
fn live(body: Vec<u8>) -> Vec<u8> {
    String::from_utf8(body).map_or_else(std::string::FromUtf8Error::into_bytes, |text| {
        text.replace("\"livemode\":false", "\"livemode\":true").into_bytes()
    })
}

fn render(answer: Result<Vec<u8>, Error>, request_id: &str, request: &Parts, livemode: bool) -> Response {
    let error = answer.as_ref().err().cloned();
    let body = match answer {
        Ok(bytes) => Body::from(bytes),
        Err(error) => Body::from(error.body(request_id, livemode).to_string()),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("request-id", value);
    }
    let version = version::asked(&request.headers).unwrap_or(version::SERVED);
    if let Ok(value) = HeaderValue::from_str(version) {
        headers.insert("stripe-version", value);
    }
    if let Some(account) = request.headers.get("stripe-account") {
        headers.insert("stripe-account", account.clone());
    }
    if let Some((name, value)) = error.as_ref().and_then(|error| error.header) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(error) = error {
        *response.status_mut() = error.status;
    }
    response
}
