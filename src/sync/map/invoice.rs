//! Invoices, whatever became of them.

use entity::invoice::{Model, Status};

use super::order::{Charged, charged};
use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, id, text};
use stripe::wire::{Charge, Invoice, InvoicePayment};

/// The invoice, with what says how it was paid and the charges behind that. It must hold all of its lines: Stripe embeds
/// only the first of them.
///
/// # Errors
/// When the id, total, currency or time is missing or cannot be counted, or when lines are missing.
pub fn invoice(
    source: Source,
    invoice: &Invoice,
    payments: &[InvoicePayment],
    charges: &[Charge],
) -> Result<Model, Unmapped> {
    let subject = Subject::new("invoice", &invoice.id)?;
    let currency = subject.currency("currency", invoice.currency.as_ref())?;
    let money = |field, minor: Option<i64>| subject.money(field, minor.unwrap_or_default(), &currency);
    let total = subject.money("total", subject.required("total", invoice.total)?, &currency)?;
    let Charged { tax, discount, settled, lines } = charged(&subject, &currency, invoice, payments, charges)?;
    let (tax, discount) = (money("total_taxes", Some(tax))?, money("total_discount_amounts", Some(discount))?);
    let due = money("amount_due", invoice.amount_due)?;
    let paid = money("amount_paid", invoice.amount_paid)?;
    let remaining = money("amount_remaining", invoice.amount_remaining)?;
    let transitions = invoice.status_transitions.clone().unwrap_or_default();
    let time = |field, second| subject.maybe_time(field, second);
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        number: text(invoice.number.as_ref()),
        status: invoice.status.as_deref().map_or(Status::Unknown, status),
        reason: text(invoice.billing_reason.as_ref()),
        customer_id: id(invoice.customer.as_ref()),
        subscription_id: id(invoice.subscription()),
        total_minor: total.minor,
        total_milli: total.milli,
        tax_minor: tax.minor,
        tax_milli: tax.milli,
        discount_minor: discount.minor,
        discount_milli: discount.milli,
        due_minor: due.minor,
        due_milli: due.milli,
        paid_minor: paid.minor,
        paid_milli: paid.milli,
        paid_elsewhere_minor: invoice.amount_paid_off_stripe.unwrap_or_default(),
        remaining_minor: remaining.minor,
        remaining_milli: remaining.milli,
        issued_at: time("status_transitions.finalized_at", transitions.finalized_at)?,
        due_at: time("due_date", invoice.due_date)?,
        paid_at: time("status_transitions.paid_at", transitions.paid_at)?,
        voided_at: time("status_transitions.voided_at", transitions.voided_at)?,
        uncollectible_at: time("status_transitions.marked_uncollectible_at", transitions.marked_uncollectible_at)?,
        lines,
        payments: settled.payments,
        currency,
        created_at: subject.time("created", invoice.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

fn status(word: &str) -> Status {
    match word {
        "draft" => Status::Draft,
        "open" => Status::Open,
        "paid" => Status::Paid,
        "void" => Status::Void,
        "uncollectible" => Status::Uncollectible,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "in_1", "status": "open", "total": 3000, "currency": "eur", "created": 1_700_000_000,
            "amount_due": 2500, "amount_paid": 1000, "amount_remaining": 1500, "lines": {"data": [], "has_more": false}});
        invoice(source(), &changed(&base, changes), &[], &[])
    }

    #[test]
    fn every_status_has_its_word() {
        let cases = [
            ("draft", Status::Draft),
            ("open", Status::Open),
            ("paid", Status::Paid),
            ("void", Status::Void),
            ("uncollectible", Status::Uncollectible),
            ("levitating", Status::Unknown),
        ];
        for (word, status) in cases {
            assert_eq!(mapped(&json!({"status": word})).unwrap().status, status, "{word}");
        }
        assert_eq!(mapped(&json!({"status": null})).unwrap().status, Status::Unknown);
    }

    #[test]
    fn amounts_and_times_are_what_the_paper_says() {
        let all = mapped(&json!({"number": "A-1", "due_date": 1_700_500_000, "billing_reason": "subscription_cycle",
            "parent": {"subscription_details": {"subscription": {"id": "sub_1"}}}, "amount_paid_off_stripe": 400,
            "status_transitions": {"finalized_at": 1_700_000_100, "voided_at": 1_700_000_200}}))
        .unwrap();
        assert_eq!((all.total_minor, all.due_minor, all.paid_minor, all.remaining_minor), (3000, 2500, 1000, 1500));
        assert_eq!((all.paid_milli, all.paid_elsewhere_minor), (10_000, 400));
        assert_eq!(
            (all.subscription_id.as_deref(), all.reason.as_deref()),
            (Some("sub_1"), Some("subscription_cycle"))
        );
        let seconds = [all.issued_at, all.due_at, all.voided_at].map(|time| time.unwrap().timestamp());
        assert_eq!(seconds, [1_700_000_100, 1_700_500_000, 1_700_000_200]);
        assert_eq!((all.paid_at, all.uncollectible_at), (None, None));
        assert_eq!(mapped(&json!({"parent": null})).unwrap().subscription_id, None);
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        assert_eq!(mapped(&json!({"total": null})).unwrap_err().field, "total");
        assert_eq!(mapped(&json!({"due_date": -7})).unwrap_err().field, "due_date");
        let cut = json!({"lines": {"data": [{"id": "il_1", "amount": 1}], "has_more": true}});
        assert_eq!(mapped(&cut).unwrap_err().value, "cut after 1 lines");
    }
}
