//! Whether what a payout is made of is known, and what it adds up to.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `payout_content`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "payout_content")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The payout.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub payout_id: String,
    /// See [`State`].
    pub state: State,
    /// How many balance transactions it is made of, without its own.
    pub count: i64,
    /// Sum of their net amounts.
    pub net_minor: i64,
    /// The reading that it comes from.
    pub read_no: i64,
    /// When.
    pub read_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What is known of a payout's content.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = PayoutContentState)]
pub enum State {
    /// Not read yet, or Stripe is still working on it.
    #[sea_orm(string_value = "pending")]
    #[serde(rename = "pending")]
    Pending,
    /// Read to the end.
    #[sea_orm(string_value = "complete")]
    #[serde(rename = "complete")]
    Complete,
    /// Stripe keeps no such list: a manual or instant payout.
    #[sea_orm(string_value = "unavailable")]
    #[serde(rename = "unavailable")]
    Unavailable,
}

impl State {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Complete => "complete",
            Self::Unavailable => "unavailable",
        }
    }
}
