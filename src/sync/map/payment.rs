//! Payments: a charge, and each of its refunds as a payment of its own with a negative amount.

use entity::payment::{Kind, Model, Status};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, payment_method, text};
use crate::stripe::wire::{Charge, Refund};

const PROVIDER: &str = "Stripe";

/// The payment that a charge is: its amount is what was taken, which is less than what was authorized where it was
/// captured in part.
///
/// # Errors
/// When the id, amount, currency or time is missing or cannot be counted.
pub fn charge(source: Source, charge: &Charge) -> Result<Model, Unmapped> {
    let subject = Subject::new("charge", &charge.id)?;
    let currency = subject.currency("currency", charge.currency.as_ref())?;
    let amount = subject.money("amount", subject.required("amount", taken(charge))?, &currency)?;
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

/// What a charge took, in minor units: all of it, or the part that was captured.
///
/// Stripe has two ways to let go of the rest. Since API version 2025-03-31.basil of whoever captures, nothing tells but
/// `amount_captured`. Before, the rest is a refund within `amount_refunded`, and so a negative payment beside this one: then
/// the charge counts in full. Refunds that came later and cover the rest look alike, unless they give back all that was taken.
pub(super) fn taken(charge: &Charge) -> Option<i64> {
    let amount = charge.amount?;
    let part = charge.amount_captured.filter(|part| charge.captured == Some(true) && (1..amount).contains(part));
    let Some(part) = part else { return Some(amount) };
    let refunded = charge.amount_refunded.unwrap_or_default();
    let all_of_the_part = charge.refunded == Some(true) && refunded == part;
    let rest_is_a_refund = refunded >= amount - part && !all_of_the_part;
    Some(if rest_is_a_refund { amount } else { part })
}

/// Where a charge stands. Charges made before there was a `status` tell by `paid`.
pub(super) fn charge_status(charge: &Charge) -> Status {
    // Since API version 2025-03-31.basil only the payment intent tells that an authorization was let go.
    let intent = charge.payment_intent.as_ref().and_then(|intent| intent.status.as_deref());
    let released = charge.refunded == Some(true) || intent == Some("canceled");
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

/// Where a refund stands. An authorization that ran out or was let go may be a refund that `succeeded` although no money was
/// ever taken; counted as paid it would take from sales what was never in them.
fn refund_status(refund: &Refund) -> Status {
    let ran_out = refund.reason.as_deref() == Some("expired_uncaptured_charge");
    let card = refund.destination_details.as_ref().and_then(|details| details.card.as_ref());
    let reversed = card.is_some_and(|card| card.kind.as_deref() == Some("reversal"));
    let let_go = reversed && refund.balance_transaction.is_none();
    match refund.status.as_deref() {
        Some("succeeded") if ran_out || let_go => Status::Cancelled,
        Some("succeeded") => Status::Paid,
        Some("pending" | "requires_action") => Status::Pending,
        Some("failed") => Status::Failed,
        Some("canceled") => Status::Cancelled,
        // Refunds made before there was a `status` moved money at once.
        None if refund.balance_transaction.is_some() => Status::Paid,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sync::map::testing::{changed, source};

    fn charged(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "ch_1", "amount": 1230, "currency": "eur", "created": 1_700_000_000, "captured": true,
            "status": "succeeded", "paid": true, "payment_intent": "pi_1", "customer": "cus_1",
            "payment_method_details": {"type": "card", "card": {"brand": "visa"}}});
        charge(source(), &changed(&base, changes))
    }

    fn refunded(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "re_1", "amount": 500, "currency": "eur", "created": 1_700_000_000,
            "status": "succeeded", "charge": "ch_1", "balance_transaction": "txn_1"});
        refund(source(), &changed(&base, changes))
    }

    #[test]
    fn a_charge_stands_where_its_words_say() {
        let cases = [
            (json!({}), Status::Paid),
            // 2: failed charges are in the list too.
            (json!({"status": "failed", "paid": false, "captured": false}), Status::Failed),
            (json!({"status": "pending", "paid": false}), Status::Pending),
            // 3: authorized, then released or run out.
            (json!({"captured": false}), Status::Authorized),
            (json!({"captured": false, "refunded": true, "amount_refunded": 1230}), Status::Cancelled),
            (json!({"captured": false, "payment_intent": {"id": "pi_1", "status": "canceled"}}), Status::Cancelled),
            (
                json!({"captured": false, "payment_intent": {"id": "pi_1", "status": "requires_capture"}}),
                Status::Authorized,
            ),
            // 4 and 6: captured or given back in parts.
            (json!({"amount_captured": 1000, "amount_refunded": 230}), Status::Paid),
            (json!({"refunded": true, "amount_refunded": 1230}), Status::Paid),
            // 5: a bank debit that failed after it had succeeded.
            (json!({"status": "failed", "failure_balance_transaction": "txn_9", "refunded": true}), Status::Failed),
            // 40: charges from before there was a status, or `captured`.
            (json!({"status": null, "captured": null}), Status::Paid),
            (json!({"status": null, "paid": false}), Status::Failed),
            (json!({"status": null, "paid": null}), Status::Unknown),
            // 58: a word that we do not know.
            (json!({"status": "levitating"}), Status::Unknown),
        ];
        for (changes, status) in cases {
            assert_eq!(charged(&changes).unwrap().status, status, "{changes}");
        }
    }

    #[test]
    fn a_charge_captured_in_part_counts_once() {
        // 4: amount, captured, refunded, refunded in full; what the payment is.
        let cases = [
            (1000, 1000, 0, false, 1000),
            (1000, 1000, 400, false, 1000),
            // The rest is let go without a refund.
            (1000, 700, 0, false, 700),
            (1000, 700, 100, false, 700),
            (1000, 700, 700, true, 700),
            // The rest is a refund, alone, with another, and with all.
            (1000, 700, 300, false, 1000),
            (1000, 700, 500, false, 1000),
            (1000, 700, 1000, true, 1000),
            (1000, 500, 500, true, 500),
            (1000, 500, 500, false, 1000),
            (1000, 0, 0, false, 1000),
            (1000, 1200, 0, false, 1000),
        ];
        for (amount, captured, refunded, all, expected) in cases {
            let changes =
                json!({"amount": amount, "amount_captured": captured, "amount_refunded": refunded, "refunded": all});
            assert_eq!(charged(&changes).unwrap().amount_minor, expected, "{changes}");
        }
        let held = json!({"amount": 1000, "amount_captured": 0, "captured": false});
        assert_eq!(charged(&held).unwrap().amount_minor, 1000);
    }

    #[test]
    fn a_refund_stands_where_its_words_say() {
        let cases = [
            (json!({}), Status::Paid),
            (json!({"status": "pending"}), Status::Pending),
            (json!({"status": "requires_action"}), Status::Pending),
            // 7: it stays, as failed.
            (json!({"status": "failed", "failure_balance_transaction": "txn_2"}), Status::Failed),
            (json!({"status": "canceled"}), Status::Cancelled),
            // 3: no money was ever taken.
            (json!({"reason": "expired_uncaptured_charge", "balance_transaction": null}), Status::Cancelled),
            (
                json!({"destination_details": {"card": {"type": "reversal"}}, "balance_transaction": null}),
                Status::Cancelled,
            ),
            (json!({"destination_details": {"card": {"type": "reversal"}}}), Status::Paid),
            (json!({"balance_transaction": null}), Status::Paid),
            // 40: from before there was a status.
            (json!({"status": null}), Status::Paid),
            (json!({"status": null, "balance_transaction": null}), Status::Unknown),
            (json!({"status": "levitating"}), Status::Unknown),
        ];
        for (changes, status) in cases {
            let refund = refunded(&changes).unwrap();
            assert_eq!((refund.status, refund.amount_minor), (status, -500), "{changes}");
        }
    }

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        let cases = [
            ("jpy", 500, 500_000),
            ("krw", 1, 1_000),
            ("kwd", 1230, 1230),
            // Whole units in life, but sent with two decimals.
            ("isk", 500, 5_000),
            ("ugx", 500, 5_000),
            ("huf", 17500, 175_000),
            ("twd", 3000, 30_000),
            // 59: beyond 2^31 and 2^53.
            ("vnd", 9_007_199_254_740_993, 9_007_199_254_740_993_000),
            ("idr", 5_000_000_000, 50_000_000_000),
        ];
        for (currency, minor, milli) in cases {
            let changes = json!({"currency": currency, "amount": minor});
            let (charge, refund) = (charged(&changes).unwrap(), refunded(&changes).unwrap());
            assert_eq!((charge.amount_minor, charge.amount_milli), (minor, milli), "{currency}");
            assert_eq!((refund.amount_minor, refund.amount_milli), (-minor, -milli), "{currency}");
            assert_eq!(charge.currency, currency.to_uppercase());
        }
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        let cases = [
            (json!({"id": ""}), "id", "missing"),
            (json!({"amount": null}), "amount", "missing"),
            (json!({"currency": null}), "currency", "missing"),
            (json!({"currency": "e\u{0}r"}), "currency", "no currency: \"e\\0r\""),
            (json!({"created": null}), "created", "missing"),
            (json!({"created": -1}), "created", "no time between 1970 and 9999: -1"),
            (json!({"created": 253_402_300_800_i64}), "created", "no time between 1970 and 9999: 253402300800"),
            (json!({"amount": i64::MAX}), "amount", "beyond what can be counted: 9223372036854775807"),
        ];
        for (changes, field, value) in cases {
            let error = charged(&changes).unwrap_err();
            assert_eq!((error.field, error.value.as_str()), (field, value), "{changes}");
        }
        assert_eq!(refunded(&json!({"amount": i64::MIN})).unwrap_err().field, "amount");
    }

    #[test]
    fn references_are_ids_whatever_stripe_sends() {
        // 16: a deleted customer; 58: an id that became an object; 1: filled in later; 12: other than cards.
        let deleted = json!({"id": "cus_1", "object": "customer", "deleted": true});
        let charge = charged(&json!({"customer": deleted, "payment_intent": {"id": "pi_1", "amount": 1230}})).unwrap();
        assert_eq!((charge.customer_id.as_deref(), charge.payment_intent_id.as_deref()), (Some("cus_1"), Some("pi_1")));
        assert_eq!(charge.balance_transaction_id, None);
        // 14 and 40: a guest, and a charge without an intent.
        let guest = charged(&json!({"id": "py_1", "customer": null, "payment_intent": null})).unwrap();
        assert_eq!(
            (guest.charge_id.as_deref(), guest.customer_id, guest.payment_intent_id),
            (Some("py_1"), None, None)
        );
        let refund = refunded(&json!({"id": "pyr_1", "charge": {"id": "py_1"}})).unwrap();
        assert_eq!((refund.charge_id.as_deref(), refund.kind, refund.refunded_minor), (Some("py_1"), Kind::Refund, 0));
    }

    #[test]
    fn texts_stay_whole() {
        // 15: long, in any script, like markup; NUL is the one letter that PostgreSQL cannot keep.
        let long = format!("<b>'; DROP TABLE x --</b> \u{1f600} \u{0}{}", "\u{e9}".repeat(5000));
        let kept = charged(&json!({ "description": long })).unwrap().description.unwrap();
        assert_eq!(kept, long.replace('\0', "\u{fffd}"));
    }
}
