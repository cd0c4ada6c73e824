//! A way of paying that charges have shown.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `payment_method`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "payment_method")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Its name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// See [`Status`].
    pub status: Status,
    /// When it was first seen on a charge, by the charge's time.
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

crate::record::record!(PaymentMethods);

/// The contract's closed list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = PaymentMethodStatus)]
pub enum Status {
    /// In use.
    #[sea_orm(string_value = "Active")]
    Active,
    /// No longer in use.
    #[sea_orm(string_value = "Archived")]
    Archived,
    /// Not known.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}

impl Status {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Archived => "Archived",
            Self::Unknown => "Unknown",
        }
    }
}
