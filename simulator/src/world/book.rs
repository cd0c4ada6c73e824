//! How money is booked: each thing that moves it makes its balance transaction. Seeds and actions both go through here.

use super::{
    calendar::{DAY, bank_day, midnight},
    money::{self, Currency, Fee},
    rows::{ApplicationFee, Charge, Dispute, Entry, Movement, NEVER, Payout, Refund, Schedule, Source, Transfer},
    shop::Shop,
    table::NONE,
};

/// How long the list of a payout's content stays incomplete.
const RECONCILED_AFTER: i64 = 30 * 3_600;

impl Shop {
    /// Adds a charge: its intent and its customer lead to it.
    pub fn add_charge(&mut self, mut charge: Charge) -> u32 {
        let number = self.charges.len();
        let (customer, intent) = (charge.customer, charge.intent);
        if customer != NONE {
            charge.previous = std::mem::replace(&mut self.customers.at_mut(customer).charge, number);
        }
        if intent != NONE {
            let row = self.intents.at_mut(intent);
            row.charge = number;
            if row.first_charge == NONE {
                row.first_charge = number;
            }
        }
        self.charges.add(charge)
    }

    fn enter(&mut self, created: i64, currency: Currency, amount: i64, source: Source) -> u32 {
        let fee = Fee::default();
        self.entries.add(Entry { created, available_on: created, amount, fee, currency, rate: 0, source, payout: NONE })
    }

    /// What `amount` of `from` is in its settlement currency on the day of `at`, and the rate if one was needed.
    fn settle(&self, from: Currency, amount: i64, at: i64) -> (Currency, i64, i64) {
        let to = self.profile.settlement(from);
        if from == to {
            return (to, amount, 0);
        }
        let rate = money::rate(self.chance, from, to, at);
        (to, money::convert(amount, rate), rate)
    }

    /// Books what was captured of a charge, `lag` seconds after `at`: until then the charge has no balance
    /// transaction (trap 1).
    pub fn book_charge(&mut self, number: u32, at: i64, lag: i64) {
        let charge = self.charges.at(number);
        let (method, presentment, part) = (charge.method, charge.currency, charge.application_fee);
        let (currency, amount, rate) = self.settle(presentment, charge.captured, at);
        let mut fee = money::charge_fee(amount, currency, method.is_card(), rate != 0, self.profile.fee_tax);
        fee.application = if rate == 0 { part } else { money::convert(part, rate) };
        let entry = self.enter(at + lag, currency, amount, Source::Charge(number));
        let row = self.entries.at_mut(entry);
        (row.fee, row.rate) = (fee, rate);
        row.available_on = midnight(at) + if method.is_card() { 2 } else { 5 } * DAY;
        self.charges.at_mut(number).entry = entry;
    }

    /// Takes back a charge that had succeeded (trap 5).
    pub fn return_charge(&mut self, number: u32, at: i64) {
        let entry = self.charges.at(number).entry;
        self.charges.at_mut(number).failed_at = at;
        if entry != NONE {
            let (currency, amount) = (self.entries.at(entry).currency, self.entries.at(entry).amount);
            let back = self.enter(at, currency, -amount, Source::ChargeFailure(number));
            self.entries.at_mut(back).rate = self.entries.at(entry).rate;
            self.charges.at_mut(number).failure_entry = back;
        }
    }

    /// Refunds `amount` of a charge. What was only authorized is let go without a balance transaction (trap 3).
    pub fn refund(&mut self, charge: u32, at: i64, amount: i64, reason: Option<&'static str>) -> u32 {
        let Charge { currency, method, entry, .. } = *self.charges.at(charge);
        let days = if method.is_card() { 0 } else { 3 };
        let row = Refund {
            created: at,
            amount,
            charge,
            entry: NONE,
            failure_entry: NONE,
            succeeded_at: at + days * DAY,
            failed_at: NEVER,
            reason,
        };
        let number = self.refunds.add(row);
        self.refunds_of.entry(charge).or_default().push(number);
        if entry != NONE {
            let (settled, sum, rate) = self.settle(currency, amount, at);
            let booked = self.enter(at, settled, -sum, Source::Refund(number));
            self.entries.at_mut(booked).rate = rate;
            self.refunds.at_mut(number).entry = booked;
        }
        number
    }

    /// A refund fails and its money comes back (trap 7).
    pub fn fail_refund(&mut self, number: u32, at: i64) {
        self.refunds.at_mut(number).failed_at = at;
        let entry = self.refunds.at(number).entry;
        if entry != NONE {
            let Entry { currency, amount, rate, .. } = *self.entries.at(entry);
            let back = self.enter(at, currency, -amount, Source::RefundFailure(number));
            self.entries.at_mut(back).rate = rate;
            self.refunds.at_mut(number).failure_entry = back;
        }
    }

