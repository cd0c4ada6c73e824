//! Charges and refunds.

use super::{with, with_nulls};
use crate::world::{
    Kind,
    rows::{Bought, Method, Oddity},
    shop::Shop,
    table::NONE,
    texts,
};
use serde_json::{Value, json};

impl Shop {
    /// A charge.
    pub fn charge_object(&self, number: u32, at: i64) -> Value {
        let row = self.charges.at(number);
        let id = self.id_of(Kind::Charge, number);
        let status = row.status(at);
        // Only cards are authorized first: a bank debit under way counts as captured.
        let captured = row.captured_at <= at || !row.method.is_card();
        let refunded = self.refunded_at(number, at);
        let descriptor = self.statement_descriptor();
        let chance = self.chance_of(Kind::Charge, number);
        let object = json!({
            "amount": row.amount,
            "amount_captured": if captured && status != "failed" { row.captured } else { 0 },
            "amount_refunded": refunded,
            "balance_transaction": self.entry_at(row.entry, at),
            "billing_details": self.billing_details(number),
            "calculated_statement_descriptor": row.method.is_card().then_some(&descriptor),
            "captured": captured,
            "created": row.created,
            "currency": row.currency.code(),
            "customer": self.maybe_id(Kind::Customer, row.customer),
            "description": self.charge_description(number),
            "disputed": self.disputed_at(number, at),
            "failure_balance_transaction": self.entry_at(row.failure_entry, at),
            "fraud_details": {},
            "id": id,
            "livemode": false,
            "metadata": self.charge_metadata(number),
            "object": "charge",
            "outcome": self.outcome(number, at),
            "paid": status == "succeeded",
            "payment_intent": self.maybe_id(Kind::PaymentIntent, row.intent),
            "payment_method": self.method_id(number),
            "payment_method_details": self.method_details(number, at),
            "radar_options": {},
            "receipt_email": self.receipt_email(number),
            "receipt_url": (status == "succeeded").then(|| format!("https://pay.stripe.com/receipts/payment/{}", self.ids.token("receipt", u64::from(number), 60))),
            "refunded": refunded > 0 && refunded >= if row.captured_at <= at { row.captured } else { row.amount },
            "shipping": self.charge_shipping(number),
            "source": self.legacy_source(number),
            "statement_descriptor_suffix": row.method.is_card().then(|| format!("ORDER {number}")),
            "status": status,
        });
        let object = with(object, self.charge_fees(number));
        let object = with(object, self.charge_failure(number, at, chance.bits("code")));
        with_nulls(
            object,
            &[
                "authorization_code",
                "level3",
                "on_behalf_of",
                "presentment_details",
                "receipt_number",
                "refunds",
                "review",
                "source_transfer",
                "statement_descriptor",
                "transfer",
                "transfer_data",
                "transfer_group",
            ],
        )
    }

    /// What a platform took (trap 28).
    fn charge_fees(&self, number: u32) -> Value {
        let part = self.charges.at(number).application_fee;
        let token = |what: &str| (part > 0).then(|| self.ids.token(what, u64::from(number), 24));
        json!({
            "application": (part > 0).then(|| format!("ca_{}", self.ids.token("application", 0, 32))),
            "application_fee": token("fee").map(|token| format!("fee_1P{token}")),
            "application_fee_amount": (part > 0).then_some(part),
        })
    }

    fn charge_failure(&self, number: u32, at: i64, bits: u64) -> Value {
        const CODES: [(&str, &str); 4] = [
            ("card_declined", "Your card was declined."),
            ("insufficient_funds", "Your card has insufficient funds."),
            ("expired_card", "Your card has expired."),
            ("incorrect_cvc", "Your card's security code is incorrect."),
        ];
        let row = self.charges.at(number);
        if row.failed_at > at {
            return json!({ "failure_code": null, "failure_message": null });
        }
        let (code, message) = if row.method.is_card() {
            CODES[usize::try_from(bits % 4).unwrap_or(0)]
        } else {
            ("insufficient_funds", "The customer's bank account has insufficient funds.")
        };
        json!({ "failure_code": code, "failure_message": message })
    }

    fn outcome(&self, number: u32, at: i64) -> Value {
        let row = self.charges.at(number);
        let failed = row.failed_at <= at;
        let risk = self.chance_of(Kind::Charge, number).between("risk", 1, 64);
        json!({
            "advice_code": if failed { json!("try_again_later") } else { Value::Null },
            "network_advice_code": if failed { json!("02") } else { Value::Null },
            "network_decline_code": if failed { json!("51") } else { Value::Null },
            "network_status": if failed { "declined_by_network" } else { "approved_by_network" },
            "reason": if failed { json!("generic_decline") } else { Value::Null },
            "risk_level": "normal",
            "risk_score": risk,
            "rule": null,
            "seller_message": if failed { "The bank did not return any further details with this decline." } else { "Payment complete." },
            "type": if failed { "issuer_declined" } else { "authorized" },
        })
    }

