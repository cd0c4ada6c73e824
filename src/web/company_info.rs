//! The account itself, with what it holds at Stripe.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use entity::company_info;
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use entity::shape::Address;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce;
use super::error::Error;
use super::who::OfConnection;
use base::money::Decimal;

/// The account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyInfo {
    /// What it calls itself.
    pub company_name: Option<String>,
    /// Its legal name.
    pub company_legal_name: Option<String>,
    /// Stripe's id of the account.
    pub commerce_platform_ref: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Its telephone numbers.
    pub phone_numbers: Vec<PhoneNumber>,
    /// Its pages.
    pub web_links: Vec<WebLink>,
    /// Kept for the contract; not known.
    pub registration_number: Option<String>,
    /// ISO 4217.
    pub base_currency: Option<String>,
    /// What it holds, per currency.
    pub account_balances: Vec<AccountBalance>,
    /// Kept for the contract; always empty.
    pub source_urls: BTreeMap<String, String>,
    /// When the account was made, where Stripe tells.
    pub created_date: Option<DateTime<Utc>>,
    /// When the record last changed here.
    pub modified_date: DateTime<Utc>,
    /// When it last changed at Stripe, where Stripe tells.
    pub source_modified_date: Option<DateTime<Utc>>,
}

/// A telephone number.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneNumber {
    /// As given.
    pub number: String,
    /// `Primary`, `Landline`, `Mobile`, `Fax` or `Unknown`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebLink {
    /// Where.
    pub url: String,
    /// `Website`, `Social` or `Unknown`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What is held in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBalance {
    /// ISO 4217.
    pub currency: String,
    /// Can be paid out.
    pub available: Decimal,
    /// On its way.
    pub pending: Decimal,
    /// Held back.
    pub reserved: Option<Decimal>,
}

impl From<company_info::Balance> for AccountBalance {
    fn from(row: company_info::Balance) -> Self {
        let amount = |minor| Decimal::from_minor(minor, &row.currency);
        Self {
            available: amount(row.available_minor),
            pending: amount(row.pending_minor),
            reserved: row.reserved_minor.map(amount),
            currency: row.currency,
        }
    }
}

impl From<company_info::Model> for CompanyInfo {
    fn from(row: company_info::Model) -> Self {
        let phone = |one: company_info::Phone| PhoneNumber { number: one.number, kind: one.kind };
        let link = |one: company_info::WebLink| WebLink { url: one.url, kind: one.kind };
        Self {
            company_name: row.name,
            company_legal_name: row.legal_name,
            commerce_platform_ref: row.id,
            addresses: row.addresses,
            phone_numbers: row.phone_numbers.into_iter().map(phone).collect(),
            web_links: row.web_links.into_iter().map(link).collect(),
            registration_number: None,
            base_currency: row.base_currency,
            account_balances: row.balances.into_iter().map(AccountBalance::from).collect(),
            source_urls: BTreeMap::new(),
            created_date: Some(row.created_at).filter(|at| at.timestamp() > 0),
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
        }
    }
}

/// Get company info
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-info",
    operation_id = "get-company-info", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    responses((status = 200, description = "The account.", body = CompanyInfo), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection) -> Result<Json<CompanyInfo>, Error> {
    commerce::was_read(&app.db, &of.connection, DataType::CompanyInfo).await?;
    let row = store::records_read::company_info(&app.db, of.connection.id).await?;
    let none = || Error::NotFound("No data available: the account has no company info.".to_owned());
    row.map(|row| Json(row.into())).ok_or_else(none)
}
