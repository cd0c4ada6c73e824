//! The Link pages: where a business owner connects a company, step by step. Scripts are not needed; one alone
//! serves windows that another site's page opened.
//!
//! A GET spends nothing and changes nothing but the browser's own session; the one exception is the callback, whose
//! state serves once. Forms are protected three times: the cookie is `SameSite=Lax`, a form carries a text that is
//! bound to the session, and a request that a browser says comes from another site is refused.

mod callback;
mod choice;
mod consent;
mod embedded;
mod endings;
mod marks;
mod page;
pub(super) mod redirect;
mod result;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use endings::Ending;
use entity::id::{CompanyId, ConnectionId};
use entity::{company, connection, integration};
use marks::Marks;
pub use page::{STYLE_PATH, layout};
use tower_sessions::Session;
use uuid::Uuid;

use super::session::Browser;
use super::{App, session};
use connect::{Means, link::Links};

/// The Link pages, the callback, and the style sheet that they share with the start page.
pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/link/companies/{company}/start", get(choice::show).post(choice::consent))
        .route("/link/companies/{company}/connections/{connection}/start", get(consent::show).post(consent::post))
        .route("/link/companies/{company}/connections/{connection}/cancel", post(consent::cancel))
        .route("/link/companies/{company}/connections/{connection}/result", get(result::show))
        .route("/link/companies/{company}/connections/{connection}/end", get(embedded::end))
        .route("/link/companies/{company}/connections/{connection}/account", post(result::decide))
        .route("/oauth/callback", get(callback::back))
        .layer(from_fn_with_state(app.clone(), guard))
        .layer(session::of_link(app))
        .route(&STYLE_PATH, get(page::style))
        .route(page::MARK_PATH, get(page::mark))
        .route(embedded::END_PATH, get(embedded::end_script))
        .route("/link/embedded.js", get(embedded::module))
        .route("/link/embedded.d.ts", get(embedded::types))
}

/// What every Link page says to the browser beside its content.
async fn guard(
    State(app): State<App>,
    Browser(session): Browser,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&page::policy(&app.stripe.settings().connect_base)) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With `no-referrer` browsers would send `Origin: null` with our own forms.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A window that a page of ours to trust opened has to be able to tell it that the step is over.
    let hosted = Marks::of(&session).await.is_ok_and(|marks| marks.host.is_some());
    let opener = if hosted { "unsafe-none" } else { "same-origin" };
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static(opener));
    response
}

/// A fault on a page: the owner gets a reference to copy, the log gets the cause under it.
#[derive(Debug)]
pub struct Oops(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Oops {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let reference = Uuid::new_v4();
        tracing::error!(%reference, error = ?self.0, "a Link page failed");
        Ending::Fault { reference }.page().into_response()
    }
}

/// What a page's handler answers.
pub type Page = Result<Response, Oops>;

/// What connecting needs.
fn means(app: &App) -> Means<'_> {
    app.means()
}

/// Where Link pages are.
fn links(app: &App) -> Links<'_> {
    app.links()
}

/// A company's connection and all that its pages speak of.
#[derive(Clone, Debug)]
struct Whole {
    company: company::Model,
    connection: connection::Model,
    integration: integration::Model,
}

impl Whole {
    /// None when any part of it is not there, or is another's.
    async fn find(app: &App, path: Path<(String, String)>) -> Result<Option<Self>, Oops> {
        let Path((company, connection)) = path;
        let (Ok(company), Ok(connection)) = (company.parse::<CompanyId>(), connection.parse::<ConnectionId>()) else {
            return Ok(None);
        };
        let Some(company) = store::companies::find(&app.db, company).await? else { return Ok(None) };
        let Some(connection) = store::connections::owned(&app.db, company.id, connection).await? else {
            return Ok(None);
        };
        let integration = store::integrations::by_id(&app.db, connection.integration_id).await?;
        Ok(integration.map(|integration| Self { company, connection, integration }))
    }

    fn path(&self, leaf: &str) -> String {
        format!("/link/companies/{}/connections/{}/{leaf}", self.company.id, self.connection.id)
    }
}

/// Whether a form may have come from another site, by what the browser says. Scripts without a browser say nothing.
fn is_foreign(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let own = app.settings.public_url.origin().ascii_serialization();
    text("origin").is_some_and(|origin| origin != own)
        || text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// The digest of a session that is saved for certain.
async fn saved(session: &Session) -> Result<String, Oops> {
    if session.id().is_none() {
        session.save().await?;
    }
    session::digest_of(session).ok_or_else(|| Oops(anyhow::anyhow!("a saved session has no id")))
}

fn see(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location.to_owned())]).into_response()
}

/// What a page says when a consent cannot begin.
fn refusal(error: connect::begin::Error, whole: Option<&Whole>) -> Page {
    use connect::begin::Error as Begin;
    Ok(match error {
        Begin::Gone => Ending::Gone.page().into_response(),
        Begin::Spent => Ending::Used.page().into_response(),
        Begin::Disabled => {
            Ending::Disabled { name: whole.map(|whole| whole.integration.name.clone()) }.page().into_response()
        }
        Begin::AlreadyLinked => {
            whole.map_or_else(|| Ending::Used.page().into_response(), |whole| see(&whole.path("result")))
        }
        Begin::Fault(fault) => return Err(fault.into()),
    })
}
