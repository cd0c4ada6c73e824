//! Checkout sessions and their line items.

use super::{nulls, with, with_nulls};
use crate::world::{
    Kind,
    catalogue::Order,
    rows::{Checkout, NEVER},
    shop::Shop,
    table::NONE,
};
use serde_json::{Value, json};

/// Ids of line items: the parent's number, and the line's place in it.
const LINES: u64 = 512;

impl Shop {
    /// What a session sells.
    pub fn session_order(&self, number: u32) -> Order {
        let row = self.sessions.at(number);
        // A session is written down seconds before or after what is sold, so its lines follow from what was sold then.
        let at = if row.completed_at == NEVER { row.created } else { row.completed_at };
        let order = self.order_of(row.order, row.currency, true, at).unwrap_or_else(Order::nothing);
        match row.checkout {
            Checkout::Payment => order,
            Checkout::Free => order.free(),
            Checkout::Setup => Order::nothing(),
        }
    }

    /// A checkout session.
    pub fn session_object(&self, number: u32, at: i64) -> Value {
        let row = self.sessions.at(number);
        let order = self.session_order(number);
        let status = row.status(at);
        let complete = status == "complete";
        let setup = row.checkout == Checkout::Setup;
        let charge = (row.intent != NONE)
            .then(|| self.intents.at(row.intent).charge)
            .filter(|charge| *charge != NONE && complete);
        let id = self.id_of(Kind::CheckoutSession, number);
        let person = charge.map(|charge| self.buyer(charge));
        let object = json!({
            "adaptive_pricing": { "enabled": false },
            "amount_subtotal": order.subtotal,
            "amount_total": order.total,
            "automatic_tax": { "enabled": order.tax_percent > 0, "liability": null, "provider": null, "status": if order.tax_percent > 0 { json!("complete") } else { Value::Null } },
            "cancel_url": format!("https://{}/cart", self.profile.domain),
            "client_reference_id": if number.is_multiple_of(2) { json!(format!("basket-{number}")) } else { Value::Null },
            "collected_information": charge.map(|charge| json!({ "business_name": null, "individual_name": null, "shipping_details": self.ship_to(charge) })),
            "created": row.created,
            "currency": row.currency.code(),
            "custom_fields": [],
            "custom_text": nulls(&["after_submit", "shipping_address", "submit", "terms_of_service_acceptance"]),
            "customer": self.maybe_id(Kind::Customer, row.customer),
            "customer_creation": if row.customer == NONE { json!("if_required") } else { Value::Null },
            "customer_details": person.map(|person| self.session_person(charge, &person)),
            "discounts": if order.discount > 0 { json!([{ "coupon": "SPRING10", "promotion_code": null }]) } else { json!([]) },
            "expires_at": row.expires_at,
            "id": id,
            "invoice_creation": { "enabled": false, "invoice_data": { "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "issuer": null, "metadata": {}, "rendering_options": null } },
            "livemode": false,
            "metadata": { "cart": format!("{}", 70_000 + number) },
            "mode": if setup { "setup" } else { "payment" },
            "object": "checkout.session",
            "payment_intent": self.maybe_id(Kind::PaymentIntent, row.intent).filter(|_| complete),
            "payment_method_collection": "if_required",
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "payment_status": if row.checkout != Checkout::Payment { "no_payment_required" } else if complete && self.paid_at(row.intent) <= at { "paid" } else { "unpaid" },
            "phone_number_collection": { "enabled": false },
            "shipping_cost": (order.shipping > 0).then(|| json!({ "amount_subtotal": order.shipping, "amount_tax": 0, "amount_total": order.shipping, "shipping_rate": format!("shr_1P{}", self.ids.token("shipping rate", 0, 22)) })),
            "shipping_options": [],
            "status": status,
            "success_url": format!("https://{}/thanks?session_id={{CHECKOUT_SESSION_ID}}", self.profile.domain),
            "total_details": { "amount_discount": order.discount, "amount_shipping": order.shipping, "amount_tax": order.tax },
            "ui_mode": "hosted_page",
            "url": (status == "open").then(|| format!("https://checkout.stripe.com/c/pay/{id}")),
        });
        let object = with(object, self.session_setup(number, setup));
        with_nulls(
            object,
            &[
                "after_expiration",
                "allow_promotion_codes",
                "allowed_payment_method_types",
                "billing_address_collection",
                "branding_settings",
                "client_secret",
                "consent",
                "consent_collection",
                "currency_conversion",
                "customer_account",
                "customer_email",
                "excluded_payment_method_types",
                "integration_identifier",
                "invoice",
                "line_items",
                "locale",
                "managed_payments",
                "name_collection",
                "optional_items",
                "origin_context",
                "payment_link",
                "payment_method_configuration_details",
                "permissions",
                "presentment_details",
                "recovered_from",
                "redirect_on_completion",
                "return_url",
                "saved_payment_method_options",
                "shipping_address_collection",
                "submit_type",
                "subscription",
                "tax_id_collection",
                "wallet_options",
            ],
        )
    }

    /// What differs when only a card is left (trap 30).
    fn session_setup(&self, number: u32, setup: bool) -> Value {
        if !setup {
            return json!({ "setup_intent": null });
        }
        let intent = format!("seti_1P{}", self.ids.token("setup intent", u64::from(number), 22));
        json!({ "setup_intent": intent, "amount_subtotal": null, "amount_total": null, "total_details": null })
    }

    fn session_person(&self, charge: Option<u32>, (name, email): &(Option<String>, Option<String>)) -> Value {
        let address = charge.map(|charge| self.ship_to(charge)["address"].take());
        json!({
            "address": address,
            "business_name": null,
            "email": email,
            "individual_name": null,
            "name": name,
            "phone": null,
            "tax_exempt": "none",
            "tax_ids": [],
        })
    }

    /// The line items of a session, in their order.
    pub fn session_items(&self, number: u32) -> Vec<Value> {
        let order = self.session_order(number);
        (0..)
            .zip(&order.lines)
            .map(|(place, line)| {
                json!({
                    "adjustable_quantity": null,
                    "amount_discount": line.discount,
                    "amount_subtotal": line.subtotal,
                    "amount_tax": line.tax,
                    "amount_total": line.total,
                    "currency": self.prices.at(line.price).currency.code(),
                    "description": self.product_name(self.prices.at(line.price).product),
                    "id": self.ids.id(Kind::SessionLineItem, "li", u64::from(number) * LINES + place),
                    "metadata": {},
                    "object": "item",
                    "price": self.price_object(line.price),
                    "quantity": line.quantity,
                })
            })
            .collect()
    }

    /// The id of a line of an invoice.
    pub fn invoice_line_id(&self, invoice: u32, place: u64) -> String {
        self.ids.id(Kind::InvoiceLine, "il", u64::from(invoice) * LINES + place)
    }
}

impl Order {
    /// An order without a line.
    pub fn nothing() -> Self {
        Self {
            lines: Vec::new(),
            discount_percent: 0,
            tax_percent: 0,
            subtotal: 0,
            discount: 0,
            tax: 0,
            shipping: 0,
            total: 0,
        }
    }
}
