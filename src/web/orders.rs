//! Orders: completed checkout sessions and paid invoices.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::order;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce::{self, NamedRef};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};
use base::money::Decimal;

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Stripe's id of the checkout session or invoice.
    pub id: String,
    /// Its number.
    pub order_number: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// When it was paid.
    pub closed_date: Option<DateTime<Utc>>,
    /// In the currency's unit, taxes included.
    pub total_amount: Decimal,
    /// Given back; never positive.
    pub total_refund: Decimal,
    /// Taxes.
    pub total_tax_amount: Decimal,
    /// Discounts.
    pub total_discount: Decimal,
    /// What was bought.
    pub order_line_items: Vec<OrderLine>,
    /// What it was paid with.
    pub payments: Vec<PaymentRef>,
    /// Shipping.
    pub service_charges: Vec<ServiceCharge>,
    /// The customer.
    pub customer_ref: Option<NamedRef>,
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

/// What was bought.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// Stripe's id.
    pub id: String,
    /// How many.
    pub quantity: i64,
    /// For one; none where it is no whole number of minor units.
    pub unit_price: Option<Decimal>,
    /// After discounts, with taxes.
    pub total_amount: Decimal,
    /// Taxes.
    pub total_tax_amount: Decimal,
    /// The product.
    pub product_ref: Option<NamedRef>,
    /// The price.
    pub product_variant_ref: Option<NamedRef>,
    /// Discounts.
    pub discount_allocations: Vec<Discount>,
}

/// A discount.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Discount {
    /// What it is.
    pub name: &'static str,
    /// In the currency's unit.
    pub total_amount: Decimal,
}

/// What an order was paid with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRef {
    /// The charge, or the payment intent while no charge is known.
    pub id: String,
    /// In the currency's unit.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// The way of paying.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it stands.
    pub status: String,
    /// Always `Stripe`.
    pub payment_provider: &'static str,
    /// When.
    pub created_date: Option<DateTime<Utc>>,
}

/// Something beside what was bought.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCharge {
    /// Always `Shipping`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// In the currency's unit.
    pub total_amount: Decimal,
    /// Always 1.
    pub quantity: i32,
}

impl OrderLine {
    pub(super) fn new(row: order::Line, currency: &str) -> Self {
        let amount = |minor| Decimal::from_minor(minor, currency);
        let discount =
            (row.discount_minor != 0).then(|| Discount { name: "Discount", total_amount: amount(row.discount_minor) });
        Self {
            id: row.id,
            quantity: row.quantity,
            unit_price: row.unit_minor.map(amount),
            total_amount: amount(row.total_minor),
            total_tax_amount: amount(row.tax_minor),
            product_ref: row.product_id.map(|id| NamedRef { id, name: row.description }),
            product_variant_ref: row.price_id.map(|id| NamedRef { id, name: None }),
            discount_allocations: discount.into_iter().collect(),
        }
    }
}

impl From<order::PaymentRef> for PaymentRef {
    fn from(row: order::PaymentRef) -> Self {
        Self {
            amount: Decimal::from_minor(row.amount_minor, &row.currency),
            id: row.id,
            currency: row.currency,
            kind: row.kind,
            status: row.status,
            payment_provider: "Stripe",
            created_date: row.created_at,
        }
    }
}

impl From<order::Model> for Order {
    fn from(row: order::Model) -> Self {
        let amount = |minor| Decimal::from_minor(minor, &row.currency);
        let shipping = (row.shipping_minor != 0).then(|| ServiceCharge {
            kind: "Shipping",
            total_amount: amount(row.shipping_minor),
            quantity: 1,
        });
        Self {
            id: row.id,
            order_number: row.number,
            country: row.country,
            closed_date: row.closed_at,
            total_amount: amount(row.total_minor),
            total_refund: amount(row.refund_minor),
            total_tax_amount: amount(row.tax_minor),
            total_discount: amount(row.discount_minor),
            order_line_items: row.lines.into_iter().map(|line| OrderLine::new(line, &row.currency)).collect(),
            payments: row.payments.into_iter().map(PaymentRef::from).collect(),
            service_charges: shipping.into_iter().collect(),
            customer_ref: row.customer_id.map(|id| NamedRef { id, name: None }),
            currency: row.currency,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Order {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List orders
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-orders",
    operation_id = "list-orders", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Order>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<order::Entity, Order>(&app, &of.connection, &list).await
}

/// Get an order
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-orders/{orderId}",
    operation_id = "get-order", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("orderId" = String, Path)),
    responses((status = 200, description = "The order.", body = Order), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Order>, Error> {
    commerce::get_supplemented::<order::Entity, _>(&app, &of.connection, &id).await
}
