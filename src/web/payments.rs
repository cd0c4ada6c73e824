//! Payments: charges, and refunds as negative payments.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::payment;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce::{self, NamedRef, RecordRef};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};
use base::money::Decimal;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Stripe's id of the charge or refund.
    pub id: String,
    /// Whether money came in or went back.
    pub kind: payment::Kind,
    /// In the currency's unit; negative for a refund.
    pub amount: Decimal,
    /// ISO 4217: the currency that the customer paid in.
    pub currency: String,
    /// The way of paying.
    pub payment_method_ref: Option<NamedRef>,
    /// The charge: itself, or the one that a refund gives back.
    pub charge_ref: Option<RecordRef>,
    /// Who paid; none for a guest.
    pub customer_ref: Option<NamedRef>,
    /// Where it stands.
    pub status: payment::Status,
    /// Always `Stripe`.
    pub payment_provider: String,
    /// When it is due.
    pub due_date: Option<DateTime<Utc>>,
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

impl From<payment::Model> for Payment {
    fn from(row: payment::Model) -> Self {
        Self {
            amount: Decimal::from_minor(row.amount_minor, &row.currency),
            id: row.id,
            kind: row.kind,
            currency: row.currency,
            payment_method_ref: row.payment_method_id.map(|id| NamedRef { id, name: row.payment_method_name }),
            charge_ref: row.charge_id.map(|id| RecordRef { id, kind: "Payment" }),
            customer_ref: row.customer_id.map(|id| NamedRef { id, name: None }),
            status: row.status,
            payment_provider: row.payment_provider,
            due_date: row.due_at,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Payment {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List payments
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-payments",
    operation_id = "list-payments", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Payment>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<payment::Entity, Payment>(&app, &of.connection, &list).await
}

/// Get a payment
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-payments/{paymentId}",
    operation_id = "get-payment", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("paymentId" = String, Path)),
    responses((status = 200, description = "The payment.", body = Payment), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Payment>, Error> {
    commerce::get_supplemented::<payment::Entity, _>(&app, &of.connection, &id).await
}
