//! Link from the page of another site: its script, and the end of a consent that such a page opened in a window.
//!
//! The page opens the Link URL with `link.embedded=` and its origin. Such a window keeps its opener, is told to go to
//! [`end`] instead of the profile's redirect, and there tells that origin, and none other, that the step is over. What
//! came of it the page asks the API.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::connection;
use entity::id::ConnectionId;
use maud::html;
use serde::{Deserialize, Serialize};

use super::endings::Ending;
use super::marks::Marks;
use super::page::layout;
use super::{Oops, Page, Whole};
use crate::error::Error;
use crate::portal;
use crate::{App, session::Browser};

/// The parameter of the Link URL that names the page's origin.
const PARAMETER: &str = "link.embedded";
/// The script of the last page.
const END: &str = include_str!("end.js");
/// Where it is.
pub const END_PATH: &str = "/link/end.js";
/// What the last page may load: its style sheet, and the script that says it is the last.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// The page that opened this browser's window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The connection that it is for.
    pub connection: ConnectionId,
    /// Its origin; one that the CORS settings allow.
    pub origin: String,
}

/// Notes the page that opened a connection's Link URL: a URL with a token but without an origin belongs to none.
/// `true` when that changed the marks.
///
/// # Errors
/// A fault of the database.
pub async fn note(
    app: &App,
    marks: &mut Marks,
    connection: &connection::Model,
    query: &[(String, String)],
) -> Result<bool, Oops> {
    let given = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let host = match given(PARAMETER) {
        None if given("token").is_none() => return Ok(false),
        None => None,
        Some(origin) if store::profiles::get(&app.db).await?.allowed_origins.0.iter().any(|one| one == origin) => {
            Some(Host { connection: connection.id, origin: origin.to_owned() })
        }
        Some(origin) => {
            tracing::warn!(origin, "a page whose origin is not in the CORS settings opened a Link URL");
            None
        }
    };
    let changed = marks.host != host;
    marks.host = host;
    Ok(changed)
}

/// The last page of a window that another page opened.
pub async fn end(State(app): State<App>, Browser(session): Browser, path: Path<(String, String)>) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let marks = Marks::of(&session).await?;
    let Some(host) = marks.host_of(whole.connection.id) else { return Ok(Ending::Session.page().into_response()) };
    let body = html! {
        h1 { "That was all here" }
        p.lead { "This window closes by itself. If it stays, close it: the page that you came from knows how it ended." }
        script src=(END_PATH) data-origin=(host.origin) data-connection=(host.connection) {}
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((policy, layout("Back to where you came from", "Connect your business", &body)).into_response())
}

/// The script of the last page.
pub async fn end_script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], END)
}

/// The module that pages of other sites import.
pub async fn module(State(app): State<App>, headers: HeaderMap) -> Response {
    served(&app, "link/embedded.js", &headers)
}

/// Its types.
pub async fn types(State(app): State<App>, headers: HeaderMap) -> Response {
    served(&app, "link/embedded.d.ts", &headers)
}

/// A built file that every page may load: it holds nothing secret, and acts with what the page shows it.
fn served(app: &App, path: &str, headers: &HeaderMap) -> Response {
    let Some(mut file) = portal::built(app, path, headers) else {
        let why = "This binary was built without Node, so the module is not in it; `make build` builds both.";
        return Error::NotFound(why.to_owned()).into_response();
    };
    let answered = file.headers_mut();
    answered.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answered.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    *file.status_mut() = StatusCode::OK;
    file
}
