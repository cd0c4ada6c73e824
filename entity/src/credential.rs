//! What Stripe gave us for a connection, sealed by the company's data key.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;

/// A row of `credential`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    /// The connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// How access was granted.
    pub kind: Kind,
    /// Sealed.
    #[sea_orm(column_type = "Text")]
    pub access_token: Option<String>,
    /// Sealed.
    #[sea_orm(column_type = "Text")]
    pub refresh_token: Option<String>,
    /// When it was granted.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// How access was granted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = CredentialKind)]
pub enum Kind {
    /// By OAuth.
    #[sea_orm(string_value = "oauth")]
    #[serde(rename = "oauth")]
    Oauth,
    /// By a key that the owner pasted.
    #[sea_orm(string_value = "key")]
    #[serde(rename = "key")]
    Key,
}

impl Kind {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::Key => "key",
        }
    }
}
