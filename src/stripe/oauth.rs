//! Connect OAuth for Standard accounts: where the owner is sent, what a code is worth, how access ends.
//!
//! The client's secret is the platform's secret key and goes in the form: as Basic, Stripe would take `ca_...` for an API
//! key. There is no PKCE and no redirect is followed. Exchanging a code is never tried twice, because a code that is
//! used a second time disconnects the account.

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields, HttpRequest,
    HttpResponse, RedirectUrl, RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse,
    TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Gate;
use base::boxed;

/// Why Stripe's OAuth said no, in the words the caller has to act on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The code is unknown, over, used, another platform's or of the other mode: the owner has to begin again.
    #[error("Stripe did not take the code: {0}")]
    Code(String),
    /// The platform's key or client id is wrong: the admin has to set the integration right.
    #[error("Stripe did not know the integration: {0}")]
    Platform(String),
    /// The account is not connected to this platform: there is nothing to end.
    #[error("the account is not connected: {0}")]
    NotConnected(String),
    /// The platform controls the account: its access cannot be ended.
    #[error("the account is controlled by the platform: {0}")]
    Controlled(String),
    /// Stripe did not answer as it should; whether the request counted is not known.
    #[error("Stripe did not answer as it should: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("Stripe refused ({code}): {text}")]
    Refused {
        /// Stripe's code.
        code: String,
        /// Stripe's text.
        text: String,
    },
}

/// The platform as one integration knows it.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `ca_...`
    pub client_id: String,
    /// `sk_test_...` or `sk_live_...`; it fixes the mode.
    pub secret_key: SecretString,
}

/// What a code was worth.
#[derive(Debug)]
pub struct Grant {
    /// The account, `acct_...`.
    pub account_id: String,
    /// Its mode.
    pub livemode: bool,
    /// `read_only` or `read_write`, as Stripe says it.
    pub scope: String,
    /// Lives until it is revoked.
    pub access_token: SecretString,
    /// Gets another token of the same or a narrower scope.
    pub refresh_token: Option<SecretString>,
}

/// Where the owner is sent. `scope` and `redirect_uri` are always there: Stripe's libraries disagree on what a missing
/// one means.
///
/// # Errors
/// When the Connect base or the redirect URI cannot stand in an authorize URL.
pub fn authorize_url(
    gate: &Gate,
    client_id: &str,
    scope: &str,
    state: &str,
    redirect_uri: &Url,
) -> Result<Url, oauth2::url::ParseError> {
    let client = client(client_id)
        .set_auth_uri(AuthUrl::new(endpoint(gate, "/oauth/authorize").into())?)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.as_str().to_owned())?);
    let state = state.to_owned();
    let asked = client.authorize_url(|| CsrfToken::new(state)).add_scope(oauth2::Scope::new(scope.to_owned()));
    Ok(asked.url().0)
}

/// Exchanges a code, once. Spend the state before, so that nobody else does.
///
/// # Errors
/// See [`Error`]. After [`Error::Unavailable`] the code may be used up; the owner has to begin again.
#[expect(clippy::disallowed_methods, reason = "the platform's key leaves for Stripe")]
#[boxed]
pub async fn exchange(gate: &Gate, platform: &Platform, code: String) -> Result<Grant, Error> {
    let uri = TokenUrl::new(endpoint(gate, "/oauth/token").into())
        .map_err(|error| Error::Unavailable(format!("the Connect base is no address: {error}")))?;
    let client = client(&platform.client_id)
        .set_client_secret(ClientSecret::new(platform.secret_key.expose_secret().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(uri);
    let call = |request| send(gate.http.clone(), request);
    let token = client.exchange_code(AuthorizationCode::new(code)).request_async(&call).await.map_err(named)?;
    let scope = token.scopes().and_then(|scopes| scopes.first()).map(|scope| scope.to_string()).unwrap_or_default();
    let extra = token.extra_fields();
    Ok(Grant {
        account_id: extra.stripe_user_id.clone(),
        livemode: extra.livemode,
        scope,
        access_token: token.access_token().secret().clone().into(),
        refresh_token: token.refresh_token().map(|token| token.secret().clone().into()),
    })
}

/// Ends this platform's access to an account, for every use of it.
///
/// # Errors
/// [`Error::NotConnected`] when it had ended before; see [`Error`].
#[expect(clippy::disallowed_methods, reason = "the platform's key leaves for Stripe")]
#[boxed]
pub async fn deauthorize(gate: &Gate, platform: &Platform, account: &str) -> Result<(), Error> {
    let lost = |error: reqwest::Error| Error::Unavailable(error.without_url().to_string());
    let answer = gate
        .http
        .post(endpoint(gate, "/oauth/deauthorize"))
        .bearer_auth(platform.secret_key.expose_secret())
        .form(&[("client_id", platform.client_id.as_str()), ("stripe_user_id", account)])
        .send()
        .await
        .map_err(lost)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = answer.bytes().await.map_err(lost)?;
    let Ok(refusal) = serde_json::from_slice::<Refusal>(&body) else {
        return Err(Error::Unavailable(format!("status {status} without a reason")));
    };
    Err(match refusal.code() {
        // The same code tells of an unknown key and of an account that is not connected; only the text differs.
        "invalid_client" if !refusal.text().to_lowercase().contains("api key") => Error::NotConnected(refusal.text()),
        _ => refusal.named(),
    })
}

fn endpoint(gate: &Gate, path: &str) -> Url {
    let mut url = gate.settings.connect_base.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}{path}"));
    url
}

fn client(client_id: &str) -> Bare {
    Client::new(ClientId::new(client_id.to_owned()))
}

type Bare = Client<
    Refusal,
    StandardTokenResponse<Extra, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// What Stripe's token answer has beside the standard's fields.
#[derive(Debug, Deserialize, Serialize)]
struct Extra {
    stripe_user_id: String,
    livemode: bool,
}

impl ExtraTokenFields for Extra {}

/// OAuth errors are flat, the API's are nested; a proxy or a wrong path may bring either.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Refusal {
    Flat { error: String, error_description: Option<String> },
    Nested { error: Inner },
}

