//! Products, prices and payment intents.

use super::{second, with, with_nulls};
use crate::world::{
    Kind,
    rows::{Bought, NEVER},
    shop::Shop,
    table::NONE,
    texts,
};
use serde_json::{Value, json};

impl Shop {
    /// The name of a product.
    pub fn product_name(&self, number: u32) -> String {
        self.profile
            .products
            .get(number as usize)
            .map_or_else(|| format!("Product {number}"), |(name, _)| (*name).to_owned())
    }

    /// A product; its description changed when it was updated.
    pub fn product_object(&self, number: u32, at: i64) -> Value {
        let row = self.products.at(number);
        let name = self.product_name(number);
        let updated = if row.updated <= at { row.updated } else { row.created };
        let description = if updated == row.created {
            format!("{name}, as we like it.")
        } else {
            format!("{name}, now even better.")
        };
        json!({
            "active": row.active,
            "created": row.created,
            "default_price": self.maybe_id(Kind::Price, row.first_price),
            "description": if number % 5 == 3 { Value::Null } else { json!(description) },
            "id": self.id_of(Kind::Product, number),
            "images": if number.is_multiple_of(3) { json!([format!("https://{}/images/{number}.jpg", self.profile.domain)]) } else { json!([]) },
            "livemode": false,
            "marketing_features": [],
            "metadata": { "sku": format!("SKU-{:04}", number + 1) },
            "name": name,
            "object": "product",
            "package_dimensions": null,
            "shippable": if self.profile.full { json!(true) } else { Value::Null },
            "statement_descriptor": null,
            "tax_code": if number.is_multiple_of(2) { json!("txcd_99999999") } else { Value::Null },
            "tax_details": null,
            "type": "good",
            "unit_label": null,
            "updated": updated,
            "url": if number.is_multiple_of(4) { json!(format!("https://{}/products/{number}", self.profile.domain)) } else { Value::Null },
        })
    }

    /// A price.
    pub fn price_object(&self, number: u32) -> Value {
        let row = self.prices.at(number);
        let recurring = json!({
            "interval": "month", "interval_count": 1, "meter": null, "trial_period_days": null, "usage_type": "licensed",
        });
        json!({
            "active": row.active,
            "billing_scheme": "per_unit",
            "created": row.created,
            "currency": row.currency.code(),
            "currency_options": null,
            "custom_unit_amount": null,
            "id": self.id_of(Kind::Price, number),
            "livemode": false,
            "lookup_key": if number.is_multiple_of(7) { json!(format!("key_{number}")) } else { Value::Null },
            "metadata": {},
            "nickname": if number % 4 == 2 { json!(format!("{} price", row.currency.code().to_uppercase())) } else { Value::Null },
            "object": "price",
            "product": self.id_of(Kind::Product, row.product),
            "recurring": if row.recurring { recurring } else { Value::Null },
            "tax_behavior": "exclusive",
            "tiers": null,
            "tiers_mode": null,
            "transform_quantity": null,
            "type": if row.recurring { "recurring" } else { "one_time" },
            "unit_amount": row.amount,
            "unit_amount_decimal": row.amount.to_string(),
        })
    }

    /// The last charge of an intent that was there at a second.
    pub fn latest_charge(&self, intent: u32, at: i64) -> Option<u32> {
        let row = self.intents.at(intent);
        if row.charge == NONE {
            return None;
        }
        let tried = |charge: &u32| self.charges.at(*charge).intent == intent && self.charges.at(*charge).created <= at;
        (row.first_charge..=row.charge).rev().find(tried)
    }

