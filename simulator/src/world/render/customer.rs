//! Customers.

use super::with_nulls;
use crate::world::{Kind, shop::Shop, texts};
use serde_json::{Value, json};

impl Shop {
    /// The name and the e-mail address that a customer came with.
    pub fn person_of(&self, customer: u32) -> (Option<String>, Option<String>) {
        texts::person(self.chance_of(Kind::Customer, customer), customer, self.profile.full)
    }

    /// The e-mail address of a customer at a second, what actions changed aside.
    pub fn email_at(&self, customer: u32, at: i64) -> Option<String> {
        let email = self.person_of(customer).1;
        if self.customers.at(customer).edited_at <= at { email.map(|email| format!("new.{email}")) } else { email }
    }

    /// A customer.
    pub fn customer_object(&self, number: u32, at: i64) -> Value {
        let row = self.customers.at(number);
        let chance = self.chance_of(Kind::Customer, number);
        let (name, _) = self.person_of(number);
        let edited = row.edited_at <= at;
        let odd = self.profile.full && number < texts::ODD_CUSTOMERS;
        let object = json!({
            "address": if number % 5 == 4 { Value::Null } else { texts::address(chance) },
            "balance": 0,
            "created": row.created,
            "currency": if number.is_multiple_of(3) { json!(row.currency.code()) } else { Value::Null },
            "delinquent": false,
            "description": match number {
                5 if odd => json!(texts::long_text()),
                _ if number % 8 == 1 => json!("Newsletter"),
                _ => Value::Null,
            },
            "email": self.email_at(number, at),
            "id": self.id_of(Kind::Customer, number),
            "invoice_prefix": self.ids.token("invoice prefix", u64::from(number), 8).to_uppercase(),
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": self.id_of(Kind::PaymentMethod, row.method),
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": if odd && number == 6 { texts::odd_metadata() } else { json!({}) },
            "name": name,
            "next_invoice_sequence": 1,
            "object": "customer",
            "phone": if edited || number.is_multiple_of(4) { json!(texts::phone(chance)) } else { Value::Null },
            "preferred_locales": if number.is_multiple_of(3) { json!(["en"]) } else { json!([]) },
            "shipping": if number.is_multiple_of(5) {
                json!({ "address": texts::address(chance), "name": name, "phone": null })
            } else {
                Value::Null
            },
            "tax_exempt": "none",
        });
        with_nulls(
            object,
            &[
                "business_name",
                "cash_balance",
                "customer_account",
                "default_source",
                "discount",
                "individual_name",
                "invoice_credit_balance",
                "sources",
                "subscriptions",
                "tax",
                "tax_ids",
                "test_clock",
            ],
        )
    }
}
