//! Rows as Stripe's objects, whole and as they were at a second.

mod account;
mod charge;
mod checkout;
mod customer;
mod dispute;
mod event;
mod invoice;
mod invoice_payment;
mod means;
mod money;
mod partner;
mod sale;
mod subscription;
mod versions;

use super::{Kind, shop::Shop};
use serde_json::{Map, Value, json};

pub use event::{difference, tells_what_changed};

impl Shop {
    /// The object of a row as of a second; `None` for lines, which are in their parents' lists only.
    pub fn render(&self, kind: Kind, number: u32, at: i64) -> Option<Value> {
        let mut object = match kind {
            Kind::Charge => self.charge_object(number, at),
            Kind::Refund => self.refund_object(number, at),
            Kind::Customer => self.customer_object(number, at),
            Kind::BalanceTransaction => self.entry_object(number, at),
            Kind::Payout => self.payout_object(number, at),
            Kind::Dispute => self.dispute_object(number, at),
            Kind::Product => self.product_object(number, at),
            Kind::Price => self.price_object(number),
            Kind::PaymentMethod => self.payment_method_object(number, at),
            Kind::PaymentIntent => self.intent_object(number, at),
            Kind::Invoice => self.invoice_object(number, at),
            Kind::InvoicePayment => self.invoice_payment_object(number, at),
            Kind::CheckoutSession => self.session_object(number, at),
            Kind::Event => self.event_object(number),
            Kind::Transfer => self.transfer_object(number, at),
            Kind::ApplicationFee => self.application_fee_object(number, at),
            Kind::Subscription => self.subscription_object(number, at),
            Kind::SessionLineItem | Kind::InvoiceLine | Kind::SubscriptionItem => return None,
        };
        self.patch(kind, number, at, &mut object);
        Some(object)
    }
}

/// `object` with the fields of `more`.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

/// `object` with more fields that are null.
fn with_nulls(mut object: Value, names: &[&str]) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.extend(names.iter().map(|name| ((*name).to_owned(), Value::Null)));
    }
    object
}

/// An object of nulls.
fn nulls(names: &[&str]) -> Value {
    with_nulls(Value::Object(Map::new()), names)
}

/// A second, or null for one that has not come.
fn second(moment: i64, at: i64) -> Value {
    if moment <= at { json!(moment) } else { Value::Null }
}

/// What a deleted object leaves.
pub fn tombstone(id: &str, object: &str) -> Value {
    json!({ "id": id, "object": object, "deleted": true })
}

/// A list inside an object.
fn list(data: &[Value], has_more: bool, url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}
