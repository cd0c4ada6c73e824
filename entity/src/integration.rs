//! An integration: a way in to Stripe, set up by the admin.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::IntegrationId;
use crate::relation::Relation;

/// A row of `integration`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "integration")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IntegrationId,
    /// Four letters that name it in the API: `exgd`, `yzth`.
    #[sea_orm(column_type = "Text")]
    pub platform_key: String,
    /// Its name: `Stripe`, `Stripe Test`.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The source that the contract names beside it.
    pub source_id: Uuid,
    /// Live or test.
    pub mode: Mode,
    /// Whether it starts links and syncs.
    pub enabled: bool,
    /// The Connect client id, `ca_...`.
    #[sea_orm(column_type = "Text")]
    pub client_id: Option<String>,
    /// The platform's secret key, sealed.
    #[sea_orm(column_type = "Text")]
    pub secret_key: Option<String>,
    /// Prefix and last four characters of the secret key.
    #[sea_orm(column_type = "Text")]
    pub secret_key_hint: Option<String>,
    /// The signing secret of the Connect webhook endpoint, sealed.
    #[sea_orm(column_type = "Text")]
    pub webhook_secret: Option<String>,
    /// Prefix and last four characters of the webhook secret.
    #[sea_orm(column_type = "Text")]
    pub webhook_secret_hint: Option<String>,
    /// The signing secret before the last roll, sealed; it is taken until [`Model::webhook_previous_until`].
    #[sea_orm(column_type = "Text")]
    pub webhook_secret_previous: Option<String>,
    /// Until when the secret before is taken.
    pub webhook_previous_until: Option<DateTimeUtc>,
    /// The Connect webhook endpoint that was made at Stripe, `we_...`.
    #[sea_orm(column_type = "Text")]
    pub webhook_endpoint_id: Option<String>,
    /// The address that it posts to.
    #[sea_orm(column_type = "Text")]
    pub webhook_url: Option<String>,
    /// When it was made.
    pub webhook_registered_at: Option<DateTimeUtc>,
    /// What is asked of the owner.
    pub scope: Scope,
    /// Once, or continuous with a frequency.
    pub sync: Sync,
    /// The hour that a daily, weekly or monthly sync keeps to, `03:00`; none: the hour that it was linked at.
    #[sea_orm(column_type = "Text")]
    pub sync_at: Option<String>,
    /// The time zone of that hour, `Europe/Berlin`; none: UTC.
    #[sea_orm(column_type = "Text")]
    pub sync_time_zone: Option<String>,
    /// When Stripe last refused the secret key (401); it stops every sync until the key is replaced.
    pub refused_at: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last set.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Which of Stripe's two worlds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = IntegrationMode)]
pub enum Mode {
    /// Real money.
    #[sea_orm(string_value = "live")]
    #[serde(rename = "live")]
    Live,
    /// Test mode.
    #[sea_orm(string_value = "test")]
    #[serde(rename = "test")]
    Test,
}

impl Mode {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// What is asked of the owner.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = IntegrationScope)]
pub enum Scope {
    /// Reading alone.
    #[sea_orm(string_value = "read_only")]
    #[serde(rename = "read_only")]
    ReadOnly,
    /// Reading and writing.
    #[sea_orm(string_value = "read_write")]
    #[serde(rename = "read_write")]
    ReadWrite,
}

impl Scope {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::ReadWrite => "read_write",
        }
    }
}

/// How often a linked connection is synced.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = IntegrationSync)]
pub enum Sync {
    /// Once, when the company authorizes.
    #[sea_orm(string_value = "once")]
    #[serde(rename = "once")]
    Once,
    /// Every hour.
    #[sea_orm(string_value = "hourly")]
    #[serde(rename = "hourly")]
    Hourly,
    /// Every day.
    #[sea_orm(string_value = "daily")]
    #[serde(rename = "daily")]
    Daily,
    /// Every 7 days.
    #[sea_orm(string_value = "weekly")]
    #[serde(rename = "weekly")]
    Weekly,
    /// Every 30 days.
    #[sea_orm(string_value = "monthly")]
    #[serde(rename = "monthly")]
    Monthly,
}

impl Sync {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}
