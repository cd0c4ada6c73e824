//! A request that a caller named, so that it has one effect however often it is sent.

use sea_orm::entity::prelude::*;

use crate::relation::Relation;

/// A row of `idempotency_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// Whose key it is: two callers' keys are never the same.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub owner: String,
    /// The name that the caller gave.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub key: String,
    /// SHA-256 of the request, in hexadecimal digits.
    #[sea_orm(column_type = "Text")]
    pub request: String,
    /// When it came first.
    pub began_at: DateTimeUtc,
    /// The status that it was answered with; none before.
    pub status: Option<i16>,
    /// The body of that answer, sealed: it may hold a secret that is shown once.
    #[sea_orm(column_type = "Text")]
    pub answer: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
