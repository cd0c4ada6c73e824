//! What can go wrong out there, in the words the caller has to act on.

use serde::Deserialize;

/// Why Stripe did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 403 `account_invalid`: this account no longer lets us in. Disconnect it, do not retry.
    #[error("the account's owner has ended the access at Stripe")]
    Revoked,
    /// 401: the platform's own key is refused. Stop everything, tell the operator, disconnect nobody.
    #[error("Stripe refused the integration's secret key: {0}")]
    PlatformKey(String),
    /// Another 403: the access granted does not cover this.
    #[error("Stripe does not permit it: {0}")]
    NotPermitted(String),
    /// 404, or 400 `resource_missing`: the object, or the cursor named by `param`, is not there.
    #[error("Stripe has no such object: {message}")]
    Missing {
        /// The parameter that named it: `id`, `starting_after`.
        param: Option<String>,
        /// Stripe's text.
        message: String,
    },
    /// Another refusal: asking again the same way will not help.
    #[error("Stripe refused the request ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Stripe's text.
        message: String,
    },
    /// 429, after every retry.
    #[error("Rate limited: Stripe asked us to slow down")]
    RateLimited,
    /// 5xx, a broken connection, or an answer that makes no sense, after every retry.
    #[error("Stripe did not answer as it should: {0}")]
    Transport(String),
}

impl Error {
    /// Whether another try, later, may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Transport(_))
    }

    /// An answer that does not read as what was asked for.
    #[must_use]
    pub fn unreadable(error: &serde_json::Error) -> Self {
        Self::Transport(format!("its answer does not read: {error}"))
    }

    /// The error of an answer whose status is no success. The status and the code decide, never the type or the text.
    #[must_use]
    pub fn of_answer(status: u16, body: &[u8]) -> Self {
        let told = serde_json::from_slice::<Body>(body).unwrap_or_default().error;
        let message = told.message.unwrap_or_else(|| format!("status {status} without a reason"));
        match (status, told.code.as_deref()) {
            (401, _) => Self::PlatformKey(message),
            (400 | 403, Some("account_invalid")) => Self::Revoked,
            (403, _) => Self::NotPermitted(message),
            (400 | 404, Some("resource_missing")) => Self::Missing { param: told.param, message },
            (429, _) => Self::RateLimited,
            (409 | 500.., _) => Self::Transport(format!("status {status}: {message}")),
            _ => Self::Refused { status, message },
        }
    }
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Told,
}

#[derive(Default, Deserialize)]
struct Told {
    code: Option<String>,
    message: Option<String>,
    param: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_named_after_what_has_to_be_done() {
        let body = |code: &str| format!(r#"{{"error":{{"type":"x","code":"{code}","message":"m","param":"p"}}}}"#);
        let named = |status, text: &str| format!("{:?}", Error::of_answer(status, text.as_bytes()));
        assert_eq!(named(403, &body("account_invalid")), "Revoked");
        assert_eq!(named(400, &body("account_invalid")), "Revoked");
        assert!(named(401, &body("api_key_expired")).starts_with("PlatformKey"));
        assert!(named(403, &body("more_permissions_required_for_application")).starts_with("NotPermitted"));
        assert!(named(403, "").starts_with("NotPermitted"));
        assert!(named(400, &body("resource_missing")).starts_with("Missing"));
        assert!(named(404, &body("resource_missing")).starts_with("Missing"));
        assert!(named(404, r#"{"error":{"message":"Unrecognized request URL"}}"#).starts_with("Refused"));
        assert!(named(429, &body("lock_timeout")).starts_with("RateLimited"));
        assert!(named(502, "<html>").starts_with("Transport"));
        assert!(named(400, &body("parameter_unknown")).starts_with("Refused"));
    }
}
