//! How something was paid: payment methods, and what a charge tells of the one it used.

use super::{nulls, with};
use crate::world::{
    Kind,
    chance::Chance,
    rows::{Charge, Method},
    shop::Shop,
    table::NONE,
    texts,
};
use serde_json::{Value, json};

/// Where the ids of guests' payment methods begin: above those of customers' rows.
const GUESTS: u64 = 1 << 40;

/// A card.
struct Card {
    brand: &'static str,
    last4: String,
    exp_month: i64,
    exp_year: i64,
    country: &'static str,
    funding: &'static str,
}

impl Card {
    fn of(chance: Chance) -> Self {
        const BRANDS: [&str; 5] = ["visa", "visa", "mastercard", "mastercard", "amex"];
        const COUNTRIES: [&str; 6] = ["US", "DE", "GB", "FR", "JP", "KW"];
        const FUNDING: [&str; 3] = ["credit", "debit", "prepaid"];
        Self {
            brand: chance.pick::<&str>("brand", &BRANDS),
            last4: format!("{:04}", chance.below("last4", 10_000)),
            exp_month: chance.between("month", 1, 12),
            exp_year: chance.between("year", 2027, 2032),
            country: chance.pick::<&str>("issued", &COUNTRIES),
            funding: chance.pick::<&str>("funding", &FUNDING),
        }
    }
}

impl Shop {
    /// What decides about the buyer of a charge: the customer, or for a guest the charge.
    pub fn buyer_chance(&self, number: u32) -> Chance {
        match self.charges.at(number).customer {
            NONE => self.chance_of(Kind::Charge, number).named("guest"),
            customer => self.chance_of(Kind::Customer, customer),
        }
    }

    /// `charge.payment_method`: a customer's, or a guest's own.
    pub fn method_id(&self, number: u32) -> String {
        let row = self.charges.at(number);
        let token = |what: &str| self.ids.token(what, u64::from(number), 24);
        match (row.method, row.customer) {
            (Method::LegacyCard, _) => format!("card_{}", token("card")),
            (Method::LegacySource, _) => format!("src_{}", token("src")),
            (Method::Card, customer) if customer != NONE => {
                self.id_of(Kind::PaymentMethod, self.customers.at(customer).method)
            }
            _ => self.guest_method_id(number),
        }
    }

    fn guest_method_id(&self, charge: u32) -> String {
        self.ids.id(Kind::PaymentMethod, "pm", GUESTS + u64::from(charge))
    }

    /// The payment method that only one charge has used, if the id is one's.
    pub fn guest_method(&self, id: &str, at: i64) -> Option<Value> {
        let number = u32::try_from(self.ids.number(Kind::PaymentMethod, id)?.checked_sub(GUESTS)?).ok()?;
        let known =
            number < self.charges.len() && self.visible(Kind::Charge, number, at) && self.method_id(number) == id;
        known.then(|| self.unattached_method(number, id))
    }

    fn unattached_method(&self, number: u32, id: &str) -> Value {
        let row = self.charges.at(number);
        let chance = self.buyer_chance(number);
        let (name, email) = self.buyer(number);
        let (kind, details) = if row.method.is_card() {
            ("card", self.card_details(chance))
        } else {
            (row.method.name(), self.transfer_details(row, chance))
        };
        json!({
            "allow_redisplay": "unspecified",
            "billing_details": { "address": texts::no_address(), "email": email, "name": name, "phone": null, "tax_id": null },
            kind: details,
            "created": row.created,
            "customer": null,
            "customer_account": null,
            "id": id,
            "livemode": false,
            "metadata": {},
            "object": "payment_method",
            "radar_options": {},
            "type": kind,
        })
    }

