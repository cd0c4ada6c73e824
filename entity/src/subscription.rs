//! A subscription: what a customer pays for again and again, also one that has ended.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `subscription`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The customer.
    #[sea_orm(column_type = "Text")]
    pub customer_id: Option<String>,
    /// See [`Status`].
    pub status: Status,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// What is paid for.
    #[sea_orm(column_type = "JsonBinary")]
    pub items: Vec<Item>,
    /// Minor units a month: the sum of the items' monthly amounts, before discounts and taxes.
    pub monthly_minor: i64,
    /// The same with exponent 3.
    pub monthly_milli: i64,
    /// Items that have no monthly amount, and are not in the sum.
    pub unpriced_items: i32,
    /// Ids of the discounts that it has.
    #[sea_orm(column_type = "JsonBinary")]
    pub discounts: Texts,
    /// `charge_automatically` or `send_invoice`.
    #[sea_orm(column_type = "Text")]
    pub collection_method: Option<String>,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When its trial ends or ended.
    pub trial_ends_at: Option<DateTimeUtc>,
    /// When its period ends: of several items the earliest.
    pub period_ends_at: Option<DateTimeUtc>,
    /// Whether it ends with its period.
    pub cancel_at_period_end: bool,
    /// When it is set to end.
    pub cancel_at: Option<DateTimeUtc>,
    /// When its end was asked for.
    pub cancelled_at: Option<DateTimeUtc>,
    /// When it ended.
    pub ended_at: Option<DateTimeUtc>,
    /// When Stripe made it.
    pub created_at: DateTimeUtc,
    /// When Stripe last changed it, where Stripe tells.
    pub source_modified_at: Option<DateTimeUtc>,
    /// Hash of the mapped fields; equal means that nothing changed.
    #[serde(skip)]
    pub content_hash: i64,
    /// Fence of the run (high 31 bits) and number of the request within it (low 32): the order of readings.
    #[serde(skip)]
    pub read_no: i64,
    /// When this record last changed here.
    #[serde(skip)]
    pub modified_at: DateTimeUtc,
    /// When it was found to be gone at Stripe; such a record leaves the lists.
    #[serde(skip)]
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

crate::record::record!(Subscriptions);

/// What is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// The product.
    pub product_id: Option<String>,
    /// The price.
    pub price_id: Option<String>,
    /// For one, in the currency's unit; none for tiers.
    pub unit_price: Option<String>,
    /// How many; none for what is metered.
    pub quantity: Option<i64>,
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// How many of them lie between two payments.
    pub interval_count: Option<i64>,
    /// Minor units a month; none where that is not known beforehand: tiers, metered use, packages.
    pub monthly_minor: Option<i64>,
    /// When its period ends.
    pub period_ends_at: Option<DateTimeUtc>,
}

/// Where a subscription stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[schema(as = SubscriptionStatus)]
pub enum Status {
    /// Its first payment is outstanding.
    #[sea_orm(string_value = "Incomplete")]
    Incomplete,
    /// Its first payment never came.
    #[sea_orm(string_value = "IncompleteExpired")]
    IncompleteExpired,
    /// Nothing is paid yet.
    #[sea_orm(string_value = "Trialing")]
    Trialing,
    /// It is paid for.
    #[sea_orm(string_value = "Active")]
    Active,
    /// Its last invoice is not paid, and Stripe tries on.
    #[sea_orm(string_value = "PastDue")]
    PastDue,
    /// Its last invoice is not paid, and Stripe has stopped trying.
    #[sea_orm(string_value = "Unpaid")]
    Unpaid,
    /// Its trial ended without a way of paying.
    #[sea_orm(string_value = "Paused")]
    Paused,
    /// It has ended.
    #[sea_orm(string_value = "Cancelled")]
    Cancelled,
    /// A status that we do not know.
    #[sea_orm(string_value = "Unknown")]
    Unknown,
}
