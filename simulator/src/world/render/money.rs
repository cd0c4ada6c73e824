//! Balance transactions, payouts and the balance.

use super::{second, with_nulls};
use crate::world::{
    Kind,
    money::Currency,
    rows::{Entry, Movement, Payout, Schedule, Source},
    seed::old::PAYOUTS_SINCE,
    shop::Shop,
};
use serde_json::{Value, json};

impl Shop {
    /// Type, reporting category and source of a balance transaction.
    pub fn entry_source(&self, source: Source) -> (&'static str, &'static str, Option<(Kind, u32)>) {
        let card = |charge: u32| self.charges.at(charge).method.is_card();
        match source {
            Source::Charge(number) if card(number) => ("charge", "charge", Some((Kind::Charge, number))),
            Source::Charge(number) => ("payment", "charge", Some((Kind::Charge, number))),
            Source::ChargeFailure(number) => ("payment_failure_refund", "charge_failure", Some((Kind::Charge, number))),
            Source::Refund(number) if card(self.refunds.at(number).charge) => {
                ("refund", "refund", Some((Kind::Refund, number)))
            }
            Source::Refund(number) => ("payment_refund", "refund", Some((Kind::Refund, number))),
            Source::RefundFailure(number) => ("refund_failure", "refund_failure", Some((Kind::Refund, number))),
            Source::Dispute(number) => ("adjustment", "dispute", Some((Kind::Dispute, number))),
            Source::DisputeWon(number) => ("adjustment", "dispute_reversal", Some((Kind::Dispute, number))),
            Source::Payout(number) => ("payout", "payout", Some((Kind::Payout, number))),
            Source::PayoutFailure(number) => ("payout_failure", "payout_reversal", Some((Kind::Payout, number))),
            Source::Transfer(number) => ("transfer", "transfer", Some((Kind::Transfer, number))),
            Source::ApplicationFee(number) => {
                ("application_fee", "platform_earning", Some((Kind::ApplicationFee, number)))
            }
            Source::Billing => ("stripe_fee", "fee", None),
            Source::Other(movement) => {
                let (kind, category, _) = movement.words();
                (kind, category, None)
            }
        }
    }

    /// A balance transaction.
    pub fn entry_object(&self, number: u32, at: i64) -> Value {
        let row = self.entries.at(number);
        let (kind, category, source) = self.entry_source(row.source);
        json!({
            "amount": row.amount,
            "available_on": row.available_on,
            "balance_type": "payments",
            "created": row.created,
            "currency": row.currency.code(),
            "description": self.entry_description(row),
            "exchange_rate": (row.rate != 0).then(|| decimal(row.rate)),
            "fee": row.fee.total(),
            "fee_details": self.fee_details(row),
            "id": self.id_of(Kind::BalanceTransaction, number),
            "net": row.net(),
            "object": "balance_transaction",
            "reporting_category": category,
            "source": source.map(|(kind, number)| self.id_of(kind, number)).or_else(|| self.unread_source(row, number)),
            // It becomes available by itself, and no event tells (trap 31).
            "status": if row.available_on <= at { "available" } else { "pending" },
            "type": kind,
        })
    }

    /// The id of a source that is in none of the lists.
    fn unread_source(&self, row: &Entry, number: u32) -> Option<String> {
        let topped = row.source == Source::Other(Movement::TopUp);
        topped.then(|| format!("tu_1P{}", self.ids.token("top-up", u64::from(number), 22)))
    }

    fn entry_description(&self, row: &Entry) -> Option<String> {
        let of = |text: &str, charge: u32| match self.charge_description(charge) {
            Some(description) => Some(format!("{text} ({description})")),
            None => Some(text.to_owned()),
        };
        let disputed = |text: &str, dispute: u32| {
            Some(format!("{text} for {}", self.id_of(Kind::Charge, self.disputes.at(dispute).charge)))
        };
        match row.source {
            Source::Charge(number) => self.charge_description(number),
            Source::ChargeFailure(number) => of("PAYMENT FAILURE", number),
            Source::Refund(number) => of("REFUND FOR CHARGE", self.refunds.at(number).charge),
            Source::RefundFailure(number) => of("REFUND FAILURE", self.refunds.at(number).charge),
            Source::Dispute(number) => disputed("Chargeback withdrawal", number),
            Source::DisputeWon(number) => disputed("Chargeback reversal", number),
            Source::Payout(_) | Source::PayoutFailure(_) => Some("STRIPE PAYOUT".to_owned()),
            Source::Transfer(_) | Source::ApplicationFee(_) => None,
            Source::Billing => Some("Billing - Usage Fee".to_owned()),
            Source::Other(movement) => Some(movement.words().2.to_owned()),
        }
    }

