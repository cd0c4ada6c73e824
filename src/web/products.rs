//! Products, with their prices as variants.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::product;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};
use base::money::Decimal;

/// A product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Stripe's id.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// `Published` or `Unpublished`.
    pub status: &'static str,
    /// Kept for the contract; always false.
    pub is_gift_card: bool,
    /// Kept for the contract; always empty.
    pub product_category_refs: Vec<String>,
    /// One for each price, newest first.
    pub variants: Vec<Variant>,
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

/// A price of a product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Stripe's id of the price.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Kept for the contract; always 0.
    pub quantity: i32,
    /// Kept for the contract; always false.
    pub is_tax_enabled: bool,
    /// Kept for the contract; always 0.
    pub vat_percentage: i32,
    /// The price; none where it has no single amount.
    pub prices: Vec<Price>,
    /// Kept for the contract; nothing is counted.
    pub inventory: Inventory,
    /// Whether the product is shipped.
    pub shipping_required: Option<bool>,
    /// `Published` or `Unpublished`.
    pub status: &'static str,
    /// When it was made at Stripe.
    pub created_date: DateTime<Utc>,
}

/// An amount for one piece.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// ISO 4217.
    pub currency: String,
    /// In the currency's unit, with as many digits as Stripe has.
    pub unit_price: Decimal,
}

/// What is in stock.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Always 0.
    pub total_quantity: i32,
    /// Always empty.
    pub locations: Vec<String>,
}

const fn status(active: bool) -> &'static str {
    if active { "Published" } else { "Unpublished" }
}

impl From<product::Variant> for Variant {
    fn from(row: product::Variant) -> Self {
        let price = row.unit_price.as_deref().and_then(Decimal::parse);
        Self {
            id: row.id,
            name: row.name,
            quantity: 0,
            is_tax_enabled: false,
            vat_percentage: 0,
            prices: price.map(|unit_price| Price { currency: row.currency, unit_price }).into_iter().collect(),
            inventory: Inventory { total_quantity: 0, locations: Vec::new() },
            shipping_required: row.shipping_required,
            status: status(row.active),
            created_date: row.created_at,
        }
    }
}

impl From<product::Model> for Product {
    fn from(row: product::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            status: status(row.active),
            is_gift_card: false,
            product_category_refs: Vec::new(),
            variants: row.variants.into_iter().map(Variant::from).collect(),
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Product {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List products
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-products",
    operation_id = "list-products", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Product>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<product::Entity, Product>(&app, &of.connection, &list).await
}

/// Get a product
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-products/{productId}",
    operation_id = "get-product", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("productId" = String, Path)),
    responses((status = 200, description = "The product.", body = Product), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Product>, Error> {
    commerce::get_supplemented::<product::Entity, _>(&app, &of.connection, &id).await
}
