//! Whether this process lives, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::error::Error;
use crate::store::database::{self, Unusable};

/// The longest that the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers.
pub async fn alive() -> Response {
    axum::Json(json!({ "status": "alive" })).into_response()
}

/// The database answers, its schema is the one we know, and this process is not on its way out.
///
/// # Errors
/// [`Error::Unavailable`] with the reason.
pub async fn ready(State(app): State<App>) -> Result<Response, Error> {
    if app.draining.is_cancelled() {
        return Err(Error::Unavailable("This process is shutting down.".to_owned()));
    }
    match tokio::time::timeout(PATIENCE, database::check(&app.db)).await {
        Ok(Ok(())) => Ok(axum::Json(json!({ "status": "ready" })).into_response()),
        Ok(Err(Unusable::Fault(error))) => {
            tracing::error!(%error, "not ready");
            Err(Error::Unavailable("The database does not answer as it should.".to_owned()))
        }
        Ok(Err(other)) => Err(Error::Unavailable(other.to_string())),
        Err(_) => Err(Error::Unavailable("The database does not answer.".to_owned())),
    }
}
