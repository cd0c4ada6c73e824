//! A consent on its way: spent before the code is exchanged.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `oauth_state`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "oauth_state")]
pub struct Model {
    /// SHA-256 of the state; the state itself is only in the owner's browser.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub digest: String,
    /// The connection that waits for it.
    pub connection_id: ConnectionId,
    /// SHA-256 of the browser's session that began it.
    #[sea_orm(column_type = "Text")]
    pub session_digest: String,
    /// The account that a reconnect must come back with.
    #[sea_orm(column_type = "Text")]
    pub expected_account: Option<String>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it is worth nothing.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
