//! Customers of the business.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::customer;
use entity::id::{CompanyId, ConnectionId};
use entity::shape::Address;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// Stripe's id.
    pub id: String,
    /// Name.
    pub customer_name: Option<String>,
    /// Mail address.
    pub email_address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// ISO 4217, in lower case as Stripe gives it.
    pub default_currency: Option<String>,
    /// Billing and delivery.
    pub addresses: Vec<Address>,
    /// Stripe's description.
    pub note: Option<String>,
    /// When it was made at Stripe.
    pub created_date: DateTime<Utc>,
    /// When the record last changed here.
    pub modified_date: DateTime<Utc>,
    /// When it last changed at Stripe, where Stripe tells.
    pub source_modified_date: Option<DateTime<Utc>>,
    /// What is configured of Stripe's own fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental_data: Option<SupplementalData>,
}

impl From<customer::Model> for Customer {
    fn from(row: customer::Model) -> Self {
        Self {
            id: row.id,
            customer_name: row.name,
            email_address: row.email,
            phone: row.phone,
            default_currency: row.default_currency,
            addresses: row.addresses,
            note: row.note,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Customer {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List customers
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-customers",
    operation_id = "list-customers", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Customer>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<customer::Entity, Customer>(&app, &of.connection, &list).await
}

/// Get a customer
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-customers/{customerId}",
    operation_id = "get-customer", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("customerId" = String, Path)),
    responses((status = 200, description = "The customer.", body = Customer), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Customer>, Error> {
    commerce::get_supplemented::<customer::Entity, _>(&app, &of.connection, &id).await
}
