//! Charges, captures and refunds that happen on demand.

use super::Made;
use crate::world::{
    Kind,
    calendar::DAY,
    money::Currency,
    rows::{Bought, Charge, Intent, Method, NEVER, Oddity},
    shop::Shop,
    table::NONE,
};
use serde_json::Value;

/// What a new charge is to be.
pub struct Sale {
    /// Minor units.
    pub amount: Option<i64>,
    /// Its code.
    pub currency: Option<String>,
    /// Who pays.
    pub customer: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// When it can be seen.
    pub visible_after: Option<i64>,
}

/// How late the balance transaction of a full shop's charge is.
const LAG: i64 = 6;
/// A charge that is older than this is an import: its events are of now.
const IMPORTED: i64 = 3_600;

impl Shop {
    /// A succeeded charge, perhaps of a second ago and not yet to be seen (traps 19 and 20).
    pub fn act_charge(&mut self, sale: &Sale, now: i64) -> Made {
        let code = sale.currency.as_deref().unwrap_or(self.profile.currency.code());
        let currency = Currency::parse(code).ok_or_else(|| format!("The shops do not know the currency '{code}'."))?;
        let amount = sale.amount.unwrap_or(2_000);
        if amount <= 0 || amount % currency.step() != 0 {
            return Err(format!("An amount in {code} is above 0 and a multiple of {}.", currency.step()));
        }
        let customer = match sale.customer.as_deref() {
            Some(id) => self.choose(Kind::Customer, Some(id), now, |_, _| true, "")?,
            None => NONE,
        };
        let created = sale.created.unwrap_or(now);
        if created > now {
            return Err(format!("{created} has not come yet."));
        }
        let intent = self.intents.add(Intent {
            created,
            amount,
            currency,
            customer,
            charge: NONE,
            first_charge: NONE,
            canceled_at: NEVER,
            bought: Bought::Unknown,
        });
        let number = self.add_charge(Charge {
            created,
            amount,
            captured: amount,
            captured_at: created,
            succeeded_at: created,
            failed_at: NEVER,
            currency,
            method: Method::Card,
            oddity: Oddity::None,
            customer,
            previous: NONE,
            intent,
            entry: NONE,
            failure_entry: NONE,
            application_fee: 0,
        });
        let lag = self.lag();
        self.book_charge(number, created, lag);
        let told = if created < now - IMPORTED { now } else { created };
        let mut made = vec![
            self.foretell("payment_intent.created", Kind::PaymentIntent, intent, told),
            self.foretell("payment_intent.succeeded", Kind::PaymentIntent, intent, told),
            self.foretell("charge.succeeded", Kind::Charge, number, told),
        ];
        if told == created {
            made.extend(self.foretell_entry(number, created + lag));
        }
        if let Some(since) = sale.visible_after {
            let entry = self.charges.at(number).entry;
            let rows = [(Kind::Charge, number), (Kind::PaymentIntent, intent), (Kind::BalanceTransaction, entry)];
            self.hidden.extend(rows.map(|row| (row, since)));
            self.hidden.extend(made.iter().map(|event| ((Kind::Event, *event), since)));
        }
        Ok(made)
    }

    fn lag(&self) -> i64 {
        if self.profile.full { LAG } else { 0 }
    }

    /// The event of a balance transaction that comes late (trap 1).
    fn foretell_entry(&mut self, charge: u32, at: i64) -> Option<u32> {
        (self.lag() > 0).then(|| self.foretell("charge.updated", Kind::Charge, charge, at))
    }

    /// Captures what was only authorized.
    pub fn act_capture(&mut self, id: Option<&str>, amount: Option<i64>, now: i64) -> Made {
        let waits = |shop: &Self, number: u32| {
            let row = shop.charges.at(number);
            row.status(now) == "succeeded" && row.captured_at == NEVER && shop.refunded_at(number, now) == 0
        };
        let number = self.choose(Kind::Charge, id, now, waits, "only an uncaptured charge can be captured.")?;
        let row = self.charges.at(number);
        let amount = amount.unwrap_or(row.amount);
        if amount <= 0 || amount > row.amount || amount % row.currency.step() != 0 {
            return Err(format!("Between 0 and {} can be captured.", row.amount));
        }
        let (intent, before) = (row.intent, self.charge_object(number, now));
        let row = self.charges.at_mut(number);
        (row.captured, row.captured_at) = (amount, now);
        let lag = self.lag();
        self.book_charge(number, now, lag);
        let mut made = vec![self.announce("charge.captured", Kind::Charge, number, Some(&before), now)];
        if intent != NONE {
            made.push(self.announce("payment_intent.succeeded", Kind::PaymentIntent, intent, None, now));
        }
        made.extend(self.foretell_entry(number, now + lag));
        Ok(made)
    }

    /// What can still be refunded of a charge.
    fn refundable(&self, number: u32, now: i64) -> i64 {
        let row = self.charges.at(number);
        let settled =
            row.status(now) == "succeeded" && row.captured_at <= now && self.entry_at(row.entry, now).is_some();
        if settled { row.captured - self.refunded_at(number, now) } else { 0 }
    }

    /// Refunds a charge, or one of more than a hundred days ago (trap 8).
    pub fn act_refund(&mut self, id: Option<&str>, amount: Option<i64>, now: i64) -> Made {
        let why_not = "only what was captured and not refunded can be refunded.";
        let open = |shop: &Self, number: u32| shop.refundable(number, now) > 0;
        let old = |shop: &Self, number: u32| {
            let row = shop.charges.at(number);
            let plain = row.method == Method::Card && !shop.disputed_at(number, now);
            plain && row.created < now - 100 * DAY && shop.refundable(number, now) == row.captured
        };
        let number = match id {
            Some(_) => self.choose(Kind::Charge, id, now, open, why_not)?,
            None => self
                .choose(Kind::Charge, None, now, old, why_not)
                .or_else(|_| self.choose(Kind::Charge, None, now, open, why_not))?,
        };
        let left = self.refundable(number, now);
        let amount = amount.unwrap_or(left);
        if amount <= 0 || amount > left || amount % self.charges.at(number).currency.step() != 0 {
            return Err(format!("Between 0 and {left} can be refunded."));
        }
        let before = self.charge_object(number, now);
        let refund = self.refund(number, now, amount, Some("requested_by_customer"));
        let succeeded_at = self.refunds.at(refund).succeeded_at;
        let mut made = vec![
            self.announce("refund.created", Kind::Refund, refund, None, now),
            self.announce("charge.refunded", Kind::Charge, number, Some(&before), now),
        ];
        if succeeded_at > now {
            made.push(self.foretell("refund.updated", Kind::Refund, refund, succeeded_at));
        }
        Ok(made)
    }

    /// A refund that had succeeded fails (trap 7).
    pub fn act_fail_refund(&mut self, id: Option<&str>, now: i64) -> Made {
        let done = |shop: &Self, number: u32| {
            let row = shop.refunds.at(number);
            row.status(now) == "succeeded" && row.entry != NONE
        };
        let number = self.choose(Kind::Refund, id, now, done, "only a refund that succeeded can fail.")?;
        let before: Value = self.refund_object(number, now);
        self.fail_refund(number, now);
        let names = ["refund.updated", "refund.failed", "charge.refund.updated"];
        Ok(names.map(|name| self.announce(name, Kind::Refund, number, Some(&before), now)).to_vec())
    }
}
