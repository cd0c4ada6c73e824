//! The charges from the first to the last, each with its buyer, its payment intent and what becomes of it.

use super::{
    buyers, orders,
    story::{Story, story},
};
use crate::world::{
    calendar::DAY,
    chance::Chance,
    money::Currency,
    rows::{Bought, Charge, Intent, Method, NEVER, Oddity},
    shop::Shop,
    table::NONE,
};

/// Tries that follow a failed one with the same intent.
struct Retry {
    intent: u32,
    left: u32,
}

struct Walk<'a> {
    shop: &'a mut Shop,
    now: i64,
    retry: Option<Retry>,
}

/// Adds a charge at each of the seconds.
pub fn walk(shop: &mut Shop, moments: &[i64], now: i64) {
    if shop.profile.full {
        buyers::import(shop, now);
    }
    let mut walk = Walk { shop, now, retry: None };
    for (number, created) in moments.iter().enumerate() {
        let chance = walk.shop.chance.named("charge").of(number as u64);
        if let Some(retry) = walk.retry.take() {
            walk.try_again(retry, *created);
            continue;
        }
        let full = walk.shop.profile.full;
        walk.charge(chance, story(chance, number, moments.len(), now - created, full), *created);
        walk.aside(chance, number, *created);
    }
}

impl Walk<'_> {
    fn charge(&mut self, chance: Chance, story: Story, created: i64) {
        let oddity = story.oddity();
        let method = story.method();
        let currency = if method == Some(Method::UsBank) { Currency::Usd } else { self.currency(chance) };
        let method = method.unwrap_or_else(|| any_method(chance, currency, self.shop.profile.full));
        let customer = match oddity {
            Oddity::ReceiptOnly | Oddity::Nameless => NONE,
            _ => buyers::buyer(self.shop, chance, created, self.now),
        };
        let ordered = matches!(story, Story::Plain | Story::ThreeRefunds | Story::OldRefund) && method.is_card();
        let basket = if ordered { orders::basket(self.shop, chance, currency, customer, created) } else { None };
        let amount = basket.as_ref().map_or_else(|| plain_amount(chance, currency), |basket| basket.order.total);
        let legacy = matches!(method, Method::LegacyCard | Method::LegacySource);
        let intent = if legacy { NONE } else { self.intent(chance, created, amount, currency, customer) };
        if let Some(basket) = basket {
            let bought = orders::place(self.shop, chance, &basket, currency, customer, intent, created);
            self.shop.intents.at_mut(intent).bought = bought;
        }
        let number = self.shop.charges.add(Charge {
            created,
            amount,
            captured: amount,
            captured_at: created,
            succeeded_at: created,
            failed_at: NEVER,
            currency,
            method,
            oddity,
            customer,
            intent,
            entry: NONE,
            failure_entry: NONE,
            application_fee: if story == Story::ApplicationFee { amount / 20 } else { 0 },
        });
        self.link(intent, number);
        self.unfold(chance, story, number, created);
    }

    fn currency(&self, chance: Chance) -> Currency {
        let all = self.shop.profile.presentment;
        let mut left = chance.below("currency", all.iter().map(|(_, share)| share).sum());
        for (currency, share) in all {
            if left < *share {
                return *currency;
            }
            left -= share;
        }
        self.shop.profile.currency
    }

    fn intent(&mut self, chance: Chance, created: i64, amount: i64, currency: Currency, customer: u32) -> u32 {
        self.shop.intents.add(Intent {
            created: created - chance.between("confirming", 0, 2),
            amount,
            currency,
            customer,
            charge: NONE,
            first_charge: NONE,
            canceled_at: NEVER,
            bought: Bought::Unknown,
        })
    }

    fn link(&mut self, intent: u32, charge: u32) {
        if intent != NONE {
            let row = self.shop.intents.at_mut(intent);
            row.charge = charge;
            if row.first_charge == NONE {
                row.first_charge = charge;
            }
        }
    }

    /// The next try of an intent (trap 2): the last one succeeds.
    fn try_again(&mut self, retry: Retry, created: i64) {
        let Intent { amount, currency, customer, .. } = *self.shop.intents.at(retry.intent);
        let last = retry.left == 1;
        let number = self.shop.charges.add(Charge {
            created,
            amount,
            captured: amount,
            captured_at: if last { created } else { NEVER },
            succeeded_at: if last { created } else { NEVER },
            failed_at: if last { NEVER } else { created },
            currency,
            method: Method::Card,
            oddity: Oddity::None,
            customer,
            intent: retry.intent,
            entry: NONE,
            failure_entry: NONE,
            application_fee: 0,
        });
        self.link(retry.intent, number);
        if last {
            self.book(number, created);
        } else {
            self.retry = Some(Retry { left: retry.left - 1, ..retry });
        }
    }

    /// Books a captured charge; a full shop captures asynchronously, so the balance transaction is seconds late.
    fn book(&mut self, number: u32, at: i64) {
        let lag = if self.shop.profile.full {
            self.shop.chance_of(crate::world::Kind::Charge, number).between("lag", 5, 12)
        } else {
            0
        };
        self.shop.book_charge(number, at, lag);
    }

    fn unfold(&mut self, chance: Chance, story: Story, number: u32, created: i64) {
        match story {
            Story::Failed => self.fail(number, created),
            Story::ThreeTries => {
                self.fail(number, created);
                self.retry = Some(Retry { intent: self.shop.charges.at(number).intent, left: 2 });
            }
            Story::Hold => self.hold(number),
            Story::HoldExpires => {
                self.hold(number);
                let amount = self.shop.charges.at(number).amount;
                if let Some(at) = self.past(created + 7 * DAY) {
                    self.shop.refund(number, at, amount, Some("expired_uncaptured_charge"));
                    let intent = self.shop.charges.at(number).intent;
                    self.shop.intents.at_mut(intent).canceled_at = at;
                }
            }
            Story::PartialCapture => self.capture_in_part(number, created),
            Story::DebitPending | Story::DebitFails => {
                let row = self.shop.charges.at_mut(number);
                (row.succeeded_at, row.captured_at) = (NEVER, NEVER);
                if story == Story::DebitFails && created + 5 * DAY <= self.now {
                    row.failed_at = created + 5 * DAY;
                }
            }
            Story::DebitReturned => {
                self.debit(number, created);
                if let Some(at) = self.past(created + 9 * DAY) {
                    self.shop.return_charge(number, at);
                }
            }
            _ if self.shop.charges.at(number).method == Method::Sepa || story == Story::DebitRefunded => {
                self.debit(number, created);
                if story == Story::DebitRefunded {
                    self.after(chance, story, number, created);
                }
            }
            _ => {
                self.book(number, created);
                self.after(chance, story, number, created);
            }
        }
    }

    fn past(&self, at: i64) -> Option<i64> {
        (at <= self.now).then_some(at)
    }

    fn fail(&mut self, number: u32, created: i64) {
        let row = self.shop.charges.at_mut(number);
        (row.failed_at, row.succeeded_at, row.captured_at) = (created, NEVER, NEVER);
    }

    fn hold(&mut self, number: u32) {
        self.shop.charges.at_mut(number).captured_at = NEVER;
    }

    fn capture_in_part(&mut self, number: u32, created: i64) {
        self.hold(number);
        if let Some(at) = self.past(created + DAY) {
            let row = self.shop.charges.at_mut(number);
            let step = row.currency.step();
            (row.captured_at, row.captured) = (at, row.amount * 7 / 10 / step * step);
            self.book(number, at);
        }
    }

    /// A bank debit is under way for three days.
    fn debit(&mut self, number: u32, created: i64) {
        let done = self.past(created + 3 * DAY);
        let row = self.shop.charges.at_mut(number);
        (row.succeeded_at, row.captured_at) = (done.unwrap_or(NEVER), done.unwrap_or(NEVER));
        if let Some(at) = done {
            self.book(number, at);
        }
    }

    /// Refunds and disputes.
    fn after(&mut self, chance: Chance, story: Story, number: u32, created: i64) {
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
            Story::DisputeOpen | Story::DisputeReviewed => self.dispute(number, day(8), amount, day(8), None),
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

    /// What happens beside the charges: baskets left behind, unpaid invoices, intents that nobody confirmed.
    fn aside(&mut self, chance: Chance, number: usize, created: i64) {
        let currency = self.currency(chance.of(1));
        if number % 25 == 12 {
            orders::abandon(self.shop, chance, currency, created - 30);
        }
        if number % 60 == 31 {
            let customer = self.shop.charges.at(self.shop.charges.len() - 1).customer;
            orders::unpaid(self.shop, chance, currency, customer, created, self.now);
        }
        if number % 80 == 44 {
            let intent = self.intent(chance, created, plain_amount(chance.of(2), currency), currency, NONE);
            if number % 160 == 44 {
                self.shop.intents.at_mut(intent).canceled_at = created + 1_200;
            }
        }
    }
}

fn plain_amount(chance: Chance, currency: Currency) -> i64 {
    let cents = chance.between("amount", 450, 4_000) * chance.between("size", 1, 8);
    currency.price(cents)
}

fn any_method(chance: Chance, currency: Currency, full: bool) -> Method {
    match (currency, chance.below("method", 100)) {
        (Currency::Eur, 0..6) if full => Method::Sepa,
        (Currency::Eur, 6..14) => Method::Ideal,
        (Currency::Usd, 0..5) if full => Method::Klarna,
        _ => Method::Card,
    }
}
