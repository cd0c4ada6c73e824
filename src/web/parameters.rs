//! The parameters of a request's query, refused in one sentence that names the one that is wrong and says what is right.
//!
//! They come as texts and are read here: what the framework says of a value that it cannot read names types of this program.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::error::Error;

/// The parameters of a request, as texts.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        of(&parts.uri).map(Self)
    }
}

/// The parameters of an address, as texts.
///
/// # Errors
/// When one stands there more than once: neither value is taken.
pub fn of<T: DeserializeOwned>(uri: &Uri) -> Result<T, Error> {
    let Query(given) = Query::try_from_uri(uri).map_err(|rejection| {
        let said = rejection.body_text();
        let mut names = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).map(|(name, _)| name);
        let twice = names.find(|name| said.contains(&format!("duplicate field `{name}`")));
        Error::BadRequest(
            twice.map_or(said, |name| format!("{name} stands in the query more than once; send it once.")),
        )
    })?;
    Ok(given)
}

/// A whole number, or `unset` where none is given.
///
/// # Errors
/// When it is none of this range.
pub fn whole(name: &str, given: Option<&str>, unset: u32, range: RangeInclusive<u32>) -> Result<u32, Error> {
    let Some(text) = given else { return Ok(unset) };
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        Error::BadRequest(format!("{name} must be a whole number from {} to {}.", range.start(), range.end()))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Given {
        page_size: Option<String>,
    }

    #[test]
    fn a_parameter_is_taken_once_and_read_as_a_number_of_its_range() {
        let read = |query: &str| {
            let given: Given = of(&format!("/list?{query}").parse().unwrap())?;
            whole("pageSize", given.page_size.as_deref(), 100, 1..=5000)
        };
        assert_eq!(read("other=1&other=2").unwrap(), 100);
        assert_eq!(read("pageSize=5000").unwrap(), 5000);
        for bad in ["", "0", "-1", "1.5", "5001", "99999999999999999999", "x"] {
            let said = read(&format!("pageSize={bad}")).unwrap_err().to_string();
            assert_eq!(said, "pageSize must be a whole number from 1 to 5000.", "{bad}");
        }
        let said = read("other=1&other=2&pageSize=1&pageSize=2").unwrap_err().to_string();
        assert_eq!(said, "pageSize stands in the query more than once; send it once.");
    }
}
