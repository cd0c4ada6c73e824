//! Invoices, their lines and their payments.

use super::{list, second, with, with_nulls};
use crate::world::{
    Kind,
    calendar::DAY,
    catalogue::{Line, Order},
    rows::{NEVER, Settled, Subscription},
    shop::Shop,
    table::NONE,
    texts,
};
use serde_json::{Value, json};

/// How many lines an invoice shows; the rest is in the list of its lines.
const SHOWN: usize = 10;

impl Shop {
    /// The number on the paper.
    pub fn invoice_number(&self, invoice: u32) -> String {
        format!("{}-{:04}", self.ids.token("invoices", 0, 6).to_uppercase(), invoice + 1)
    }

    fn invoice_order(&self, number: u32) -> Order {
        let row = self.invoices.at(number);
        if let Some(Subscription { price, seats, .. }) = self.subscription(row.subscription) {
            let order = Order::of_one(*price, self.prices.at(*price).amount, *seats);
            return if row.settled == Settled::Free { order.free() } else { order };
        }
        let at = if row.paid_at == NEVER { row.created } else { row.paid_at };
        self.order_of(row.order, row.currency, false, at).unwrap_or_else(Order::nothing)
    }

    /// What an invoice is over.
    pub fn invoice_total(&self, number: u32) -> i64 {
        self.invoice_order(number).total
    }

    /// The tax of an invoice.
    pub fn invoice_tax(&self, number: u32) -> i64 {
        self.invoice_order(number).tax
    }

    /// An invoice.
    pub fn invoice_object(&self, number: u32, at: i64) -> Value {
        let row = self.invoices.at(number);
        let order = self.invoice_order(number);
        let status = row.status(at);
        let final_ = row.finalized_at <= at;
        let elsewhere = if row.settled == Settled::OutOfBand && status == "paid" { order.total } else { 0 };
        let credit = if row.settled == Settled::Credit { order.total } else { 0 };
        let (due, paid) = (order.total - credit, self.invoice_paid(number, at) + elsewhere);
        let billed = row.subscription != NONE;
        let tries = self.attempts(number).filter(|charge| self.charges.at(*charge).created <= at).count();
        let lines = self.invoice_lines(number);
        let id = self.id_of(Kind::Invoice, number);
        let shown = &lines[..lines.len().min(SHOWN)];
        let token = self.ids.token("invoice", u64::from(number), 40);
        let object = json!({
            "account_country": self.profile.country,
            "account_name": self.profile.name,
            "amount_due": due,
            "amount_overpaid": 0,
            "amount_paid": paid,
            "amount_paid_off_stripe": elsewhere,
            "amount_remaining": due - paid,
            "amount_shipping": 0,
            "attempt_count": if billed { tries } else { usize::from(status == "paid") },
            "attempted": if billed { tries > 0 } else { status == "paid" },
            "auto_advance": status == "draft",
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null },
            "created": row.created,
            "currency": row.currency.code(),
            "default_tax_rates": [],
            "discounts": if order.discount > 0 { json!([self.discount_id(number)]) } else { json!([]) },
            "effective_at": second(row.finalized_at, at),
            "ending_balance": if final_ { json!(0) } else { Value::Null },
            "hosted_invoice_url": final_.then(|| format!("https://invoice.stripe.com/i/{}/{token}", self.id)),
            "id": id,
            "invoice_pdf": final_.then(|| format!("https://pay.stripe.com/invoice/{}/{token}/pdf", self.id)),
            "issuer": { "type": "self" },
            "lines": list(shown, lines.len() > SHOWN, &format!("/v1/invoices/{id}/lines")),
            "livemode": false,
            "metadata": {},
            "number": final_.then(|| self.invoice_number(number)),
            "object": "invoice",
            "payment_settings": { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
            "payments": list(&self.payments_of(number, at), false, &format!("/v1/invoice_payments?invoice={id}")),
            "period_end": row.created,
            "period_start": row.created,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "rendering": { "amount_tax_display": null, "pdf": { "page_size": "auto" }, "template": null, "template_version": null },
            "starting_balance": -credit,
            "status": status,
            "status_transitions": {
                "finalized_at": second(row.finalized_at, at),
                "marked_uncollectible_at": second(row.uncollectible_at, at),
                "paid_at": second(row.paid_at, at),
                "voided_at": second(row.voided_at, at),
            },
            "webhooks_delivered_at": row.created,
        });
        let object = with(with(object, self.invoice_totals(number, &order)), self.invoice_customer(row.customer));
        let object = with(object, self.invoice_billing(number, at));
        with_nulls(
            object,
            &[
                "account_tax_ids",
                "application",
                "automatically_finalizes_at",
                "confirmation_secret",
                "custom_fields",
                "customer_account",
                "default_payment_method",
                "default_source",
                "description",
                "footer",
                "from_invoice",
                "last_finalization_error",
                "latest_revision",
                "on_behalf_of",
                "receipt_number",
                "shipping_cost",
                "shipping_details",
                "statement_descriptor",
                "status_details",
                "test_clock",
                "threshold_reason",
                "total_pretax_credit_amounts",
            ],
        )
    }

