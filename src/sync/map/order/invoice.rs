//! Paid invoices as orders.

use entity::order::{Line, Model};

use super::super::subject::Subject;
use super::super::{Source, UNSTAMPED, Unmapped, id, text};
use super::{Paid, Settled, each, settle};
use stripe::wire::{Address, Amount, Charge, Invoice, InvoiceLine, InvoicePayment, Shipping, TaxAmount};

/// The order that a paid invoice is, from the invoice, what says how it was paid, and the charges behind that.
///
/// `None` while it is not paid. One that was paid by credit or outside of Stripe is an order without payments. The invoice must
/// hold all of its lines: Stripe embeds only the first of them.
///
/// # Errors
/// When the id, total, currency or time is missing or cannot be counted, or when lines are missing.
pub fn invoice(
    source: Source,
    invoice: &Invoice,
    payments: &[InvoicePayment],
    charges: &[Charge],
) -> Result<Option<Model>, Unmapped> {
    if invoice.status.as_deref() != Some("paid") {
        return Ok(None);
    }
    let subject = Subject::new("invoice", &invoice.id)?;
    let currency = subject.currency("currency", invoice.currency.as_ref())?;
    let total = subject.money("total", subject.required("total", invoice.total)?, &currency)?;
    let Charged { tax, discount, settled, lines } = charged(&subject, &currency, invoice, payments, charges)?;
    let tax = subject.money("total_taxes", tax, &currency)?;
    let discount = subject.money("total_discount_amounts", discount, &currency)?;
    let refund = subject.money("amount_refunded", settled.refund_minor, &currency)?;
    let paid_at = invoice.status_transitions.as_ref().and_then(|transitions| transitions.paid_at);
    Ok(Some(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        number: text(invoice.number.as_ref()),
        country: country(invoice),
        currency,
        closed_at: subject.maybe_time("status_transitions.paid_at", paid_at)?,
        total_minor: total.minor,
        total_milli: total.milli,
        refund_minor: refund.minor,
        refund_milli: refund.milli,
        tax_minor: tax.minor,
        tax_milli: tax.milli,
        discount_minor: discount.minor,
        discount_milli: discount.milli,
        shipping_minor: invoice.shipping_cost.as_ref().and_then(|cost| cost.amount_total).unwrap_or_default(),
        lines,
        payments: settled.payments,
        customer_id: id(invoice.customer.as_ref()),
        customer_email: text(invoice.customer_email.as_ref()),
        created_at: subject.time("created", invoice.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    }))
}

/// What an invoice is over, and how it was settled.
pub struct Charged {
    /// Minor units of taxes.
    pub tax: i64,
    /// Minor units of discounts.
    pub discount: i64,
    /// What was paid through Stripe.
    pub settled: Settled,
    /// All lines.
    pub lines: Vec<Line>,
}

/// Reads what an invoice is over, and how it was settled, whether it is paid or not.
///
/// # Errors
/// When lines are missing, or an amount is missing or cannot be counted.
pub fn charged(
    subject: &Subject<'_>,
    currency: &str,
    invoice: &Invoice,
    payments: &[InvoicePayment],
    charges: &[Charge],
) -> Result<Charged, Unmapped> {
    Ok(Charged {
        tax: sum_of_taxes(subject, &invoice.total_taxes)?,
        discount: discounts(subject, &invoice.total_discount_amounts)?,
        settled: settle(subject, currency, &paid(subject, invoice, payments)?, charges)?,
        lines: lines(subject, invoice)?,
    })
}

/// The parts that were paid through Stripe; money that did not pass through it has neither charge nor intent.
fn paid<'p>(
    subject: &Subject<'_>,
    invoice: &Invoice,
    payments: &'p [InvoicePayment],
) -> Result<Vec<Paid<'p>>, Unmapped> {
    let own = |payment: &&InvoicePayment| payment.invoice.as_ref().is_none_or(|of| of.id == invoice.id);
    let done = payments.iter().filter(own).filter(|payment| payment.status.as_deref() == Some("paid"));
    let with = done.filter_map(|payment| payment.payment.as_ref().map(|with| (payment, with)));
    with.map(|(payment, with)| {
        let amount_minor = subject.required("payments.amount_paid", payment.amount_paid)?;
        Ok(Paid { charge: with.charge.as_ref(), intent: with.payment_intent.as_ref(), amount_minor, whole: false })
    })
    .collect()
}

