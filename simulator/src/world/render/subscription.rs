//! Subscriptions, also those that have ended, which their list leaves out unless it is asked for them (trap 52).

use super::{list, second, with_nulls};
use crate::world::{
    Kind,
    rows::{NEVER, Subscription},
    shop::Shop,
};
use chrono::{DateTime, Months};
use serde_json::{Value, json};

/// Items that a subscription shows of its list.
const SHOWN: usize = 10;
/// Every so many subscriptions one has add-ons.
const EVERY: u32 = 10;
/// So many.
const ADD_ONS: u32 = 12;

impl Shop {
    /// A subscription's status at a second.
    pub fn subscription_status(&self, number: u32, at: i64) -> &'static str {
        if self.subscriptions.at(number).ended_at <= at {
            return "canceled";
        }
        let unpaid = |invoice: u32| {
            let tried = self.attempts(invoice).any(|charge| self.charges.at(charge).created <= at);
            self.invoices.at(invoice).status(at) == "open" && tried
        };
        if self.billed(number, at).any(unpaid) { "past_due" } else { "active" }
    }

    /// The invoices of a subscription that are there at a second, oldest first.
    fn billed(&self, number: u32, at: i64) -> impl DoubleEndedIterator<Item = u32> {
        let own = move |invoice: &u32| {
            let row = self.invoices.at(*invoice);
            row.subscription == number && row.created <= at
        };
        self.invoices.order().iter().copied().filter(own)
    }

    /// The row of a subscription that may not be.
    pub fn subscription(&self, number: u32) -> Option<&Subscription> {
        (number < self.subscriptions.len()).then(|| self.subscriptions.at(number))
    }

    /// A subscription.
    pub fn subscription_object(&self, number: u32, at: i64) -> Value {
        let row = self.subscriptions.at(number);
        let id = self.id_of(Kind::Subscription, number);
        let ended = row.ended_at <= at;
        let reason =
            if self.customers.at(row.customer).deleted_at <= at { "cancellation_requested" } else { "payment_failed" };
        let items = self.subscription_items(number, at);
        let object = json!({
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": row.created,
            "billing_mode": { "flexible": null, "type": "classic" },
            "billing_schedules": [],
            "cancel_at_period_end": false,
            "canceled_at": second(row.ended_at, at),
            "cancellation_details": { "comment": null, "feedback": null, "reason": ended.then_some(reason) },
            "collection_method": "charge_automatically",
            "created": row.created,
            "currency": self.prices.at(row.price).currency.code(),
            "customer": self.id_of(Kind::Customer, row.customer),
            "default_tax_rates": [],
            "discounts": [],
            "ended_at": second(row.ended_at, at),
            "id": id,
            "invoice_settings": { "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "issuer": { "type": "self" } },
            "items": list(&items[..items.len().min(SHOWN)], items.len() > SHOWN, &format!("/v1/subscription_items?subscription={id}")),
            "latest_invoice": self.billed(number, at).next_back().map(|invoice| self.id_of(Kind::Invoice, invoice)),
            "livemode": false,
            "metadata": {},
            "object": "subscription",
            "payment_settings": { "payment_method_options": null, "payment_method_types": null, "save_default_payment_method": "off" },
            "start_date": row.created,
            "status": self.subscription_status(number, at),
            "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        });
        with_nulls(
            object,
            &[
                "application",
                "application_fee_percent",
                "billing_cycle_anchor_config",
                "billing_thresholds",
                "cancel_at",
                "customer_account",
                "days_until_due",
                "default_payment_method",
                "default_source",
                "description",
                "managed_payments",
                "next_pending_invoice_item_invoice",
                "on_behalf_of",
                "pause_collection",
                "pending_invoice_item_interval",
                "pending_setup_intent",
                "pending_update",
                "presentment_details",
                "schedule",
                "status_details",
                "test_clock",
                "transfer_data",
                "trial_end",
                "trial_start",
            ],
        )
    }

    /// What a subscription is made of, in the order of its list. Some have more than is shown in them: add-ons that are not
    /// used, and cost nothing.
    pub fn subscription_items(&self, number: u32, at: i64) -> Vec<Value> {
        let row = self.subscriptions.at(number);
        let own = self.subscription_item(number, at, &self.subscription_item_id(number), row.seats);
        let add_on = |place| {
            let place = u64::from(number) * u64::from(ADD_ONS) + u64::from(place);
            let id = format!("si_{}", self.ids.token("subscription add-on", place, 14));
            self.subscription_item(number, at, &id, 0)
        };
        [own].into_iter().chain((0..self.add_ons(number, at)).map(add_on)).collect()
    }

    /// How many add-ons a subscription has.
    pub fn add_ons(&self, number: u32, at: i64) -> u32 {
        let gone = self.removed_items.get(&number).map_or(0, |times| times.iter().filter(|time| **time <= at).count());
        let made = if number.is_multiple_of(EVERY) { ADD_ONS } else { 0 };
        made.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    fn subscription_item(&self, number: u32, at: i64, id: &str, quantity: i64) -> Value {
        let row = self.subscriptions.at(number);
        let (start, end) = period(row.created, at.min(row.ended_at));
        let item = json!({
            "created": row.created,
            "current_period_end": end,
            "current_period_start": start,
            "discounts": [],
            "id": id,
            "metadata": {},
            "object": "subscription_item",
            "plan": self.plan_object(row.price),
            "price": self.price_object(row.price),
            "quantity": quantity,
            "subscription": self.id_of(Kind::Subscription, number),
            "tax_rates": [],
        });
        with_nulls(item, &["billed_until", "billing_thresholds", "current_trial"])
    }

    /// When the periods of a subscription begin, as long as it runs.
    pub fn periods(row: &Subscription) -> impl Iterator<Item = i64> + use<> {
        let (created, ended_at) = (row.created, row.ended_at);
        (0..CENTURY).map(move |months| month(created, months)).take_while(move |start| *start < ended_at)
    }

    /// The id of the item that a subscription is billed for.
    pub fn subscription_item_id(&self, number: u32) -> String {
        format!("si_{}", self.ids.token("subscription item", u64::from(number), 14))
    }

    /// A price as older programs know it.
    fn plan_object(&self, price: u32) -> Value {
        let row = self.prices.at(price);
        json!({
            "active": row.active,
            "amount": row.amount,
            "amount_decimal": row.amount.to_string(),
            "billing_scheme": "per_unit",
            "created": row.created,
            "currency": row.currency.code(),
            "id": self.id_of(Kind::Price, price),
            "interval": "month",
            "interval_count": 1,
            "livemode": false,
            "metadata": {},
            "meter": null,
            "nickname": null,
            "object": "plan",
            "product": self.id_of(Kind::Product, row.product),
            "tiers_mode": null,
            "transform_usage": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        })
    }
}

/// No subscription runs for more months.
const CENTURY: u32 = 1_200;

/// The month from `begins` on that `at` is in.
fn period(begins: i64, at: i64) -> (i64, i64) {
    let now = (0..CENTURY).rev().find(|months| month(begins, *months) <= at).unwrap_or(0);
    (month(begins, now), month(begins, now + 1))
}

/// So many months after `begins`.
fn month(begins: i64, months: u32) -> i64 {
    let first = DateTime::from_timestamp(begins, 0).unwrap_or_default();
    first.checked_add_months(Months::new(months)).map_or(NEVER, |start| start.timestamp())
}