    /// What the fee is made of: it sums to the fee, and a dispute that is won can give one back (trap 28).
    fn fee_details(&self, row: &Entry) -> Vec<Value> {
        let own = match row.source {
            Source::Dispute(_) | Source::DisputeWon(_) => "Dispute fee",
            Source::Payout(_) => "Instant payout fee",
            _ => "Stripe processing fees",
        };
        let application = format!("ca_{}", self.ids.token("application", 0, 32));
        [
            (row.fee.stripe, "stripe_fee", own, None),
            (row.fee.tax, "tax", "Tax", None),
            (row.fee.application, "application_fee", "Application fee", Some(application)),
        ]
        .into_iter()
        .filter(|(amount, ..)| *amount != 0)
        .map(|(amount, kind, description, application)| {
            json!({
                "amount": amount,
                "application": application,
                "currency": row.currency.code(),
                "description": description,
                "type": kind,
            })
        })
        .collect()
    }

    /// A payout.
    pub fn payout_object(&self, number: u32, at: i64) -> Value {
        let row = self.payouts.at(number);
        let failed = row.failed_at <= at;
        let object = json!({
            "amount": row.amount,
            "arrival_date": row.arrival,
            "automatic": row.schedule == Schedule::Automatic,
            "balance_transaction": self.entry_at(row.entry, at),
            "created": row.created,
            "currency": row.currency.code(),
            "description": "STRIPE PAYOUT",
            "destination": self.bank_account_id(row.currency),
            "failure_balance_transaction": self.entry_at(row.failure_entry, at),
            "failure_code": failed.then_some("account_closed"),
            "failure_message": failed.then_some("The bank account has been closed."),
            "id": self.id_of(Kind::Payout, number),
            "livemode": false,
            "metadata": {},
            "method": if row.schedule == Schedule::Instant { "instant" } else { "standard" },
            "object": "payout",
            "reconciliation_status": reconciliation(row, at),
            "source_type": "card",
            "status": row.status(at),
            "trace_id": {
                "status": if row.paid_at <= at { "supported" } else { "pending" },
                "value": (row.paid_at <= at).then(|| self.ids.token("trace", u64::from(number), 15)),
            },
            "type": "bank_account",
        });
        with_nulls(
            object,
            &[
                "application_fee",
                "application_fee_amount",
                "original_payout",
                "payout_method",
                "reversed_by",
                "statement_descriptor",
            ],
        )
    }

    /// The account's bank account for a currency.
    pub fn bank_account_id(&self, currency: Currency) -> String {
        format!("ba_1P{}", self.ids.token("bank account", currency as u64, 22))
    }

    /// `GET /v1/balance`: consistent with the balance transactions to the cent.
    pub fn balance_object(&self, at: i64) -> Value {
        let sums: Vec<_> =
            self.profile.settlements().iter().map(|currency| (*currency, self.sums(*currency, at))).collect();
        let part = |pick: fn(&(i64, i64)) -> i64| -> Vec<Value> {
            let line = |(currency, sums): &(Currency, (i64, i64))| json!({ "amount": pick(sums), "currency": currency.code(), "source_types": { "card": pick(sums) } });
            sums.iter().map(line).collect()
        };
        let nothing: Vec<Value> =
            sums.iter().map(|(currency, _)| json!({ "amount": 0, "currency": currency.code() })).collect();
        json!({
            "available": part(|sums| sums.0),
            "connect_reserved": nothing,
            "instant_available": nothing,
            "issuing": null,
            "livemode": false,
            "object": "balance",
            "pending": part(|sums| sums.1),
            "refund_and_dispute_prefunding": null,
        })
    }
}

fn reconciliation(row: &Payout, at: i64) -> &'static str {
    match row.schedule {
        Schedule::Manual | Schedule::Instant => "not_applicable",
        Schedule::Automatic if row.created < PAYOUTS_SINCE => "not_applicable",
        Schedule::Automatic if second(row.reconciled_at, at).is_null() => "in_progress",
        Schedule::Automatic => "completed",
    }
}

/// Millionths as a number with six decimals.
fn decimal(millionths: i64) -> Value {
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.parse::<f64>().map_or(Value::Null, Value::from)
}
