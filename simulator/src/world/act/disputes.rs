//! Disputes that happen on demand.

use super::Made;
use crate::world::{
    Kind,
    calendar::DAY,
    rows::{Method, NEVER},
    shop::Shop,
    table::NONE,
};

impl Shop {
    /// A buyer disputes a charge, or one of more than thirty days ago.
    pub fn act_dispute(&mut self, id: Option<&str>, now: i64) -> Made {
        let why_not = "only a captured card charge without a dispute can be disputed.";
        let open = |shop: &Self, number: u32| {
            let row = shop.charges.at(number);
            let paid = row.method == Method::Card && row.status(now) == "succeeded" && row.captured_at <= now;
            paid && shop.entry_at(row.entry, now).is_some() && !shop.disputed_at(number, now)
        };
        let old = |shop: &Self, number: u32| {
            let row = shop.charges.at(number);
            row.created < now - 30 * DAY && shop.refunded_at(number, now) == 0 && open(shop, number)
        };
        let number = match id {
            Some(_) => self.choose(Kind::Charge, id, now, open, why_not)?,
            None => self
                .choose(Kind::Charge, None, now, old, why_not)
                .or_else(|_| self.choose(Kind::Charge, None, now, open, why_not))?,
        };
        let amount = self.charges.at(number).captured;
        let dispute = self.dispute(number, now, amount, now, "fraudulent");
        let names = ["charge.dispute.created", "charge.dispute.funds_withdrawn"];
        let made = names.map(|name| self.announce(name, Kind::Dispute, dispute, None, now)).to_vec();
        let due_by = self.disputes.at(dispute).due_by();
        self.foretell("charge.dispute.updated", Kind::Dispute, dispute, due_by + 1);
        Ok(made)
    }

    /// A dispute is decided; an inquiry is closed without money moving.
    pub fn act_close_dispute(&mut self, id: Option<&str>, won: bool, now: i64) -> Made {
        let open = |shop: &Self, number: u32| shop.disputes.at(number).closed_at == NEVER;
        let number = self.choose(Kind::Dispute, id, now, open, "it has been decided.")?;
        let before = self.dispute_object(number, now);
        self.unsay(Kind::Dispute, number, now);
        self.close_dispute(number, now, won);
        let mut made = vec![
            self.announce("charge.dispute.updated", Kind::Dispute, number, Some(&before), now),
            self.announce("charge.dispute.closed", Kind::Dispute, number, None, now),
        ];
        if self.disputes.at(number).won_entry != NONE {
            made.push(self.announce("charge.dispute.funds_reinstated", Kind::Dispute, number, None, now));
        }
        Ok(made)
    }
}
