//! A person who signs in to the portal.

use sea_orm::entity::prelude::*;

use crate::id::UserId;
use crate::relation::Relation;

/// A row of `user`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// The address as it was given.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// The address in lower case: one user each.
    #[sea_orm(column_type = "Text")]
    pub email_folded: String,
    /// What they are called.
    #[sea_orm(column_type = "Text")]
    pub name: Option<String>,
    /// The password's argon2id hash, with its parameters and salt.
    #[sea_orm(column_type = "Text")]
    pub password_hash: PasswordHash,
    /// When the password was set; who signed in before is signed out.
    pub password_set_at: DateTimeUtc,
    /// When the user was made.
    pub created_at: DateTimeUtc,
    /// When they last signed in.
    pub last_sign_in_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A password's hash; what is printed of it is only that it is there.
#[derive(Clone, PartialEq, Eq, sea_orm::DeriveValueType)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[REDACTED]")
    }
}
