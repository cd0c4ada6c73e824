//! A customer of the business.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;
use crate::shape::Address;

/// A row of `customer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "customer")]
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
    /// Mail address.
    #[sea_orm(column_type = "Text")]
    pub email: Option<String>,
    /// The mail address in lower case.
    #[sea_orm(column_type = "Text")]
    pub email_folded: Option<String>,
    /// Telephone.
    #[sea_orm(column_type = "Text")]
    pub phone: Option<String>,
    /// ISO 4217, in lower case as Stripe gives it.
    #[sea_orm(column_type = "Text")]
    pub default_currency: Option<String>,
    /// Billing and delivery.
    #[sea_orm(column_type = "JsonBinary")]
    pub addresses: Vec<Address>,
    /// Stripe's description.
    #[sea_orm(column_type = "Text")]
    pub note: Option<String>,
    /// The note in lower case.
    #[sea_orm(column_type = "Text")]
    pub note_folded: Option<String>,
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

crate::record::record!(Customers);
