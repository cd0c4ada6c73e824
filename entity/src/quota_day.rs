//! How many requests with an API key came in one day, over all processes.

use sea_orm::entity::prelude::*;

use crate::relation::Relation;

/// A row of `quota_day`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_day")]
pub struct Model {
    /// The day in UTC, as the number of days since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    /// Requests that were done; those that were refused for the quota do not count.
    pub calls: i64,
    /// The quota that was told to be reached: of a larger one it is told again. None before.
    pub reached_quota: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
