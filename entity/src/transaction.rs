//! A balance transaction, or one of its fees.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `transaction`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "transaction")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The balance transaction: itself, or the one that the fee is of.
    #[sea_orm(column_type = "Text")]
    pub parent_id: String,
    /// Gross minor units; negative for a fee.
    pub total_minor: i64,
    /// The same with exponent 3.
    pub total_milli: i64,
    /// Settlement currency: ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// See [`Type`].
    #[sea_orm(column_name = "type")]
    pub r#type: Type,
    /// Stripe's own word: `charge`, `stripe_fee`, ...
    #[sea_orm(column_type = "Text")]
    pub sub_type: String,
    /// Stripe's word for reports.
    #[sea_orm(column_type = "Text")]
    pub reporting_category: Option<String>,
    /// What moved the money.
    #[sea_orm(column_type = "Text")]
    pub source_id: Option<String>,
    /// What kind of thing that is.
    pub source_type: Option<SourceType>,
    /// Fees of a balance transaction, in minor units.
    pub fee_minor: Option<i64>,
    /// Net of a balance transaction, in minor units.
    pub net_minor: Option<i64>,
    /// Stripe's rate, as it was written.
    #[sea_orm(column_type = "Text")]
    pub exchange_rate: Option<String>,
    /// `available` or `pending`.
    #[sea_orm(column_type = "Text")]
    pub status: Option<String>,
    /// When the money becomes available.
    pub available_at: Option<DateTimeUtc>,
    /// Stripe's description.
    #[sea_orm(column_type = "Text")]
    pub description: Option<String>,
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

crate::record::record!(Transactions);

/// The contract's closed list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = TransactionType)]
pub enum Type {
    /// A sale.
    #[sea_orm(string_value = "Payment")]
    Payment,
    /// Money back.
    #[sea_orm(string_value = "Refund")]
    Refund,
    /// To the bank.
    #[sea_orm(string_value = "Payout")]
    Payout,
    /// Back from the bank.
    #[sea_orm(string_value = "FailedPayout")]
    FailedPayout,
    /// Between accounts.
    #[sea_orm(string_value = "Transfer")]
    Transfer,
    /// A fee.
    #[sea_orm(string_value = "PaymentFee")]
    PaymentFee,
    /// A fee given back.
    #[sea_orm(string_value = "PaymentFeeRefund")]
    PaymentFeeRefund,
    /// Something else: disputes, reserves.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}

impl Type {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "Payment",
            Self::Refund => "Refund",
            Self::Payout => "Payout",
            Self::FailedPayout => "FailedPayout",
            Self::Transfer => "Transfer",
            Self::PaymentFee => "PaymentFee",
            Self::PaymentFeeRefund => "PaymentFeeRefund",
            Self::Unknown => "Unknown",
        }
    }
}

/// What kind of thing moved the money: the contract's closed list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = TransactionSourceType)]
pub enum SourceType {
    /// A fee.
    #[sea_orm(string_value = "Fee")]
    Fee,
    /// An order.
    #[sea_orm(string_value = "Order")]
    Order,
    /// A payment.
    #[sea_orm(string_value = "Payment")]
    Payment,
    /// A service charge.
    #[sea_orm(string_value = "ServiceCharge")]
    ServiceCharge,
    /// Something else.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}

impl SourceType {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fee => "Fee",
            Self::Order => "Order",
            Self::Payment => "Payment",
            Self::ServiceCharge => "ServiceCharge",
            Self::Unknown => "Unknown",
        }
    }
}
