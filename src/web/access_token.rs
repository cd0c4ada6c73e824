//! The access token of a company, for the web page in which its owner links.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::who::OfCompany;
use connect::access_tokens::{self, LIFE};

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// A JWT; send it as `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds that it lives.
    pub expires_in: i64,
    /// Always `Bearer`.
    pub token_type: &'static str,
}

/// Get a company's access token
///
/// It lets a web page see this company and its connections, make a connection and unlink one; it reads no data. The page's origin
/// must be among those of `/corsSettings`.
#[utoipa::path(get, path = "/companies/{companyId}/accessToken", operation_id = "get-company-access-token",
    tag = "Companies", params(("companyId" = String, Path)),
    responses((status = 200, description = "A new token.", body = AccessToken), Refusals))]
pub async fn get(State(app): State<App>, OfCompany(company): OfCompany) -> Result<Json<AccessToken>, Error> {
    let token = access_tokens::issue(&app.db, &app.keys, company.id, app.clock.now()).await.map_err(Error::fault)?;
    Ok(Json(AccessToken { access_token: token, expires_in: LIFE, token_type: "Bearer" }))
}

/// An access token alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BareAccessToken {
    /// A JWT; send it as `Authorization: Bearer`.
    pub access_token: String,
}

/// Get a company's access token (old address)
///
/// The same token as `/companies/{companyId}/accessToken` gives, for programs that know the older address.
#[utoipa::path(get, path = "/companies/{companyId}/connectionManagement/accessToken",
    operation_id = "get-connection-management-access-token", tag = "Companies", params(("companyId" = String, Path)),
    responses((status = 200, description = "A new token.", body = BareAccessToken), Refusals))]
pub async fn get_bare(app: State<App>, company: OfCompany) -> Result<Json<BareAccessToken>, Error> {
    let Json(token) = get(app, company).await?;
    Ok(Json(BareAccessToken { access_token: token.access_token }))
}
