//! Typed ids: a company's id can never be passed for a connection's.

use sea_orm::entity::prelude::*;
use sea_orm::{DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: a UUID v7, so that ids made later sort later.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        // Only integer keys come back as `u64`; ours never do.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A company: one small business.
    CompanyId;
    /// A connection: one company's link to one Stripe account.
    ConnectionId;
    /// An integration: a way in, set up by the admin.
    IntegrationId;
    /// A dataset (pull operation): one run of one data type for one connection.
    DatasetId;
    /// A reconciliation: one pass that compares a connection's data with Stripe.
    ReconciliationId;
    /// A job in the queue.
    JobId;
    /// An API key.
    ApiKeyId;
    /// A user of the portal.
    UserId;
    /// A webhook consumer: an address that is told of events.
    WebhookConsumerId;
    /// Something that is told outside.
    WebhookEventId;
    /// An event on its way to one consumer.
    DeliveryId;
    /// Events of the past that are told again.
    WebhookReplayId;
}
