//! The events of the last days, from what happened to the rows.

use crate::world::{
    EVENTS_KEPT, Kind,
    calendar::{DAY, midnight},
    rows::{Charge, Event, NEVER},
    shop::Shop,
    table::NONE,
};
use std::cmp::Reverse;

/// How far into the future the seeded objects change by themselves: payouts arrive.
const AHEAD: i64 = 10 * DAY;

struct Teller {
    from: i64,
    until: i64,
    events: Vec<Event>,
}

impl Teller {
    fn say(&mut self, created: i64, name: &'static str, kind: Kind, number: u32) {
        if (self.from..self.until).contains(&created) {
            self.events.push(Event { created, name, object: Some((kind, number)), data: None, dropped: false });
        }
    }
}

/// Adds the events of a seeded shop.
pub fn tell(shop: &mut Shop, now: i64) {
    let mut teller = Teller { from: now - EVENTS_KEPT, until: now + AHEAD, events: Vec::new() };
    catalogue(shop, &mut teller);
    customers(shop, &mut teller);
    charges(shop, &mut teller);
    intents(shop, &mut teller);
    refunds(shop, &mut teller);
    disputes(shop, &mut teller);
    orders(shop, &mut teller);
    subscriptions(shop, &mut teller);
    partners(shop, &mut teller);
    payouts(shop, &mut teller, now);
    // Within a second they are in the wrong order, and ids do not sort either (trap 21).
    teller.events.sort_by_key(|event| (event.created, Reverse(event.name)));
    for event in teller.events {
        shop.events.add(event);
    }
}

fn catalogue(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.products.iter() {
        teller.say(row.created, "product.created", Kind::Product, number);
        if row.updated != row.created {
            teller.say(row.updated, "product.updated", Kind::Product, number);
        }
        teller.say(row.deleted_at, "product.deleted", Kind::Product, number);
    }
    for (number, row) in shop.prices.iter() {
        teller.say(row.created, "price.created", Kind::Price, number);
        teller.say(row.deleted_at, "price.deleted", Kind::Price, number);
    }
}

fn customers(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.customers.iter() {
        teller.say(row.created, "customer.created", Kind::Customer, number);
        teller.say(row.edited_at, "customer.updated", Kind::Customer, number);
        teller.say(row.deleted_at, "customer.deleted", Kind::Customer, number);
    }
    for (number, row) in shop.methods.iter() {
        teller.say(row.created, "payment_method.attached", Kind::PaymentMethod, number);
        teller.say(row.detached_at, "payment_method.detached", Kind::PaymentMethod, number);
    }
}

fn charges(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.charges.iter() {
        charge(shop, teller, number, row);
    }
}

fn charge(shop: &Shop, teller: &mut Teller, number: u32, row: &Charge) {
    let mut say = |at, name| teller.say(at, name, Kind::Charge, number);
    if row.failed_at == row.created {
        return say(row.created, "charge.failed");
    }
    if row.succeeded_at != row.created {
        say(row.created, "charge.pending");
    }
    say(row.succeeded_at, "charge.succeeded");
    if row.captured_at != row.succeeded_at {
        say(row.captured_at, "charge.captured");
    }
    say(row.failed_at, "charge.failed");
    let entry = if row.entry == NONE { NEVER } else { shop.entries.at(row.entry).created };
    if entry != row.captured_at {
        say(entry, "charge.updated");
    }
}

fn intents(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.intents.iter() {
        let mut say = |at, name| teller.say(at, name, Kind::PaymentIntent, number);
        say(row.created, "payment_intent.created");
        say(row.canceled_at, "payment_intent.canceled");
        if row.charge == NONE {
            continue;
        }
        for charge in row.first_charge..=row.charge {
            let row = shop.charges.at(charge);
            if row.intent != number {
                continue;
            }
            if row.succeeded_at != row.created && row.failed_at != row.created {
                say(row.created, "payment_intent.processing");
            }
            say(row.failed_at, "payment_intent.payment_failed");
            if row.captured_at == row.succeeded_at {
                say(row.succeeded_at, "payment_intent.succeeded");
            } else {
                say(row.succeeded_at, "payment_intent.amount_capturable_updated");
                say(row.captured_at, "payment_intent.succeeded");
            }
        }
    }
}

