//! How one data type is synced: for all companies, or for one.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::data_type::DataType;
use crate::relation::Relation;

/// A row of `sync_setting`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "sync_setting")]
pub struct Model {
    /// The company; all zeros for the profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: Uuid,
    /// The data type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub data_type: DataType,
    /// Whether the first sync reads it.
    pub fetch_on_first_link: bool,
    /// Hours between syncs: 0, 1, 24, 168 or 720; 0 is none of its own, so the integration's counts.
    pub sync_schedule: i32,
    /// Order within a sync.
    pub sync_order: i32,
    /// Only what was created from here on.
    pub sync_from_utc: Option<DateTimeUtc>,
    /// Only the last months.
    pub sync_from_window: Option<i32>,
    /// Kept for the contract.
    pub months_to_sync: Option<i32>,
    /// Whether it may be changed.
    pub is_locked: bool,
}

impl ActiveModelBehavior for ActiveModel {}