    /// Why an invoice was made and how its money is to come.
    fn invoice_billing(&self, number: u32, at: i64) -> Value {
        let row = self.invoices.at(number);
        let Some(subscription) = self.subscription(row.subscription) else {
            return json!({
                "billing_reason": "manual", "collection_method": "send_invoice", "due_date": row.created + 30 * DAY,
                "next_payment_attempt": null, "parent": null,
            });
        };
        let first = row.created == subscription.created;
        let last =
            self.attempts(number).map(|charge| self.charges.at(charge).created).filter(|tried| *tried <= at).max();
        let open = row.status(at) == "open";
        let details = json!({ "metadata": {}, "subscription": self.id_of(Kind::Subscription, row.subscription), "subscription_proration_date": null });
        json!({
            "billing_reason": if first { "subscription_create" } else { "subscription_cycle" },
            "collection_method": "charge_automatically",
            "due_date": null,
            "next_payment_attempt": last.filter(|_| open).map(|tried| tried + 3 * DAY),
            "parent": { "quote_details": null, "subscription_details": details, "type": "subscription_details" },
        })
    }

    fn discount_id(&self, invoice: u32) -> String {
        format!("di_1P{}", self.ids.token("discount", u64::from(invoice), 22))
    }

    fn invoice_totals(&self, number: u32, order: &Order) -> Value {
        let untaxed = order.subtotal - order.discount;
        let discounts = json!([{ "amount": order.discount, "discount": self.discount_id(number) }]);
        json!({
            "subtotal": order.subtotal,
            "subtotal_excluding_tax": order.subtotal,
            "total": order.total,
            "total_discount_amounts": if order.discount > 0 { discounts } else { json!([]) },
            "total_excluding_tax": untaxed,
            "total_taxes": self.taxes(order.tax, untaxed, order.tax_percent),
        })
    }

    fn taxes(&self, amount: i64, taxable: i64, percent: i64) -> Value {
        if percent == 0 {
            return json!([]);
        }
        json!([{
            "amount": amount,
            "tax_behavior": "exclusive",
            "tax_rate_details": { "tax_rate": format!("txr_1P{}", self.ids.token("tax rate", percent.cast_unsigned(), 22)) },
            "taxability_reason": "standard_rated",
            "taxable_amount": taxable,
            "type": "tax_rate_details",
        }])
    }

    fn invoice_customer(&self, customer: u32) -> Value {
        let (name, email) = self.person_of(customer);
        json!({
            "customer": self.id_of(Kind::Customer, customer),
            "customer_address": texts::address(self.chance_of(Kind::Customer, customer)),
            "customer_email": email,
            "customer_name": name,
            "customer_phone": null,
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
        })
    }

    /// The lines of an invoice, in their order.
    pub fn invoice_lines(&self, number: u32) -> Vec<Value> {
        let order = self.invoice_order(number);
        (0..).zip(&order.lines).map(|(place, line)| self.invoice_line(number, place, line, order.tax_percent)).collect()
    }

    fn invoice_line(&self, invoice: u32, place: u64, line: &Line, tax_percent: i64) -> Value {
        let row = self.invoices.at(invoice);
        let price = self.prices.at(line.price);
        let discounted = line.discount > 0;
        let discount = self.discount_id(invoice);
        json!({
            "amount": line.subtotal,
            "currency": row.currency.code(),
            "description": self.product_name(price.product),
            "discount_amounts": if discounted { json!([{ "amount": line.discount, "discount": discount }]) } else { json!([]) },
            "discountable": true,
            "discounts": if discounted { json!([discount]) } else { json!([]) },
            "id": self.invoice_line_id(invoice, place),
            "invoice": self.id_of(Kind::Invoice, invoice),
            "livemode": false,
            "metadata": {},
            "object": "line_item",
            "parent": self.line_parent(invoice, place),
            "period": { "end": if row.subscription == NONE { row.created } else { row.created + 30 * DAY }, "start": row.created },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": { "price": self.id_of(Kind::Price, line.price), "product": self.id_of(Kind::Product, price.product) },
                "type": "price_details",
                "unit_amount_decimal": line.unit.to_string(),
            },
            "quantity": line.quantity,
            "quantity_decimal": line.quantity.to_string(),
            "subscription": (row.subscription != NONE).then(|| self.id_of(Kind::Subscription, row.subscription)),
            "subtotal": line.subtotal,
            "taxes": self.taxes(line.tax, line.subtotal - line.discount, tax_percent),
        })
    }

    fn line_parent(&self, invoice: u32, place: u64) -> Value {
        let row = self.invoices.at(invoice);
        let (proration, nothing) = (false, json!({ "credited_items": null }));
        if row.subscription == NONE {
            let item = format!("ii_1P{}", self.ids.token("invoice item", u64::from(invoice) << 10 | place, 22));
            let details = json!({
                "invoice_item": item, "proration": proration, "proration_details": nothing, "subscription": null,
            });
            return json!({
                "invoice_item_details": details, "subscription_item_details": null, "type": "invoice_item_details",
            });
        }
        let details = json!({
            "invoice_item": null,
            "proration": proration,
            "proration_details": nothing,
            "subscription": self.id_of(Kind::Subscription, row.subscription),
            "subscription_item": self.subscription_item_id(row.subscription),
        });
        json!({
            "invoice_item_details": null, "subscription_item_details": details, "type": "subscription_item_details",
        })
    }
}
