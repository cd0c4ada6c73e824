//! A browser's session.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::relation::Relation;

/// A row of `session`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// SHA-256 of the session's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub digest: String,
    /// Its values, as JSON.
    #[sea_orm(column_type = "Text")]
    pub data: String,
    /// When it is over.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
