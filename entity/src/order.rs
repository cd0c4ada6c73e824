//! An order: a completed checkout session or a paid invoice.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `order`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "order")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Its number.
    #[sea_orm(column_type = "Text")]
    pub number: Option<String>,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub country: Option<String>,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// When it was paid.
    pub closed_at: Option<DateTimeUtc>,
    /// Minor units, taxes included.
    pub total_minor: i64,
    /// The same with exponent 3.
    pub total_milli: i64,
    /// Minor units given back; never positive.
    pub refund_minor: i64,
    /// The same with exponent 3.
    pub refund_milli: i64,
    /// Minor units.
    pub tax_minor: i64,
    /// The same with exponent 3.
    pub tax_milli: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// The same with exponent 3.
    pub discount_milli: i64,
    /// Minor units.
    pub shipping_minor: i64,
    /// What was bought.
    #[sea_orm(column_type = "JsonBinary")]
    pub lines: Vec<Line>,
    /// What it was paid with.
    #[sea_orm(column_type = "JsonBinary")]
    pub payments: Vec<PaymentRef>,
    /// The customer.
    #[sea_orm(column_type = "Text")]
    pub customer_id: Option<String>,
    /// The buyer's mail address, also of a guest.
    #[sea_orm(column_type = "Text")]
    pub customer_email: Option<String>,
    /// When Stripe made it.
    pub created_at: DateTimeUtc,
    /// When Stripe last changed it, where Stripe tells.
    pub source_modified_at: Option<DateTimeUtc>,
    /// Hash of the mapped fields; equal means that nothing changed.
    #[serde(skip)]
    pub content_hash: i64,
    /// Fence of the run (high 31 bits) and number of the request within it (low 32): the order of readings.
    #[serde(skip)]
    pub read_no: i64,
    /// When this record last changed here.
    #[serde(skip)]
    pub modified_at: DateTimeUtc,
    /// When it was found to be gone at Stripe; such a record leaves the lists.
    #[serde(skip)]
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

crate::record::record!(Orders);

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// What it is.
    pub description: Option<String>,
    /// How many.
    pub quantity: i64,
    /// Minor units for one; none where it is no whole number.
    pub unit_minor: Option<i64>,
    /// Minor units, after discounts, with taxes.
    pub total_minor: i64,
    /// Minor units.
    pub tax_minor: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// The product.
    pub product_id: Option<String>,
    /// The price.
    pub price_id: Option<String>,
}

/// What an order was paid with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct PaymentRef {
    /// The charge, or the payment intent while no charge is known.
    pub id: String,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Our payment status.
    pub status: String,
    /// The contract's word: `OnlineCard`, `Unknown`, ...
    pub kind: String,
    /// When.
    pub created_at: Option<DateTimeUtc>,
}
