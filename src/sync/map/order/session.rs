//! Checkout sessions as orders.

use entity::order::{Line, Model};

use super::super::subject::Subject;
use super::super::{Source, UNSTAMPED, Unmapped, id, text};
use super::{Paid, each, settle};
use crate::stripe::wire::{Address, Charge, LineItem, Ref, Session};

/// The order that a checkout session led to, from the session, all of its lines and the charges of its payment intent.
///
/// `None` when it led to none: it is open, expired, not paid yet or only saved a way of paying. `None` also when it led to an
/// invoice, because that is the order then: a subscription bought on a checkout page would be sold twice otherwise.
///
/// # Errors
/// When the id, total, currency or time of an order is missing or cannot be counted.
pub fn session(
    source: Source,
    session: &Session,
    items: &[LineItem],
    charges: &[Charge],
) -> Result<Option<Model>, Unmapped> {
    if !is_order(session) {
        return Ok(None);
    }
    let subject = Subject::new("checkout.session", &session.id)?;
    let currency = subject.currency("currency", session.currency.as_ref())?;
    let total = subject.money("amount_total", subject.required("amount_total", session.amount_total)?, &currency)?;
    let details = session.total_details.clone().unwrap_or_default();
    let tax = subject.money("amount_tax", details.amount_tax.unwrap_or_default(), &currency)?;
    let discount = subject.money("amount_discount", details.amount_discount.unwrap_or_default(), &currency)?;
    let shipping = session.shipping_cost.as_ref().and_then(|cost| cost.amount_total).or(details.amount_shipping);
    let intent = session.payment_intent.as_ref();
    let paid = Paid { charge: None, intent, amount_minor: total.minor };
    let settled = settle(&subject, &currency, &[paid], charges)?;
    let refund = subject.money("amount_refunded", settled.refund_minor, &currency)?;
    Ok(Some(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        number: text(session.client_reference_id.as_ref()),
        country: country(session),
        currency,
        closed_at: settled.payments.iter().filter_map(|payment| payment.created_at).max(),
        total_minor: total.minor,
        total_milli: total.milli,
        refund_minor: refund.minor,
        refund_milli: refund.milli,
        tax_minor: tax.minor,
        tax_milli: tax.milli,
        discount_minor: discount.minor,
        discount_milli: discount.milli,
        shipping_minor: shipping.unwrap_or_default(),
        lines: items.iter().map(line).collect::<Result<_, _>>()?,
        payments: settled.payments,
        customer_id: id(session.customer.as_ref()),
        customer_email: email(session),
        created_at: subject.time("created", session.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    }))
}

/// Old sessions have no `status`; what they say of payment is enough.
fn is_order(session: &Session) -> bool {
    let complete = matches!(session.status.as_deref(), Some("complete") | None);
    let settled = matches!(session.payment_status.as_deref(), Some("paid" | "no_payment_required"));
    complete && settled && session.mode.as_deref() != Some("setup") && session.invoice.is_none()
}

fn country(session: &Session) -> Option<String> {
    let typed = session.customer_details.as_ref().and_then(|details| details.address.as_ref());
    let sent = session.collected_information.as_ref().and_then(|asked| asked.shipping_details.as_ref());
    let of = |address: Option<&Address>| address.and_then(|address| text(address.country.as_ref()));
    of(typed).or_else(|| of(sent.and_then(|shipping| shipping.address.as_ref())))
}

fn email(session: &Session) -> Option<String> {
    let typed = session.customer_details.as_ref().and_then(|details| text(details.email.as_ref()));
    typed.or_else(|| text(session.customer_email.as_ref()))
}

fn line(item: &LineItem) -> Result<Line, Unmapped> {
    let subject = Subject::new("item", &item.id)?;
    let total_minor = subject.required("amount_total", item.amount_total)?;
    let quantity = item.quantity.unwrap_or(1);
    let product = item.price.as_ref().and_then(|price| price.product.as_ref());
    Ok(Line {
        id: subject.id(),
        description: text(item.description.as_ref()),
        quantity,
        unit_minor: item.amount_subtotal.and_then(|all| each(all, quantity)),
        total_minor,
        tax_minor: item.amount_tax.unwrap_or_default(),
        discount_minor: item.amount_discount.unwrap_or_default(),
        product_id: id(product),
        price_id: price(item),
    })
}

fn price(item: &LineItem) -> Option<String> {
    let price = item.price.as_ref().filter(|price| !price.id.is_empty())?;
    id(Some(&Ref { id: price.id.clone(), object: None, kind: None }))
}
