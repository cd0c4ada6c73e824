//! What the page of a product shows a company's owner before it asks them to link.

use axum::Json;
use axum::extract::State;
use entity::id::CompanyId;
use entity::integration::{Mode, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::who::OfCompany;
use connect::begin;

/// Who asks whom, and through what they can link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkOptions {
    /// The company.
    pub company_id: CompanyId,
    /// Its name.
    pub company_name: String,
    /// Who asks: the profile's name.
    pub asked_by: String,
    /// The integrations that start links, in their order.
    pub integrations: Vec<LinkIntegration>,
}

/// An integration that starts links. Nothing of how it is set up: an owner's page may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkIntegration {
    /// Its key of four letters.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Always `Commerce`.
    pub source_type: &'static str,
    /// Live or test data.
    pub mode: Mode,
    /// What is asked of owners.
    pub scope: Scope,
}

/// Get what a company can link through
///
/// For the page in which a company's owner links: an access token of the company is good for it.
#[utoipa::path(get, path = "/companies/{companyId}/linkOptions", operation_id = "get-link-options",
    tag = "Companies", params(("companyId" = CompanyId, Path)),
    responses((status = 200, description = "Who asks, and the open integrations.", body = LinkOptions), Refusals))]
pub async fn get(State(app): State<App>, OfCompany(company): OfCompany) -> Result<Json<LinkOptions>, Error> {
    let asked_by = store::profiles::get(&app.db).await?.name;
    let all = store::integrations::all(&app.db).await?;
    let open = all.into_iter().filter(begin::is_open).map(|one| LinkIntegration {
        key: one.platform_key,
        name: one.name,
        source_type: "Commerce",
        mode: one.mode,
        scope: one.scope,
    });
    let integrations = open.collect();
    Ok(Json(LinkOptions { company_id: company.id, company_name: company.name, asked_by, integrations }))
}