#[derive(Debug, Deserialize, Serialize)]
struct Inner {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

impl Refusal {
    fn code(&self) -> &str {
        match self {
            Self::Flat { error, .. } => error,
            Self::Nested { error } => error.code.as_deref().or(error.kind.as_deref()).unwrap_or("error"),
        }
    }

    fn text(&self) -> String {
        let text = match self {
            Self::Flat { error_description, .. } => error_description,
            Self::Nested { error } => &error.message,
        };
        text.clone().unwrap_or_else(|| self.code().to_owned())
    }

    fn named(&self) -> Error {
        match self.code() {
            "invalid_grant" => Error::Code(self.text()),
            "invalid_client" | "api_key_expired" | "platform_api_key_expired" => Error::Platform(self.text()),
            "no_deauth_on_controlled_account" => Error::Controlled(self.text()),
            "api_error" | "rate_limit" | "lock_timeout" => Error::Unavailable(self.text()),
            code => Error::Refused { code: code.to_owned(), text: self.text() },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.text())
    }
}

impl oauth2::ErrorResponse for Refusal {}

fn named(error: RequestTokenError<reqwest::Error, Refusal>) -> Error {
    match error {
        RequestTokenError::ServerResponse(refusal) => refusal.named(),
        RequestTokenError::Request(error) => Error::Unavailable(error.without_url().to_string()),
        // The body is left out: under a 200 it may hold a token.
        RequestTokenError::Parse(..) => Error::Unavailable("its answer does not read".to_owned()),
        RequestTokenError::Other(text) => Error::Unavailable(text),
    }
}

/// `oauth2` speaks through our own HTTP client.
async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let mut answer = http.execute(request.try_into()?).await?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut copy = HttpResponse::new(answer.bytes().await?.to_vec());
    *copy.status_mut() = status;
    *copy.headers_mut() = headers;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Error {
        serde_json::from_str::<Refusal>(body).unwrap().named()
    }

    #[test]
    fn flat_and_nested_errors_are_named_after_what_has_to_be_done() {
        let flat = |code: &str| read(&format!(r#"{{"error":"{code}","error_description":"why"}}"#));
        assert!(matches!(flat("invalid_grant"), Error::Code(text) if text == "why"));
        assert!(matches!(flat("invalid_client"), Error::Platform(_)));
        assert!(matches!(flat("no_deauth_on_controlled_account"), Error::Controlled(_)));
        assert!(matches!(flat("invalid_scope"), Error::Refused { code, .. } if code == "invalid_scope"));
        assert!(matches!(read(r#"{"error":"invalid_grant"}"#), Error::Code(text) if text == "invalid_grant"));
        let nested = read(r#"{"error":{"type":"api_error","message":"sorry"}}"#);
        assert!(matches!(nested, Error::Unavailable(text) if text == "sorry"));
        let nested = read(r#"{"error":{"type":"invalid_request_error","code":"api_key_expired","message":"old"}}"#);
        assert!(matches!(nested, Error::Platform(text) if text == "old"));
    }
}
