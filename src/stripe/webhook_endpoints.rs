//! Webhook endpoints: where Stripe posts the events of all connected accounts to.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::client::{Gate, VERSION};
use super::error::Error;
use base::boxed;

/// An endpoint as Stripe has it.
#[derive(Debug, Deserialize)]
pub struct Endpoint {
    /// `we_...`
    pub id: String,
    /// Where it posts to.
    pub url: String,
    /// `enabled`, or `disabled` after days of failures.
    #[serde(default)]
    pub status: Option<String>,
    /// What it signs with; only in the answer that makes it.
    #[serde(default)]
    pub secret: Option<SecretString>,
}

#[derive(Deserialize)]
struct Endpoints {
    data: Vec<Endpoint>,
}

/// The endpoints of the platform. Stripe allows 16, so that one page holds them all.
///
/// # Errors
/// See [`Error`].
#[boxed]
pub async fn list(gate: &Gate, key: &SecretString) -> Result<Vec<Endpoint>, Error> {
    Ok(read::<Endpoints>(&send(gate, key, Method::GET, "?limit=100", &[]).await?)?.data)
}

/// One endpoint.
///
/// # Errors
/// [`Error::Missing`] when it was removed; see [`Error`].
#[boxed]
pub async fn get(gate: &Gate, key: &SecretString, id: &str) -> Result<Endpoint, Error> {
    read(&send(gate, key, Method::GET, &format!("/{id}"), &[]).await?)
}

/// Makes an endpoint for the events of connected accounts, in our API version.
///
/// # Errors
/// See [`Error`]. It is tried once: after [`Error::Transport`] it may exist, and [`list`] finds it.
#[boxed]
pub async fn create(gate: &Gate, key: &SecretString, url: &str, event_types: &[&str]) -> Result<Endpoint, Error> {
    let mut form = vec![
        ("url", url),
        ("connect", "true"),
        ("api_version", VERSION),
        ("description", "Tributary: the events of connected accounts"),
    ];
    form.extend(event_types.iter().map(|one| ("enabled_events[]", *one)));
    read(&send(gate, key, Method::POST, "", &form).await?)
}

/// Removes an endpoint; one that is gone already is no error.
///
/// # Errors
/// See [`Error`].
#[boxed]
pub async fn delete(gate: &Gate, key: &SecretString, id: &str) -> Result<(), Error> {
    match send(gate, key, Method::DELETE, &format!("/{id}"), &[]).await {
        Ok(_) | Err(Error::Missing { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::unreadable(&error))
}

#[expect(clippy::disallowed_methods, reason = "the platform's key leaves for Stripe")]
async fn send(
    gate: &Gate,
    key: &SecretString,
    method: Method,
    rest: &str,
    form: &[(&str, &str)],
) -> Result<Vec<u8>, Error> {
    let lost = |error: reqwest::Error| Error::Transport(error.without_url().to_string());
    let base = gate.settings().api_base.as_str().trim_end_matches('/');
    let request = gate.http.request(method, format!("{base}/v1/webhook_endpoints{rest}"));
    let request = request.bearer_auth(key.expose_secret()).header("Stripe-Version", VERSION);
    let request = if form.is_empty() { request } else { request.form(form) };
    let answer = request.send().await.map_err(lost)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(lost)?.to_vec();
    if status.is_success() { Ok(body) } else { Err(Error::of_answer(status.as_u16(), &body)) }
}
