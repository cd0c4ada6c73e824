//! What pays invoices: the charges that tried, and the payments that link an invoice to them.

use super::second;
use crate::world::{Kind, shop::Shop, table::NONE};
use serde_json::{Value, json};

impl Shop {
    /// The numbers of an invoice's payments.
    fn payments(&self, number: u32) -> impl Iterator<Item = u32> {
        let row = self.invoices.at(number);
        (0..row.payments).map(move |place| row.payment + place)
    }

    /// What the payments of an invoice have brought until a second.
    pub fn invoice_paid(&self, number: u32, at: i64) -> i64 {
        let rows = self.payments(number).map(|payment| self.invoice_payments.at(payment));
        rows.filter(|row| row.paid_at <= at).map(|row| row.amount).sum()
    }

    /// The charges that tried to collect an invoice of a subscription.
    pub fn attempts(&self, number: u32) -> impl Iterator<Item = u32> {
        let row = self.invoices.at(number);
        let tried = (row.subscription != NONE && row.intent != NONE).then(|| self.intents.at(row.intent));
        let range = tried.map_or(0..0, |intent| intent.first_charge..intent.charge + 1);
        range.filter(move |charge| self.charges.at(*charge).intent == row.intent)
    }

    /// The payments that an invoice shows at a second.
    pub fn payments_of(&self, invoice: u32, at: i64) -> Vec<Value> {
        let there = |payment: &u32| self.invoice_payments.at(*payment).created <= at;
        self.payments(invoice).filter(there).map(|payment| self.invoice_payment_object(payment, at)).collect()
    }

    /// The payment of an invoice: the only link between an invoice and a charge. An invoice can have several, and one
    /// payment intent can pay several invoices (trap 55).
    pub fn invoice_payment_object(&self, number: u32, at: i64) -> Value {
        let row = self.invoice_payments.at(number);
        let invoice = self.invoices.at(row.invoice);
        let paid = row.paid_at <= at;
        let canceled_at = self.intents.at(row.intent).canceled_at;
        let canceled = canceled_at <= at;
        json!({
            "amount_paid": paid.then_some(row.amount),
            "amount_requested": row.amount,
            "created": row.created,
            "currency": invoice.currency.code(),
            "id": self.id_of(Kind::InvoicePayment, number),
            "invoice": self.id_of(Kind::Invoice, row.invoice),
            "is_default": number == invoice.payment,
            "livemode": false,
            "object": "invoice_payment",
            "payment": { "charge": null, "payment_intent": self.maybe_id(Kind::PaymentIntent, row.intent), "payment_record": null, "type": "payment_intent" },
            "status": if paid { "paid" } else if canceled { "canceled" } else { "open" },
            "status_transitions": { "canceled_at": second(canceled_at, at), "paid_at": second(row.paid_at, at) },
        })
    }
}
