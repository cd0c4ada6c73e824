//! A dispute.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `dispute`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "dispute")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Minor units.
    pub amount_minor: i64,
    /// The same with exponent 3.
    pub amount_milli: i64,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// See [`Status`].
    pub status: Status,
    /// Stripe's word.
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    /// Until when evidence is taken.
    pub due_at: Option<DateTimeUtc>,
    /// The balance transactions: 0, 1 or 2.
    #[sea_orm(column_type = "JsonBinary")]
    pub transactions: Texts,
    /// The charge.
    #[sea_orm(column_type = "Text")]
    pub charge_id: Option<String>,
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

crate::record::record!(Disputes);

/// The contract's closed list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = DisputeStatus)]
pub enum Status {
    /// Won.
    #[sea_orm(string_value = "Won")]
    Won,
    /// Lost.
    #[sea_orm(string_value = "Lost")]
    Lost,
    /// Not fought.
    #[sea_orm(string_value = "Accepted")]
    Accepted,
    /// With the bank.
    #[sea_orm(string_value = "Processing")]
    Processing,
    /// The charge was refunded.
    #[sea_orm(string_value = "ChargeRefunded")]
    ChargeRefunded,
    /// The business must answer.
    #[sea_orm(string_value = "EvidenceRequired")]
    EvidenceRequired,
    /// The business must answer an inquiry.
    #[sea_orm(string_value = "InquiryEvidenceRequired")]
    InquiryEvidenceRequired,
    /// An inquiry, with the bank.
    #[sea_orm(string_value = "InquiryProcessing")]
    InquiryProcessing,
    /// An inquiry that ended.
    #[sea_orm(string_value = "InquiryClosed")]
    InquiryClosed,
    /// Waiting for somebody else.
    #[sea_orm(string_value = "WaitingThirdParty")]
    WaitingThirdParty,
    /// A status that we do not know.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}

impl Status {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Won => "Won",
            Self::Lost => "Lost",
            Self::Accepted => "Accepted",
            Self::Processing => "Processing",
            Self::ChargeRefunded => "ChargeRefunded",
            Self::EvidenceRequired => "EvidenceRequired",
            Self::InquiryEvidenceRequired => "InquiryEvidenceRequired",
            Self::InquiryProcessing => "InquiryProcessing",
            Self::InquiryClosed => "InquiryClosed",
            Self::WaitingThirdParty => "WaitingThirdParty",
            Self::Unknown => "Unknown",
        }
    }
}
