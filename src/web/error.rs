//! One error leaves the house: the contract's body, on every path.
//!
//! A refusal is written for the client; a fault is written for the log. [`Error::into_response`] only notes the words;
//! `entrance` writes the body, because only it knows the request's id.

use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use utoipa::ToSchema;

use base::query::Refused;
use store::trouble;

/// A refusal, in words meant for the client; or a fault, which only the log sees.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key, or one that we do not know.
    #[error("The API key is missing or unknown. Send it as `Authorization: Basic base64(key)`.")]
    Unknown,
    /// What was shown opens nothing.
    #[error("{0}")]
    Refused(String),
    /// What was shown is good, for other things.
    #[error("{0}")]
    Forbidden(String),
    /// Asked too often; again after so many seconds.
    #[error("That was tried too often. Try again in {0} seconds.")]
    TooMany(u64),
    /// The daily quota is used up.
    #[error(
        "The daily quota of {quota} requests is used up. It is reset at {}; whoever runs this installation can raise \
         `server.daily_quota`.", again_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    UsedUp {
        /// Requests of a day.
        quota: i64,
        /// When there is a new one.
        again_at: DateTime<Utc>,
        /// Until then.
        seconds: u64,
    },
    /// A field of the body is not usable.
    #[error("{said}")]
    Field {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        said: String,
    },
    /// It does not exist, or it is somebody else's.
    #[error("{0}")]
    NotFound(String),
    /// It was there, and is no longer kept.
    #[error("{0}")]
    Gone(String),
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The query cannot be answered.
    #[error(transparent)]
    Query(#[from] Refused),
    /// It cannot be done as things stand.
    #[error("{0}")]
    Conflict(String),
    /// The body has another content type.
    #[error("{0}")]
    MediaType(String),
    /// The body is too large.
    #[error("The body is too large.")]
    TooLarge,
    /// It cannot be done now; it can be done later.
    #[error("{0}")]
    Unavailable(String),
    /// The database cannot do it now, and why.
    #[error("{0} Nothing was changed; try again in a few seconds.")]
    Outage(&'static str, #[source] anyhow::Error),
    /// Ours to mend.
    #[error("Something went wrong on our side. Its details are in the log, under the correlationId.")]
    Fault(#[source] anyhow::Error),
}

impl Error {
    /// There is no such thing, or it is somebody else's: the two are never told apart.
    pub fn none(noun: &str, id: impl std::fmt::Display) -> Self {
        let id: String = id.to_string().chars().take(100).collect();
        Self::NotFound(format!("No {noun} was found with ID {id}."))
    }

    /// What is wrong with a field of the body.
    #[must_use]
    pub const fn field(name: &'static str, said: String) -> Self {
        Self::Field { name, said }
    }

    /// A fault, with its cause.
    pub fn fault(cause: impl Into<anyhow::Error>) -> Self {
        let cause = cause.into();
        match trouble::outage(cause.as_ref()) {
            Some(words) => Self::Outage(words, cause),
            None => Self::Fault(cause),
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Unknown | Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooMany(_) | Self::UsedUp { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Gone(_) => StatusCode::GONE,
            Self::BadRequest(_) | Self::Query(_) | Self::Field { .. } => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) | Self::Outage(..) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        Self::fault(cause)
    }
}

impl From<connect::keys::Error> for Error {
    fn from(cause: connect::keys::Error) -> Self {
        Self::fault(cause)
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::MediaType("The body must be JSON: send `Content-Type: application/json`.".to_owned())
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

/// What the database could not do, on its way to whoever tells whether we can serve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage(pub(super) &'static str);

/// Seconds after which a request that could not be answered now is worth another try.
const RETRY_AFTER: u64 = 5;

/// The words of an error, on their way to the entrance.
#[derive(Clone, Debug)]
pub(super) struct Words {
    error: String,
    validation: Option<Validation>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Fault(cause) = &self {
            tracing::error!(error = ?cause, "request failed");
        }
        if let Self::Outage(words, cause) = &self {
            tracing::error!(error = ?cause, words, "the database cannot do it now");
        }
        let validation = match &self {
            Self::Query(refused) => Some(Validation::of("query", &refused.reason())),
            Self::Field { name, said } => Some(Validation::of(name, said)),
            _ => None,
        };
        let mut response = self.status().into_response();
        if matches!(self, Self::Unknown) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        }
        if let Self::TooMany(seconds) | Self::UsedUp { seconds, .. } = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Self::Outage(words, _) = &self {
            response.extensions_mut().insert(Outage(words));
        }
        response.extensions_mut().insert(Words { error: short(&self.to_string()), validation });
        response
    }
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status.
    pub status_code: u16,
    /// Always `PublicApi`.
    pub service: &'static str,
    /// What went wrong, in one sentence.
    pub error: String,
    /// The request's id: 32 hexadecimal digits, also in the header `X-Request-Id` and in the log.
    pub correlation_id: String,
    /// `True`, `False` or `Unknown`: whether the same request can succeed later.
    pub can_be_retried: &'static str,
    /// Always 0.
    pub detailed_error_code: i32,
    /// Details, where there are some.
    pub validation: Option<Validation>,
}

/// Details of an error, or what a dataset's check found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Validation {
    /// What is wrong.
    pub errors: Vec<ValidationItem>,
    /// What deserves a look.
    pub warnings: Vec<ValidationItem>,
}

/// One finding.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationItem {
    /// What it is about.
    pub item_id: Option<String>,
    /// The finding.
    pub message: Option<String>,
    /// The rule that found it.
    pub validator_name: Option<String>,
    /// The rule's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
}

impl Validation {
    fn of(item: &str, message: &str) -> Self {
        let item = ValidationItem {
            item_id: Some(item.to_owned()),
            message: Some(short(message)),
            validator_name: None,
            rule_id: None,
        };
        Self { errors: vec![item], warnings: Vec::new() }
    }
}

/// The longest sentence that an error says, in characters.
const LONGEST: usize = 1_000;

/// A sentence, cut where what was sent to us, and is repeated in it, makes it too long.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// Writes the body of an error answer: of one that was noted by [`Error`], and of one that the framework made (405, 413,
/// timeouts, panics). Other answers, and pages of HTML, stay as they are.
pub(super) fn finish(mut response: Response, request_id: &str) -> Response {
    let words = response.extensions_mut().remove::<Words>();
    let status = response.status();
    let kind =
        response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    let ours = status.is_client_error() || status.is_server_error();
    if words.is_none() && (!ours || !kind.starts_with("text/plain")) {
        return response;
    }
    let words = words.unwrap_or_else(|| Words { error: said(status).to_owned(), validation: None });
    let body = ErrorBody {
        status_code: status.as_u16(),
        service: "PublicApi",
        error: words.error,
        correlation_id: request_id.to_owned(),
        can_be_retried: retried(status),
        detailed_error_code: 0,
        validation: words.validation,
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let mut answer = axum::Json(body).into_response();
    for (name, value) in &parts.headers {
        answer.headers_mut().append(name, value.clone());
    }
    if parts.status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(RETRY_AFTER.into());
    }
    *answer.status_mut() = parts.status;
    answer
}

/// An error of this status, for the API's description.
pub(super) fn example(status: u16) -> ErrorBody {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let words = match status {
        StatusCode::BAD_REQUEST => "Error parsing query - Could not resolve property totl on Payment",
        StatusCode::UNAUTHORIZED => "The API key is missing or unknown. Send it as `Authorization: Basic base64(key)`.",
        StatusCode::FORBIDDEN => "An access token is not good for this; ask with an API key.",
        StatusCode::NOT_FOUND => "No company was found with ID 0199a200-be0a-7489-a0e0-0fb61935ff2e.",
        StatusCode::CONFLICT => "Only a Linked connection can be unlinked; this one is PendingAuth.",
        StatusCode::GONE => "This cursor is too old: read the lists anew, and go on with `after=latest`.",
        StatusCode::TOO_MANY_REQUESTS => {
            "The daily quota of 100000 requests is used up. It is reset at 2026-11-22T00:00:00Z; whoever runs this \
             installation can raise `server.daily_quota`."
        }
        other => said(other),
    };
    ErrorBody {
        status_code: status.as_u16(),
        service: "PublicApi",
        error: words.to_owned(),
        correlation_id: "01a200b2f3c474f6bef662d517d552a8".to_owned(),
        can_be_retried: retried(status),
        detailed_error_code: 0,
        validation: None,
    }
}

fn retried(status: StatusCode) -> &'static str {
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "True",
        status if status.is_client_error() => "False",
        _ => "Unknown",
    }
}

/// What is said of a status that the framework chose.
fn said(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not answer this method; the header Allow names those it does."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too large.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body must be JSON: send `Content-Type: application/json`.",
        StatusCode::SERVICE_UNAVAILABLE => "This took too long and was given up; try again.",
        status if status.is_client_error() => "The request makes no sense.",
        _ => "Something went wrong on our side. Its details are in the log, under the correlationId.",
    }
}
