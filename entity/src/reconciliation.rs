//! A pass that compares what is kept of a connection with Stripe: planned, on its way, or ended.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{ConnectionId, ReconciliationId};
use crate::relation::Relation;

/// A row of `reconciliation`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "reconciliation")]
pub struct Model {
    /// The connection; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReconciliationId,
    /// How far it reaches.
    pub pass: Pass,
    /// Where it stands.
    pub state: State,
    /// Whether somebody asked for it; otherwise its time came.
    pub asked: bool,
    /// When it is due.
    pub due_at: DateTimeUtc,
    /// When it began.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How far a pass reaches.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "camelCase")]
#[schema(as = ReconciliationPass)]
pub enum Pass {
    /// The money of the last 7 days, and everything older that is not final yet.
    #[sea_orm(string_value = "nightly")]
    Nightly,
    /// The money of the last 120 days, and everything older that is not final yet.
    #[sea_orm(string_value = "weekly")]
    Weekly,
    /// Everything there is; due every month.
    #[sea_orm(string_value = "full")]
    Full,
}

impl Pass {
    /// Every pass, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Nightly, Self::Weekly, Self::Full];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nightly => "nightly",
            Self::Weekly => "weekly",
            Self::Full => "full",
        }
    }
}

/// Where a pass stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "camelCase")]
#[schema(as = ReconciliationState)]
pub enum State {
    /// Its time is to come, or the connection's next run takes it up.
    #[sea_orm(string_value = "planned")]
    Planned,
    /// Begun; it goes on with the connection's next run where it was left.
    #[sea_orm(string_value = "running")]
    Running,
    /// Ended: all of its steps came to their end.
    #[sea_orm(string_value = "complete")]
    Complete,
    /// Ended: a step did not come to its end, and says why.
    #[sea_orm(string_value = "incomplete")]
    Incomplete,
}

impl State {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
        }
    }
}
