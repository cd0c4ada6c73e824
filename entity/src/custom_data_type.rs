//! A data type of a developer's own, made of fields of Stripe's.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::IntegrationId;
use crate::relation::Relation;

/// A row of `custom_data_type`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_data_type")]
pub struct Model {
    /// The integration.
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: IntegrationId,
    /// The name that the developer gave it.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub identifier: String,
    /// What it is made of.
    #[sea_orm(column_type = "JsonBinary")]
    pub config: Config,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a custom data type is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CustomDataTypeConfiguration)]
pub struct Config {
    /// Stripe's list, such as `/v1/charges`: each of its objects makes one record.
    pub data_source: String,
    /// Where each value stands in the object: a path such as `metadata.order_id` or a path of RFC 9535, by the name
    /// that the value has in `content`.
    pub required_data: BTreeMap<String, String>,
    /// The paths whose values make the record's id.
    pub key_by: Vec<String>,
    /// The paths of a time at which the object was changed at Stripe; the first that is there.
    #[serde(default)]
    pub source_modified_date: Option<Vec<String>>,
}
