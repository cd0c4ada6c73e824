//! Payouts.

use entity::payout::{Model, Status};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, text};
use crate::stripe::wire;

/// The payout; its amount is negative when the bank account was debited.
///
/// # Errors
/// When the id, amount, currency, time or day of arrival is missing or cannot be counted.
pub fn payout(source: Source, payout: &wire::Payout) -> Result<Model, Unmapped> {
    let subject = Subject::new("payout", &payout.id)?;
    let currency = subject.currency("currency", payout.currency.as_ref())?;
    let amount = subject.money("amount", subject.required("amount", payout.amount)?, &currency)?;
    let automatic = payout.automatic.unwrap_or_default();
    // Where Stripe does not say, a payout of the schedule is one that is not known to be complete yet.
    let reconciliation = if automatic { "in_progress" } else { "not_applicable" };
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        amount_minor: amount.minor,
        amount_milli: amount.milli,
        currency,
        status: payout.status.as_deref().map_or(Status::Unknown, status),
        arrival_at: subject.time("arrival_date", payout.arrival_date)?,
        automatic,
        method: text(payout.method.as_ref()).unwrap_or_else(|| "standard".to_owned()),
        destination_type: text(payout.kind.as_ref()).unwrap_or_else(|| "bank_account".to_owned()),
        reconciliation: text(payout.reconciliation_status.as_ref()).unwrap_or_else(|| reconciliation.to_owned()),
        balance_transaction_id: id(payout.balance_transaction.as_ref()),
        failure_balance_transaction_id: id(payout.failure_balance_transaction.as_ref()),
        failure_code: text(payout.failure_code.as_ref()),
        failure_message: text(payout.failure_message.as_ref()),
        original_payout_id: id(payout.original_payout.as_ref()),
        statement_descriptor: text(payout.statement_descriptor.as_ref()),
        description: text(payout.description.as_ref()),
        created_at: subject.time("created", payout.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

fn status(word: &str) -> Status {
    match word {
        "pending" => Status::Pending,
        "in_transit" => Status::InTransit,
        "paid" => Status::Paid,
        "failed" => Status::Failed,
        "canceled" => Status::Cancelled,
        _ => Status::Unknown,
    }
}
