//! Disputes.

use super::{nulls, with};
use crate::world::{Kind, shop::Shop, table::NONE};
use serde_json::{Value, json};

/// What evidence can hold.
const EVIDENCE: [&str; 25] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
    "customer_purchase_ip",
    "product_description",
];

impl Shop {
    /// A dispute with its balance transactions: none for an inquiry, one when the money is taken, two when it is won.
    pub fn dispute_object(&self, number: u32, at: i64) -> Value {
        let row = self.disputes.at(number);
        let charge = self.charges.at(row.charge);
        let status = row.status(at);
        let entries: Vec<Value> = [row.entry, row.won_entry]
            .into_iter()
            .filter(|entry| *entry != NONE && self.entries.at(*entry).created <= at)
            .map(|entry| self.entry_object(entry, at))
            .collect();
        let answered = row.evidence_at <= at;
        let inquiry = row.taken_at != row.created;
        let (name, email) = self.buyer(row.charge);
        let evidence = with(
            nulls(&EVIDENCE),
            json!({ "customer_email_address": email, "customer_name": name, "enhanced_evidence": {} }),
        );
        let code = if row.reason == "fraudulent" { "10.4" } else { "13.1" };
        json!({
            "amount": row.amount,
            "balance_transactions": entries,
            "charge": self.id_of(Kind::Charge, row.charge),
            "created": row.created,
            "currency": charge.currency.code(),
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": row.due_by(),
                "enhanced_eligibility": {},
                "has_evidence": answered,
                "past_due": row.past_due(at),
                "submission_method": answered.then_some("manual"),
                "submission_count": i32::from(answered),
            },
            "id": self.id_of(Kind::Dispute, number),
            "intended_submission_method": if answered { json!("manual") } else { Value::Null },
            "is_charge_refundable": status.starts_with("warning"),
            "livemode": false,
            "metadata": {},
            "network_reason_code": code,
            "object": "dispute",
            "payment_intent": self.maybe_id(Kind::PaymentIntent, charge.intent),
            "payment_method_details": {
                "card": {
                    "brand": "visa",
                    "case_type": if inquiry { "inquiry" } else { "chargeback" },
                    "network_reason_code": code,
                },
                "type": "card",
            },
            "reason": row.reason,
            "status": status,
        })
    }
}
