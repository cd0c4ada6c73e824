//! Disputes.

use entity::dispute::{Model, Status};
use entity::shape::Texts;

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, id, text};
use crate::stripe::wire;

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
