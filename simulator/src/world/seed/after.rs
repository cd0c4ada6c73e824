//! What comes after a charge: refunds and disputes.

use super::{story::Story, walk::Walk};
use crate::world::{calendar::DAY, chance::Chance, rows::NEVER};

impl Walk<'_> {
    /// Refunds and disputes.
    pub fn after(&mut self, chance: Chance, story: Story, number: u32, created: i64) {
        let row = self.shop.charges.at(number);
        let (amount, step) = (row.amount, row.currency.step());
        let part = |percent: i64| (amount * percent / 100 / step * step).max(step);
        let day = |days: i64| created + days * DAY + chance.between("hour", 0, 30_000);
        let mut late_refund = None;
        match story {
            Story::OldRefund => late_refund = self.refund(number, day(172), amount),
            Story::RefundedAndDisputed => {
                self.refund(number, day(5), part(40));
                let moved = (amount * 1_017 / 1_000 / step * step).max(step);
                self.dispute(number, day(40), moved, day(40), Some((day(75), false)));
            }
            Story::LateDisputeWon => self.dispute(number, day(110), amount, day(110), Some((day(170), true))),
            Story::InquiryEscalates => self.dispute(number, day(20), amount, day(35), Some((day(100), false))),
            Story::InquiryClosed => self.dispute(number, day(15), amount, NEVER, Some((day(60), false))),
            Story::DisputeLost => self.dispute(number, day(25), amount, day(25), Some((day(80), false))),
            Story::DisputeWon => self.dispute(number, day(12), amount, day(12), Some((day(70), true))),
            Story::DisputeOpen | Story::DisputeReviewed => {
                self.dispute(number, day(8), amount, day(8), Some((day(75), false)));
            }
            Story::InquiryOpen => self.dispute(number, day(9), amount, NEVER, None),
            Story::RefundFails => late_refund = self.refund(number, day(6), amount),
            Story::ThreeRefunds => {
                self.refund(number, day(2), part(20));
                self.refund(number, day(9), part(30));
                self.refund(number, day(30), amount - part(20) - part(30));
            }
            Story::TwoRefunds => {
                self.refund(number, day(3), part(25));
                self.refund(number, day(4), part(25));
            }
            Story::DebitRefunded => late_refund = self.refund(number, day(10), part(50)),
            _ => self.perhaps(chance, number, created),
        }
        if story == Story::RefundFails
            && let (Some(refund), Some(at)) = (late_refund, self.past(day(16)))
        {
            self.shop.fail_refund(refund, at);
        }
        if story == Story::DisputeReviewed
            && let Some(dispute) = self.shop.disputes_of.get(&number).and_then(|all| all.first().copied())
        {
            self.shop.disputes.at_mut(dispute).evidence_at = day(11);
        }
    }

    /// What happens to charges that have no story: one in 20 is refunded, one in 400 disputed.
    fn perhaps(&mut self, chance: Chance, number: u32, created: i64) {
        let row = self.shop.charges.at(number);
        let (amount, step) = (row.amount, row.currency.step());
        if chance.one_in("refunded", 20) {
            let at = created + chance.between("refund at", 3_600, 45 * DAY);
            let part = if chance.one_in("in part", 3) { (amount / 3 / step * step).max(step) } else { amount };
            self.refund(number, at, part);
        } else if chance.one_in("disputed", 400) {
            let at = created + chance.between("dispute at", 4 * DAY, 70 * DAY);
            self.dispute(number, at, amount, at, Some((at + 50 * DAY, chance.one_in("won", 3))));
        }
    }

    fn refund(&mut self, number: u32, at: i64, amount: i64) -> Option<u32> {
        const REASONS: [Option<&str>; 4] = [Some("requested_by_customer"), Some("duplicate"), Some("fraudulent"), None];
        let at = self.past(at)?;
        let reason = REASONS[usize::try_from(at.rem_euclid(4)).unwrap_or(0)];
        Some(self.shop.refund(number, at, amount, reason))
    }

    fn dispute(&mut self, number: u32, at: i64, amount: i64, taken_at: i64, closed: Option<(i64, bool)>) {
        const REASONS: [&str; 5] =
            ["fraudulent", "product_not_received", "duplicate", "product_unacceptable", "unrecognized"];
        let Some(at) = self.past(at) else { return };
        let reason = REASONS[usize::try_from(at.rem_euclid(5)).unwrap_or(0)];
        let taken_at = self.past(taken_at).unwrap_or(NEVER);
        let dispute = self.shop.dispute(number, at, amount, taken_at, reason);
        if let Some((closed_at, won)) = closed.filter(|(at, _)| *at <= self.now) {
            self.shop.close_dispute(dispute, closed_at, won);
        }
    }
}
