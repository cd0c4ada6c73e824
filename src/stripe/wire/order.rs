//! What is sold and how it is ordered: products, prices, checkout sessions and invoices.

use serde::Deserialize;

use super::{CustomerDetails, Exact, Recurring, Ref, Shipping, Sublist, nullable, party::Address};

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Product {
    /// `prod_...`, or whatever the merchant chose.
    pub id: String,
    /// Whether this is the stub of a deleted one.
    #[serde(deserialize_with = "nullable")]
    pub deleted: bool,
    /// Name.
    pub name: Option<String>,
    /// A text for people.
    pub description: Option<String>,
    /// Whether it is sold.
    pub active: Option<bool>,
    /// Whether it is sent by post.
    pub shippable: Option<bool>,
    /// When it was made.
    pub created: Option<i64>,
    /// When it was last changed.
    pub updated: Option<i64>,
}

/// A price of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Price {
    /// `price_...`, or `plan_...` and others on old ones.
    pub id: String,
    /// Whether this is the stub of a deleted one.
    #[serde(deserialize_with = "nullable")]
    pub deleted: bool,
    /// The product.
    pub product: Option<Ref>,
    /// Whether it is offered.
    pub active: Option<bool>,
    /// When it was made.
    pub created: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// Minor units; none when it is no whole number, and for tiers.
    pub unit_amount: Option<i64>,
    /// Minor units with up to 12 decimals.
    pub unit_amount_decimal: Option<Exact>,
    /// `per_unit` or `tiered`.
    pub billing_scheme: Option<String>,
    /// What the merchant calls it.
    pub nickname: Option<String>,
    /// How often it is paid; none when it is paid once.
    pub recurring: Option<Recurring>,
    /// How a quantity becomes packages; none when each one is paid for.
    pub transform_quantity: Option<Package>,
}

/// How a quantity becomes packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Package {
    /// How many make one.
    pub divide_by: Option<i64>,
}

/// A checkout session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Session {
    /// `cs_live_...` or `cs_test_...`.
    pub id: String,
    /// `payment`, `setup` or `subscription`.
    pub mode: Option<String>,
    /// `open`, `complete` or `expired`; none on old ones.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: Option<String>,
    /// All that is paid: after discounts, with taxes and shipping.
    pub amount_total: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// What the total is made of.
    pub total_details: Option<TotalDetails>,
    /// What sending it costs.
    pub shipping_cost: Option<ShippingCost>,
    /// The customer; none for a guest.
    pub customer: Option<Ref>,
    /// What the buyer typed.
    pub customer_details: Option<CustomerDetails>,
    /// The address given when the session was made.
    pub customer_email: Option<String>,
    /// Where it is sent to.
    pub collected_information: Option<CollectedInformation>,
    /// The merchant's own number.
    pub client_reference_id: Option<String>,
    /// The payment intent.
    pub payment_intent: Option<Ref>,
    /// The invoice that it led to.
    pub invoice: Option<Ref>,
    /// When it was made.
    pub created: Option<i64>,
    /// What is bought, where Stripe was asked to include it.
    pub line_items: Option<Sublist<LineItem>>,
}

/// What the total of a checkout session is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TotalDetails {
    /// Discounts: positive.
    pub amount_discount: Option<i64>,
    /// Shipping.
    pub amount_shipping: Option<i64>,
    /// Taxes.
    pub amount_tax: Option<i64>,
}

/// What sending something costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ShippingCost {
    /// After discounts, with taxes.
    pub amount_total: Option<i64>,
}

/// What a checkout page asked for besides payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CollectedInformation {
    /// Where to send it.
    pub shipping_details: Option<Shipping>,
}

/// A line of a checkout session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LineItem {
    /// `li_...`.
    pub id: String,
    /// What it is.
    pub description: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// The price.
    pub price: Option<Price>,
    /// Before discounts and taxes.
    pub amount_subtotal: Option<i64>,
    /// Discounts: positive.
    pub amount_discount: Option<i64>,
    /// Taxes.
    pub amount_tax: Option<i64>,
    /// After discounts, with taxes.
    pub amount_total: Option<i64>,
}

