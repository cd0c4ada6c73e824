//! The charges from the first to the last, each with its buyer, its payment intent and what becomes of it.

use super::{
    buyers,
    old::{self, INTENTS_SINCE},
    orders,
    story::{Story, story},
};
use crate::world::{
    calendar::{DAY, midnight},
    chance::Chance,
    money::Currency,
    profile::Model,
    rows::{Bought, Charge, Intent, Method, NEVER, Oddity},
    shop::Shop,
    table::NONE,
};

/// Tries that follow a failed one with the same intent.
#[derive(Clone, Copy)]
struct Retry {
    intent: u32,
    left: u32,
}

/// The walk through a shop's charges.
pub struct Walk<'a> {
    pub shop: &'a mut Shop,
    pub now: i64,
    retry: Option<Retry>,
}

/// Adds a charge at each of the seconds.
pub fn walk(shop: &mut Shop, moments: &[i64], now: i64) {
    if shop.profile.full {
        buyers::import(shop, now);
    }
    let ripe = moments.partition_point(|created| *created < now - 12 * DAY);
    let mut walk = Walk { shop, now, retry: None };
    for (number, created) in moments.iter().enumerate() {
        let chance = walk.shop.chance.named("charge").of(number as u64);
        if let Some(retry) = walk.retry.take() {
            walk.try_again(retry, *created);
            continue;
        }
        let full = walk.shop.profile.full;
        let story = story(chance, (number, moments.len(), ripe), now - created, full);
        if *created < INTENTS_SINCE {
            walk.charge(chance, story.of_old(), *created);
            continue;
        }
        walk.charge(chance, story, *created);
        walk.aside(chance, number, *created);
    }
}

impl Walk<'_> {
    fn charge(&mut self, chance: Chance, story: Story, created: i64) {
        let oddity = story.oddity();
        let method = story.method();
        let currency = if method == Some(Method::UsBank) { Currency::Usd } else { self.currency_at(chance, created) };
        let method = if created < INTENTS_SINCE { Some(Method::LegacyCard) } else { method };
        let method = method.unwrap_or_else(|| any_method(chance, currency, self.shop.profile.full));
        let customer = match oddity {
            Oddity::ReceiptOnly | Oddity::Nameless => NONE,
            _ => buyers::buyer(self.shop, chance, created, self.now),
        };
        let legacy = matches!(method, Method::LegacyCard | Method::LegacySource);
        let plain = matches!(story, Story::Plain | Story::ThreeRefunds | Story::OldRefund);
        let ordered = plain && method.is_card() && !legacy;
        let basket = if ordered { orders::basket(self.shop, chance, currency, customer, created) } else { None };
        let amount = basket.as_ref().map_or_else(|| plain_amount(chance, currency), |basket| basket.order.total);
        let intent = if legacy { NONE } else { self.intent(chance, created, amount, currency, customer) };
        if let Some(basket) = basket {
            let bought = orders::place(self.shop, chance, &basket, currency, customer, intent, created);
            self.shop.intents.at_mut(intent).bought = bought;
        }
        let number = self.shop.add_charge(Charge {
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
            previous: NONE,
            intent,
            entry: NONE,
            failure_entry: NONE,
            application_fee: if story == Story::ApplicationFee { amount / 20 } else { 0 },
        });
        self.unfold(chance, story, number, created);
    }

    /// On the day of its clearance an old shop sells at home alone.
    fn currency_at(&self, chance: Chance, created: i64) -> Currency {
        let clearance = self.shop.profile.model == Model::Old && midnight(created) == old::clearance(self.now);
        if clearance { self.shop.profile.currency } else { self.currency(chance) }
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

    /// The next try of an intent (trap 2): the last one succeeds.
    fn try_again(&mut self, retry: Retry, created: i64) {
        let Intent { amount, currency, customer, .. } = *self.shop.intents.at(retry.intent);
        let last = retry.left == 1;
        let number = self.shop.add_charge(Charge {
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
            previous: NONE,
            intent: retry.intent,
            entry: NONE,
            failure_entry: NONE,
            application_fee: 0,
        });
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

    /// A second that has come.
    pub fn past(&self, at: i64) -> Option<i64> {
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
        if self.shop.profile.full && number % 90 == 61 && created + 60 <= self.now {
            self.shop.transfer(self.shop.charges.len() - 1, created + 30, 60);
        }
        if self.shop.profile.full && number % 90 == 82 {
            let amount = chance.between("earned", 150, 900);
            self.shop.earn(created, self.shop.profile.currency, amount);
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
