//! An API key; the key itself is shown once and never stored.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ApiKeyId;
use crate::relation::Relation;

/// A row of `api_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// What it is for.
    #[sea_orm(column_type = "Text")]
    pub name: Option<String>,
    /// Keyed hash of the key.
    #[sea_orm(column_type = "Text")]
    pub key_mac: String,
    /// Prefix and last four characters.
    #[sea_orm(column_type = "Text")]
    pub hint: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
