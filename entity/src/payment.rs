//! A payment: a charge, or a refund as a negative payment.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `payment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Charge or refund.
    pub kind: Kind,
    /// Minor units: cents for EUR, whole yen for JPY; negative for a refund.
    pub amount_minor: i64,
    /// The same with exponent 3, to compare across currencies.
    pub amount_milli: i64,
    /// Presentment currency: ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// See [`Status`].
    pub status: Status,
    /// The way of paying.
    #[sea_orm(column_type = "Text")]
    pub payment_method_id: Option<String>,
    /// Its name.
    #[sea_orm(column_type = "Text")]
    pub payment_method_name: Option<String>,
    /// Always `Stripe`.
    #[sea_orm(column_type = "Text")]
    pub payment_provider: String,
    /// The charge: itself, or the one refunded.
    #[sea_orm(column_type = "Text")]
    pub charge_id: Option<String>,
    /// The payment intent.
    #[sea_orm(column_type = "Text")]
    pub payment_intent_id: Option<String>,
    /// The customer.
    #[sea_orm(column_type = "Text")]
    pub customer_id: Option<String>,
    /// The movement of the balance.
    #[sea_orm(column_type = "Text")]
    pub balance_transaction_id: Option<String>,
    /// Minor units given back so far; 0 for a refund.
    pub refunded_minor: i64,
    /// Stripe's description.
    #[sea_orm(column_type = "Text")]
    pub description: Option<String>,
    /// When it is due.
    pub due_at: Option<DateTimeUtc>,
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

crate::record::record!(Payments);

/// Which of the two.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = PaymentKind)]
pub enum Kind {
    /// Money in.
    #[sea_orm(string_value = "charge")]
    #[serde(rename = "charge")]
    Charge,
    /// Money back.
    #[sea_orm(string_value = "refund")]
    #[serde(rename = "refund")]
    Refund,
}

impl Kind {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }
}

/// The contract's closed list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = PaymentStatus)]
pub enum Status {
    /// On its way.
    #[sea_orm(string_value = "Pending")]
    Pending,
    /// Held, not captured.
    #[sea_orm(string_value = "Authorized")]
    Authorized,
    /// Done.
    #[sea_orm(string_value = "Paid")]
    Paid,
    /// Did not work.
    #[sea_orm(string_value = "Failed")]
    Failed,
    /// Given up.
    #[sea_orm(string_value = "Cancelled")]
    Cancelled,
    /// A status that we do not know.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}

impl Status {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Authorized => "Authorized",
            Self::Paid => "Paid",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Unknown => "Unknown",
        }
    }
}