/// An invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Invoice {
    /// `in_...`.
    pub id: String,
    /// Whether this is the stub of a deleted one.
    #[serde(deserialize_with = "nullable")]
    pub deleted: bool,
    /// The number on the paper.
    pub number: Option<String>,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// The customer.
    pub customer: Option<Ref>,
    /// The customer's mail address when it was made final.
    pub customer_email: Option<String>,
    /// The customer's address when it was made final.
    pub customer_address: Option<Address>,
    /// Where it is sent to.
    pub customer_shipping: Option<Shipping>,
    /// Lower case.
    pub currency: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// When it is to be paid.
    pub due_date: Option<i64>,
    /// Why it was made.
    pub billing_reason: Option<String>,
    /// What it was made by.
    pub parent: Option<InvoiceParent>,
    /// The total less what the customer had to the good.
    pub amount_due: Option<i64>,
    /// What was paid of that.
    pub amount_paid: Option<i64>,
    /// What of that did not pass through Stripe.
    pub amount_paid_off_stripe: Option<i64>,
    /// What is left to be paid.
    pub amount_remaining: Option<i64>,
    /// After discounts, with taxes.
    pub total: Option<i64>,
    /// Taxes.
    #[serde(deserialize_with = "nullable")]
    pub total_taxes: Vec<TaxAmount>,
    /// Discounts: positive.
    #[serde(deserialize_with = "nullable")]
    pub total_discount_amounts: Vec<Amount>,
    /// What sending it costs.
    pub shipping_cost: Option<ShippingCost>,
    /// When it went from one status to the next.
    pub status_transitions: Option<StatusTransitions>,
    /// Its lines: the first 10 of them.
    pub lines: Option<Sublist<InvoiceLine>>,
    /// What it was paid with, where Stripe was asked to include it.
    pub payments: Option<Sublist<InvoicePayment>>,
}

impl Invoice {
    /// The subscription that it is of.
    #[must_use]
    pub fn subscription(&self) -> Option<&Ref> {
        self.parent.as_ref()?.subscription_details.as_ref()?.subscription.as_ref()
    }
}

/// What an invoice was made by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InvoiceParent {
    /// The subscription.
    pub subscription_details: Option<SubscriptionDetails>,
}

/// The subscription of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SubscriptionDetails {
    /// The subscription.
    pub subscription: Option<Ref>,
}

/// An amount in a list of amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// Minor units.
    pub amount: Option<i64>,
}

/// A tax.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TaxAmount {
    /// Minor units.
    pub amount: Option<i64>,
    /// `exclusive` when it comes on top, `inclusive` when the price holds it.
    pub tax_behavior: Option<String>,
}

/// When an invoice went from one status to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusTransitions {
    /// When it became final.
    pub finalized_at: Option<i64>,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// When it was voided.
    pub voided_at: Option<i64>,
    /// When it was given up.
    pub marked_uncollectible_at: Option<i64>,
}

/// A line of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InvoiceLine {
    /// `il_...`.
    pub id: String,
    /// What it is.
    pub description: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// Before discounts, without taxes that come on top.
    pub amount: Option<i64>,
    /// Discounts: positive.
    #[serde(deserialize_with = "nullable")]
    pub discount_amounts: Vec<Amount>,
    /// Taxes.
    #[serde(deserialize_with = "nullable")]
    pub taxes: Vec<TaxAmount>,
    /// What was priced.
    pub pricing: Option<Pricing>,
}

/// How a line of an invoice was priced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pricing {
    /// The price and its product.
    pub price_details: Option<PriceDetails>,
}

/// The price of a line and its product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PriceDetails {
    /// The price.
    pub price: Option<Ref>,
    /// The product.
    pub product: Option<Ref>,
}

/// What of an invoice was paid, and with what: the only link between an invoice and a charge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InvoicePayment {
    /// `inpay_...`.
    pub id: String,
    /// The invoice.
    pub invoice: Option<Ref>,
    /// What was paid of it.
    pub amount_paid: Option<i64>,
    /// Lower case.
    pub currency: Option<String>,
    /// `open`, `paid` or `canceled`.
    pub status: Option<String>,
    /// With what.
    pub payment: Option<PaidWith>,
}

/// With what an invoice was paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PaidWith {
    /// `charge`, `payment_intent`, or `payment_record` for money that did not go through Stripe.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The payment intent.
    pub payment_intent: Option<Ref>,
    /// The charge.
    pub charge: Option<Ref>,
}
