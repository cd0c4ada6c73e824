//! The inbox of Stripe's webhooks: each event once, however often it was delivered. Its body is never kept.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::IntegrationId;
use crate::relation::Relation;

/// A row of `stripe_event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "stripe_event")]
pub struct Model {
    /// The integration whose endpoint took it; first part of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: IntegrationId,
    /// The account that it is of, `acct_...`; empty for the platform's own. Second part of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub account: String,
    /// Stripe's event id, `evt_...`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// What happened: `charge.refunded`, ...
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// Stripe's word for the object that it names.
    #[sea_orm(column_type = "Text")]
    pub object: Option<String>,
    /// The object's id; a few kinds, such as the balance, have none.
    #[sea_orm(column_type = "Text")]
    pub object_id: Option<String>,
    /// When it happened, a Unix second of Stripe's clock.
    pub created: i64,
    /// Whether it is of live mode.
    pub livemode: bool,
    /// The API version that its body was rendered in.
    #[sea_orm(column_type = "Text")]
    pub api_version: Option<String>,
    /// When it was first delivered.
    pub received_at: DateTimeUtc,
    /// See [`State`].
    pub state: State,
    /// Why it was ignored.
    pub reason: Option<Reason>,
    /// How often it was delivered.
    pub deliveries: i64,
    /// When nothing was left to do for it; removed some days later.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A connection has still to read the object that it names.
    Pending,
    /// What it tells is known.
    Done,
    /// It changes nothing here; [`Model::reason`] says why.
    Ignored,
}

/// Why an event changes nothing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is of the other mode than its endpoint.
    WrongMode,
    /// It is of the platform's own account.
    NoAccount,
    /// No connection is of its account.
    UnknownAccount,
    /// It is of a type that is not followed.
    UnknownType,
    /// No connection of its account is Linked.
    Disconnected,
    /// The connections of its account are synced only once.
    NotContinuous,
    /// It tells of another platform's access.
    OtherApplication,
    /// It tells that an access ended which was granted anew since.
    OlderThanLink,
    /// When its connection's turn came, that could not read any more.
    Stopped,
}

impl Reason {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongMode => "wrong_mode",
            Self::NoAccount => "no_account",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownType => "unknown_type",
            Self::Disconnected => "disconnected",
            Self::NotContinuous => "not_continuous",
            Self::OtherApplication => "other_application",
            Self::OlderThanLink => "older_than_link",
            Self::Stopped => "stopped",
        }
    }
}
