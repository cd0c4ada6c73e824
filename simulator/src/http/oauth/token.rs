//! `POST /oauth/token` and `POST /oauth/deauthorize`: the platform's side, proved by its secret key.

use super::super::credentials;
use super::super::error::masked;
use super::super::params::Params;
use super::super::shared::Shared;
use super::connections::{Scope, Tokens};
use super::error::OauthError;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A code or a refresh token for tokens. Parameters that a generic client adds are ignored.
///
/// # Errors
/// As Stripe words them: `invalid_client`, `invalid_request`, `invalid_grant`, `invalid_scope`, `unsupported_grant_type`.
pub async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, OauthError> {
    tokio::time::sleep(Duration::from_millis(shared.settings().latency_ms)).await;
    let mut form = Params::parse(&body);
    prove(&shared, &headers, &mut form)?;
    let grant_type = given(&mut form, "grant_type").ok_or_else(|| missing("grant_type"))?;
    let tokens = match grant_type.as_str() {
        "authorization_code" => {
            let code = given(&mut form, "code").ok_or_else(|| missing("code"))?;
            let now = shared.clock.micros();
            let exchanged = shared.connections().exchange(&code, now);
            let tokens = exchanged.map_err(|text| OauthError::new("invalid_grant", text))?;
            shared.tell(&tokens.account, "account.application.authorized");
            tokens
        }
        "refresh_token" => {
            let token = given(&mut form, "refresh_token").ok_or_else(|| missing("refresh_token"))?;
            let scope = given(&mut form, "scope").map(|word| Scope::parse(&word).ok_or_else(|| unknown_scope(&word)));
            let refreshed = shared.connections().refresh(&token, scope.transpose()?);
            refreshed.map_err(|(error, text)| OauthError::new(error, text))?
        }
        other => {
            let text = format!("Unsupported grant type '{other}': use authorization_code or refresh_token");
            return Err(OauthError::new("unsupported_grant_type", text));
        }
    };
    Ok(Json(answer(&tokens, shared.options.livemode())))
}

/// There is no `expires_in`: the access token lives until it is revoked.
fn answer(tokens: &Tokens, livemode: bool) -> Value {
    json!({
        "access_token": tokens.access,
        "livemode": livemode,
        "refresh_token": tokens.refresh,
        "token_type": "bearer",
        "stripe_publishable_key": tokens.publishable,
        "stripe_user_id": tokens.account,
        "scope": tokens.scope.word(),
    })
}

/// Ends a connection.
///
/// # Errors
/// `invalid_request` for what is missing; `invalid_client` for another's client id or an account that is not connected.
pub async fn deauthorize(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, OauthError> {
    tokio::time::sleep(Duration::from_millis(shared.settings().latency_ms)).await;
    let mut form = Params::parse(&body);
    prove(&shared, &headers, &mut form)?;
    let client = given(&mut form, "client_id").ok_or_else(|| missing("client_id"))?;
    let account = given(&mut form, "stripe_user_id").ok_or_else(|| missing("stripe_user_id"))?;
    if client != shared.options.client_id {
        let text = format!("No such application: '{client}', or it does not belong to you.");
        return Err(OauthError::new("invalid_client", text));
    }
    if !shared.disconnect(&account) {
        let text =
            format!("This application is not connected to stripe account {account}, or that account does not exist.");
        return Err(OauthError::new("invalid_client", text));
    }
    Ok(Json(json!({ "stripe_user_id": account })))
}

/// The key comes as Basic user name, as Bearer, or in the form. Whoever sends `client_id:secret` as Basic, as generic
/// OAuth clients do, is told that `ca_…` is no API key.
fn prove(shared: &Shared, headers: &HeaderMap, form: &mut Params) -> Result<(), OauthError> {
    let in_form = given(form, "client_secret");
    let key = credentials::key_of(headers).or(in_form).ok_or_else(|| {
        let text = "No authentication credentials were provided. Your secret API key should be provided as the \
                    username in HTTP Basic auth, as a Bearer token, or as the client_secret parameter.";
        OauthError::new("invalid_client", text)
    })?;
    if shared.is_platforms(&key) == Some(true) {
        return Ok(());
    }
    let shown = if key.starts_with("ca_") { key } else { masked(&key) };
    Err(OauthError::new("invalid_client", format!("No such API key: {shown}")))
}

fn given(form: &mut Params, name: &str) -> Option<String> {
    form.take(name).pop().map(|param| param.value).filter(|value| !value.is_empty())
}

fn missing(name: &str) -> OauthError {
    OauthError::new("invalid_request", format!("Missing required parameter: {name}"))
}

fn unknown_scope(word: &str) -> OauthError {
    OauthError::new("invalid_scope", format!("Unknown scope '{word}': use read_only or read_write"))
}
