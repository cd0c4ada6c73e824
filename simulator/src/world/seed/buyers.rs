//! Who buys: customers as they come, and their payment methods.

use crate::world::{
    calendar::DAY,
    chance::Chance,
    rows::{Customer, CustomerMethod, NEVER},
    shop::Shop,
    table::NONE,
    texts::ODD_CUSTOMERS,
};

/// Customers that a full shop brought along when it opened, several in a second.
const IMPORTED: u32 = 40;

/// Brings along the first customers of a full shop, the odd ones first.
pub fn import(shop: &mut Shop, now: i64) {
    for number in 0..IMPORTED {
        let created = shop.opened + 7_200 + i64::from(number / 8);
        customer(shop, created, now);
    }
}

/// The buyer of a charge: a guest (`NONE`), somebody new or somebody who came before.
pub fn buyer(shop: &mut Shop, chance: Chance, created: i64, now: i64) -> u32 {
    let known = shop.customers.len();
    match chance.below("buyer", 100) {
        0..18 => NONE,
        18..42 => customer(shop, created - 1, now),
        _ if known == 0 => NONE,
        _ => {
            let number = u32::try_from(chance.below("known", u64::from(known))).unwrap_or(NONE);
            if shop.customers.at(number).deleted_at <= created + DAY { NONE } else { number }
        }
    }
}

/// Adds a customer with one payment method, sometimes two.
pub fn customer(shop: &mut Shop, created: i64, now: i64) -> u32 {
    let number = shop.customers.len();
    let methods = if number % 9 == 4 { 2 } else { 1 };
    let method = shop.methods.len();
    let deleted_at = deleted_at(number, created, now);
    for extra in 0..methods {
        // Some second cards are detached later: they can still be retrieved, and no list has them.
        let later = created + 90 * DAY;
        let detached = extra == 1 && number % 18 == 4 && later <= now;
        let detached_at = if detached { later } else { NEVER }.min(deleted_at);
        let row = CustomerMethod { created: created + i64::from(extra), customer: number, detached_at };
        shop.methods.add(row);
    }
    let row = Customer {
        created,
        edited_at: edited_at(number, created, now),
        deleted_at,
        currency: shop.profile.currency,
        charge: NONE,
        method,
        methods,
    };
    shop.customers.add(row)
}

fn edited_at(number: u32, created: i64, now: i64) -> i64 {
    let lately = now - i64::from(number % 27 + 1) * DAY - i64::from(number % 3_600);
    match number % 20 {
        7 if created < lately => lately,
        13 if created + 50 * DAY < now => created + 50 * DAY,
        _ => NEVER,
    }
}

/// Some customers are deleted months after they bought: their charges still name them (trap 16).
fn deleted_at(number: u32, created: i64, now: i64) -> i64 {
    let lately = now - i64::from(number % 23 + 2) * DAY;
    match number % 37 {
        _ if number < ODD_CUSTOMERS => NEVER,
        17 if created + 60 * DAY < now => created + 60 * DAY,
        29 if created + 30 * DAY < lately => lately,
        _ => NEVER,
    }
}
