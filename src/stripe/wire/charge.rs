//! Charges and what may happen to them: refunds and disputes.

use serde::Deserialize;

use super::{Ref, nullable};

/// A charge: one try to take money, also a failed one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Charge {
    /// `ch_...`, or `py_...` for most ways of paying other than cards.
    pub id: String,
    /// What was charged or authorized.
    pub amount: Option<i64>,
    /// What was captured of it.
    pub amount_captured: Option<i64>,
    /// What was given back so far, without refunds that failed.
    pub amount_refunded: Option<i64>,
    /// Presentment currency, lower case.
    pub currency: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// `succeeded`, `pending` or `failed`.
    pub status: Option<String>,
    /// Whether it succeeded or was authorized.
    pub paid: Option<bool>,
    /// Whether it was captured; an authorization was not.
    pub captured: Option<bool>,
    /// Whether all of it was given back, or released.
    pub refunded: Option<bool>,
    /// A text for people.
    pub description: Option<String>,
    /// The customer; none for a guest.
    pub customer: Option<Ref>,
    /// The payment intent; none on old charges.
    pub payment_intent: Option<Ref>,
    /// The instrument: `pm_...`, or `card_...` and `src_...` on old charges.
    pub payment_method: Option<Ref>,
    /// The way of paying.
    pub payment_method_details: Option<Details>,
    /// The instrument of old charges.
    pub source: Option<Ref>,
    /// The movement of the balance; filled in some time after the charge.
    pub balance_transaction: Option<Ref>,
}

/// Details of something of which only the `type` is read: each type has an object of its own under its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Details {
    /// `card`, `sepa_debit`, ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A refund.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Refund {
    /// `re_...` or `pyr_...`.
    pub id: String,
    /// What is given back: positive.
    pub amount: Option<i64>,
    /// Presentment currency, lower case.
    pub currency: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: Option<String>,
    /// `requested_by_customer`, `expired_uncaptured_charge`, ...
    pub reason: Option<String>,
    /// The charge.
    pub charge: Option<Ref>,
    /// The payment intent.
    pub payment_intent: Option<Ref>,
    /// The customer.
    pub customer: Option<Ref>,
    /// The movement of the balance.
    pub balance_transaction: Option<Ref>,
    /// How the money gets back.
    pub destination_details: Option<Destination>,
    /// A text for people.
    pub description: Option<String>,
}

/// How the money of a refund gets back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Destination {
    /// For a card: `refund`, `reversal` or `pending`.
    pub card: Option<Details>,
}

/// A dispute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Dispute {
    /// `du_...` or `dp_...`.
    pub id: String,
    /// What is disputed; not always what was charged.
    pub amount: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// When it was opened.
    pub created: Option<i64>,
    /// `needs_response`, `warning_closed`, `won`, ...
    pub status: Option<String>,
    /// `fraudulent`, `product_not_received`, ...
    pub reason: Option<String>,
    /// The charge.
    pub charge: Option<Ref>,
    /// The movements of the balance: 0, 1 or 2.
    #[serde(deserialize_with = "nullable")]
    pub balance_transactions: Vec<Ref>,
    /// Until when an answer is taken.
    pub evidence_details: Option<EvidenceDetails>,
}

/// How far the answer to a dispute is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EvidenceDetails {
    /// Until when evidence is taken, a Unix second.
    pub due_by: Option<i64>,
}
