//! A request's JSON, refused in the contract's words.

use axum::body::{Body as Bytewise, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::error::Error;

/// The JSON object of a request's body.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
            _ => Error::BadRequest(rejection.body_text()),
        })?;
        let request = Request::from_parts(parts, Bytewise::from(bytes.clone()));
        match axum::Json::<T>::from_request(request, state).await.map_err(Error::from) {
            Err(Error::MediaType(said)) => Err(Error::MediaType(said)),
            // An array would be read as the properties in their order.
            _ if bytes.trim_ascii_start().first() != Some(&b'{') => {
                Err(Error::BadRequest("The body must be a JSON object: properties within braces.".to_owned()))
            }
            read => read.map(|axum::Json(value)| Self(value)),
        }
    }
}

/// A text that both databases can keep: PostgreSQL knows no NUL.
///
/// # Errors
/// When it has one, or is longer than `most` characters.
pub fn text(name: &str, given: String, most: usize) -> Result<String, Error> {
    if given.contains('\0') {
        return Err(Error::BadRequest(format!("{name} cannot hold a NUL.")));
    }
    if given.chars().count() > most {
        return Err(Error::BadRequest(format!("{name} may have {most} characters at most.")));
    }
    Ok(given)
}
