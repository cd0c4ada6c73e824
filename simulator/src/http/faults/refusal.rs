//! A refusal on demand, in Stripe's words for the status unless others are given.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Why a limit was hit, as `Stripe-Rate-Limited-Reason` says it.
pub const REASONS: [&str; 5] =
    ["global-rate", "endpoint-rate", "global-concurrency", "endpoint-concurrency", "resource-specific"];

/// A status with what belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// 200 to 599.
    pub status: u16,
    /// `code`; what Stripe gives with this status when left out, none when empty.
    #[serde(default)]
    pub code: Option<String>,
    /// `Stripe-Rate-Limited-Reason`, one of [`REASONS`].
    #[serde(default)]
    pub reason: Option<String>,
    /// `message`; Stripe's for the code when left out.
    #[serde(default)]
    pub message: Option<String>,
    /// `Retry-After`, in seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// `Stripe-Should-Retry`.
    #[serde(default)]
    pub should_retry: Option<bool>,
    /// Any other headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The whole body in place of Stripe's error; may be empty (trap 42).
    #[serde(default)]
    pub body: Option<String>,
}

impl Refusal {
    /// Stripe's error of this status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// 429 with a reason (trap 47).
    #[must_use]
    pub fn limited(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::new(429) }
    }

    /// With this `code`.
    #[must_use]
    pub fn code(self, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..self }
    }

    /// With this body and no other.
    #[must_use]
    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// With `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// With `Stripe-Should-Retry`.
    #[must_use]
    pub fn should_retry(self, retry: bool) -> Self {
        Self { should_retry: Some(retry), ..self }
    }

    /// Refuses what cannot be sent.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(200..=599).contains(&self.status) {
            return Err(format!("there is no status {}", self.status));
        }
        if let Some(reason) = &self.reason
            && !REASONS.contains(&reason.as_str())
        {
            return Err(format!("reason '{reason}' is none of {}", REASONS.join(", ")));
        }
        for (name, value) in &self.headers {
            if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                return Err(format!("'{name}: {value}' is no header"));
            }
        }
        Ok(())
    }

    /// The code: as given, or what Stripe gives with the status.
    fn code_said(&self) -> &str {
        let usual = match self.status {
            403 => "account_invalid",
            404 => "resource_missing",
            409 => "idempotency_key_in_use",
            429 => "rate_limit",
            _ => "",
        };
        self.code.as_deref().unwrap_or(usual)
    }

    /// The answer, about this account.
    pub(super) fn response(&self, account: &str) -> Response {
        let body = self.body.clone().unwrap_or_else(|| self.error(account));
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let own = [
            ("stripe-rate-limited-reason", self.reason.clone()),
            ("retry-after", self.retry_after.map(|seconds| seconds.to_string())),
            ("stripe-should-retry", self.should_retry.map(|retry| retry.to_string())),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        for (name, value) in own.chain(self.headers.clone()) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        response
    }

    fn error(&self, account: &str) -> String {
        let code = self.code_said();
        let kind = if self.status >= 500 { "api_error" } else { "invalid_request_error" };
        let mut error = json!({ "type": kind, "message": self.message.clone().unwrap_or_else(|| self.text(account)) });
        if !code.is_empty() {
            error["code"] = code.into();
            error["doc_url"] = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")).into();
        }
        json!({ "error": error }).to_string()
    }

    fn text(&self, account: &str) -> String {
        match (self.status, self.code_said()) {
            (_, "account_invalid") => format!(
                "The provided key 'sk_test_****' does not have access to account '{account}' (or that account does \
                 not exist). Application access may have been revoked."
            ),
            (_, "more_permissions_required_for_application") => format!(
                "This application does not have the required permissions for this endpoint on account '{account}'. \
                 Having the 'read_only' scope would allow this request to continue."
            ),
            (_, "api_key_expired") => "Expired API Key provided: sk_test_****".to_owned(),
            (_, "lock_timeout") => "This object cannot be accessed right now because another API request or Stripe \
                                    process is currently accessing it. If you see this error intermittently, retry \
                                    the request."
                .to_owned(),
            (_, "rate_limit") => {
                "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
                    .to_owned()
            }
            (_, "idempotency_key_in_use") => {
                "There is currently another in-progress request using this Idempotent Key.".to_owned()
            }
            (401, _) => "Invalid API Key provided: sk_test_****".to_owned(),
            (403, _) => "The provided key does not have the required permissions for this endpoint.".to_owned(),
            (404, _) => "No such object".to_owned(),
            (500.., _) => "An unknown error occurred. Please try again.".to_owned(),
            _ => "The request was refused.".to_owned(),
        }
    }
}
