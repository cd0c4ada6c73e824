//! A dataset (pull operation): one run of one data type for one connection.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data_type::DataType;
use crate::id::{ConnectionId, DatasetId};
use crate::relation::Relation;

/// A row of `dataset`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "dataset")]
pub struct Model {
    /// The connection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DatasetId,
    /// The data type.
    pub data_type: DataType,
    /// See [`Status`].
    pub status: Status,
    /// Whether it is part of the first sync.
    pub first: bool,
    /// Whether it lists everything anew.
    pub full: bool,
    /// When it was asked for.
    pub requested_at: DateTimeUtc,
    /// When a run took it.
    pub started_at: Option<DateTimeUtc>,
    /// From when on its objects can be read although it has not ended: the first sync reads the last 90 days first.
    pub readable_from: Option<DateTimeUtc>,
    /// When it ended, well or not.
    pub completed_at: Option<DateTimeUtc>,
    /// 0 to 100.
    pub progress: i32,
    /// Objects read from Stripe for it.
    pub objects: i64,
    /// Records that changed.
    pub changed: i64,
    /// Objects that could not be mapped.
    pub quarantined: i64,
    /// A word for people.
    #[sea_orm(column_type = "Text")]
    pub status_description: Option<String>,
    /// What happened, whose turn it is and what to do.
    #[sea_orm(column_type = "Text")]
    pub error_message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The contract's closed list, as far as we use it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = DatasetStatus)]
pub enum Status {
    /// Never asked for.
    #[sea_orm(string_value = "Initial")]
    Initial,
    /// Waiting for a run.
    #[sea_orm(string_value = "Queued")]
    Queued,
    /// Being read.
    #[sea_orm(string_value = "Fetching")]
    Fetching,
    /// Being mapped.
    #[sea_orm(string_value = "Mapping")]
    Mapping,
    /// Being checked.
    #[sea_orm(string_value = "Validating")]
    Validating,
    /// Being kept.
    #[sea_orm(string_value = "Processing")]
    Processing,
    /// Whole.
    #[sea_orm(string_value = "Complete")]
    Complete,
    /// Stripe did not give it.
    #[sea_orm(string_value = "FetchError")]
    FetchError,
    /// It could not be mapped.
    #[sea_orm(string_value = "MapError")]
    MapError,
    /// Ours to mend.
    #[sea_orm(string_value = "InternalError")]
    InternalError,
    /// Access has ended.
    #[sea_orm(string_value = "AuthError")]
    AuthError,
    /// Stopped.
    #[sea_orm(string_value = "Cancelled")]
    Cancelled,
    /// Stripe has no such thing.
    #[sea_orm(string_value = "NotSupported")]
    NotSupported,
    /// Stripe asked us to slow down for too long.
    #[sea_orm(string_value = "RateLimitError")]
    RateLimitError,
    /// The access granted does not cover it.
    #[sea_orm(string_value = "PermissionsError")]
    PermissionsError,
}

impl Status {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "Initial",
            Self::Queued => "Queued",
            Self::Fetching => "Fetching",
            Self::Mapping => "Mapping",
            Self::Validating => "Validating",
            Self::Processing => "Processing",
            Self::Complete => "Complete",
            Self::FetchError => "FetchError",
            Self::MapError => "MapError",
            Self::InternalError => "InternalError",
            Self::AuthError => "AuthError",
            Self::Cancelled => "Cancelled",
            Self::NotSupported => "NotSupported",
            Self::RateLimitError => "RateLimitError",
            Self::PermissionsError => "PermissionsError",
        }
    }
}

impl Status {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Initial | Self::Queued | Self::Fetching | Self::Mapping | Self::Validating | Self::Processing
        )
    }

    /// Whether it ended badly.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.is_final() && !matches!(self, Self::Complete)
    }
}
