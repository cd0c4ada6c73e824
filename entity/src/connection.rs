//! A connection: one company's link to one Stripe account through one integration.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, ConnectionId, IntegrationId};
use crate::relation::Relation;

/// A row of `connection`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "connection")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConnectionId,
    /// The company it belongs to.
    pub company_id: CompanyId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// See [`Status`].
    pub status: Status,
    /// The Stripe account, `acct_...`, once linked.
    #[sea_orm(column_type = "Text")]
    pub account_id: Option<String>,
    /// What the account calls itself.
    #[sea_orm(column_type = "Text")]
    pub account_name: Option<String>,
    /// Whether the account was linked in live mode.
    pub livemode: Option<bool>,
    /// The scope that was granted.
    #[sea_orm(column_type = "Text")]
    pub scope: Option<String>,
    /// Counts the uses of its Link URL; a URL made before the last use is spent.
    pub link_serial: i32,
    /// What went wrong, newest last; at most 20 are kept.
    #[sea_orm(column_type = "JsonBinary")]
    pub errors: Vec<Fault>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last linked.
    pub linked_at: Option<DateTimeUtc>,
    /// When it was last unlinked or deauthorized.
    pub ended_at: Option<DateTimeUtc>,
    /// When a sync of it last ended well.
    pub last_sync_at: Option<DateTimeUtc>,
    /// When it is due; none when nothing is scheduled.
    pub next_sync_at: Option<DateTimeUtc>,
    /// When its next pass of reconciliation is due; none while none is known to be planned.
    pub next_pass_at: Option<DateTimeUtc>,
    /// Unix second up to which an events poll found nothing; the events cursor is the later of this and the checkpoint.
    pub quiet_until: Option<i64>,
    /// Requests to Stripe for it by UTC day, of the last 31 days.
    #[sea_orm(column_type = "JsonBinary")]
    pub reads: Reads,
    /// When it was deleted; a job removes the rest.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Requests to Stripe, counted by UTC day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
#[serde(transparent)]
pub struct Reads(pub std::collections::BTreeMap<chrono::NaiveDate, i64>);

impl Reads {
    /// How many days are kept.
    pub const DAYS: u64 = 31;

    /// The same with more of a day; what is older than [`Self::DAYS`] goes.
    #[must_use]
    pub fn and(mut self, day: chrono::NaiveDate, more: i64) -> Self {
        *self.0.entry(day).or_default() += more;
        let oldest = day - chrono::Days::new(Self::DAYS - 1);
        self.0.retain(|day, _| *day >= oldest);
        self
    }
}

/// Where a connection stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = ConnectionStatus)]
pub enum Status {
    /// The owner has not consented yet.
    #[sea_orm(string_value = "PendingAuth")]
    PendingAuth,
    /// Access is granted.
    #[sea_orm(string_value = "Linked")]
    Linked,
    /// Ended from here; data is kept.
    #[sea_orm(string_value = "Unlinked")]
    Unlinked,
    /// Ended by the owner at Stripe; data is kept.
    #[sea_orm(string_value = "Deauthorized")]
    Deauthorized,
}

impl Status {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingAuth => "PendingAuth",
            Self::Linked => "Linked",
            Self::Unlinked => "Unlinked",
            Self::Deauthorized => "Deauthorized",
        }
    }
}

/// Something that went wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Fault {
    /// HTTP-like status, as the contract wants it: a text.
    pub status_code: String,
    /// The provider's word.
    pub status_text: String,
    /// What happened and whose turn it is.
    pub message: String,
    /// When.
    pub at: DateTimeUtc,
    /// When it was over.
    pub resolved_at: Option<DateTimeUtc>,
}
