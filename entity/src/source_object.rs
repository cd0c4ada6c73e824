//! A Stripe object as Stripe sent it, compressed, so that history can be mapped again without asking Stripe.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `source_object`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "source_object")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Stripe's `object`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub object: String,
    /// Stripe's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The object that it hangs on, for composed records: a price's product, a charge's payment intent.
    #[sea_orm(column_type = "Text")]
    pub parent_id: Option<String>,
    /// The raw JSON, in `codec`.
    pub body: Vec<u8>,
    /// 0 raw, 1 zstd.
    pub codec: i16,
    /// The dictionary, when one was used.
    pub dictionary_id: Option<i32>,
    /// Hash of the raw JSON.
    pub body_hash: i64,
    /// The API version of the body.
    #[sea_orm(column_type = "Text")]
    pub api_version: String,
    /// The reading that it comes from.
    pub read_no: i64,
    /// When it was read.
    pub read_at: DateTimeUtc,
    /// Stripe's `created`, a Unix second.
    pub source_created: Option<i64>,
    /// When it was found to be gone.
    pub deleted_at: Option<DateTimeUtc>,
    /// How that was found; null while it is not gone, and for what was gone before this was noted.
    #[sea_orm(column_type = "Text")]
    pub deleted_cause: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