fn country(invoice: &Invoice) -> Option<String> {
    let sent = |shipping: &Shipping| shipping.address.as_ref().and_then(|address: &Address| address.country.clone());
    let country = invoice.customer_address.as_ref().and_then(|address| address.country.clone());
    text(country.or_else(|| invoice.customer_shipping.as_ref().and_then(sent)).as_ref())
}

fn lines(subject: &Subject<'_>, invoice: &Invoice) -> Result<Vec<Line>, Unmapped> {
    let lines = subject.required("lines", invoice.lines.as_ref())?;
    if lines.has_more {
        return Err(subject.unmapped("lines", format!("cut after {} lines", lines.data.len())));
    }
    lines.data.iter().map(line).collect()
}

fn line(line: &InvoiceLine) -> Result<Line, Unmapped> {
    let subject = Subject::new("line_item", &line.id)?;
    let amount = subject.required("amount", line.amount)?;
    let quantity = line.quantity.unwrap_or(1);
    let discount_minor = discounts(&subject, &line.discount_amounts)?;
    let on_top = line.taxes.iter().filter(|tax| tax.tax_behavior.as_deref() != Some("inclusive"));
    let on_top = subject.sum("taxes", on_top.map(|tax| tax.amount))?;
    let off = subject.negated("discount_amounts", discount_minor)?;
    let details = line.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
    Ok(Line {
        id: subject.id(),
        description: text(line.description.as_ref()),
        quantity,
        unit_minor: each(amount, quantity),
        total_minor: subject.sum("amount", [Some(amount), Some(off), Some(on_top)])?,
        tax_minor: sum_of_taxes(&subject, &line.taxes)?,
        discount_minor,
        product_id: id(details.and_then(|details| details.product.as_ref())),
        price_id: id(details.and_then(|details| details.price.as_ref())),
    })
}

fn sum_of_taxes(subject: &Subject<'_>, taxes: &[TaxAmount]) -> Result<i64, Unmapped> {
    subject.sum("taxes", taxes.iter().map(|tax| tax.amount))
}

