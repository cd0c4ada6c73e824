//! Payouts that move on demand.

use super::Made;
use crate::world::{
    Kind,
    money::Currency,
    rows::{NEVER, Schedule, Source},
    shop::Shop,
    table::NONE,
};

impl Shop {
    /// The oldest payout under way takes its next step; with none under way a new one takes what is available.
    pub fn act_payout_advance(&mut self, id: Option<&str>, now: i64) -> Made {
        let under_way = |shop: &Self, number: u32| {
            let row = shop.payouts.at(number);
            let unreconciled = row.schedule == Schedule::Automatic && row.reconciled_at > now;
            row.failed_at > now && (row.paid_at > now || unreconciled)
        };
        let oldest = self
            .payouts
            .newest()
            .map(|(number, _)| number)
            .take(60)
            .filter(|number| self.visible(Kind::Payout, *number, now) && under_way(self, *number))
            .last();
        let number = match (id, oldest) {
            (Some(_), _) => self.choose(Kind::Payout, id, now, under_way, "it has arrived and is reconciled.")?,
            (None, Some(number)) => number,
            (None, None) => return self.act_new_payout(now),
        };
        self.unsay(Kind::Payout, number, now);
        let before = self.payout_object(number, now);
        let row = self.payouts.at_mut(number);
        let automatic = row.schedule == Schedule::Automatic;
        let names: &[&'static str] = if row.sent_at > now {
            row.sent_at = now;
            &["payout.updated"]
        } else if row.paid_at > now {
            row.paid_at = now;
            if automatic && row.reconciled_at > now {
                row.reconciled_at = now;
                &["payout.paid", "payout.reconciliation_completed"]
            } else {
                &["payout.paid"]
            }
        } else {
            row.reconciled_at = now;
            &["payout.reconciliation_completed"]
        };
        let made = names.iter().map(|name| self.announce(name, Kind::Payout, number, Some(&before), now)).collect();
        self.foretell_payout(number, now);
        Ok(made)
    }

    /// A payout of all that is available in the first currency that has anything.
    fn act_new_payout(&mut self, now: i64) -> Made {
        let found = self.profile.settlements().iter().find_map(|currency| {
            let content = self.unpaid(*currency, now);
            let net: i64 = content.iter().map(|entry| self.entries.at(*entry).net()).sum();
            (net > 0).then_some((*currency, content))
        });
        let (currency, content) = found.ok_or("Nothing is available to be paid out.")?;
        let number = self.pay_out(now, currency, Schedule::Automatic, content);
        let made = vec![self.announce("payout.created", Kind::Payout, number, None, now)];
        self.foretell_payout(number, now);
        Ok(made)
    }

    /// What is available and in no payout.
    fn unpaid(&self, currency: Currency, now: i64) -> Vec<u32> {
        let waits = |number: &u32| {
            let row = self.entries.at(*number);
            row.payout == NONE
                && row.currency == currency
                && row.available_on <= now
                && !matches!(row.source, Source::Payout(_))
                && self.visible(Kind::BalanceTransaction, *number, now)
        };
        self.entries.iter().map(|(number, _)| number).filter(waits).collect()
    }

    /// A payout fails, also days after it was paid; its money is available again.
    pub fn act_payout_fail(&mut self, id: Option<&str>, now: i64) -> Made {
        let whole = |shop: &Self, number: u32| shop.payouts.at(number).failed_at == NEVER;
        let number = self.choose(Kind::Payout, id, now, whole, "it has failed.")?;
        self.unsay(Kind::Payout, number, now);
        self.fail_payout(number, now);
        let row = self.payouts.at_mut(number);
        row.sent_at = row.sent_at.min(now);
        row.paid_at = if row.paid_at > now { NEVER } else { row.paid_at };
        let made = vec![self.announce("payout.failed", Kind::Payout, number, None, now)];
        self.foretell_payout(number, now);
        Ok(made)
    }

    /// The events of the steps that a payout takes by itself.
    fn foretell_payout(&mut self, number: u32, now: i64) {
        let row = self.payouts.at(number);
        let steps = [
            (row.sent_at, "payout.updated"),
            (row.paid_at, "payout.paid"),
            (row.reconciled_at, "payout.reconciliation_completed"),
        ];
        for (at, name) in steps.into_iter().filter(|(at, _)| *at > now && *at != NEVER) {
            self.foretell(name, Kind::Payout, number, at);
        }
    }
}