    /// The status of an intent at a second.
    pub fn intent_status(&self, number: u32, at: i64) -> &'static str {
        if self.intents.at(number).canceled_at <= at {
            return "canceled";
        }
        let Some(charge) = self.latest_charge(number, at) else { return "requires_payment_method" };
        let row = self.charges.at(charge);
        match row.status(at) {
            "failed" => "requires_payment_method",
            "pending" => "processing",
            _ if row.captured_at > at => "requires_capture",
            _ => "succeeded",
        }
    }

    /// A payment intent.
    pub fn intent_object(&self, number: u32, at: i64) -> Value {
        let row = self.intents.at(number);
        let id = self.id_of(Kind::PaymentIntent, number);
        let status = self.intent_status(number, at);
        let latest = self.latest_charge(number, at);
        let charge = latest.map(|charge| self.charges.at(charge));
        let kind = charge.map_or("card", |charge| charge.method.name());
        let paid = matches!(status, "succeeded" | "requires_capture" | "processing");
        let held = charge.is_some_and(|charge| charge.captured_at > charge.created && charge.method.is_card());
        let object = json!({
            "amount": row.amount,
            "amount_capturable": if status == "requires_capture" { row.amount } else { 0 },
            "amount_details": { "tip": {} },
            "amount_received": charge.filter(|_| status == "succeeded").map_or(0, |charge| charge.captured),
            "application": latest.map_or(Value::Null, |charge| self.charge_object(charge, at)["application"].take()),
            "application_fee_amount": charge.map(|charge| charge.application_fee).filter(|fee| *fee > 0),
            "automatic_payment_methods": { "allow_redirects": "always", "enabled": true },
            "canceled_at": second(row.canceled_at, at),
            "cancellation_reason": if row.canceled_at <= at { json!(if row.charge == NONE { "abandoned" } else { "automatic" }) } else { Value::Null },
            "capture_method": if held { "manual" } else if self.profile.full { "automatic_async" } else { "automatic" },
            "client_secret": format!("{id}_secret_{}", self.ids.token("secret", u64::from(number), 25)),
            "confirmation_method": "automatic",
            "created": row.created,
            "currency": row.currency.code(),
            "customer": self.maybe_id(Kind::Customer, row.customer),
            "description": match (row.bought, latest) {
                (Bought::Unknown, Some(charge)) if self.profile.full => json!(format!("Order #{}", 10_000 + charge)),
                _ => Value::Null,
            },
            "id": id,
            "last_payment_error": self.last_error(latest, at),
            "latest_charge": latest.map(|charge| self.id_of(Kind::Charge, charge)),
            "livemode": false,
            "metadata": if self.profile.full { json!({ "channel": "web" }) } else { json!({}) },
            "object": "payment_intent",
            "payment_method": latest.filter(|_| paid).map(|charge| self.method_id(charge)),
            "payment_method_options": { kind: {} },
            "payment_method_types": [kind],
            "status": status,
        });
        let object = with(object, json!({ "payment_details": null, "shipping": null }));
        with_nulls(
            object,
            &[
                "allowed_payment_method_types",
                "customer_account",
                "excluded_payment_method_types",
                "hooks",
                "managed_payments",
                "next_action",
                "on_behalf_of",
                "payment_method_configuration_details",
                "payment_record",
                "presentment_details",
                "processing",
                "receipt_email",
                "review",
                "setup_future_usage",
                "source",
                "statement_descriptor",
                "statement_descriptor_suffix",
                "transfer_data",
                "transfer_group",
            ],
        )
    }

    fn last_error(&self, charge: Option<u32>, at: i64) -> Value {
        let Some(number) = charge.filter(|charge| self.charges.at(*charge).failed_at <= at) else { return Value::Null };
        let shown = self.charge_object(number, at);
        let error = json!({
            "advice_code": "try_again_later",
            "charge": shown["id"],
            "code": shown["failure_code"],
            "decline_code": "generic_decline",
            "doc_url": "https://stripe.com/docs/error-codes/card-declined",
            "message": shown["failure_message"],
            "network_advice_code": "02",
            "network_decline_code": "51",
            "payment_method": null,
            "payment_method_type": self.charges.at(number).method.name(),
            "type": "card_error",
        });
        with_nulls(error, &["param", "payment_intent", "request_log_url", "setup_intent", "source"])
    }

    /// The address that goods are sent to, for a buyer of a session.
    pub fn ship_to(&self, charge: u32) -> Value {
        let (name, _) = self.buyer(charge);
        json!({ "address": texts::address(self.buyer_chance(charge)), "name": name.unwrap_or_else(|| "Guest".to_owned()) })
    }

    /// Whether an intent has been paid, and when.
    pub fn paid_at(&self, intent: u32) -> i64 {
        if intent == NONE || self.intents.at(intent).charge == NONE {
            return NEVER;
        }
        let charge = self.charges.at(self.intents.at(intent).charge);
        if charge.failed_at == NEVER { charge.succeeded_at } else { NEVER }
    }

    /// What the buyers see on their statements.
    pub fn statement_descriptor(&self) -> String {
        self.profile.name.to_uppercase().chars().filter(char::is_ascii).take(22).collect()
    }
}
