//! A company: one small business, made by the developer or the admin.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::CompanyId;
use crate::relation::Relation;
use crate::shape::TextMap;

/// A row of `company`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "company")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CompanyId,
    /// Its name; not unique.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The name in lower case, to compare without case.
    #[sea_orm(column_type = "Text")]
    pub name_folded: String,
    /// A note of whoever made it.
    #[sea_orm(column_type = "Text")]
    pub description: Option<String>,
    /// Tags by key; at most 10.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: TextMap,
    /// Counts the uses of its Link URL; a URL made before the last use is spent.
    pub link_serial: i32,
    /// Whether its own sync settings replace those of the profile.
    pub overrides_sync: bool,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When a sync of any of its connections last ended.
    pub last_sync_at: Option<DateTimeUtc>,
    /// When it was deleted: from then on nothing of it is served, and a job removes the rest.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
