//! The balance, what moves it, and what leaves it for the bank.

use serde::Deserialize;

use super::{Exact, Ref, nullable};

/// A balance transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BalanceTransaction {
    /// `txn_...`.
    pub id: String,
    /// Gross; negative for what leaves the balance.
    pub amount: Option<i64>,
    /// Settlement currency, lower case.
    pub currency: Option<String>,
    /// Amount less fee.
    pub net: Option<i64>,
    /// Fees; negative for fees given back.
    pub fee: Option<i64>,
    /// What the fee is made of.
    #[serde(deserialize_with = "nullable")]
    pub fee_details: Vec<FeeDetail>,
    /// When it was made.
    pub created: Option<i64>,
    /// When its money becomes available.
    pub available_on: Option<i64>,
    /// `available` or `pending`.
    pub status: Option<String>,
    /// `charge`, `adjustment`, ...: an open list of over 50.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Stripe's word for reports; this one tells a dispute from another adjustment.
    pub reporting_category: Option<String>,
    /// What moved the money.
    pub source: Option<Ref>,
    /// Factor between minor units of the presentment and of the settlement currency.
    pub exchange_rate: Option<Exact>,
    /// A text for people.
    pub description: Option<String>,
}

/// One of the fees of a balance transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FeeDetail {
    /// Positive when it was taken.
    pub amount: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// `stripe_fee`, `application_fee`, `tax`, ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A text for people; may be anything for application fees.
    pub description: Option<String>,
}

/// A payout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Payout {
    /// `po_...`.
    pub id: String,
    /// Negative when the bank account was debited.
    pub amount: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// Midnight UTC of the day on which it arrives.
    pub arrival_date: Option<i64>,
    /// `pending`, `in_transit`, `paid`, `failed` or `canceled`.
    pub status: Option<String>,
    /// `bank_account` or `card`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `standard` or `instant`.
    pub method: Option<String>,
    /// Whether the schedule made it.
    pub automatic: Option<bool>,
    /// `completed`, `in_progress` or `not_applicable`.
    pub reconciliation_status: Option<String>,
    /// The movement of the balance.
    pub balance_transaction: Option<Ref>,
    /// The movement that brought the money back.
    pub failure_balance_transaction: Option<Ref>,
    /// Why it failed.
    pub failure_code: Option<String>,
    /// Why it failed, in words.
    pub failure_message: Option<String>,
    /// The payout that this one reverses.
    pub original_payout: Option<Ref>,
    /// What the bank shows.
    pub statement_descriptor: Option<String>,
    /// A text for people.
    pub description: Option<String>,
}

/// What the account holds at Stripe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Balance {
    /// What can be paid out.
    #[serde(deserialize_with = "nullable")]
    pub available: Vec<BalanceAmount>,
    /// What is on its way.
    #[serde(deserialize_with = "nullable")]
    pub pending: Vec<BalanceAmount>,
    /// What is held back.
    #[serde(deserialize_with = "nullable")]
    pub connect_reserved: Vec<BalanceAmount>,
}

/// An amount in one of the account's currencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BalanceAmount {
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
}
