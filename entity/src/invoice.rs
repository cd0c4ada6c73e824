//! An invoice, from its draft to whatever becomes of it. A paid one is an order, too.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::order::{Line, PaymentRef};
use crate::relation::Relation;

/// A row of `invoice`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The number on the paper; none on a draft.
    #[sea_orm(column_type = "Text")]
    pub number: Option<String>,
    /// See [`Status`].
    pub status: Status,
    /// Why it was made: `subscription_cycle`, `manual`, ...
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    /// The customer.
    #[sea_orm(column_type = "Text")]
    pub customer_id: Option<String>,
    /// The subscription that it is of.
    #[sea_orm(column_type = "Text")]
    pub subscription_id: Option<String>,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// Minor units, after discounts, with taxes.
    pub total_minor: i64,
    /// The same with exponent 3.
    pub total_milli: i64,
    /// Minor units.
    pub tax_minor: i64,
    /// The same with exponent 3.
    pub tax_milli: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// The same with exponent 3.
    pub discount_milli: i64,
    /// Minor units to be paid: the total less what the customer had to the good.
    pub due_minor: i64,
    /// The same with exponent 3.
    pub due_milli: i64,
    /// Minor units that were paid.
    pub paid_minor: i64,
    /// The same with exponent 3.
    pub paid_milli: i64,
    /// Minor units of what was paid that did not pass through Stripe.
    pub paid_elsewhere_minor: i64,
    /// Minor units that are left to be paid.
    pub remaining_minor: i64,
    /// The same with exponent 3.
    pub remaining_milli: i64,
    /// When it became final.
    pub issued_at: Option<DateTimeUtc>,
    /// When it is to be paid; none when it is charged by itself.
    pub due_at: Option<DateTimeUtc>,
    /// When it was paid.
    pub paid_at: Option<DateTimeUtc>,
    /// When it was voided.
    pub voided_at: Option<DateTimeUtc>,
    /// When it was given up.
    pub uncollectible_at: Option<DateTimeUtc>,
    /// What it is over: all lines.
    #[sea_orm(column_type = "JsonBinary")]
    pub lines: Vec<Line>,
    /// What it was paid with, through Stripe.
    #[sea_orm(column_type = "JsonBinary")]
    pub payments: Vec<PaymentRef>,
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

crate::record::record!(Invoices);

/// Where an invoice stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = InvoiceStatus)]
pub enum Status {
    /// It can still change, and be deleted.
    #[sea_orm(string_value = "Draft")]
    Draft,
    /// It is to be paid.
    #[sea_orm(string_value = "Open")]
    Open,
    /// It is settled.
    #[sea_orm(string_value = "Paid")]
    Paid,
    /// It was a mistake: nobody owes it.
    #[sea_orm(string_value = "Void")]
    Void,
    /// Nobody expects its money any more.
    #[sea_orm(string_value = "Uncollectible")]
    Uncollectible,
    /// A status that we do not know.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}
