//! A balance transaction that a payout is made of.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `payout_transaction`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "payout_transaction")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The payout.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub payout_id: String,
    /// The balance transaction.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub transaction_id: String,
}

impl ActiveModelBehavior for ActiveModel {}
