//! The one row that orders the change feed.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::relation::Relation;

/// A row of `feed_clock`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "feed_clock")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The last place that was given.
    pub position: i64,
}

impl ActiveModelBehavior for ActiveModel {}
