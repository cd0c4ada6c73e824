//! Payouts.

use entity::payout::{Model, Status};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, text};
use stripe::wire;

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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "po_1", "amount": 1100, "currency": "usd", "created": 1_700_000_000,
            "arrival_date": 1_700_006_400, "status": "paid", "automatic": true, "method": "standard",
            "type": "bank_account", "reconciliation_status": "completed", "balance_transaction": "txn_1"});
        payout(source(), &changed(&base, changes))
    }

    #[test]
    fn every_status_has_its_word() {
        let cases = [
            ("pending", Status::Pending),
            ("in_transit", Status::InTransit),
            ("paid", Status::Paid),
            ("failed", Status::Failed),
            ("canceled", Status::Cancelled),
            ("levitating", Status::Unknown),
        ];
        for (word, status) in cases {
            assert_eq!(mapped(&json!({"status": word})).unwrap().status, status, "{word}");
        }
    }

    #[test]
    fn a_payout_may_fail_after_it_was_paid() {
        // 34.
        let changes = json!({"status": "failed", "failure_code": "account_closed", "failure_message": "Closed",
            "failure_balance_transaction": {"id": "txn_2"}, "original_payout": null});
        let failed = mapped(&changes).unwrap();
        assert_eq!(failed.failure_balance_transaction_id.as_deref(), Some("txn_2"));
        assert_eq!((failed.failure_code.as_deref(), failed.original_payout_id), (Some("account_closed"), None));
    }

    #[test]
    fn what_reconciles_and_what_does_not() {
        // 33: manual and instant; 38: in progress; 40: from before Stripe told.
        let cases = [
            (
                json!({"automatic": false, "method": "instant", "reconciliation_status": "not_applicable"}),
                "not_applicable",
            ),
            (json!({"reconciliation_status": "in_progress"}), "in_progress"),
            (json!({"reconciliation_status": null}), "in_progress"),
            (json!({"reconciliation_status": null, "automatic": false}), "not_applicable"),
            (json!({"reconciliation_status": "levitating"}), "levitating"),
        ];
        for (changes, reconciliation) in cases {
            assert_eq!(mapped(&changes).unwrap().reconciliation, reconciliation, "{changes}");
        }
    }

    #[test]
    fn amounts_have_their_sign_and_scale() {
        // 35: a debit of the bank account; 25: whole forints as hundreds.
        for (minor, currency, milli) in [(-4200, "usd", -42_000), (17_500, "huf", 175_000), (0, "jpy", 0)] {
            let payout = mapped(&json!({"amount": minor, "currency": currency})).unwrap();
            assert_eq!((payout.amount_minor, payout.amount_milli), (minor, milli));
        }
        assert_eq!(mapped(&json!({"arrival_date": null})).unwrap_err().field, "arrival_date");
    }
}
