//! Disputes.

use entity::dispute::{Model, Status};
use entity::shape::Texts;

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, id, text};
use stripe::wire;

/// The dispute. Its amount is what is disputed, which may differ from what was charged.
///
/// # Errors
/// When the id, amount, currency or time is missing or cannot be counted.
pub fn dispute(source: Source, dispute: &wire::Dispute) -> Result<Model, Unmapped> {
    let subject = Subject::new("dispute", &dispute.id)?;
    let currency = subject.currency("currency", dispute.currency.as_ref())?;
    let amount = subject.money("amount", subject.required("amount", dispute.amount)?, &currency)?;
    let due_by = dispute.evidence_details.as_ref().and_then(|details| details.due_by);
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        amount_minor: amount.minor,
        amount_milli: amount.milli,
        currency,
        status: dispute.status.as_deref().map_or(Status::Unknown, status),
        reason: text(dispute.reason.as_ref()),
        due_at: subject.maybe_time("evidence_details.due_by", due_by)?,
        transactions: Texts(dispute.balance_transactions.iter().map(|moved| clean(&moved.id)).collect()),
        charge_id: id(dispute.charge.as_ref()),
        created_at: subject.time("created", dispute.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// The contract's word. `prevented` has none: nobody won or lost.
fn status(word: &str) -> Status {
    match word {
        "won" => Status::Won,
        "lost" => Status::Lost,
        "needs_response" | "appeal_needs_response" => Status::EvidenceRequired,
        "under_review" | "appeal_under_review" => Status::Processing,
        "warning_needs_response" => Status::InquiryEvidenceRequired,
        "warning_under_review" => Status::InquiryProcessing,
        "warning_closed" => Status::InquiryClosed,
        "charge_refunded" => Status::ChargeRefunded,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "du_1", "amount": 1000, "currency": "usd", "created": 1_700_000_000, "charge": "ch_1",
            "status": "needs_response", "reason": "fraudulent", "evidence_details": {"due_by": 1_701_000_000}});
        dispute(source(), &changed(&base, changes))
    }

    #[test]
    fn every_status_has_its_word() {
        let cases = [
            ("needs_response", Status::EvidenceRequired),
            ("under_review", Status::Processing),
            ("won", Status::Won),
            ("lost", Status::Lost),
            // 11: an inquiry moves no money.
            ("warning_needs_response", Status::InquiryEvidenceRequired),
            ("warning_under_review", Status::InquiryProcessing),
            ("warning_closed", Status::InquiryClosed),
            ("charge_refunded", Status::ChargeRefunded),
            ("appeal_needs_response", Status::EvidenceRequired),
            ("appeal_under_review", Status::Processing),
            ("prevented", Status::Unknown),
            ("levitating", Status::Unknown),
        ];
        for (word, status) in cases {
            assert_eq!(mapped(&json!({"status": word})).unwrap().status, status, "{word}");
        }
        assert_eq!(mapped(&json!({"status": null})).unwrap().status, Status::Unknown);
    }

    #[test]
    fn movements_are_none_one_or_two() {
        let ids = |moved: Value| mapped(&json!({"balance_transactions": moved})).unwrap().transactions.0;
        // 10: won long after: the money comes back by a second movement.
        assert_eq!(ids(json!([{"id": "txn_1", "amount": -1000}, {"id": "txn_2", "amount": 1000}])), ["txn_1", "txn_2"]);
        assert_eq!(ids(json!(["txn_1"])), ["txn_1"]);
        assert!(ids(json!([])).is_empty() && ids(json!(null)).is_empty());
    }

    #[test]
    fn the_amount_is_what_is_disputed() {
        // 9: the charge was refunded too, and the amount moved with the currency.
        let dispute =
            mapped(&json!({"amount": 1043, "currency": "jpy", "charge": {"id": "ch_1", "refunded": true}})).unwrap();
        assert_eq!((dispute.amount_minor, dispute.amount_milli), (1043, 1_043_000));
        assert_eq!((dispute.charge_id.as_deref(), dispute.currency.as_str()), (Some("ch_1"), "JPY"));
        assert_eq!(mapped(&json!({"evidence_details": {"due_by": null}})).unwrap().due_at, None);
        let never = mapped(&json!({"evidence_details": {"due_by": -7}})).unwrap_err();
        assert_eq!(never.field, "evidence_details.due_by");
    }
}
