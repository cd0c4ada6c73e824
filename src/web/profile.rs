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
use super::link::redirect;
use super::who::Caller;

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
///
/// A `redirectUrl` that could never be followed is refused: it is https, or http on this machine; a name in its host needs
/// the addresses that it may become in `whiteListUrls`, and none of the contract's names stands there.
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
    let white_list: Vec<String> =
        white_list.into_iter().map(|given| text("whiteListUrls", given, 2000)).collect::<Result<_, _>>()?;
    let row = profile::Model {
        id: known.id,
        client_id: known.client_id,
        name,
        redirect_url: redirect_url(body.redirect_url.trim().to_owned(), &white_list)?,
        icon_url: address("iconUrl", body.icon_url)?,
        logo_url: address("logoUrl", body.logo_url)?,
        white_list_urls: Texts(white_list),
        confirm_company_name: body.confirm_company_name.unwrap_or_default(),
        allowed_origins: known.allowed_origins,
    };
    store::profiles::replace(&app.db, row.clone()).await?;
    Ok(Json(row.into()))
}

/// A template that Link can follow, or empty for the built-in page.
fn redirect_url(given: String, white_list: &[String]) -> Result<String, Error> {
    let given = text("redirectUrl", given, 2000)?;
    if !given.is_empty() {
        let never = |why| Error::field("redirectUrl", format!("redirectUrl could never be followed: {why}."));
        redirect::check(&given, white_list).map_err(never)?;
    }
    Ok(given)
}

/// An address of http or https.
fn web_address(name: &str, given: String) -> Result<String, Error> {
    let given = text(name, given, 2000)?;
    let good = Url::parse(&given).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if good { Ok(given) } else { Err(Error::BadRequest(format!("{name} must be an address of http or https."))) }
}
