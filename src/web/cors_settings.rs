//! Which web pages may ask the API from a browser.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::Body;
use super::error::Error;
use super::idempotency;
use super::rate_limit;
use super::who::Caller;

/// Origins that may be allowed at once.
const MOST: usize = 50;

/// The origins of web pages that may ask.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorsSettings {
    /// Such as `https://app.example.com`: no path. None: no web page may.
    #[schema(max_items = 50)]
    pub allowed_origins: Vec<String>,
}

/// Get CORS settings
#[utoipa::path(get, path = "/corsSettings", operation_id = "get-cors-settings", tag = "Settings",
    responses((status = 200, description = "The allowed origins.", body = CorsSettings), Refusals))]
pub async fn get(State(app): State<App>, _: Caller) -> Result<Json<CorsSettings>, Error> {
    Ok(Json(CorsSettings { allowed_origins: store::profiles::get(&app.db).await?.allowed_origins.0 }))
}

/// Set CORS settings
#[utoipa::path(post, path = "/corsSettings", operation_id = "set-cors-settings", tag = "Settings",
    request_body = CorsSettings,
    responses((status = 200, description = "The allowed origins.", body = CorsSettings), Refusals))]
pub async fn set(
    State(app): State<App>,
    _: Caller,
    Body(body): Body<CorsSettings>,
) -> Result<Json<CorsSettings>, Error> {
    if body.allowed_origins.len() > MOST {
        return Err(Error::BadRequest(format!("allowedOrigins may have {MOST} entries at most.")));
    }
    let mut allowed_origins = Vec::new();
    for given in &body.allowed_origins {
        let origin = origin(given).ok_or_else(|| {
            Error::BadRequest(format!("allowedOrigins: {given:?} is no origin such as https://app.example.com."))
        })?;
        if !allowed_origins.contains(&origin) {
            allowed_origins.push(origin);
        }
    }
    store::profiles::set_allowed_origins(&app.db, allowed_origins.clone()).await?;
    Ok(Json(CorsSettings { allowed_origins }))
}

/// Get CORS settings (old address)
///
/// The same as `/corsSettings`, for programs that know the older address.
#[utoipa::path(get, path = "/connectionManagement/corsSettings",
    operation_id = "get-connection-management-cors-settings", tag = "Settings",
    responses((status = 200, description = "The allowed origins.", body = CorsSettings), Refusals))]
pub async fn get_old(app: State<App>, caller: Caller) -> Result<Json<CorsSettings>, Error> {
    get(app, caller).await
}

/// Set CORS settings (old address)
///
/// The same as `/corsSettings`, for programs that know the older address.
#[utoipa::path(post, path = "/connectionManagement/corsSettings",
    operation_id = "set-connection-management-cors-settings", tag = "Settings", request_body = CorsSettings,
    responses((status = 200, description = "The allowed origins.", body = CorsSettings), Refusals))]
pub async fn set_old(app: State<App>, caller: Caller, body: Body<CorsSettings>) -> Result<Json<CorsSettings>, Error> {
    set(app, caller, body).await
}

/// The origin as browsers send it: of http or https, without a path, a user or a query.
fn origin(given: &str) -> Option<String> {
    let url = Url::parse(given.trim()).ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then(|| url.origin().ascii_serialization())
}

/// Lets the pages of allowed origins ask. Cookies never come along, so a page acts with what it shows itself.
pub(super) fn layer(app: &App) -> CorsLayer {
    let app = app.clone();
    let allowed = AllowOrigin::async_predicate(move |origin: HeaderValue, _| async move {
        match store::profiles::get(&app.db).await {
            Ok(profile) => {
                origin.to_str().is_ok_and(|origin| profile.allowed_origins.0.iter().any(|one| one == origin))
            }
            Err(error) => {
                tracing::error!(%error, "the allowed origins cannot be read: none is allowed");
                false
            }
        }
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH, idempotency::HEADER])
        .expose_headers(
            [HeaderName::from_static("x-request-id"), header::RETRY_AFTER, header::ETAG, idempotency::REPLAYED]
                .into_iter()
                .chain(rate_limit::HEADERS)
                .collect::<Vec<_>>(),
        )
        .max_age(std::time::Duration::from_mins(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (given, kept) in [
            ("https://app.example.com", Some("https://app.example.com")),
            ("https://App.example.com:443/", Some("https://app.example.com")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("https://app.example.com/path", None),
            ("https://user@app.example.com", None),
            ("*", None),
            ("null", None),
            ("ftp://app.example.com", None),
        ] {
            assert_eq!(origin(given).as_deref(), kept, "{given}");
        }
    }
}
