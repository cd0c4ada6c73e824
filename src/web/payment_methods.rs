//! Payment methods: the ways of paying that charges have shown.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::payment_method;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::who::{Last, OfConnection};

/// A way of paying.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMethod {
    /// Its id: Stripe's type.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub status: payment_method::Status,
    /// When the first charge with it was made.
    pub created_date: DateTime<Utc>,
    /// When the record last changed here.
    pub modified_date: DateTime<Utc>,
    /// When it last changed at Stripe, where Stripe tells.
    pub source_modified_date: Option<DateTime<Utc>>,
}

impl From<payment_method::Model> for PaymentMethod {
    fn from(row: payment_method::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            status: row.status,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
        }
    }
}

/// List payment methods
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-paymentMethods",
    operation_id = "list-payment-methods", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<PaymentMethod>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::list::<payment_method::Entity, PaymentMethod>(&app, &of.connection, &list).await
}

/// Get a payment method
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-paymentMethods/{paymentMethodId}",
    operation_id = "get-payment-method", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("paymentMethodId" = String, Path)),
    responses((status = 200, description = "The payment method.", body = PaymentMethod), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<PaymentMethod>, Error> {
    commerce::get::<payment_method::Entity, _>(&app, &of.connection, &id).await
}
