//! A zstd dictionary that source objects of one type are compressed with.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::relation::Relation;

/// A row of `dictionary`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "dictionary")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The type of object.
    #[sea_orm(column_type = "Text")]
    pub object: String,
    /// The dictionary.
    pub body: Vec<u8>,
    /// When it was trained.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
