//! A request's JSON, refused in the contract's words.

use axum::extract::FromRequest;

use super::error::Error;

/// The JSON of a request's body.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub struct Body<T>(pub T);

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
