//! Where a charge or a refund stands, and what of a charge was taken.

use entity::payment::Status;

use stripe::wire::{Charge, Refund};

/// What a charge took, in minor units: all of it, or the part that was captured.
///
/// Stripe has two ways to let go of the rest. Since API version 2025-03-31.basil of whoever captures, nothing tells but
/// `amount_captured`. Before, the rest is a refund within `amount_refunded`, and so a negative payment beside this one: then
/// the charge counts in full. Refunds that came later and cover the rest look alike, unless they give back all that was taken.
pub fn taken(charge: &Charge) -> Option<i64> {
    let amount = charge.amount?;
    let part = charge.amount_captured.filter(|part| charge.captured == Some(true) && (1..amount).contains(part));
    let Some(part) = part else { return Some(amount) };
    let refunded = charge.amount_refunded.unwrap_or_default();
    let all_of_the_part = charge.refunded == Some(true) && refunded == part;
    let rest_is_a_refund = refunded >= amount - part && !all_of_the_part;
    Some(if rest_is_a_refund { amount } else { part })
}

/// Where a charge stands. Charges made before there was a `status` tell by `paid`.
pub fn charge_status(charge: &Charge) -> Status {
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
pub fn refund_status(refund: &Refund) -> Status {
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
    use crate::map::testing::changed;

    fn charged(changes: &Value) -> Charge {
        let base = json!({"id": "ch_1", "amount": 1230, "captured": true, "status": "succeeded", "paid": true,
            "payment_intent": "pi_1"});
        changed(&base, changes)
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
            assert_eq!(charge_status(&charged(&changes)), status, "{changes}");
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
            assert_eq!(taken(&charged(&changes)), Some(expected), "{changes}");
        }
        let held = json!({"amount": 1000, "amount_captured": 0, "captured": false});
        assert_eq!(taken(&charged(&held)), Some(1000));
    }

    #[test]
    fn a_refund_stands_where_its_words_say() {
        let refund = json!({"id": "re_1", "status": "succeeded", "balance_transaction": "txn_1"});
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
            assert_eq!(refund_status(&changed(&refund, &changes)), status, "{changes}");
        }
    }
}
