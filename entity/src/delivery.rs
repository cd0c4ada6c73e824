//! An event on its way to a receiver.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A row of `delivery`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The event; the same for each try and receiver.
    #[sea_orm(column_type = "Text")]
    pub event_id: String,
    /// The receiver.
    pub consumer_id: Uuid,
    /// For instance `read.completed`.
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// The body that is sent.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// waiting, delivered or given up.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// Tries so far.
    pub attempts: i32,
    /// Not before.
    pub run_at: DateTimeUtc,
    /// When.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
