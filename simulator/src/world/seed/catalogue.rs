//! Products and their prices.

use crate::world::{
    calendar::DAY,
    money::Currency,
    profile::Model,
    rows::{NEVER, Price, Product},
    shop::Shop,
};

/// Fills the catalogue: most of it on the first day; of a full shop's products the last three are new, one was
/// deleted, some are no longer sold.
pub fn fill(shop: &mut Shop, now: i64) {
    let names = shop.profile.products;
    for (number, (_, cents)) in (0_u32..).zip(names) {
        let last = names.len() - number as usize;
        let fresh = shop.profile.full && last <= 3;
        let created = if fresh {
            now - 9 * DAY * i64::from(last == 1) - 3 * DAY - i64::from(number)
        } else {
            shop.opened + 60 * i64::from(number)
        };
        let deleted = shop.profile.full && last == 4;
        let retired = shop.profile.full && number % 9 == 5;
        let updated = if number % 4 == 1 && !fresh { now - 5 * DAY - i64::from(number) * 3_600 } else { created };
        let first_price = shop.prices.len();
        let product = shop.products.add(Product {
            created,
            updated,
            deleted_at: if deleted { now - 10 * DAY } else { NEVER },
            active: !retired,
            cents: *cents,
            first_price,
        });
        for (currency, _) in shop.profile.presentment {
            price(shop, product, *currency, created, false, deleted.then_some(now - 10 * DAY));
        }
        let monthly = shop.profile.model == Model::Subscriptions;
        if monthly || shop.profile.full && number % 6 == 0 {
            price(shop, product, shop.profile.currency, created, true, None);
        }
    }
}

fn price(shop: &mut Shop, product: u32, currency: Currency, created: i64, recurring: bool, deleted: Option<i64>) {
    let row = shop.products.at(product);
    let (amount, active) = (currency.price(row.cents), row.active);
    let deleted_at = deleted.unwrap_or(NEVER);
    shop.prices.add(Price { created, deleted_at, product, currency, amount, active, recurring });
}
