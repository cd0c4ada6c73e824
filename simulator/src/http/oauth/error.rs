//! OAuth's errors are flat: `{"error": "<code>", "error_description": "<text>"}`, with `state` where there is one.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What the OAuth endpoints answer in place of a page or tokens.
#[derive(Debug)]
pub struct OauthError {
    /// 401 when the platform is not known, else 400.
    pub status: StatusCode,
    /// `invalid_grant` and its like.
    pub error: &'static str,
    /// A sentence for people.
    pub description: String,
    /// Returned unchanged on the authorize page.
    pub state: Option<String>,
}

impl OauthError {
    /// A refusal with its status: 401 for `invalid_client`, 400 for the rest.
    #[must_use]
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { status, error, description: description.into(), state: None }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error, "error_description": self.description });
        if let Some(state) = self.state {
            body["state"] = state.into();
        }
        (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}
