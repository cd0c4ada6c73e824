//! Checkout sessions as orders.

use entity::order::{Line, Model};

use super::super::subject::Subject;
use super::super::{Source, UNSTAMPED, Unmapped, id, text};
use super::{Paid, each, settle};
use stripe::wire::{Address, Charge, LineItem, Ref, Session};

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
    let paid = Paid { charge: None, intent, amount_minor: total.minor, whole: true };
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
    id(Some(&Ref { id: price.id.clone(), object: None, kind: None, status: None }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn base() -> Value {
        json!({"id": "cs_1", "mode": "payment", "status": "complete", "payment_status": "paid", "amount_total": 5000,
            "currency": "usd", "payment_intent": "pi_1", "created": 1_700_000_000,
            "total_details": {"amount_discount": 500, "amount_shipping": 300, "amount_tax": 400}})
    }

    fn charge(changes: &Value) -> Charge {
        let base = json!({"id": "ch_1", "amount": 5000, "currency": "usd", "created": 1_700_000_100, "captured": true,
            "status": "succeeded", "payment_intent": "pi_1", "payment_method_details": {"type": "card"}});
        changed(&base, changes)
    }

    fn mapped(body: &Value, items: &[LineItem], charges: &[Charge]) -> Result<Option<Model>, Unmapped> {
        session(source(), &changed(&base(), body), items, charges)
    }

    #[test]
    fn only_what_was_bought_is_an_order() {
        let cases = [
            (json!({}), true),
            (json!({"status": "open", "payment_status": "unpaid", "currency": null}), false),
            (json!({"status": "expired", "payment_status": "unpaid"}), false),
            // A bank debit on its way.
            (json!({"payment_status": "unpaid"}), false),
            // 30: free, and set-up.
            (json!({"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": null}), true),
            (json!({"mode": "setup", "payment_status": "no_payment_required", "amount_total": null}), false),
            // 40: from before there was a status.
            (json!({"status": null}), true),
            (json!({"mode": "subscription", "invoice": "in_1", "payment_intent": null}), false),
            (json!({"status": "levitating"}), false),
        ];
        for (changes, is_order) in cases {
            assert_eq!(mapped(&changes, &[], &[]).unwrap().is_some(), is_order, "{changes}");
        }
    }

    #[test]
    fn it_is_paid_with_the_charge_that_took_the_money() {
        // 2: two tries failed before.
        let tries = [
            charge(&json!({"id": "ch_a", "status": "failed"})),
            charge(&json!({"id": "ch_b", "status": "failed"})),
            charge(&json!({"id": "ch_c", "amount_refunded": 1500})),
            charge(&json!({"id": "ch_other", "payment_intent": "pi_2"})),
        ];
        let order = mapped(&json!({}), &[], &tries).unwrap().unwrap();
        let payment = &order.payments[0];
        assert_eq!((order.payments.len(), payment.id.as_str(), payment.kind.as_str()), (1, "ch_c", "OnlineCard"));
        assert_eq!(
            (payment.amount_minor, payment.status.as_str(), order.closed_at),
            (5000, "Paid", payment.created_at)
        );
        assert_eq!((order.refund_minor, order.refund_milli), (-1500, -15_000));
        assert_eq!((order.tax_minor, order.discount_minor, order.shipping_minor), (400, 500, 300));
    }

    #[test]
    fn the_intent_stands_in_while_no_charge_is_known() {
        let order = mapped(&json!({}), &[], &[charge(&json!({"status": "failed"}))]).unwrap().unwrap();
        assert_eq!((order.payments[0].id.as_str(), order.payments[0].kind.as_str()), ("pi_1", "Unknown"));
        assert_eq!((order.closed_at, order.refund_minor), (None, 0));
        let free = json!({"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": null});
        assert!(mapped(&free, &[], &[]).unwrap().unwrap().payments.is_empty());
    }

    #[test]
    fn a_charge_in_another_currency_gives_back_its_part() {
        let paid = charge(&json!({"amount": 9000, "currency": "jpy", "amount_refunded": 4500}));
        assert_eq!(mapped(&json!({}), &[], &[paid]).unwrap().unwrap().refund_minor, -2500);
    }

    #[test]
    fn a_charge_captured_in_part_paid_that_part() {
        // 4.
        let part = charge(&json!({"amount_captured": 3500, "amount_refunded": 500}));
        let order = mapped(&json!({}), &[], &[part]).unwrap().unwrap();
        assert_eq!((order.payments[0].amount_minor, order.refund_minor), (3500, -500));
    }

    #[test]
    fn a_guest_is_known_by_what_they_typed() {
        // 14.
        let typed = json!({"customer": null, "customer_email": "old@x.no",
            "customer_details": {"email": "g@x.no", "address": {"country": "NO"}}});
        let order = mapped(&typed, &[], &[]).unwrap().unwrap();
        assert_eq!((order.customer_id, order.customer_email.as_deref()), (None, Some("g@x.no")));
        assert_eq!(order.country.as_deref(), Some("NO"));
        let sent = json!({"collected_information": {"shipping_details": {"address": {"country": "SE"}}}, "customer": {"id": "cus_1"}});
        let order = mapped(&sent, &[], &[]).unwrap().unwrap();
        assert_eq!((order.country.as_deref(), order.customer_id.as_deref()), (Some("SE"), Some("cus_1")));
    }

    #[test]
    fn lines_say_what_one_costs_where_that_is_whole() {
        let item = |changes: &Value| -> LineItem {
            let base = json!({"id": "li_1", "quantity": 3, "amount_subtotal": 999, "amount_total": 1099, "amount_tax": 100,
                "amount_discount": 0, "price": {"id": "price_1", "product": {"id": "prod_1"}}});
            changed(&base, changes)
        };
        let cases = [
            (json!({}), 3, Some(333)),
            (json!({"amount_subtotal": 1000}), 3, None),
            (json!({"quantity": null}), 1, Some(999)),
            (json!({"quantity": 0}), 0, None),
            (json!({"amount_subtotal": null}), 3, None),
        ];
        for (changes, quantity, unit) in cases {
            let order = mapped(&json!({}), &[item(&changes)], &[]).unwrap().unwrap();
            let line = &order.lines[0];
            assert_eq!((line.quantity, line.unit_minor, line.total_minor, line.tax_minor), (quantity, unit, 1099, 100));
            assert_eq!((line.price_id.as_deref(), line.product_id.as_deref()), (Some("price_1"), Some("prod_1")));
        }
        // 53: as many as there are.
        let many: Vec<_> = (0..100).map(|n| item(&json!({"id": format!("li_{n}"), "price": null}))).collect();
        assert_eq!(mapped(&json!({}), &many, &[]).unwrap().unwrap().lines.len(), 100);
        let broken = mapped(&json!({}), &[item(&json!({"amount_total": null}))], &[]).unwrap_err();
        assert_eq!((broken.object.as_str(), broken.field), ("item", "amount_total"));
    }

    #[test]
    fn an_order_without_a_total_or_currency_is_named() {
        assert_eq!(mapped(&json!({"amount_total": null}), &[], &[]).unwrap_err().field, "amount_total");
        assert_eq!(mapped(&json!({"currency": null}), &[], &[]).unwrap_err().field, "currency");
    }
}
