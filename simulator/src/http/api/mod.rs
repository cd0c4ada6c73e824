//! The API itself: `/v1/...`, from a request to an answer in Stripe's words.

mod endpoints;
mod expand;
mod expandable;
mod faulty;
mod list;
mod read;
mod resource;
mod route;

use super::counters::{Load, NO_ANSWER, Visit};
use super::error::Error;
use super::faults::Asking;
use super::oauth::connections::Scope;
use super::params::Params;
use super::settings::Settings;
use super::shared::{Access, PLATFORM_ACCOUNT, Shared};
use super::version;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use endpoints::Verb;
pub use endpoints::secret as new_webhook_secret;
use expand::Look;
use rand::distr::{Alphanumeric, SampleString};
use read::{bytes, of_platform, one, page};
use route::{Route, Target};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of the largest form that is read.
const LARGEST_FORM: usize = 1 << 20;

/// The patterns of all endpoints, OAuth's too.
#[must_use]
pub fn patterns() -> Vec<&'static str> {
    let mut found = vec!["/oauth/authorize", "/oauth/token", "/oauth/deauthorize"];
    found.extend(route::patterns());
    found
}

/// Answers everything that no other route has taken.
pub async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let method = if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
    // A form that is larger is none of the simulator's, and is refused as one without parameters.
    let form = to_bytes(body, LARGEST_FORM).await.unwrap_or_default();
    let asked = Asked { shared: &shared, request: &request, method: &method, form, request_id: request_id() };
    let opened = asked.open();
    let under_way = shared.counters.begin(visit(&request, &method, opened.pattern, opened.account.as_deref()));
    let met = shared.faults.meet(&asked.asking(&opened));
    let (settings, load) = (shared.settings(), under_way.load);
    let answer = || asked.limited(&opened, &settings, load).and_then(|()| asked.answer(&opened));
    let response = match &met {
        None => asked.render(answer()),
        Some(met) => asked.faulty(met, &opened, answer).await,
    };
    // The answer is of the moment at which the request came.
    if settings.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(settings.latency_ms)).await;
    }
    let cut_off = met.is_some_and(|met| met.rule.fault.answers_nothing());
    under_way.end(if cut_off { NO_ANSWER } else { response.status().as_u16() });
    response
}

/// What is known of a request before it is answered.
pub fn visit(request: &Parts, method: &Method, pattern: &str, account: Option<&str>) -> Visit {
    Visit {
        began: 0,
        ended: 0,
        endpoint: format!("{method} {pattern}"),
        path: request.uri.path().to_owned(),
        query: request.uri.query().unwrap_or_default().to_owned(),
        account: account.map(str::to_owned),
        status: NO_ANSWER,
        owner: request.headers.get("x-request-owner").and_then(|owner| owner.to_str().ok()).map(str::to_owned),
    }
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
    form: Bytes,
    request_id: String,
}

/// How far a request came: what is known of the endpoint and the account stays known when it is refused.
struct Opened {
    pattern: &'static str,
    account: Option<String>,
    way: Result<(Target, Access), Error>,
}

