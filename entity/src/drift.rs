//! One thing that was not here as it is at Stripe, found and repaired by a pass.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data_type::DataType;
use crate::id::{ConnectionId, ReconciliationId};
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `drift`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "drift")]
pub struct Model {
    /// The connection; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Its id, a UUID v7; second half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The pass that found it.
    pub reconciliation_id: ReconciliationId,
    /// The data type.
    pub data_type: DataType,
    /// Whether the object that is kept as Stripe sent it is meant, or the record made of it.
    pub layer: Layer,
    /// Stripe's `object`; of a record the data type's name.
    #[sea_orm(column_type = "Text")]
    pub object: String,
    /// The object's or the record's id.
    #[sea_orm(column_type = "Text")]
    pub object_id: String,
    /// What was wrong.
    pub kind: Kind,
    /// The fields that differed, by name.
    #[sea_orm(column_type = "JsonBinary")]
    pub fields: Texts,
    /// Whether it is here now as it is at Stripe.
    pub repaired: bool,
    /// When it was found.
    pub found_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What was not as it should be.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "camelCase")]
#[schema(as = DriftLayer)]
pub enum Layer {
    /// The object, kept as Stripe sent it.
    #[sea_orm(string_value = "object")]
    Object,
    /// The record that is made of it.
    #[sea_orm(string_value = "record")]
    Record,
}

/// What was wrong.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "camelCase")]
#[schema(as = DriftKind)]
pub enum Kind {
    /// Stripe has it, and it was not here.
    #[sea_orm(string_value = "missing")]
    Missing,
    /// It was here, and Stripe does not have it.
    #[sea_orm(string_value = "extra")]
    Extra,
    /// It was here with another content.
    #[sea_orm(string_value = "different")]
    Different,
}
