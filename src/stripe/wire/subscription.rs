//! Subscriptions.

use serde::Deserialize;

use super::{Price, Ref, Sublist, nullable};

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// `sub_...`.
    pub id: String,
    /// `incomplete`, `incomplete_expired`, `trialing`, `active`, `past_due`, `canceled`, `unpaid` or `paused`.
    pub status: Option<String>,
    /// The customer.
    pub customer: Option<Ref>,
    /// Lower case.
    pub currency: Option<String>,
    /// What is paid for: the first items of it.
    pub items: Option<Sublist<SubscriptionItem>>,
    /// Discounts: their ids.
    #[serde(deserialize_with = "nullable")]
    pub discounts: Vec<Ref>,
    /// `charge_automatically` or `send_invoice`.
    pub collection_method: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// When it began, which may be set to before it was made.
    pub start_date: Option<i64>,
    /// When its trial ends or ended.
    pub trial_end: Option<i64>,
    /// Whether it ends with its period.
    pub cancel_at_period_end: Option<bool>,
    /// When it is set to end.
    pub cancel_at: Option<i64>,
    /// When its end was asked for.
    pub canceled_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// Something that a subscription is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SubscriptionItem {
    /// `si_...`.
    pub id: String,
    /// How many; none for metered use.
    pub quantity: Option<i64>,
    /// The price.
    pub price: Option<Price>,
    /// When its period ends.
    pub current_period_end: Option<i64>,
}

/// How often a price is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// How many of them lie between two payments.
    pub interval_count: Option<i64>,
    /// `licensed` or `metered`.
    pub usage_type: Option<String>,
}
