//! A product with its prices as variants.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `product`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: Option<String>,
    /// The name in lower case.
    #[sea_orm(column_type = "Text")]
    pub name_folded: Option<String>,
    /// Description.
    #[sea_orm(column_type = "Text")]
    pub description: Option<String>,
    /// The description in lower case.
    #[sea_orm(column_type = "Text")]
    pub description_folded: Option<String>,
    /// Whether it is sold.
    pub active: bool,
    /// One for each price, newest first.
    #[sea_orm(column_type = "JsonBinary")]
    pub variants: Vec<Variant>,
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

crate::record::record!(Products);

/// A price of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Variant {
    /// The price.
    pub id: String,
    /// Its name.
    pub name: String,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Exact decimal in major units; none where the price has no single amount.
    pub unit_price: Option<String>,
    /// Whether it is offered.
    pub active: bool,
    /// Whether the product is shipped.
    pub shipping_required: Option<bool>,
    /// When Stripe made it.
    pub created_at: DateTimeUtc,
}
