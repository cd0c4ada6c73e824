//! Invoices, whatever became of them; a paid one is among the orders, too.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::invoice;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce::{self, NamedRef};
use super::error::Error;
use super::orders::{OrderLine, PaymentRef};
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};
use base::money::Decimal;

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// Stripe's id.
    pub id: String,
    /// The number on the paper; none on a draft.
    pub invoice_number: Option<String>,
    /// Where it stands.
    pub status: invoice::Status,
    /// Why it was made: `subscription_cycle`, `manual`, ...
    pub billing_reason: Option<String>,
    /// The customer.
    pub customer_ref: Option<NamedRef>,
    /// The subscription that it is of.
    pub subscription_ref: Option<NamedRef>,
    /// ISO 4217.
    pub currency: String,
    /// In the currency's unit, after discounts, with taxes.
    pub total_amount: Decimal,
    /// Taxes.
    pub total_tax_amount: Decimal,
    /// Discounts.
    pub total_discount: Decimal,
    /// What is to be paid: the total less what the customer had to the good.
    pub amount_due: Decimal,
    /// What was paid of that.
    pub amount_paid: Decimal,
    /// What of that did not pass through Stripe.
    pub amount_paid_elsewhere: Decimal,
    /// What is left to be paid.
    pub amount_remaining: Decimal,
    /// When it became final.
    pub issued_date: Option<DateTime<Utc>>,
    /// When it is to be paid; none when it is charged by itself.
    pub due_date: Option<DateTime<Utc>>,
    /// When it was paid.
    pub paid_date: Option<DateTime<Utc>>,
    /// When it was voided.
    pub voided_date: Option<DateTime<Utc>>,
    /// When it was given up.
    pub uncollectible_date: Option<DateTime<Utc>>,
    /// What it is over: all lines.
    pub lines: Vec<OrderLine>,
    /// What it was paid with, through Stripe.
    pub payments: Vec<PaymentRef>,
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

impl From<invoice::Model> for Invoice {
    fn from(row: invoice::Model) -> Self {
        let amount = |minor| Decimal::from_minor(minor, &row.currency);
        let named = |id| NamedRef { id, name: None };
        Self {
            id: row.id,
            invoice_number: row.number,
            status: row.status,
            billing_reason: row.reason,
            customer_ref: row.customer_id.map(named),
            subscription_ref: row.subscription_id.map(named),
            total_amount: amount(row.total_minor),
            total_tax_amount: amount(row.tax_minor),
            total_discount: amount(row.discount_minor),
            amount_due: amount(row.due_minor),
            amount_paid: amount(row.paid_minor),
            amount_paid_elsewhere: amount(row.paid_elsewhere_minor),
            amount_remaining: amount(row.remaining_minor),
            issued_date: row.issued_at,
            due_date: row.due_at,
            paid_date: row.paid_at,
            voided_date: row.voided_at,
            uncollectible_date: row.uncollectible_at,
            lines: row.lines.into_iter().map(|line| OrderLine::new(line, &row.currency)).collect(),
            payments: row.payments.into_iter().map(PaymentRef::from).collect(),
            currency: row.currency,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Invoice {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List invoices
///
/// Newest first: drafts, open, paid, void and uncollectible ones.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-invoices",
    operation_id = "list-invoices", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Invoice>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<invoice::Entity, Invoice>(&app, &of.connection, &list).await
}

/// Get an invoice
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-invoices/{invoiceId}",
    operation_id = "get-invoice", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("invoiceId" = String, Path)),
    responses((status = 200, description = "The invoice.", body = Invoice), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Invoice>, Error> {
    commerce::get_supplemented::<invoice::Entity, _>(&app, &of.connection, &id).await
}
