//! How a request names its key: `Authorization` as Basic (the key is the user name) or Bearer.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key of a request, if it has one in a form that can be read.
#[must_use]
pub fn key_of(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    let rest = rest.trim();
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        rest.to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        decoded.split_once(':').map_or(decoded.clone(), |(user, _)| user.to_owned())
    } else {
        return None;
    };
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        key_of(&headers)
    }

    #[test]
    fn both_forms_name_the_key() {
        assert_eq!(key("Bearer sk_test_1").as_deref(), Some("sk_test_1"));
        assert_eq!(key(&format!("basic {}", STANDARD.encode("sk_test_1:"))).as_deref(), Some("sk_test_1"));
        assert_eq!(key(&format!("Basic {}", STANDARD.encode("ca_1:sk_test_1"))).as_deref(), Some("ca_1"));
        assert_eq!(key("Digest x"), None);
        assert_eq!(key("Basic !!"), None);
        assert_eq!(key("Bearer "), None);
    }
}