impl Asked<'_> {
    /// Finds the address and what the key may see.
    fn open(&self) -> Opened {
        let route = match Route::find(self.method.as_str(), self.request.uri.path()) {
            Ok(route) => route,
            Err(error) => return Opened { pattern: "unknown", account: None, way: Err(error) },
        };
        let in_path = if let Target::Account(Some(id)) = &route.target { Some(id.as_str()) } else { None };
        let access = self.shared.access(&self.request.headers, in_path);
        let account = access.as_ref().ok().map(|access| access.account.clone());
        Opened { pattern: route.pattern, account, way: access.map(|access| (route.target, access)) }
    }

    fn asking<'b>(&'b self, opened: &'b Opened) -> Asking<'b> {
        let query = self.request.uri.query().unwrap_or_default();
        Asking {
            method: self.method.as_str(),
            pattern: opened.pattern,
            account: opened.account.as_deref(),
            list: self.method == Method::GET && matches!(opened.way, Ok((Target::List(..), _))),
            cursor: query.contains("starting_after=") || query.contains("ending_before="),
        }
    }

    /// Whether a limit lets the request pass; one that may see nothing is refused for that.
    fn limited(&self, opened: &Opened, settings: &Settings, load: Load) -> Result<(), Error> {
        let Some(account) = opened.account.as_deref().filter(|_| settings.rate_limit) else { return Ok(()) };
        let now = self.shared.clock.micros();
        self.shared.limits.pass(account, opened.pattern, settings, load, now).map_err(Error::limited)
    }

    /// The true answer. Checks in Stripe's order: address, key, limits, version, scope, parameters.
    fn answer(&self, opened: &Opened) -> Result<Vec<u8>, Error> {
        let (target, access) = opened.way.as_ref().map_err(Error::clone)?;
        version::asked(&self.request.headers)?;
        if let Target::Endpoints(verb) = target {
            return self.endpoints(verb, access);
        }
        if self.method != Method::GET {
            return Err(self.refused_write(access));
        }
        self.read(target, access, self.request.uri.query().unwrap_or_default())
    }

    /// Endpoints are the platform's own.
    fn endpoints(&self, verb: &Verb, access: &Access) -> Result<Vec<u8>, Error> {
        if self.method != Method::GET && access.scope < Scope::ReadWrite {
            return Err(Error::scope_too_small(&access.account));
        }
        if access.account != PLATFORM_ACCOUNT {
            return Err(Error::not_simulated("webhook endpoints of another account than the platform's own"));
        }
        let in_query = self.request.uri.query().unwrap_or_default();
        let params = if self.method == Method::POST {
            Params::parse(&String::from_utf8_lossy(&self.form))
        } else {
            Params::parse(in_query)
        };
        bytes(&endpoints::answer(self.shared, verb.clone(), params)?)
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

    fn read(&self, target: &Target, access: &Access, query: &str) -> Result<Vec<u8>, Error> {
        let mut params = Params::parse(query);
        let now = self.shared.clock.seconds();
        let look = Look { world: &self.shared.world, account: &access.account, now };
        let object = match target {
            Target::List(resource, parent) => return page(resource, parent.as_deref(), params, &look),
            Target::One(resource, id) => return one(resource, id, params, &look),
            Target::Account(_) => look.world.account_object(look.account),
            Target::Balance => look.world.balance(look.account, now),
            Target::Endpoints(verb) => return self.endpoints(verb, access),
        };
        if let Some(entry) = params.list("expand")?.first() {
            return Err(Error::invalid(format!("This property cannot be expanded ({entry}).")).of("expand"));
        }
        params.finish()?;
        let object = object.or_else(|| of_platform(&access.account, target));
        bytes(&object.ok_or_else(|| Error::missing(StatusCode::NOT_FOUND, "account", &access.account, "id"))?)
    }

    fn render(&self, answer: Result<Vec<u8>, Error>) -> Response {
        let livemode = self.shared.options.livemode();
        let error = answer.as_ref().err().cloned();
        let body = match answer {
            Ok(bytes) if livemode => Body::from(live(bytes)),
            Ok(bytes) => Body::from(bytes),
            Err(error) => Body::from(error.body(&self.request_id, livemode).to_string()),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.stamp(&mut response);
        if let Some((name, value)) = error.as_ref().and_then(|error| error.header) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(error) = error {
            *response.status_mut() = error.status;
        }
        response
    }

    /// What every answer has.
    fn stamp(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
        if let Ok(value) = HeaderValue::from_str(&self.request_id) {
            headers.insert("request-id", value);
        }
        let version = version::asked(&self.request.headers).unwrap_or(version::SERVED);
        if let Ok(value) = HeaderValue::from_str(version) {
            headers.insert("stripe-version", value);
        }
        if let Some(account) = self.request.headers.get("stripe-account") {
            headers.insert("stripe-account", account.clone());
        }
    }
}

/// The world's objects are test-mode ones; within a text the quotes would be escaped, so only the field itself is met.
fn live(body: Vec<u8>) -> Vec<u8> {
    String::from_utf8(body).map_or_else(std::string::FromUtf8Error::into_bytes, |text| {
        text.replace("\"livemode\":false", "\"livemode\":true").into_bytes()
    })
}
