//! Shapes inside JSON columns that several nouns share.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult, utoipa::ToSchema)]
pub struct Address {
    /// `Billing`, `Delivery`, `Order`, `Inventory` or `Unknown`.
    #[serde(rename = "type")]
    pub kind: String,
    /// First line.
    pub line1: Option<String>,
    /// Second line.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// As the source gives it: two letters.
    pub country: Option<String>,
    /// Postal code.
    #[serde(rename = "postalCode")]
    pub postal_code: Option<String>,
}

/// A list of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Texts(pub Vec<String>);

/// Texts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct TextMap(pub std::collections::BTreeMap<String, String>);
