//! Which of Stripe's own fields are served with the records of a data type.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data_type::DataType;
use crate::id::IntegrationId;
use crate::relation::Relation;

/// A row of `supplemental_config`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplemental_config")]
pub struct Model {
    /// The integration.
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: IntegrationId,
    /// The data type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub data_type: DataType,
    /// What is served, by the name that it has there.
    #[sea_orm(column_type = "JsonBinary")]
    pub sources: Sources,
}

impl ActiveModelBehavior for ActiveModel {}

/// Sources by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Sources(pub BTreeMap<String, Source>);

/// Fields of one of Stripe's objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SupplementalSource)]
pub struct Source {
    /// Stripe's list of the objects that the records are made of, such as `/v1/charges`.
    pub data_source: String,
    /// Where each value stands in the object: a path such as `metadata.order_id`, or a path of RFC 9535, by the name
    /// that the value has in `content`.
    #[serde(default)]
    pub pull_data: BTreeMap<String, String>,
    /// Must be empty: nothing is written to Stripe.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub push_data: BTreeMap<String, String>,
}
