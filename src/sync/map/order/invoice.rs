//! Paid invoices as orders.

use entity::order::{Line, Model};

use super::super::subject::Subject;
use super::super::{Source, UNSTAMPED, Unmapped, id, text};
use super::{Paid, each, settle};
use crate::stripe::wire::{Address, Amount, Charge, Invoice, InvoiceLine, InvoicePayment, Shipping, TaxAmount};

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
    let tax = subject.money("total_taxes", sum_of_taxes(&subject, &invoice.total_taxes)?, &currency)?;
    let discount = discounts(&subject, &invoice.total_discount_amounts)?;
    let discount = subject.money("total_discount_amounts", discount, &currency)?;
    let settled = settle(&subject, &currency, &paid(&subject, invoice, payments)?, charges)?;
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
        lines: lines(&subject, invoice)?,
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
        Ok(Paid { charge: with.charge.as_ref(), intent: with.payment_intent.as_ref(), amount_minor })
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
