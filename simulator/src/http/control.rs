//! What a real Stripe does not have: see what was asked, make things happen, take access away.

use super::counters::Visit;
use super::faults::Rule;
use super::options::Options;
use super::script::Told;
use super::settings::Settings;
use super::shared::{PLATFORM_ACCOUNT, Shared};
use super::webhooks::{DeliveryRule, Tally};
use crate::world::Action;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The routes under `/_simulator`.
pub fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/accounts", get(accounts))
        .route("/accounts/{account}/actions", post(act))
        .route("/accounts/{account}/revoke", post(revoke))
        .route("/next-account", post(choose))
        .route("/requests", get(requests).delete(reset))
        .route("/requests/log", get(log))
        .route("/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/webhooks", get(webhooks))
        .route("/deliveries", get(deliveries).post(add_deliveries).delete(clear_deliveries))
        .route("/deliveries/send", post(send))
        .route("/webhook_endpoints/{id}/roll", post(roll_secret))
        .route("/settings", get(settings).post(set))
        .route("/clock", get(clock).post(turn_clock))
        .route("/platform-key", post(roll_key))
}

/// A refusal: a status and a sentence.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

async fn accounts(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let connections = shared.connections();
    let accounts = shared.world.accounts().into_iter().map(|account| {
        json!({
            "id": account.id, "name": account.name, "country": account.country, "email": account.email,
            "default_currency": account.default_currency, "description": account.description, "charges": account.charges,
            "secret_key": shared.own_key(&account.id),
            "connected": connections.scope(&account.id),
        })
    });
    let accounts: Vec<Value> = accounts.collect();
    Json(json!({ "platform": PLATFORM_ACCOUNT, "client_id": shared.options.client_id, "accounts": accounts }))
}

async fn act(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    known(&shared, &account)?;
    let action: Action = parsed(&body)?;
    let now = shared.clock.seconds();
    let made = tokio::task::spawn_blocking(move || shared.act(&account, action, now)).await;
    let made = made.map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    made.map(|events| Json(json!({ "events": events }))).map_err(|why| Refused(StatusCode::CONFLICT, why))
}

