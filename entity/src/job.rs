//! A request for work. The row goes when the work is done.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::JobId;
use crate::relation::Relation;

/// A row of `job`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// What may not run twice at once.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The task, as JSON: ids only.
    #[sea_orm(column_type = "Text")]
    pub task: String,
    /// Not before.
    pub run_at: DateTimeUtc,
    /// Who has it.
    pub lease: Option<Uuid>,
    /// Until when; after that it is free again.
    pub leased_until: Option<DateTimeUtc>,
    /// How often it was taken.
    pub attempts: i32,
    /// Asked for once more while it was running.
    pub again: bool,
    /// Why it was put off.
    #[sea_orm(column_type = "Text")]
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
