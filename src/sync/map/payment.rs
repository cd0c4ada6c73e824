//! Payments: a charge, and each of its refunds as a payment of its own with a negative amount.

mod standing;

pub(super) use standing::{charge_status, taken};

use entity::payment::{Kind, Model};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, payment_method, text};
use stripe::wire::{Charge, Refund};

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
        status: standing::refund_status(refund),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

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
