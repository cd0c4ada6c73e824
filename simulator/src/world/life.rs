//! What happens next in an account that lives: an action that chance picks from the account's own people and charges.

use super::{Action, Kind, World, chance::Chance, money::Currency, read, shop::Shop, texts};

/// How often each thing happens, in a hundred.
const SHARES: [(Thing, u64); 9] = [
    (Thing::Charge, 52),
    (Thing::Refund, 9),
    (Thing::Payout, 10),
    (Thing::NewCustomer, 8),
    (Thing::EditCustomer, 9),
    (Thing::Dispute, 2),
    (Thing::CloseDispute, 2),
    (Thing::EditProduct, 5),
    (Thing::Capture, 3),
];
/// How far back a buyer comes from or a refund goes to.
const RECENT: usize = 200;

#[derive(Clone, Copy)]
enum Thing {
    Charge,
    Refund,
    Payout,
    NewCustomer,
    EditCustomer,
    Dispute,
    CloseDispute,
    EditProduct,
    Capture,
}

impl World {
    /// What could happen as the `step`th thing in an account's life, the likeliest fallback (a charge) last. Nothing
    /// happens by itself in an account that has not sold anything yet.
    #[must_use]
    pub fn next_in_life(&self, account: &str, step: u64, now: i64) -> Vec<Action> {
        let Some(shop) = self.shop(account) else { return Vec::new() };
        let shop = read(shop);
        if shop.charges.len() == 0 {
            return Vec::new();
        }
        let chance = shop.chance.named("life").of(step);
        vec![shop.action(thing(chance), chance, now), shop.action(Thing::Charge, chance, now)]
    }
}

fn thing(chance: Chance) -> Thing {
    let mut left = chance.below("thing", SHARES.iter().map(|(_, share)| share).sum());
    for (thing, share) in SHARES {
        if left < share {
            return thing;
        }
        left -= share;
    }
    Thing::Charge
}

impl Shop {
    fn action(&self, thing: Thing, chance: Chance, now: i64) -> Action {
        match thing {
            Thing::Charge => self.sale(chance, now),
            Thing::Refund => {
                let amount = None;
                Action::Refund {
                    charge: self.recent(Kind::Charge, chance, now, |row| self.refunds_whole(row, now)),
                    amount,
                }
            }
            Thing::Payout => Action::PayoutAdvance { payout: None },
            Thing::NewCustomer => {
                let (name, email) = texts::person(chance, self.customers.len(), false);
                Action::CreateCustomer { name, email }
            }
            Thing::EditCustomer => {
                let (name, email) = texts::person(chance, self.customers.len(), false);
                let name = name.filter(|_| chance.one_in("renamed", 3));
                Action::EditCustomer { customer: self.recent(Kind::Customer, chance, now, |_| true), name, email }
            }
            Thing::Dispute => Action::Dispute { charge: None },
            Thing::CloseDispute => Action::CloseDispute { dispute: None, won: chance.one_in("won", 2) },
            Thing::EditProduct => Action::EditProduct {
                product: self.recent(Kind::Product, chance, now, |_| true),
                name: None,
                description: Some(format!("New in the season of {}", texts::season(now))),
                active: None,
            },
            Thing::Capture => Action::CaptureCharge { charge: None, amount: None },
        }
    }

    fn sale(&self, chance: Chance, now: i64) -> Action {
        let all = self.profile.presentment;
        let at = usize::try_from(chance.below("currency", all.len() as u64)).unwrap_or(0);
        let currency = all.get(at).map_or(self.profile.currency, |(currency, _)| *currency);
        let guest = chance.one_in("guest", 4);
        Action::Charge {
            amount: Some(amount(chance, currency)),
            currency: Some(currency.code().to_owned()),
            customer: if guest { None } else { self.recent(Kind::Customer, chance, now, |_| true) },
            created: None,
            visible_after: None,
        }
    }

    fn refunds_whole(&self, number: u32, now: i64) -> bool {
        let row = self.charges.at(number);
        row.method.is_card() && row.status(now) == "succeeded" && self.refunded_at(number, now) == 0
    }

    /// One of the newest rows of a kind.
    fn recent(&self, kind: Kind, chance: Chance, now: i64, fits: impl Fn(u32) -> bool) -> Option<String> {
        let there =
            |number: &u32| self.visible(kind, *number, now) && self.gone_at(kind, *number) > now && fits(*number);
        let rows: Vec<u32> = self.order(kind).iter().rev().copied().filter(there).take(RECENT).collect();
        let at = usize::try_from(chance.below("recent", rows.len() as u64)).ok()?;
        rows.get(at).map(|number| self.id_of(kind, *number))
    }
}

fn amount(chance: Chance, currency: Currency) -> i64 {
    currency.price(chance.between("amount", 450, 4_000) * chance.between("size", 1, 5))
}
