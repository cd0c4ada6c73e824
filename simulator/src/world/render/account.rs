//! The account itself.

use super::{list, nulls, with};
use crate::world::{shop::Shop, texts};
use serde_json::{Value, json};

impl Shop {
    /// Whether the account is set up: a brand-new one cannot take charges yet (trap 41).
    fn ready(&self) -> bool {
        self.charges.len() > 0
    }

    /// `GET /v1/account`.
    pub fn account_object(&self) -> Value {
        let ready = self.ready();
        let profile = &self.profile;
        let missing = if ready {
            json!([])
        } else {
            json!(["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"])
        };
        let requirements = |due: Value| {
            json!({
                "alternatives": [], "current_deadline": null, "currently_due": due, "disabled_reason": if ready { Value::Null } else { json!("requirements.past_due") },
                "errors": [], "eventually_due": due, "past_due": due, "pending_verification": [],
            })
        };
        json!({
            "business_profile": with(
                nulls(&["annual_revenue", "estimated_worker_count", "minority_owned_business_designation", "product_description", "support_phone"]),
                json!({
                    "mcc": profile.mcc,
                    "name": profile.name,
                    "support_address": texts::no_address(),
                    "support_email": format!("help@{}", profile.domain),
                    "support_url": format!("https://{}/help", profile.domain),
                    "url": format!("https://{}", profile.domain),
                }),
            ),
            "business_type": "company",
            "capabilities": if ready { json!({ "card_payments": "active", "transfers": "active" }) } else { json!({}) },
            "charges_enabled": ready,
            "company": null,
            "controller": { "type": "account" },
            "country": profile.country,
            "created": self.opened,
            "default_currency": profile.currency.code(),
            "details_submitted": ready,
            "email": self.email(),
            "external_accounts": list(&self.bank_accounts(), false, &format!("/v1/accounts/{}/external_accounts", self.id)),
            "future_requirements": requirements(json!([])),
            "groups": null,
            "id": self.id,
            "individual": null,
            "metadata": {},
            "object": "account",
            "payouts_enabled": ready,
            "requirements": requirements(missing),
            "settings": self.account_settings(),
            "tos_acceptance": { "date": if ready { json!(self.opened) } else { Value::Null }, "ip": null, "user_agent": null },
            "type": "standard",
        })
    }

    /// Where payouts go: one account for each settlement currency.
    fn bank_accounts(&self) -> Vec<Value> {
        let settled = self.profile.settlements().iter().filter(|_| self.ready());
        settled
            .map(|currency| {
                json!({
                    "account": self.id,
                    "account_holder_name": null,
                    "account_holder_type": null,
                    "account_type": null,
                    "available_payout_methods": ["standard"],
                    "bank_name": "STRIPE TEST BANK",
                    "country": self.profile.country,
                    "currency": currency.code(),
                    "customer": null,
                    "default_for_currency": true,
                    "fingerprint": self.ids.token("bank fingerprint", *currency as u64, 16),
                    "future_requirements": null,
                    "id": self.bank_account_id(*currency),
                    "last4": "6789",
                    "metadata": {},
                    "object": "bank_account",
                    "requirements": null,
                    "routing_number": "110000000",
                    "status": "new",
                })
            })
            .collect()
    }

    /// The owner's address.
    pub fn email(&self) -> String {
        format!("owner@{}", self.profile.domain)
    }

    fn account_settings(&self) -> Value {
        let descriptor = self.statement_descriptor();
        json!({
            "bacs_debit_payments": { "display_name": null, "service_user_number": null },
            "branding": nulls(&["icon", "logo", "primary_color", "secondary_color"]),
            "card_issuing": { "tos_acceptance": { "date": null, "ip": null } },
            "card_payments": {
                "decline_on": { "avs_failure": false, "cvc_failure": true },
                "statement_descriptor_prefix": descriptor.chars().take(10).collect::<String>(),
                "statement_descriptor_prefix_kana": null,
                "statement_descriptor_prefix_kanji": null,
            },
            "dashboard": { "display_name": self.profile.name, "timezone": self.profile.timezone },
            "invoices": { "default_account_tax_ids": null, "hosted_payment_method_save": null },
            "payments": with(
                nulls(&["statement_descriptor_kana", "statement_descriptor_kanji", "statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji"]),
                json!({ "statement_descriptor": descriptor }),
            ),
            "payouts": {
                "debit_negative_balances": true,
                "schedule": { "delay_days": 2, "interval": "daily" },
                "statement_descriptor": null,
            },
            "sepa_debit_payments": {},
        })
    }
}
