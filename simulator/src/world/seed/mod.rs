//! A shop from its profile: catalogue, customers, charges and what becomes of them, payouts, events.

mod after;
mod buyers;
mod catalogue;
mod events;
pub mod old;
mod orders;
mod payouts;
mod story;
mod subscriptions;
mod walk;

use super::{
    calendar::{DAY, midnight, moments},
    chance::Chance,
    profile::{Model, Profile},
    shop::Shop,
};

/// Charges at which a shop has three years of history; with fewer it is younger.
const FULL_HISTORY: u64 = 2_000;
const FULL_DAYS: u64 = 3 * 365;
/// A dispute 110 days after its charge and won 60 days later needs room.
const LEAST_DAYS: u64 = 300;

/// Makes a shop.
pub fn shop(profile: Profile, chance: Chance, now: i64) -> Shop {
    let days = (profile.charges * FULL_DAYS / FULL_HISTORY).clamp(LEAST_DAYS, FULL_DAYS).cast_signed();
    let opened = match profile.model {
        Model::Old => old::OPENED,
        _ if profile.charges == 0 => now - 2 * DAY,
        _ => midnight(now) - (days + 3) * DAY,
    };
    let mut shop = Shop::new(profile, chance, opened, now);
    catalogue::fill(&mut shop, now);
    if profile.charges > 0 {
        sell(&mut shop, days, now);
        shop.entries.seal();
        payouts::pay_out(&mut shop, opened, now);
    }
    seal(&mut shop);
    events::tell(&mut shop, now);
    shop.events.seal();
    shop
}

/// Everything that moves money, but the payouts.
fn sell(shop: &mut Shop, days: i64, now: i64) {
    match shop.profile.model {
        Model::Orders => {
            let mut created = moments(shop.chance.named("moments"), shop.profile.charges, days, now);
            if shop.profile.full {
                flash_sale(&mut created);
                freshen(&mut created, now);
            }
            walk::walk(shop, &created, now);
        }
        Model::Subscriptions => subscriptions::fill(shop, now),
        Model::Old => {
            let created = old::sales(shop, now);
            walk::walk(shop, &created, now);
            old::gather(shop, now);
        }
    }
    bill(shop, shop.opened, now);
}

/// 250 charges in one second, fewer in a small shop (trap 18).
fn flash_sale(created: &mut [i64]) {
    let many = (created.len() / 8).min(250);
    let first = created.len() * 6 / 10;
    let second = created.get(first).copied().unwrap_or(0);
    for moment in created.iter_mut().skip(first).take(many) {
        *moment = second;
    }
}

/// The last three charges are seconds old, so that the newest have no balance transaction yet (trap 1).
fn freshen(created: &mut [i64], now: i64) {
    for (moment, ago) in created.iter_mut().rev().zip([1, 4, 40]) {
        *moment = (*moment).max(now - ago);
    }
}

/// A bill of Stripe's for other services in each month (trap 29).
fn bill(shop: &mut Shop, opened: i64, now: i64) {
    let first = midnight(opened) + 31 * DAY;
    for (month, number) in (first..now).step_by(30 * 86_400).zip(0..) {
        let amount = shop.chance.named("bill").of(number).between("amount", 200, 1_900);
        shop.bill(month + 11 * 3_600, shop.profile.currency, amount);
    }
}

fn seal(shop: &mut Shop) {
    shop.charges.seal();
    shop.intents.seal();
    shop.refunds.seal();
    shop.disputes.seal();
    shop.payouts.seal();
    shop.entries.seal();
    shop.customers.seal();
    shop.methods.seal();
    shop.products.seal();
    shop.prices.seal();
    shop.sessions.seal();
    shop.invoices.seal();
    shop.invoice_payments.seal();
    shop.transfers.seal();
    shop.application_fees.seal();
    shop.subscriptions.seal();
}
