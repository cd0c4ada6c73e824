//! Orders: completed checkout sessions and paid invoices.

mod invoice;
mod session;

pub use invoice::invoice;

pub(super) use invoice::{Charged, charged};
pub use session::session;

use entity::order::PaymentRef;
use entity::payment::Status;

use super::subject::Subject;
use super::{Unmapped, clean, payment, payment_method};
use stripe::wire::{Charge, Ref};

/// What was paid of an order, and by what.
struct Paid<'a> {
    /// The charge, where Stripe names it.
    charge: Option<&'a Ref>,
    /// The payment intent, where Stripe names that.
    intent: Option<&'a Ref>,
    /// Minor units of the order's currency.
    amount_minor: i64,
    /// Whether the charge paid for nothing else, so that what it took is what was paid.
    whole: bool,
}

impl Paid<'_> {
    /// Of `charges` those that took the money: one intent may have charges that failed before one that did not.
    fn charges<'c>(&self, charges: &'c [Charge]) -> Vec<&'c Charge> {
        let same = |one: Option<&Ref>, other: &str| one.is_some_and(|one| one.id == other);
        let of_intent = |charge: &Charge| charge.payment_intent.as_ref().is_some_and(|of| same(self.intent, &of.id));
        let took = |charge: &Charge| !matches!(payment::charge_status(charge), Status::Failed | Status::Cancelled);
        let own = charges.iter().filter(|charge| same(self.charge, &charge.id) || of_intent(charge));
        own.filter(|charge| took(charge)).collect()
    }

    /// Minor units of the order's `currency` that `charge` paid.
    fn of(&self, charge: &Charge, currency: &str) -> i64 {
        let same = charge.currency.as_ref().is_some_and(|code| code.eq_ignore_ascii_case(currency));
        payment::taken(charge).filter(|_| self.whole && same).unwrap_or(self.amount_minor)
    }

    /// The reference while no charge is known; none when Stripe names neither.
    fn unread(&self, currency: &str) -> Option<PaymentRef> {
        let named = self.charge.or(self.intent)?;
        Some(PaymentRef {
            id: clean(&named.id),
            amount_minor: self.amount_minor,
            currency: currency.to_owned(),
            status: Status::Paid.as_str().to_owned(),
            kind: "Unknown".to_owned(),
            created_at: None,
        })
    }
}

/// What one order was paid with, and what of that was given back.
#[derive(Default)]
pub(super) struct Settled {
    /// The charges.
    pub(super) payments: Vec<PaymentRef>,
    /// Minor units of the order's currency; never positive.
    refund_minor: i64,
}

/// Finds the charges behind each part that was paid of an order.
fn settle(subject: &Subject<'_>, currency: &str, parts: &[Paid<'_>], charges: &[Charge]) -> Result<Settled, Unmapped> {
    let mut settled = Settled::default();
    for part in parts {
        let found = part.charges(charges);
        if found.is_empty() {
            settled.payments.extend(part.unread(currency));
        }
        for charge in found {
            let paid = part.of(charge, currency);
            settled.payments.push(reference(charge, paid, currency)?);
            let back = given_back(subject, charge, paid)?;
            settled.refund_minor = subject.sum("amount_refunded", [Some(settled.refund_minor), Some(-back)])?;
        }
    }
    Ok(settled)
}

/// The part of what a charge gave back that falls to an order of which it paid `paid` minor units. One charge may pay
/// several invoices, and in another currency than the order's: each order bears its part, rounded down.
fn given_back(subject: &Subject<'_>, charge: &Charge, paid: i64) -> Result<i64, Unmapped> {
    let charged = payment::taken(charge).unwrap_or_default();
    let refunded = charge.amount_refunded.unwrap_or_default();
    if charged <= 0 || refunded <= 0 {
        return Ok(0);
    }
    let part = i128::from(refunded) * i128::from(paid.max(0)) / i128::from(charged);
    i64::try_from(part).map_err(|_| subject.unmapped("amount_refunded", format!("beyond what can be counted: {part}")))
}

/// The reference to a charge that paid `paid` minor units of an order.
fn reference(charge: &Charge, paid: i64, currency: &str) -> Result<PaymentRef, Unmapped> {
    let subject = Subject::new("charge", &charge.id)?;
    let way = payment_method::way(charge).map(|(id, _)| id);
    Ok(PaymentRef {
        id: subject.id(),
        amount_minor: paid,
        currency: currency.to_owned(),
        status: payment::charge_status(charge).as_str().to_owned(),
        kind: way.as_deref().map_or("Unknown", kind).to_owned(),
        created_at: subject.maybe_time("created", charge.created)?,
    })
}

/// The contract's word for a way of paying.
fn kind(way: &str) -> &'static str {
    match way {
        "card" | "link" | "kr_card" => "OnlineCard",
        "card_present" | "interac_present" => "Card",
        "paypal" => "Paypal",
        "swish" => "Swish",
        "vipps" => "Vipps",
        "mobilepay" => "Mobile",
        "custom" => "Custom",
        _ => "Unknown",
    }
}

/// Minor units for one; none when they are no whole number.
fn each(all: i64, quantity: i64) -> Option<i64> {
    let whole = all.checked_rem(quantity)? == 0;
    if whole { all.checked_div(quantity) } else { None }
}