/// As if the owner had removed the platform in the Dashboard.
async fn revoke(State(shared): State<Arc<Shared>>, Path(account): Path<String>) -> Result<Json<Value>, Refused> {
    known(&shared, &account)?;
    let was_connected = shared.disconnect(&account);
    Ok(Json(json!({ "account": account, "was_connected": was_connected })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    account: String,
}

/// The next authorization begins with this account; with `--auto-approve` it is the one that is connected. So an owner can
/// come back with another account than before (trap 45).
async fn choose(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Refused> {
    let Choice { account } = parsed(&body)?;
    known(&shared, &account)?;
    *shared.next_account() = Some(account.clone());
    Ok(Json(json!({ "account": account })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    secret_key: String,
}

/// The platform's key is rolled: the old one gets 401 for every account at once (trap 60).
async fn roll_key(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Refused> {
    let NewKey { secret_key } = parsed(&body)?;
    let options = Options { secret_key: secret_key.clone(), ..shared.options.clone() };
    let same_mode = options.livemode() == shared.options.livemode();
    options.check().map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))?;
    if !same_mode {
        return Err(Refused(StatusCode::BAD_REQUEST, "A rolled key is of the same mode.".to_owned()));
    }
    shared.roll_key(secret_key);
    Ok(Json(json!({ "client_id": shared.options.client_id })))
}

async fn requests(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    Json(shared.counters.served())
}

/// The last requests one by one.
async fn log(State(shared): State<Arc<Shared>>) -> Json<Vec<Visit>> {
    Json(shared.counters.visits())
}

/// The rules, how many requests each was about, and how often each happened.
async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Told<Rule>>> {
    Json(shared.faults.told())
}

/// Adds a list of rules behind those that are there: all of them, or none when one is refused.
async fn add_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Vec<Told<Rule>>>, Refused> {
    let rules: Vec<Rule> = parsed(&body)?;
    let endpoints = super::api::patterns();
    for (number, rule) in rules.iter().enumerate() {
        let refused = |why| Refused(StatusCode::BAD_REQUEST, format!("rule {}: {why}", number + 1));
        rule.check(&endpoints).map_err(refused)?;
    }
    for rule in rules {
        shared.faults.add(rule);
    }
    Ok(Json(shared.faults.told()))
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

/// The rules of deliveries, what each was about, and how often each happened.
async fn deliveries(State(shared): State<Arc<Shared>>) -> Json<Vec<Told<DeliveryRule>>> {
    Json(shared.webhooks.twists.told())
}

/// Adds a list of rules behind those that are there: all of them, or none when one is refused.
async fn add_deliveries(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Vec<Told<DeliveryRule>>>, Refused> {
    let rules: Vec<DeliveryRule> = parsed(&body)?;
    for (number, rule) in rules.iter().enumerate() {
        let refused = |why| Refused(StatusCode::BAD_REQUEST, format!("rule {}: {why}", number + 1));
        rule.check().map_err(refused)?;
    }
    for rule in rules {
        shared.webhooks.twists.add(rule);
    }
    Ok(Json(shared.webhooks.twists.told()))
}

async fn clear_deliveries(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.webhooks.clear_twists();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    event: Value,
    #[serde(default = "once")]
    times: u32,
}

const fn once() -> u32 {
    1
}

/// Delivers any event at all.
async fn send(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Tally>, Refused> {
    let Send { event, times } = parsed(&body)?;
    if !shared.webhooks.listened_to() {
        let why = "There is no webhook endpoint: register one, or start with --webhook-url.";
        return Err(Refused(StatusCode::CONFLICT, why.to_owned()));
    }
    shared.webhooks.send(&event, times);
    Ok(Json(shared.webhooks.tally()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    /// How long the old secret still signs too; Stripe lets one live a day at most.
    #[serde(default)]
    old_lives_seconds: i64,
}

/// A new secret for an endpoint, as the Dashboard gives one.
async fn roll_secret(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let Roll { old_lives_seconds } = parsed(&body)?;
    let until = shared.clock.going().saturating_add(old_lives_seconds);
    let secret = super::api::new_webhook_secret();
    let mut registered = shared.webhooks.registered();
    let none = || Refused(StatusCode::NOT_FOUND, format!("There is no webhook endpoint '{id}'."));
    let endpoint = registered.iter_mut().find(|endpoint| endpoint.id == id).ok_or_else(none)?;
    for (_, lives) in &mut endpoint.secrets {
        *lives = until.min(*lives);
    }
    endpoint.secrets.insert(0, (secret.clone(), i64::MAX));
    Ok(Json(json!({ "id": id, "secret": secret })))
}

async fn settings(State(shared): State<Arc<Shared>>) -> Json<Settings> {
    Json(shared.settings())
}

/// Switches what is named, and leaves the rest as it is.
async fn set(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Settings>, Refused> {
    let refused = |why: String| Refused(StatusCode::BAD_REQUEST, why);
    let named: Map<String, Value> = parsed(&body)?;
    let mut all = serde_json::to_value(shared.settings()).map_err(|error| refused(error.to_string()))?;
    all.as_object_mut().into_iter().for_each(|all| all.extend(named.clone()));
    let settings = serde_json::from_value(all).map_err(|error| refused(error.to_string()))?;
    shared.set(settings).map_err(refused)?;
    Ok(Json(settings))
}

async fn clock(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "now": shared.clock.seconds(), "held": shared.clock.held() }))
}

/// What is done to the clock; one of them at least.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    advance_seconds: Option<u32>,
    hold: Option<bool>,
}

/// Lets time pass at once, or stand, or go on. It never goes back.
async fn turn_clock(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Refused> {
    let Turn { advance_seconds, hold } = parsed(&body)?;
    if advance_seconds.is_none() && hold.is_none() {
        return Err(Refused(StatusCode::BAD_REQUEST, "'advance_seconds' or 'hold' is needed.".to_owned()));
    }
    match hold {
        Some(true) => shared.clock.hold(),
        Some(false) => shared.clock.release(),
        None => {}
    }
    shared.clock.advance(i64::from(advance_seconds.unwrap_or(0)) * 1_000);
    shared.happened.notify_one();
    Ok(clock(State(shared)).await)
}

/// What has become of the deliveries.
async fn webhooks(State(shared): State<Arc<Shared>>) -> Json<Tally> {
    Json(shared.webhooks.tally())
}

async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.counters.reset();
    StatusCode::NO_CONTENT
}

fn known(shared: &Shared, account: &str) -> Result<(), Refused> {
    let refused = || Refused(StatusCode::NOT_FOUND, format!("There is no account '{account}'."));
    if shared.world.has(account) { Ok(()) } else { Err(refused()) }
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))
}
