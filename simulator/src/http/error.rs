//! The API's errors, as `{"error": {"type", "code", "message", "param", "doc_url", "request_log_url"}}`.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// What the API answers in place of an object.
#[derive(Clone, Debug)]
pub struct Error {
    /// The status of the answer.
    pub status: StatusCode,
    /// `code`, when Stripe gives one.
    pub code: Option<&'static str>,
    /// A sentence for people.
    pub message: String,
    /// The parameter at fault.
    pub param: Option<String>,
    /// A header of its own: why a limit was hit, or that a retry is of no use.
    pub header: Option<(&'static str, &'static str)>,
}

impl Error {
    fn new(status: StatusCode, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, header: None }
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn of(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// 400 without a code.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, message)
    }

    /// 400 for a number that is none or out of bounds.
    #[must_use]
    pub fn integer(message: impl Into<String>, param: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some("parameter_invalid_integer"), message).of(param)
    }

    /// 400 for a parameter that is there but empty.
    #[must_use]
    pub fn empty(param: &str) -> Self {
        let message = format!(
            "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; \
             however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value."
        );
        Self::new(StatusCode::BAD_REQUEST, Some("parameter_invalid_empty"), message).of(param)
    }

    /// 400 for a parameter that must be there.
    #[must_use]
    pub fn required(param: &str) -> Self {
        let message = format!("Missing required param: {param}.");
        Self::new(StatusCode::BAD_REQUEST, Some("parameter_missing"), message).of(param)
    }

    /// 400 for parameters that the endpoint does not have.
    #[must_use]
    pub fn unknown_parameters(names: &[String]) -> Self {
        let plural = if names.len() > 1 { "s" } else { "" };
        let message = format!("Received unknown parameter{plural}: {}", names.join(", "));
        let error = Self::new(StatusCode::BAD_REQUEST, Some("parameter_unknown"), message);
        names.first().map_or_else(|| error.clone(), |first| error.clone().of(first))
    }

    /// 400 or 404 for an id that leads nowhere.
    #[must_use]
    pub fn missing(status: StatusCode, noun: &str, id: &str, param: &str) -> Self {
        Self::new(status, Some("resource_missing"), format!("No such {noun}: '{id}'")).of(param)
    }

    /// 404 for an address that Stripe does not have, or the simulator not yet.
    #[must_use]
    pub fn no_such_url(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/."
        );
        Self::new(StatusCode::NOT_FOUND, None, message)
    }

    /// 401 without any key.
    #[must_use]
    pub fn no_key() -> Self {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header, \
                       using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See \
                       https://stripe.com/docs/api#authentication for details, or we can help at \
                       https://support.stripe.com/.";
        Self::new(StatusCode::UNAUTHORIZED, None, message)
    }

    /// 401 for a key that nobody has.
    #[must_use]
    pub fn wrong_key(key: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, None, format!("Invalid API Key provided: {}", masked(key)))
    }

    /// 401 for an access token that a refresh has replaced.
    #[must_use]
    pub fn expired_key(key: &str) -> Self {
        let message = format!("Expired API Key provided: {}", masked(key));
        Self::new(StatusCode::UNAUTHORIZED, Some("api_key_expired"), message)
    }

    /// 403 for an account that the key does not (or no longer) reach.
    #[must_use]
    pub fn no_access(key: &str, account: &str) -> Self {
        let message = format!(
            "The provided key '{}' does not have access to account '{account}' (or that account does not exist). \
             Application access may have been revoked.",
            masked(key)
        );
        Self::new(StatusCode::FORBIDDEN, Some("account_invalid"), message)
    }

    /// 403 for a write with a `read_only` connection.
    #[must_use]
    pub fn scope_too_small(account: &str) -> Self {
        let message = format!(
            "This application does not have the required permissions for this endpoint on account '{account}'. Having \
             the 'read_write' scope would allow this request to continue."
        );
        Self::new(StatusCode::FORBIDDEN, Some("more_permissions_required_for_application"), message)
    }

    /// 429; the reason goes into a header.
    #[must_use]
    pub fn limited(reason: &'static str) -> Self {
        let message = "Request rate limit exceeded. Learn more about rate limits here \
                       https://stripe.com/docs/rate-limits.";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, Some("rate_limit"), message);
        Self { header: Some(("stripe-rate-limited-reason", reason)), ..error }
    }

    /// 501 for what Stripe would do and the simulator does not.
    #[must_use]
    pub fn not_simulated(what: &str) -> Self {
        let error = Self::new(StatusCode::NOT_IMPLEMENTED, None, format!("The simulator does not do this: {what}"));
        Self { header: Some(("stripe-should-retry", "false")), ..error }
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self, request_id: &str, livemode: bool) -> Value {
        let kind = if self.status.is_server_error() { "api_error" } else { "invalid_request_error" };
        let mode = if livemode { "" } else { "test/" };
        let mut error = json!({
            "type": kind,
            "message": self.message,
            "request_log_url": format!("https://dashboard.stripe.com/{mode}logs/{request_id}"),
        });
        if let Some(code) = self.code {
            error["code"] = code.into();
            error["doc_url"] = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")).into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({ "error": error })
    }
}

/// A key as messages show it: its kind and the last four characters.
#[must_use]
pub fn masked(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    let head = key.match_indices('_').nth(1).map_or(0, |(at, _)| key[..=at].chars().count());
    let tail = characters.len().saturating_sub(4).max(head);
    let shown = |range: &[char]| range.iter().collect::<String>();
    format!("{}{}{}", shown(&characters[..head]), "*".repeat(tail - head), shown(&characters[tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_whatever_they_look_like() {
        assert_eq!(masked("sk_test_abcdefgh"), "sk_test_****efgh");
        assert_eq!(masked("sk_test_abc"), "sk_test_abc");
        assert_eq!(masked("nonsense"), "****ense");
        assert_eq!(masked("kéy_ü_öäü€uro"), "kéy_ü_***€uro");
        assert_eq!(masked(""), "");
    }
}
