//! Hints: what events and webhooks say should be read again. Their order and their number mean nothing.

use std::collections::{BTreeMap, BTreeSet};

use entity::stripe_hint;

use super::streams::Stream;
use stripe::wire;

/// The types of events that are followed: those of objects that are kept, and those that move money. A webhook endpoint
/// asks for these alone.
pub const EVENT_TYPES: &[&str] = &[
    "account.application.deauthorized",
    "account.updated",
    "application_fee.created",
    "application_fee.refunded",
    "balance.available",
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.expired",
    "charge.failed",
    "charge.pending",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.created",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.created",
    "invoice.deleted",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.overpaid",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice.sent",
    "invoice.updated",
    "invoice.voided",
    "invoice_payment.paid",
    "payout.canceled",
    "payout.created",
    "payout.failed",
    "payout.paid",
    "payout.reconciliation_completed",
    "payout.updated",
    "price.created",
    "price.deleted",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "transfer.created",
    "transfer.reversed",
    "transfer.updated",
];

/// Whether an event about this kind of object tells something.
#[must_use]
pub fn is_followed(object: Option<&str>) -> bool {
    object
        .is_some_and(|object| Stream::of_object(object).is_some() || moves_money(object) || object == "invoice_payment")
}

/// Objects that change the balance: there are no events of balance transactions.
fn moves_money(object: &str) -> bool {
    matches!(object, "balance" | "charge" | "refund" | "payout" | "dispute" | "transfer" | "application_fee")
}

/// What is to be read again, each once, however often it was named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Objects by Stripe's word and id, with their stream.
    pub objects: BTreeMap<(String, String), Stream>,
    /// Payments of invoices, whose invoices are to be read.
    pub invoice_payments: BTreeSet<String>,
    /// Whether money moved.
    pub money: bool,
    /// Whether the account changed.
    pub account: bool,
    /// The events that named them, with their second.
    pub events: BTreeMap<String, i64>,
    /// Which events named an object, by its id, but for those that tell of its end.
    named_by: BTreeMap<String, Vec<String>>,
}

impl Hints {
    /// Adds what an event of the events list names.
    pub fn event(&mut self, event: &wire::Event) {
        self.events.insert(event.id.clone(), event.created.unwrap_or_default());
        if let Some(object) = event.data.as_ref().and_then(|data| data.object.as_ref()) {
            self.name((&event.id, &event.kind), object.object.as_deref(), object.id.as_deref());
        }
    }

    /// Adds what a webhook named.
    pub fn webhook(&mut self, hint: &stripe_hint::Model) {
        self.events.insert(hint.event_id.clone(), hint.created);
        self.name((&hint.event_id, &hint.event_type), hint.object.as_deref(), hint.object_id.as_deref());
    }

    /// An event may be quicker than its object. Those of objects that are missing count as never followed, so that the
    /// next look at the events comes back to them, as long as events are late at all.
    pub fn come_back_to(&mut self, missing: &BTreeSet<String>) {
        for event in missing.iter().filter_map(|id| self.named_by.get(id)).flatten() {
            self.events.remove(event);
        }
    }

    fn name(&mut self, (event, kind): (&str, &str), object: Option<&str>, id: Option<&str>) {
        let Some(object) = object else { return };
        if let Some(id) = id.filter(|_| !kind.ends_with(".deleted")) {
            self.named_by.entry(id.to_owned()).or_default().push(event.to_owned());
        }
        self.account |= matches!(object, "account" | "balance");
        self.money |= moves_money(object);
        match (Stream::of_object(object), id) {
            (None, Some(id)) if object == "invoice_payment" => {
                self.invoice_payments.insert(id.to_owned());
            }
            (Some(Stream::Account) | None, _) | (_, None) => {}
            (Some(stream), Some(id)) => {
                self.objects.insert((object.to_owned(), id.to_owned()), stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, object: &str, object_id: Option<&str>) -> wire::Event {
        let json =
            serde_json::json!({ "id": id, "created": 7, "data": { "object": { "object": object, "id": object_id } } });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_object_is_read_once_however_often_it_is_named() {
        let mut hints = Hints::default();
        for (id, object, object_id) in [
            ("evt_3", "charge", Some("ch_1")),
            ("evt_1", "charge", Some("ch_1")),
            ("evt_1", "charge", Some("ch_1")),
            ("evt_4", "balance", None),
            ("evt_5", "invoice_payment", Some("inpay_1")),
            ("evt_6", "new.thing", Some("t_1")),
        ] {
            hints.event(&event(id, object, object_id));
        }
        assert_eq!(hints.objects.len(), 1);
        assert_eq!(hints.invoice_payments.len(), 1);
        assert_eq!(hints.events.len(), 5, "every event is known to have been followed, also one that says nothing");
        assert!(hints.money && hints.account);
    }

    #[test]
    fn what_is_missing_is_come_back_to_unless_it_was_deleted() {
        let mut hints = Hints::default();
        hints.event(&event("evt_1", "charge", Some("ch_1")));
        hints.event(&event("evt_2", "charge", Some("ch_2")));
        hints.event(&wire::Event { kind: "customer.deleted".to_owned(), ..event("evt_3", "customer", Some("cus_1")) });
        hints.come_back_to(&BTreeSet::from(["ch_1".to_owned(), "cus_1".to_owned()]));
        assert_eq!(hints.events.into_keys().collect::<Vec<_>>(), ["evt_2", "evt_3"]);
    }

    #[test]
    fn what_is_asked_for_is_sorted_and_without_wildcards() {
        assert!(EVENT_TYPES.is_sorted());
        assert!(EVENT_TYPES.iter().all(|name| !name.contains('*')));
    }
}
