//! A line of the change feed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data_type::DataType;
use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `change`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Its number: dense within the connection, in the order of commits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The data type of the record.
    pub data_type: DataType,
    /// The record.
    #[sea_orm(column_type = "Text")]
    pub record_id: String,
    /// What became of it.
    pub kind: Kind,
    /// When.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What became of a record.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = ChangeKind)]
pub enum Kind {
    /// New.
    #[sea_orm(string_value = "created")]
    #[serde(rename = "created")]
    Created,
    /// Changed.
    #[sea_orm(string_value = "updated")]
    #[serde(rename = "updated")]
    Updated,
    /// Gone.
    #[sea_orm(string_value = "deleted")]
    #[serde(rename = "deleted")]
    Deleted,
}

impl Kind {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}