    /// What a charge was for.
    pub fn charge_description(&self, number: u32) -> Option<String> {
        let row = self.charges.at(number);
        match (row.oddity, self.bought(row.intent)) {
            (Oddity::Texts, _) => Some(texts::long_text()),
            (_, Bought::Invoice(invoice)) => Some(format!("Payment for invoice {}", self.invoice_number(invoice))),
            (_, Bought::Session(_)) => None,
            (_, Bought::Unknown) if self.profile.full => Some(format!("Order #{}", 10_000 + number)),
            (_, Bought::Unknown) => Some(format!("{} – counter sale", self.profile.name)),
        }
    }

    fn charge_metadata(&self, number: u32) -> Value {
        match self.charges.at(number).oddity {
            Oddity::Texts => texts::odd_metadata(),
            _ if self.profile.full => json!({ "order_id": format!("{}", 10_000 + number), "channel": "web" }),
            _ => json!({}),
        }
    }

    fn receipt_email(&self, number: u32) -> Option<String> {
        let row = self.charges.at(number);
        match row.oddity {
            Oddity::ReceiptOnly => Some(format!("receipt{number}@example.net")),
            Oddity::Nameless => None,
            _ if row.customer != NONE && number.is_multiple_of(3) => self.person_of(row.customer).1,
            _ => None,
        }
    }

    fn charge_shipping(&self, number: u32) -> Value {
        let row = self.charges.at(number);
        if !matches!(self.bought(row.intent), Bought::Session(_)) {
            return Value::Null;
        }
        let (name, _) = self.buyer(number);
        let chance = self.buyer_chance(number);
        json!({
            "address": texts::address(chance),
            "carrier": "Parcel Post",
            "name": name,
            "phone": null,
            "tracking_number": null,
        })
    }

    /// Who paid: a customer's person or a guest's.
    pub fn buyer(&self, number: u32) -> (Option<String>, Option<String>) {
        let row = self.charges.at(number);
        match row.oddity {
            Oddity::ReceiptOnly | Oddity::Nameless => (None, None),
            _ if row.customer != NONE => self.person_of(row.customer),
            _ => texts::person(self.buyer_chance(number), number | 0x8000_0000, false),
        }
    }

    fn billing_details(&self, number: u32) -> Value {
        let row = self.charges.at(number);
        let (name, email) = self.buyer(number);
        let odd = matches!(row.oddity, Oddity::ReceiptOnly | Oddity::Nameless);
        let chance = self.buyer_chance(number);
        json!({
            "address": if odd { texts::no_address() } else { texts::address(chance) },
            "email": email,
            "name": name,
            "phone": if odd || !number.is_multiple_of(4) { Value::Null } else { json!(texts::phone(chance)) },
            "tax_id": null,
        })
    }

    /// What an intent paid for.
    pub fn bought(&self, intent: u32) -> Bought {
        if intent == NONE { Bought::Unknown } else { self.intents.at(intent).bought }
    }

    /// A refund.
    pub fn refund_object(&self, number: u32, at: i64) -> Value {
        let row = self.refunds.at(number);
        let charge = self.charges.at(row.charge);
        let status = row.status(at);
        let kind = match charge.method {
            Method::Card | Method::LegacyCard | Method::LegacySource => "card",
            Method::UsBank => "us_bank_transfer",
            Method::Sepa | Method::Ideal => "eu_bank_transfer",
            other => other.name(),
        };
        let details = if kind == "card" {
            json!({ "reference": self.ids.token("arn", u64::from(number), 23), "reference_status": "available", "reference_type": "acquirer_reference_number", "type": if row.entry == NONE { "reversal" } else { "refund" } })
        } else {
            json!({ "reference": null, "reference_status": "pending" })
        };
        let object = json!({
            "amount": row.amount,
            "balance_transaction": self.entry_at(row.entry, at),
            "charge": self.id_of(Kind::Charge, row.charge),
            "created": row.created,
            "currency": charge.currency.code(),
            "customer": self.maybe_id(Kind::Customer, charge.customer),
            "destination_details": { kind: details, "type": kind },
            "failure_balance_transaction": self.entry_at(row.failure_entry, at),
            "failure_reason": (status == "failed").then_some("expired_or_canceled_card"),
            "id": self.id_of(Kind::Refund, number),
            "metadata": {},
            "object": "refund",
            "payment_intent": self.maybe_id(Kind::PaymentIntent, charge.intent),
            "payment_method": Some(self.method_id(row.charge)).filter(|id| id.starts_with("pm_")),
            "pending_reason": (status == "pending").then_some("processing"),
            "reason": row.reason,
            "receipt_number": (status == "succeeded" && number.is_multiple_of(2)).then(|| format!("{:04}-{:04}", 2_000 + number % 7_000, number % 10_000)),
            "status": status,
        });
        with_nulls(
            object,
            &[
                "customer_account",
                "description",
                "instructions_email",
                "next_action",
                "presentment_details",
                "source_transfer_reversal",
                "transfer_reversal",
            ],
        )
    }
}