    /// A customer's payment method; a detached one has no customer.
    pub fn payment_method_object(&self, number: u32, at: i64) -> Value {
        let row = self.methods.at(number);
        let chance = self.method_chance(number);
        let (name, email) = self.person_of(row.customer);
        let attached = row.detached_at > at;
        json!({
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": texts::address(self.chance_of(Kind::Customer, row.customer)),
                "email": email,
                "name": name,
                "phone": null,
                "tax_id": null,
            },
            "card": self.card_details(chance),
            "created": row.created,
            "customer": attached.then(|| self.id_of(Kind::Customer, row.customer)),
            "customer_account": null,
            "id": self.id_of(Kind::PaymentMethod, number),
            "livemode": false,
            "metadata": {},
            "object": "payment_method",
            "radar_options": {},
            "type": "card",
        })
    }

    /// The first card of a customer is the one that charges show.
    fn method_chance(&self, number: u32) -> Chance {
        let customer = self.methods.at(number).customer;
        let chance = self.chance_of(Kind::Customer, customer);
        if self.customers.at(customer).method == number { chance } else { chance.of(u64::from(number)) }
    }

    fn card_details(&self, chance: Chance) -> Value {
        let card = Card::of(chance);
        json!({
            "brand": card.brand,
            "checks": { "address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass" },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "fingerprint": self.fingerprint(chance),
            "funding": card.funding,
            "generated_from": null,
            "last4": card.last4,
            "networks": { "available": [card.brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        })
    }

    fn fingerprint(&self, chance: Chance) -> String {
        self.ids.token("fingerprint", chance.bits("fingerprint"), 16)
    }

    /// `charge.payment_method_details`.
    pub fn method_details(&self, number: u32, at: i64) -> Value {
        let row = self.charges.at(number);
        let chance = self.buyer_chance(number);
        let kind = row.method.name();
        let details =
            if row.method.is_card() { self.card_used(number, at) } else { self.transfer_details(row, chance) };
        json!({ kind: details, "type": kind })
    }

    fn card_used(&self, number: u32, at: i64) -> Value {
        let row = self.charges.at(number);
        let chance = self.buyer_chance(number);
        let card = Card::of(chance);
        let held = row.captured_at > row.created;
        let wallet = (number % 6 == 1)
            .then(|| json!({ "apple_pay": { "type": "apple_pay" }, "dynamic_last4": card.last4, "type": "apple_pay" }));
        let object = json!({
            "amount_authorized": row.amount,
            "authorization_code": format!("{:06}", chance.below("authorization", 1_000_000)),
            "brand": card.brand,
            "capture_before": if held && row.failed_at > at { json!(row.created + 7 * 86_400) } else { Value::Null },
            "checks": { "address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass" },
            "country": card.country,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "extended_authorization": { "status": "disabled" },
            "fingerprint": self.fingerprint(chance),
            "funding": card.funding,
            "incremental_authorization": { "status": "unavailable" },
            "last4": card.last4,
            "multicapture": { "status": "unavailable" },
            "network": card.brand,
            "network_token": { "used": number.is_multiple_of(2) },
            "network_transaction_id": format!("{:015}", chance.of(u64::from(number)).below("network", 1_000_000_000_000_000)),
            "overcapture": { "maximum_amount_capturable": row.amount, "status": "unavailable" },
            "regulated_status": "unregulated",
            "wallet": wallet,
        });
        with(object, nulls(&["installments", "mandate", "three_d_secure", "transaction_link_id"]))
    }

    fn transfer_details(&self, row: &Charge, chance: Chance) -> Value {
        let last4 = format!("{:04}", chance.below("account", 10_000));
        match row.method {
            Method::Sepa => json!({
                "bank_code": "37040044", "branch_code": "", "country": "DE", "expected_debit_date": null,
                "fingerprint": self.fingerprint(chance), "last4": last4, "mandate": null,
            }),
            Method::UsBank => json!({
                "account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
                "expected_debit_date": null, "fingerprint": self.fingerprint(chance), "last4": last4, "mandate": null,
                "payment_reference": null, "routing_number": "110000000",
            }),
            Method::Ideal => json!({
                "bank": "ing", "bic": "INGBNL2A", "generated_sepa_debit": null, "generated_sepa_debit_mandate": null,
                "iban_last4": last4, "transaction_id": null, "verified_name": null,
            }),
            Method::Klarna => json!({
                "location": null, "payer_details": { "address": { "country": "US" } },
                "payment_method_category": "pay_later", "preferred_locale": "en-US", "reader": null,
            }),
            // A type that nobody has heard of, with a key of its own (trap 13).
            _ => json!({ "orchard": "north", "reference": last4 }),
        }
    }

    /// `charge.source`, which only charges from before payment methods have (trap 13).
    pub fn legacy_source(&self, number: u32) -> Value {
        let row = self.charges.at(number);
        let chance = self.buyer_chance(number);
        let card = Card::of(chance);
        let id = self.method_id(number);
        let shared = json!({
            "brand": "Visa", "country": card.country, "cvc_check": "pass", "dynamic_last4": null, "exp_month": card.exp_month,
            "exp_year": card.exp_year, "fingerprint": self.fingerprint(chance), "funding": card.funding,
            "last4": card.last4, "name": null, "tokenization_method": null,
            "address_line1_check": null, "address_zip_check": null,
        });
        match row.method {
            Method::LegacyCard => with(
                with(
                    shared,
                    json!({ "id": id, "object": "card", "metadata": {}, "customer": self.maybe_id(Kind::Customer, row.customer) }),
                ),
                nulls(&[
                    "address_city",
                    "address_country",
                    "address_line1",
                    "address_line2",
                    "address_state",
                    "address_zip",
                    "wallet",
                ]),
            ),
            Method::LegacySource => json!({
                "id": id, "object": "source", "amount": null, "card": shared, "client_secret": format!("src_client_secret_{}", self.ids.token("source", u64::from(number), 24)),
                "created": row.created, "currency": row.currency.code(), "flow": "none", "livemode": false, "metadata": {},
                "owner": with(nulls(&["email", "name", "phone", "verified_address", "verified_email", "verified_name", "verified_phone"]), json!({ "address": texts::no_address() })),
                "statement_descriptor": null, "status": "chargeable", "type": "card", "usage": "reusable",
            }),
            _ => Value::Null,
        }
    }
}
