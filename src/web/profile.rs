//! The installation's profile.

use axum::Json;
use axum::extract::State;
use entity::profile;
use entity::shape::Texts;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::who::Caller;
use crate::store;

/// Who asks businesses for access, and where Link leads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Who asks; shown on Link pages.
    pub name: String,
    /// Where Link leads when it is done: a template, or empty for the built-in page.
    pub redirect_url: String,
    /// Logo.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Icon.
    #[serde(default)]
    pub icon_url: Option<String>,
    /// Redirect addresses that are allowed.
    #[serde(default)]
    pub white_list_urls: Option<Vec<String>>,
    /// Whether Link asks the owner to confirm the name.
    #[serde(default)]
    pub confirm_company_name: Option<bool>,
}

impl From<profile::Model> for Profile {
    fn from(row: profile::Model) -> Self {
        Self {
            name: row.name,
            redirect_url: row.redirect_url,
            logo_url: row.logo_url,
            icon_url: row.icon_url,
            white_list_urls: Some(row.white_list_urls.0),
            confirm_company_name: Some(row.confirm_company_name),
        }
    }
}

/// Get the profile
///
/// API keys are shown once, when they are made, and so not here.
#[utoipa::path(get, path = "/profile", operation_id = "get-profile", tag = "Settings",
    responses((status = 200, description = "The profile.", body = Profile), Refusals))]
pub async fn get(State(app): State<App>, _: Caller) -> Result<Json<Profile>, Error> {
    Ok(Json(store::profiles::get(&app.db).await?.into()))
}

/// Replace the profile
#[utoipa::path(put, path = "/profile", operation_id = "update-profile", tag = "Settings", request_body = Profile,
    responses((status = 200, description = "The profile.", body = Profile), Refusals))]
pub async fn replace(State(app): State<App>, _: Caller, Body(body): Body<Profile>) -> Result<Json<Profile>, Error> {
    let known = store::profiles::get(&app.db).await?;
    let name = text("name", body.name.trim().to_owned(), 250)?;
    if name.is_empty() {
        return Err(Error::BadRequest("name cannot be empty.".to_owned()));
    }
    let address = |name: &str, given: Option<String>| match given.filter(|given| !given.is_empty()) {
        Some(given) => web_address(name, given).map(Some),
        None => Ok(None),
    };
    let white_list = body.white_list_urls.unwrap_or_default();
    let white_list =
        white_list.into_iter().map(|given| text("whiteListUrls", given, 2000)).collect::<Result<_, _>>()?;
    let row = profile::Model {
        id: known.id,
        client_id: known.client_id,
        name,
        redirect_url: address("redirectUrl", Some(body.redirect_url))?.unwrap_or_default(),
        icon_url: address("iconUrl", body.icon_url)?,
        logo_url: address("logoUrl", body.logo_url)?,
        white_list_urls: Texts(white_list),
        confirm_company_name: body.confirm_company_name.unwrap_or_default(),
        allowed_origins: known.allowed_origins,
    };
    store::profiles::replace(&app.db, row.clone()).await?;
    Ok(Json(row.into()))
}

/// An address of http or https; the parts in braces of a template stand for themselves.
fn web_address(name: &str, given: String) -> Result<String, Error> {
    let given = text(name, given, 2000)?;
    let plain = given.replace(['{', '}'], "");
    let good = Url::parse(&plain).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if good { Ok(given) } else { Err(Error::BadRequest(format!("{name} must be an address of http or https."))) }
}
