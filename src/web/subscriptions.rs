//! Subscriptions: what customers pay for again and again.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::subscription;
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

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Stripe's id.
    pub id: String,
    /// The customer.
    pub customer_ref: Option<NamedRef>,
    /// Where it stands.
    pub status: subscription::Status,
    /// ISO 4217.
    pub currency: String,
    /// What is paid for.
    pub items: Vec<SubscriptionItem>,
    /// What it is worth a month, in the currency's unit: the sum of its items' monthly amounts, before discounts and taxes.
    pub monthly_amount: Decimal,
    /// How many items have no monthly amount, and are not in that sum.
    pub unpriced_items: i32,
    /// Ids of its discounts.
    pub discounts: Vec<String>,
    /// `charge_automatically` or `send_invoice`.
    pub collection_method: Option<String>,
    /// When it began.
    pub started_date: DateTime<Utc>,
    /// When its trial ends or ended.
    pub trial_end_date: Option<DateTime<Utc>>,
    /// When its period ends; of several items the earliest.
    pub current_period_end_date: Option<DateTime<Utc>>,
    /// Whether it ends with its period.
    pub cancel_at_period_end: bool,
    /// When it is set to end.
    pub cancel_date: Option<DateTime<Utc>>,
    /// When its end was asked for.
    pub cancelled_date: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_date: Option<DateTime<Utc>>,
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

/// Something that a subscription is of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionItem {
    /// Stripe's id.
    pub id: String,
    /// The product.
    pub product_ref: Option<NamedRef>,
    /// The price.
    pub product_variant_ref: Option<NamedRef>,
    /// For one; none for tiers.
    pub unit_price: Option<Decimal>,
    /// How many; none for metered use.
    pub quantity: Option<i64>,
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// How many of them lie between two payments.
    pub interval_count: Option<i64>,
    /// What it is worth a month, to the minor unit; none where that is not known beforehand: tiers, metered use, packages,
    /// and prices whose amount Stripe does not show in the subscription's currency.
    pub monthly_amount: Option<Decimal>,
    /// When its period ends.
    pub current_period_end_date: Option<DateTime<Utc>>,
}

const fn named(id: String) -> NamedRef {
    NamedRef { id, name: None }
}

impl SubscriptionItem {
    fn new(row: subscription::Item, currency: &str) -> Self {
        Self {
            id: row.id,
            product_ref: row.product_id.map(named),
            product_variant_ref: row.price_id.map(named),
            unit_price: row.unit_price.as_deref().and_then(Decimal::parse),
            quantity: row.quantity,
            interval: row.interval,
            interval_count: row.interval_count,
            monthly_amount: row.monthly_minor.map(|minor| Decimal::from_minor(minor, currency)),
            current_period_end_date: row.period_ends_at,
        }
    }
}

impl From<subscription::Model> for Subscription {
    fn from(row: subscription::Model) -> Self {
        Self {
            id: row.id,
            customer_ref: row.customer_id.map(named),
            status: row.status,
            items: row.items.into_iter().map(|item| SubscriptionItem::new(item, &row.currency)).collect(),
            monthly_amount: Decimal::from_minor(row.monthly_minor, &row.currency),
            currency: row.currency,
            unpriced_items: row.unpriced_items,
            discounts: row.discounts.0,
            collection_method: row.collection_method,
            started_date: row.started_at,
            trial_end_date: row.trial_ends_at,
            current_period_end_date: row.period_ends_at,
            cancel_at_period_end: row.cancel_at_period_end,
            cancel_date: row.cancel_at,
            cancelled_date: row.cancelled_at,
            ended_date: row.ended_at,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Subscription {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List subscriptions
///
/// Newest first, those that have ended among them.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-subscriptions",
    operation_id = "list-subscriptions", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Subscription>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<subscription::Entity, Subscription>(&app, &of.connection, &list).await
}

/// Get a subscription
#[utoipa::path(get,
    path = "/companies/{companyId}/connections/{connectionId}/data/commerce-subscriptions/{subscriptionId}",
    operation_id = "get-subscription", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("subscriptionId" = String, Path)),
    responses((status = 200, description = "The subscription.", body = Subscription), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Subscription>, Error> {
    commerce::get_supplemented::<subscription::Entity, _>(&app, &of.connection, &id).await
}
