//! Whether this process lives, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::error::Error;
use store::database::{self, Unusable};
use store::trouble;

/// The longest that the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers.
pub async fn alive() -> Response {
    axum::Json(json!({ "status": "alive" })).into_response()
}

/// The database answers, its schema is the one we know, it refused nothing for want of space or rights within the last
/// minute, and this process is not on its way out.
///
/// # Errors
/// [`Error::Unavailable`] with the reason.
pub async fn ready(State(app): State<App>) -> Result<Response, Error> {
    if app.draining.is_cancelled() {
        return Err(Error::Unavailable("This process is shutting down.".to_owned()));
    }
    match tokio::time::timeout(PATIENCE, database::check(&app.db)).await {
        Ok(Ok(())) => {}
        Ok(Err(Unusable::Fault(error))) => {
            tracing::error!(%error, "not ready");
            let words = trouble::outage(&error).unwrap_or("The database does not answer as it should.");
            return Err(Error::Unavailable(words.to_owned()));
        }
        Ok(Err(other)) => return Err(Error::Unavailable(other.to_string())),
        Err(_) => return Err(Error::Unavailable("The database does not answer.".to_owned())),
    }
    match app.trouble.now() {
        Some(words) => Err(Error::Unavailable(words.to_owned())),
        None => Ok(axum::Json(json!({ "status": "ready" })).into_response()),
    }
}