fn discounts(subject: &Subject<'_>, discounts: &[Amount]) -> Result<i64, Unmapped> {
    subject.sum("discount_amounts", discounts.iter().map(|discount| discount.amount))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(body: &Value, payments: &[InvoicePayment], charges: &[Charge]) -> Result<Option<Model>, Unmapped> {
        let base = json!({"id": "in_1", "number": "A-1", "status": "paid", "total": 3000, "currency": "eur",
            "created": 1_700_000_000, "status_transitions": {"paid_at": 1_700_000_500}, "lines": {"data": [], "has_more": false}});
        invoice(source(), &changed(&base, body), payments, charges)
    }

    fn payment(changes: &Value) -> InvoicePayment {
        let base = json!({"id": "inpay_1", "invoice": "in_1", "amount_paid": 3000, "currency": "eur", "status": "paid",
            "payment": {"type": "payment_intent", "payment_intent": "pi_1"}});
        changed(&base, changes)
    }

    fn charge(changes: &Value) -> Charge {
        let base = json!({"id": "ch_1", "amount": 3000, "currency": "eur", "created": 1_700_000_100, "captured": true,
            "status": "succeeded", "payment_intent": "pi_1", "payment_method_details": {"type": "paypal"}});
        changed(&base, changes)
    }

    #[test]
    fn only_a_paid_invoice_is_an_order() {
        for (status, is_order) in
            [("paid", true), ("draft", false), ("open", false), ("uncollectible", false), ("void", false), ("x", false)]
        {
            assert_eq!(mapped(&json!({ "status": status }), &[], &[]).unwrap().is_some(), is_order, "{status}");
        }
        assert!(mapped(&json!({"status": null, "lines": null}), &[], &[]).unwrap().is_none());
    }

    #[test]
    fn it_may_be_paid_without_a_charge() {
        // 54: out of band or by credit; 30: free.
        let outside = payment(&json!({"payment": {"type": "payment_record", "payment_record": "pr_1"}}));
        for payments in [vec![outside], vec![payment(&json!({"status": "open"}))], vec![]] {
            assert!(mapped(&json!({}), &payments, &[charge(&json!({}))]).unwrap().unwrap().payments.is_empty());
        }
        assert_eq!(mapped(&json!({"total": 0}), &[], &[]).unwrap().unwrap().total_minor, 0);
    }

    #[test]
    fn one_charge_may_pay_two_invoices() {
        // 55: each bears its part of what was given back.
        let paid = charge(&json!({"amount": 9000, "amount_refunded": 3000}));
        let first = mapped(&json!({}), &[payment(&json!({}))], std::slice::from_ref(&paid)).unwrap().unwrap();
        let other = [payment(&json!({"invoice": "in_2", "amount_paid": 6000})), payment(&json!({}))];
        let second = mapped(&json!({"id": "in_2", "total": 6000}), &other, &[paid]).unwrap().unwrap();
        assert_eq!((first.refund_minor, second.refund_minor), (-1000, -2000));
        assert_eq!((first.payments[0].amount_minor, second.payments[0].amount_minor), (3000, 6000));
        assert_eq!((second.payments.len(), second.payments[0].kind.as_str()), (1, "Paypal"));
    }

    #[test]
    fn two_charges_may_pay_one_invoice() {
        // 55, the reverse; one of them by its charge alone.
        let by_charge = json!({"amount_paid": 1000, "payment": {"type": "charge", "charge": {"id": "ch_2"}}});
        let parts = [payment(&json!({"amount_paid": 2000})), payment(&by_charge)];
        let charges =
            [charge(&json!({"amount": 2000})), charge(&json!({"id": "ch_2", "amount": 1000, "payment_intent": null}))];
        let order = mapped(&json!({}), &parts, &charges).unwrap().unwrap();
        let seen: Vec<_> = order.payments.iter().map(|payment| (payment.id.as_str(), payment.amount_minor)).collect();
        assert_eq!(seen, [("ch_1", 2000), ("ch_2", 1000)]);
        let unread = mapped(&json!({}), &parts, &[]).unwrap().unwrap();
        let seen: Vec<_> = unread.payments.iter().map(|payment| payment.id.as_str()).collect();
        assert_eq!(seen, ["pi_1", "ch_2"]);
    }

    #[test]
    fn lines_are_after_discounts_and_with_taxes() {
        let body = json!({"id": "il_1", "amount": 1000, "quantity": 2, "discount_amounts": [{"amount": 100}],
            "taxes": [{"amount": 90, "tax_behavior": "exclusive"}, {"amount": 50, "tax_behavior": "inclusive"}],
            "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}}});
        let bare = json!({"id": "il_2", "amount": -300, "quantity": null, "taxes": null, "pricing": null});
        let all = json!({"lines": {"data": [body, bare], "has_more": false}, "total_taxes": [{"amount": 140}],
            "total_discount_amounts": [{"amount": 100}], "shipping_cost": {"amount_total": 700}});
        let order = mapped(&all, &[], &[]).unwrap().unwrap();
        let [full, credit] = &order.lines[..] else { panic!("{:?}", order.lines) };
        assert_eq!(
            (full.total_minor, full.tax_minor, full.discount_minor, full.unit_minor),
            (990, 140, 100, Some(500))
        );
        assert_eq!((full.price_id.as_deref(), full.product_id.as_deref()), (Some("price_1"), Some("prod_1")));
        assert_eq!((credit.total_minor, credit.quantity, credit.unit_minor), (-300, 1, Some(-300)));
        assert_eq!((order.tax_minor, order.discount_minor, order.shipping_minor), (140, 100, 700));
    }

    #[test]
    fn cut_lines_are_named() {
        // 53: Stripe embeds the first lines only.
        let error =
            mapped(&json!({"lines": {"data": [{"id": "il_1", "amount": 1}], "has_more": true}}), &[], &[]).unwrap_err();
        assert_eq!((error.field, error.value.as_str()), ("lines", "cut after 1 lines"));
        assert_eq!(mapped(&json!({"lines": null}), &[], &[]).unwrap_err().field, "lines");
        assert_eq!(mapped(&json!({"total": null}), &[], &[]).unwrap_err().field, "total");
    }

    #[test]
    fn the_rest_is_what_the_paper_says() {
        let sent = json!({"customer_shipping": {"address": {"country": "SE"}}, "customer": {"id": "cus_1", "deleted": true},
            "customer_email": "A@x.se", "total": -500});
        let order = mapped(&sent, &[], &[]).unwrap().unwrap();
        assert_eq!((order.country.as_deref(), order.customer_id.as_deref()), (Some("SE"), Some("cus_1")));
        assert_eq!((order.number.as_deref(), order.total_milli), (Some("A-1"), -5000));
        assert_eq!(order.closed_at.unwrap().timestamp(), 1_700_000_500);
    }
}
