//! A data key, wrapped by the master key: one for each company, and one for the installation itself.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::relation::Relation;

/// A row of `data_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    /// The company; all zeros for the installation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: Uuid,
    /// The key, sealed by the master key.
    #[sea_orm(column_type = "Text")]
    pub wrapped: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