fn refunds(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.refunds.iter() {
        teller.say(row.created, "refund.created", Kind::Refund, number);
        if row.reason == Some("expired_uncaptured_charge") {
            teller.say(row.created, "charge.expired", Kind::Charge, row.charge);
        } else {
            teller.say(row.created, "charge.refunded", Kind::Charge, row.charge);
        }
        if row.succeeded_at != row.created {
            teller.say(row.succeeded_at, "refund.updated", Kind::Refund, number);
        }
        for name in ["refund.updated", "refund.failed", "charge.refund.updated"] {
            teller.say(row.failed_at, name, Kind::Refund, number);
        }
    }
}

fn disputes(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.disputes.iter() {
        let mut say = |at, name| teller.say(at, name, Kind::Dispute, number);
        say(row.created, "charge.dispute.created");
        say(row.taken_at, "charge.dispute.funds_withdrawn");
        if row.taken_at != row.created {
            say(row.taken_at, "charge.dispute.updated");
        }
        say(row.evidence_at, "charge.dispute.updated");
        if row.past_due(NEVER) {
            say(row.due_by() + 1, "charge.dispute.updated");
        }
        say(row.closed_at, "charge.dispute.closed");
        if row.won_entry != NONE {
            say(row.closed_at, "charge.dispute.funds_reinstated");
        }
    }
}

fn orders(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.sessions.iter() {
        teller.say(row.completed_at, "checkout.session.completed", Kind::CheckoutSession, number);
        if row.completed_at == NEVER {
            teller.say(row.expires_at, "checkout.session.expired", Kind::CheckoutSession, number);
        }
    }
    for (number, row) in shop.invoices.iter() {
        let mut say = |at, name| teller.say(at, name, Kind::Invoice, number);
        say(row.created, "invoice.created");
        say(row.finalized_at, "invoice.finalized");
        for name in ["invoice.updated", "invoice.paid", "invoice.payment_succeeded"] {
            say(row.paid_at, name);
        }
        say(row.voided_at, "invoice.voided");
        say(row.uncollectible_at, "invoice.marked_uncollectible");
        for attempt in shop.attempts(number).filter(|charge| shop.charges.at(*charge).failed_at != NEVER) {
            let at = shop.charges.at(attempt).failed_at;
            for name in ["invoice.updated", "invoice.payment_failed"] {
                teller.say(at, name, Kind::Invoice, number);
            }
        }
    }
    for (number, row) in shop.invoice_payments.iter() {
        teller.say(row.paid_at, "invoice_payment.paid", Kind::InvoicePayment, number);
        // With a part of it paid the invoice stays open (trap 55).
        if row.paid_at != shop.invoices.at(row.invoice).paid_at {
            teller.say(row.paid_at, "invoice.updated", Kind::Invoice, row.invoice);
        }
    }
}

/// A subscription changes with each period, with each invoice, and with what becomes of that invoice.
fn subscriptions(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.subscriptions.iter() {
        let mut say = |at, name| teller.say(at, name, Kind::Subscription, number);
        say(row.created, "customer.subscription.created");
        say(row.ended_at, "customer.subscription.deleted");
        for start in Shop::periods(row).skip(1) {
            say(start, "customer.subscription.updated");
        }
    }
    for (invoice, row) in shop.invoices.iter().filter(|(_, row)| row.subscription != NONE) {
        let ended_at = shop.subscriptions.at(row.subscription).ended_at;
        let failed = shop.attempts(invoice).map(|charge| shop.charges.at(charge).failed_at);
        for at in failed.chain([row.created, row.paid_at, row.voided_at]).filter(|at| *at < ended_at) {
            teller.say(at, "customer.subscription.updated", Kind::Subscription, row.subscription);
        }
    }
}

fn partners(shop: &Shop, teller: &mut Teller) {
    for (number, row) in shop.transfers.iter() {
        teller.say(row.created, "transfer.created", Kind::Transfer, number);
    }
    for (number, row) in shop.application_fees.iter() {
        teller.say(row.created, "application_fee.created", Kind::ApplicationFee, number);
    }
}

fn payouts(shop: &Shop, teller: &mut Teller, now: i64) {
    for (number, row) in shop.payouts.iter() {
        let mut say = |at, name| teller.say(at, name, Kind::Payout, number);
        say(row.created, "payout.created");
        say(row.sent_at, "payout.updated");
        say(row.paid_at, "payout.paid");
        say(row.failed_at, "payout.failed");
        say(row.reconciled_at, "payout.reconciliation_completed");
    }
    if shop.charges.len() > 0 {
        for day in (midnight(teller.from) / DAY)..=(midnight(now) / DAY) {
            if day * DAY < now {
                let created = day * DAY + 5;
                teller.events.push(Event {
                    created,
                    name: "balance.available",
                    object: None,
                    data: None,
                    dropped: false,
                });
            }
        }
    }
}