    /// A buyer disputes `amount` of a charge; the money is taken at `taken_at`, which for an inquiry is later or never
    /// (trap 11).
    pub fn dispute(&mut self, charge: u32, at: i64, amount: i64, taken_at: i64, reason: &'static str) -> u32 {
        let row = Dispute {
            created: at,
            amount,
            charge,
            taken_at,
            evidence_at: NEVER,
            closed_at: NEVER,
            won: false,
            entry: NONE,
            won_entry: NONE,
            reason,
        };
        let number = self.disputes.add(row);
        self.disputes_of.entry(charge).or_default().push(number);
        if taken_at != NEVER {
            let presentment = self.charges.at(charge).currency;
            let (currency, sum, rate) = self.settle(presentment, amount, taken_at);
            let entry = self.enter(taken_at, currency, -sum, Source::Dispute(number));
            let row = self.entries.at_mut(entry);
            (row.rate, row.fee.stripe) = (rate, currency.dispute_fee());
            self.disputes.at_mut(number).entry = entry;
        }
        number
    }

    /// A dispute is decided; if it is won, the money comes back (trap 10), in Europe with its fee.
    pub fn close_dispute(&mut self, number: u32, at: i64, won: bool) {
        let row = self.disputes.at_mut(number);
        (row.closed_at, row.won) = (at, won);
        let entry = row.entry;
        if won && entry != NONE {
            let Entry { currency, amount, rate, fee, .. } = *self.entries.at(entry);
            let back = self.enter(at, currency, -amount, Source::DisputeWon(number));
            let row = self.entries.at_mut(back);
            row.rate = rate;
            row.fee.stripe = if currency == Currency::Usd { 0 } else { -fee.stripe };
            self.disputes.at_mut(number).won_entry = back;
        }
    }

    /// Stripe bills for something that is no charge (trap 29).
    pub fn bill(&mut self, at: i64, currency: Currency, amount: i64) {
        self.enter(at, currency, -amount, Source::Billing);
    }

    /// Money that moves without an object that could be read (trap 37); gives its balance transaction.
    pub fn move_money(&mut self, at: i64, currency: Currency, amount: i64, movement: Movement) -> u32 {
        self.enter(at, currency, amount, Source::Other(movement))
    }

    /// Passes a part of a charge on to a partner.
    pub fn transfer(&mut self, charge: u32, at: i64, percent: i64) {
        let Some(paid) = Some(self.charges.at(charge).entry).filter(|entry| *entry != NONE) else { return };
        let Entry { currency, amount, .. } = *self.entries.at(paid);
        let part = amount * percent / 100;
        if part > 0 {
            let entry = self.enter(at, currency, -part, Source::Transfer(self.transfers.len()));
            self.transfers.add(Transfer { created: at, amount: part, currency, charge, entry });
        }
    }

    /// Earns a fee on a partner's charge.
    pub fn earn(&mut self, at: i64, currency: Currency, amount: i64) {
        let entry = self.enter(at, currency, amount, Source::ApplicationFee(self.application_fees.len()));
        self.entries.at_mut(entry).available_on = midnight(at) + 2 * DAY;
        self.application_fees.add(ApplicationFee { created: at, amount, currency, entry });
    }

    /// Pays out `content`; the net of what is paid out by hand is above nothing.
    pub fn pay_out(&mut self, at: i64, currency: Currency, schedule: Schedule, content: Vec<u32>) -> u32 {
        let net: i64 = content.iter().map(|entry| self.entries.at(*entry).net()).sum();
        let fee = if schedule == Schedule::Instant { (net / 100).max(50).min(net - 1) } else { 0 };
        let number = self.payouts.len();
        let entry = self.enter(at, currency, fee - net, Source::Payout(number));
        self.entries.at_mut(entry).fee.stripe = fee;
        for part in &content {
            self.entries.at_mut(*part).payout = number;
        }
        self.entries.at_mut(entry).payout = number;
        // Arrival moves over weekends (trap 39).
        let arrival = if schedule == Schedule::Instant { midnight(at) } else { bank_day(at + 2 * DAY) };
        let (sent_at, paid_at) =
            if schedule == Schedule::Instant { (at + 5, at + 1_200) } else { (at + 4 * 3_600, arrival + 9 * 3_600) };
        self.payouts.add(Payout {
            created: at,
            amount: net - fee,
            currency,
            schedule,
            arrival,
            sent_at,
            paid_at,
            failed_at: NEVER,
            reconciled_at: if schedule == Schedule::Automatic { at + RECONCILED_AFTER } else { NEVER },
            entry,
            failure_entry: NONE,
            content,
        })
    }

    /// A payout comes back (trap 34).
    pub fn fail_payout(&mut self, number: u32, at: i64) -> u32 {
        let Payout { currency, amount, .. } = *self.payouts.at(number);
        let back = self.enter(at, currency, amount, Source::PayoutFailure(number));
        let row = self.payouts.at_mut(number);
        (row.failed_at, row.failure_entry) = (at, back);
        back
    }
}
