//! Who asks, and of what: extractors that grant. A handler that takes [`OfCompany`] cannot serve a company that is not
//! there; one that does not, has none.

use std::str::FromStr;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use entity::id::{ApiKeyId, CompanyId, ConnectionId, UserId, WebhookConsumerId};
use entity::{company, connection, webhook_consumer};

use super::App;
use super::error::Error;
use super::portal;
use base::fault::{self, Point};
use connect::{access_tokens, api_keys};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A program with this API key.
    Key(ApiKeyId),
    /// A user who is signed in to the portal.
    User(UserId),
    /// A web page with an access token of this company.
    Page(CompanyId),
}

/// What a web page may do with an access token: see its company and its connections, make one, and unlink one. Never the
/// data.
const FOR_PAGES: [(Method, &str); 6] = [
    (Method::GET, "/companies/{companyId}"),
    (Method::GET, "/companies/{companyId}/connections"),
    (Method::POST, "/companies/{companyId}/connections"),
    (Method::GET, "/companies/{companyId}/connections/{connectionId}"),
    (Method::PATCH, "/companies/{companyId}/connections/{connectionId}"),
    (Method::GET, "/companies/{companyId}/linkOptions"),
];

/// Who asks; a request is asked only once. What one may not do is a refusal.
pub(super) async fn caller(parts: &mut Parts, app: &App) -> Result<Caller, Error> {
    if let Some(known) = parts.extensions.get::<Caller>() {
        return Ok(*known);
    }
    let caller = found(parts, app).await?;
    parts.extensions.insert(caller);
    Ok(caller)
}

async fn found(parts: &mut Parts, app: &App) -> Result<Caller, Error> {
    let Some(header) = parts.headers.get(AUTHORIZATION) else {
        return portal::user(parts, app).await?.map(|row| Caller::User(row.id)).ok_or(Error::Unknown);
    };
    let shown = shown_key(header).ok_or(Error::Unknown)?;
    let known = api_keys::known(&app.db, &app.keys, app.clock.as_ref(), &shown).await.map_err(Error::fault)?;
    if let Some(row) = known {
        return Ok(Caller::Key(row.id));
    }
    let company = access_tokens::known(&app.db, &app.keys, &shown, app.clock.now()).await.map_err(Error::fault)?;
    let company = company.ok_or(Error::Unknown)?;
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if FOR_PAGES.iter().any(|(method, path)| *method == parts.method && *path == route) {
        Ok(Caller::Page(company))
    } else {
        Err(Error::Forbidden("An access token is not good for this; ask with an API key.".to_owned()))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = caller(parts, app).await?;
        if matches!(caller, Self::Key(_)) {
            fault::at(Point::Answering);
        }
        Ok(caller)
    }
}

/// The key in `Basic base64(key)`, in `Basic base64(key:)`, or in `Bearer key`.
fn shown_key(header: &HeaderValue) -> Option<String> {
    let (scheme, rest) = header.to_str().ok()?.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(rest).or_else(|_| BASE64_STANDARD_NO_PAD.decode(rest)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.strip_suffix(':').map_or(text.clone(), str::to_owned))
}

/// A company that is there.
#[derive(Clone, Debug)]
pub struct OfCompany(pub company::Model);

impl FromRequestParts<App> for OfCompany {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let text = segment(parts, "companyId").await?;
        let id = CompanyId::from_str(&text).map_err(|_| Error::none("company", &text))?;
        if matches!(caller, Caller::Page(of) if of != id) {
            return Err(Error::none("company", id));
        }
        let company = store::companies::find(&app.db, id).await?;
        company.map(Self).ok_or_else(|| Error::none("company", id))
    }
}

/// A connection that is there, and its company.
#[derive(Clone, Debug)]
pub struct OfConnection {
    /// The company.
    pub company: company::Model,
    /// One of its connections.
    pub connection: connection::Model,
}

impl FromRequestParts<App> for OfConnection {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let OfCompany(company) = OfCompany::from_request_parts(parts, app).await?;
        let text = segment(parts, "connectionId").await?;
        let id = ConnectionId::from_str(&text).map_err(|_| Error::none("connection", &text))?;
        let connection = store::connections::owned(&app.db, company.id, id).await?;
        let connection = connection.ok_or_else(|| Error::none("connection", id))?;
        Ok(Self { company, connection })
    }
}

/// A webhook consumer that is there.
#[derive(Clone, Debug)]
pub struct OfConsumer(pub webhook_consumer::Model);

impl FromRequestParts<App> for OfConsumer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        Caller::from_request_parts(parts, app).await?;
        let text = segment(parts, "webhookId").await?;
        let id = WebhookConsumerId::from_str(&text).map_err(|_| Error::none("webhook consumer", &text))?;
        let consumer = store::webhook_consumers::find(&app.db, id).await?;
        consumer.map(Self).ok_or_else(|| Error::none("webhook consumer", id))
    }
}

/// The last named segment of the path: a record's id, as Stripe gave it, with blanks and colons.
#[derive(Clone, Debug)]
pub struct Last(pub String);

impl FromRequestParts<App> for Last {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let _ = app;
        let names = path(parts).await?;
        let (_, last) =
            names.iter().last().ok_or_else(|| Error::NotFound("There is nothing at this address.".into()))?;
        Ok(Self(last.to_owned()))
    }
}

async fn path(parts: &mut Parts) -> Result<RawPathParams, Error> {
    let named = RawPathParams::from_request_parts(parts, &()).await;
    named.map_err(|_| Error::NotFound("There is nothing at this address.".to_owned()))
}

async fn segment(parts: &mut Parts, name: &str) -> Result<String, Error> {
    let names = path(parts).await?;
    let found = names.iter().find(|(one, _)| *one == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Error::NotFound("There is nothing at this address.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_read_in_every_form_that_clients_send() {
        let encoded = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (header, key) in [
            (encoded("trb_abc"), Some("trb_abc")),
            (encoded("trb_abc:"), Some("trb_abc")),
            (encoded("trb_abcd").replace("Basic", "basic").trim_end_matches('=').to_owned(), Some("trb_abcd")),
            ("Bearer trb_abc".to_owned(), Some("trb_abc")),
            ("Basic ***".to_owned(), None),
            ("Digest x".to_owned(), None),
            ("trb_abc".to_owned(), None),
            (String::new(), None),
        ] {
            let value = HeaderValue::from_str(&header).unwrap();
            assert_eq!(shown_key(&value).as_deref(), key, "{header}");
        }
    }
}
