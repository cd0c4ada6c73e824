//! `GET /oauth/authorize`: asks the owner; `POST` to the same address, query and all, is the owner's answer.

use super::super::params::Params;
use super::super::shared::Shared;
use super::connections::Scope;
use super::error::OauthError;
use super::page;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// An authorization that has passed every check.
#[derive(Debug)]
pub struct Wish {
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What is asked for.
    pub scope: Scope,
    /// `state` exactly as it stood in the query, still encoded: what is not decoded cannot change.
    pub raw_state: Option<String>,
    /// An account named by a script; only `--auto-approve` heeds it.
    pub account: Option<String>,
}

/// The page, or the redirect at once when the simulator approves by itself.
///
/// # Errors
/// Every fault but a denial is shown here as JSON and never redirected, as Stripe does.
pub async fn show(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Result<Response, OauthError> {
    let query = query.unwrap_or_default();
    let wish = Wish::read(&shared, &query)?;
    if shared.options.auto_approve {
        let account = wish.account.clone().or_else(|| shared.next_account().take());
        let account = account.or_else(|| shared.world.accounts().first().map(|account| account.id.clone()));
        return approve(&shared, &wish, &account.unwrap_or_default(), &query);
    }
    let chosen = shared.next_account().clone();
    let markup = page::ask(&shared, &wish, &query, chosen.as_deref());
    let mut response = markup.into_response();
    let policy = page::policy(&wish.redirect_uri);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The owner's answer.
///
/// # Errors
/// As for the page; and for an account that does not exist.
pub async fn answer(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    body: String,
) -> Result<Response, OauthError> {
    let query = query.unwrap_or_default();
    let wish = Wish::read(&shared, &query)?;
    let mut form = Params::parse(&body);
    let mut field = |name: &str| form.take(name).pop().map(|param| param.value).unwrap_or_default();
    match field("decision").as_str() {
        "approve" => {
            shared.next_account().take();
            approve(&shared, &wish, &field("account"), &query)
        }
        "deny" => {
            let text = "The%20user%20denied%20your%20request";
            Ok(redirect(&wish, &format!("error=access_denied&error_description={text}")))
        }
        _ => Err(OauthError::new("invalid_request", "The decision must be approve or deny.").with_state(&query)),
    }
}

fn approve(shared: &Shared, wish: &Wish, account: &str, query: &str) -> Result<Response, OauthError> {
    if !shared.world.has(account) {
        return Err(OauthError::new("invalid_request", format!("There is no account '{account}'.")).with_state(query));
    }
    let code = shared.connections().approve(account, wish.scope, shared.clock.micros());
    Ok(redirect(wish, &format!("scope={}&code={code}", wish.scope.word())))
}

fn redirect(wish: &Wish, answer: &str) -> Response {
    let separator = if wish.redirect_uri.contains('?') { '&' } else { '?' };
    let state = wish.raw_state.as_ref().map(|state| format!("&state={state}")).unwrap_or_default();
    let location = format!("{}{separator}{answer}{state}", wish.redirect_uri);
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())])
        .into_response()
}

impl Wish {
    /// Checks a query: who asks, where the answer goes, what for. Unknown parameters are ignored, as Stripe does.
    fn read(shared: &Shared, query: &str) -> Result<Self, OauthError> {
        Self::checked(shared, query).map_err(|error| error.with_state(query))
    }

    fn checked(shared: &Shared, query: &str) -> Result<Self, OauthError> {
        let mut params = Params::parse(query);
        let mut given = |name: &str| params.take(name).pop().map(|param| param.value).filter(|value| !value.is_empty());
        let client = given("client_id").ok_or_else(|| OauthError::new("invalid_request", "No client_id was given."))?;
        if client != shared.options.client_id {
            let error = OauthError::new("invalid_client", "No application matches the supplied client identifier");
            return Err(OauthError { status: StatusCode::BAD_REQUEST, ..error });
        }
        match given("response_type").as_deref() {
            Some("code") => {}
            None => return Err(OauthError::new("invalid_request", "No response_type was given: it must be 'code'.")),
            Some(other) => {
                let text = format!("Unsupported response type '{other}': it must be 'code'.");
                return Err(OauthError::new("unsupported_response_type", text));
            }
        }
        let redirect_uri = shared.options.redirect_uri(given("redirect_uri").as_deref());
        let redirect_uri = redirect_uri.map_err(|error| OauthError::new("invalid_redirect_uri", error.to_string()))?;
        let scope = given("scope").map_or(Ok(Scope::ReadOnly), |word| {
            let text = format!("Unknown scope '{word}': use read_only or read_write");
            Scope::parse(&word).ok_or_else(|| OauthError::new("invalid_scope", text))
        })?;
        Ok(Self { redirect_uri, scope, raw_state: raw(query, "state").map(str::to_owned), account: given("account") })
    }
}

impl OauthError {
    fn with_state(self, query: &str) -> Self {
        let state = Params::parse(query).take("state").pop().map(|param| param.value);
        Self { state, ..self }
    }
}

/// A parameter's value as it stands in the query; the last one counts.
fn raw<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.rsplit('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
