//! A payout to the bank, or a debit from it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `payout`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "payout")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Minor units; negative for a debit.
    pub amount_minor: i64,
    /// The same with exponent 3.
    pub amount_milli: i64,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// See [`Status`].
    pub status: Status,
    /// When it arrives: midnight UTC of a day.
    pub arrival_at: DateTimeUtc,
    /// Whether the schedule made it.
    pub automatic: bool,
    /// `standard` or `instant`.
    #[sea_orm(column_type = "Text")]
    pub method: String,
    /// `bank_account` or `card`.
    #[sea_orm(column_type = "Text")]
    pub destination_type: String,
    /// `completed`, `in_progress` or `not_applicable`.
    #[sea_orm(column_type = "Text")]
    pub reconciliation: String,
    /// The movement of the balance.
    #[sea_orm(column_type = "Text")]
    pub balance_transaction_id: Option<String>,
    /// The movement that brought it back.
    #[sea_orm(column_type = "Text")]
    pub failure_balance_transaction_id: Option<String>,
    /// Why it failed.
    #[sea_orm(column_type = "Text")]
    pub failure_code: Option<String>,
    /// Why it failed, in words.
    #[sea_orm(column_type = "Text")]
    pub failure_message: Option<String>,
    /// The payout that this one reverses.
    #[sea_orm(column_type = "Text")]
    pub original_payout_id: Option<String>,
    /// What the bank shows.
    #[sea_orm(column_type = "Text")]
    pub statement_descriptor: Option<String>,
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

crate::record::record!(Payouts);

/// Where a payout stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = PayoutStatus)]
pub enum Status {
    /// Not sent yet.
    #[sea_orm(string_value = "Pending")]
    Pending,
    /// On its way.
    #[sea_orm(string_value = "InTransit")]
    InTransit,
    /// Arrived.
    #[sea_orm(string_value = "Paid")]
    Paid,
    /// Sent back.
    #[sea_orm(string_value = "Failed")]
    Failed,
    /// Stopped.
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
            Self::InTransit => "InTransit",
            Self::Paid => "Paid",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Unknown => "Unknown",
        }
    }
}
