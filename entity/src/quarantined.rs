//! An object that could not be mapped; it never blocks the others.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::data_type::DataType;
use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `quarantined`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "quarantined")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Stripe's `object`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub object: String,
    /// Stripe's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The data type that lacks it.
    pub data_type: DataType,
    /// Why, with the field and its value.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The mapper that gave up.
    pub mapper_version: i32,
    /// The raw JSON, in `codec`.
    pub body: Vec<u8>,
    /// 0 raw, 1 zstd.
    pub codec: i16,
    /// When it was first met.
    pub first_at: DateTimeUtc,
    /// When it was last met.
    pub last_at: DateTimeUtc,
    /// How often.
    pub attempts: i32,
    /// How often the mapper crashed on it, one after the other; null is never.
    pub crashes: Option<i32>,
    /// When somebody asked to map it again; null when nobody did since the last try.
    pub replay_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
