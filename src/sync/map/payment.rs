//! Payments: a charge, and each of its refunds as a payment of its own with a negative amount.

use entity::payment::{Kind, Model, Status};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, payment_method, text};
use crate::stripe::wire::{Charge, Refund};

const PROVIDER: &str = "Stripe";

/// The payment that a charge is.
///
/// Its amount is what was charged, also where less was captured: Stripe gives the rest back as a refund, which is a payment
/// of its own, so that both together are what was captured.
///
/// # Errors
/// When the id, amount, currency or time is missing or cannot be counted.
pub fn charge(source: Source, charge: &Charge) -> Result<Model, Unmapped> {
    let subject = Subject::new("charge", &charge.id)?;
    let currency = subject.currency("currency", charge.currency.as_ref())?;
    let amount = subject.money("amount", subject.required("amount", charge.amount)?, &currency)?;
    let (payment_method_id, payment_method_name) = payment_method::way(charge).unzip();
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        kind: Kind::Charge,
        amount_minor: amount.minor,
        amount_milli: amount.milli,
        currency,
        status: charge_status(charge),
        payment_method_id,
        payment_method_name,
        payment_provider: PROVIDER.to_owned(),
        charge_id: Some(subject.id()),
        payment_intent_id: id(charge.payment_intent.as_ref()),
        customer_id: id(charge.customer.as_ref()),
        balance_transaction_id: id(charge.balance_transaction.as_ref()),
        refunded_minor: charge.amount_refunded.unwrap_or_default(),
        description: text(charge.description.as_ref()),
        due_at: None,
        created_at: subject.time("created", charge.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// The negative payment that a refund is. It names no way of paying: only the charge does.
///
/// # Errors
/// When the id, amount, currency or time is missing or cannot be counted.
pub fn refund(source: Source, refund: &Refund) -> Result<Model, Unmapped> {
    let subject = Subject::new("refund", &refund.id)?;
    let currency = subject.currency("currency", refund.currency.as_ref())?;
    let minor = subject.negated("amount", subject.required("amount", refund.amount)?)?;
    let amount = subject.money("amount", minor, &currency)?;
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        kind: Kind::Refund,
        amount_minor: amount.minor,
        amount_milli: amount.milli,
        currency,
        status: refund_status(refund),
        payment_method_id: None,
        payment_method_name: None,
        payment_provider: PROVIDER.to_owned(),
        charge_id: id(refund.charge.as_ref()),
        payment_intent_id: id(refund.payment_intent.as_ref()),
        customer_id: id(refund.customer.as_ref()),
        balance_transaction_id: id(refund.balance_transaction.as_ref()),
        refunded_minor: 0,
        description: text(refund.description.as_ref()),
        due_at: None,
        created_at: subject.time("created", refund.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// Where a charge stands. Charges made before there was a `status` tell by `paid`.
pub(super) fn charge_status(charge: &Charge) -> Status {
    let released = charge.refunded == Some(true);
    match (charge.status.as_deref(), charge.paid) {
        (Some("succeeded"), _) | (None, Some(true)) => match charge.captured {
            Some(false) if released => Status::Cancelled,
            Some(false) => Status::Authorized,
            _ => Status::Paid,
        },
        (Some("pending"), _) => Status::Pending,
        (Some("failed"), _) | (None, Some(false)) => Status::Failed,
        _ => Status::Unknown,
    }
}

/// Where a refund stands. An authorization that ran out is a refund that `succeeded` although no money was ever taken;
/// counted as paid it would take from sales what was never in them.
fn refund_status(refund: &Refund) -> Status {
    let ran_out = refund.reason.as_deref() == Some("expired_uncaptured_charge");
    match refund.status.as_deref() {
        Some("succeeded") if ran_out => Status::Cancelled,
        Some("succeeded") => Status::Paid,
        Some("pending" | "requires_action") => Status::Pending,
        Some("failed") => Status::Failed,
        Some("canceled") => Status::Cancelled,
        // Refunds made before there was a `status` moved money at once.
        None if refund.balance_transaction.is_some() => Status::Paid,
        _ => Status::Unknown,
    }
}
