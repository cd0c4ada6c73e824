//! Objects in an API version from before 2022-11-15, which bodies of old events still have (trap 24).

use super::list;
use crate::world::{Kind, rows::Bought, shop::Shop, table::NONE};
use serde_json::{Value, json};

/// What the objects of lists and answers are in.
pub const NEW: &str = "2026-10-28.endive";
/// What a full shop's account had as its default until lately.
pub const OLD: &str = "2022-08-01";

/// Gives an object the fields of [`OLD`] and takes away what came later.
pub fn age(shop: &Shop, kind: Kind, number: u32, object: &mut Value, at: i64) {
    let Some(fields) = object.as_object_mut() else { return };
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    match kind {
        Kind::Charge => {
            let refunds: Vec<Value> =
                shop.refunds_at(number, at).map(|(refund, _)| shop.refund_object(refund, at)).collect();
            let url = format!("/v1/charges/{}/refunds", shop.id_of(Kind::Charge, number));
            set("refunds", list(&refunds, false, &url));
            set("invoice", invoice_of(shop, shop.charges.at(number).intent));
            set("order", Value::Null);
            set("destination", Value::Null);
            set("dispute", Value::Null);
            fields.remove("presentment_details");
            fields.remove("radar_options");
        }
        Kind::PaymentIntent => {
            let charges: Vec<Value> =
                shop.latest_charge(number, at).map(|charge| shop.charge_object(charge, at)).into_iter().collect();
            let url = format!("/v1/charges?payment_intent={}", shop.id_of(Kind::PaymentIntent, number));
            set("charges", list(&charges, false, &url));
            set("invoice", invoice_of(shop, number));
            fields.remove("presentment_details");
        }
        Kind::Invoice => {
            let row = shop.invoices.at(number);
            let charge = (row.intent != NONE).then(|| shop.latest_charge(row.intent, at)).flatten();
            set("paid", json!(row.paid_at <= at));
            set("payment_intent", json!(shop.maybe_id(Kind::PaymentIntent, row.intent)));
            set("charge", json!(charge.map(|charge| shop.id_of(Kind::Charge, charge))));
            set("tax", json!(shop.invoice_tax(number)));
            set("subscription", Value::Null);
            set("discount", Value::Null);
            for gone in ["payments", "parent", "total_taxes", "amount_paid_off_stripe", "amount_overpaid"] {
                fields.remove(gone);
            }
        }
        _ => {}
    }
}

fn invoice_of(shop: &Shop, intent: u32) -> Value {
    match shop.bought(intent) {
        Bought::Invoice(number) => json!(shop.id_of(Kind::Invoice, number)),
        _ => Value::Null,
    }
}
