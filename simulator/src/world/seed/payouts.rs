//! The payouts: every morning what has become available, in each settlement currency.

use crate::world::{
    calendar::{DAY, midnight},
    money::Currency,
    profile::Model,
    rows::{Entry, Movement, Schedule},
    shop::Shop,
};

/// No payout before this many days: the first one takes longer.
const FIRST_AFTER: i64 = 7;

/// Pays out in every settlement currency from the opening to `now`, on some days in two (trap 36).
pub fn pay_out(shop: &mut Shop, opened: i64, now: i64) {
    for currency in shop.profile.settlements() {
        pay_out_in(shop, *currency, opened, now);
    }
}

fn pay_out_in(shop: &mut Shop, currency: Currency, opened: i64, now: i64) {
    let mut waiting: Vec<(i64, u32)> = shop
        .entries
        .iter()
        .filter(|(_, entry)| entry.currency == currency)
        .map(|(number, entry)| (ready(entry), number))
        .collect();
    waiting.sort_unstable();
    let mut waiting = waiting.into_iter().peekable();
    let mut returned: Option<(i64, u32)> = None;
    let mut content: Vec<u32> = Vec::new();
    let mut held = 0;
    let first = midnight(opened) / DAY + FIRST_AFTER;
    let last = midnight(now) / DAY;
    for day in first..=last {
        let at = day * DAY + shop.chance.named("payout").of(day.cast_unsigned()).between(currency.code(), 600, 2_400);
        if at > now {
            break;
        }
        while let Some((_, entry)) = waiting.next_if(|(ready, _)| *ready <= at) {
            content.push(entry);
        }
        if let Some((_, entry)) = returned.take_if(|(ready, _)| *ready <= at) {
            content.push(entry);
        }
        let due: i64 = content.iter().map(|entry| shop.entries.at(*entry).net()).sum();
        if !worth_it(shop, due + held, currency) {
            continue;
        }
        held = keep_the_rest(shop, at, currency, (due, held), &mut content);
        // What is below nothing is taken from the bank account (trap 35), which is nobody's own wish.
        let how = if due < 0 { Schedule::Automatic } else { schedule(day - first, last - first) };
        let payout = shop.pay_out(at, currency, how, std::mem::take(&mut content));
        if due > 0 && returned.is_none() && fails(day, first, last) {
            let failed_at = shop.payouts.at(payout).paid_at + 2 * DAY + 3_600;
            returned = Some((failed_at, shop.fail_payout(payout, failed_at)));
        }
    }
}

/// Whether there is something to pay out. In most shops a balance below nothing waits for the next sales.
fn worth_it(shop: &Shop, net: i64, currency: Currency) -> bool {
    let step = currency.payout_step();
    net >= step || shop.profile.model == Model::Old && net <= -step
}

/// What the currency's payouts cannot carry stays on the balance and is taken up by the next one (trap 25); gives how
/// much that is. `due` is what waits to be paid out, `held` what the last payout left.
fn keep_the_rest(shop: &mut Shop, at: i64, currency: Currency, (due, held): (i64, i64), content: &mut Vec<u32>) -> i64 {
    if held > 0 {
        content.push(shop.move_money(at, currency, held, Movement::MinimumRelease));
    }
    let rest = (due + held).rem_euclid(currency.payout_step());
    if rest > 0 {
        content.push(shop.move_money(at, currency, -rest, Movement::MinimumHold));
    }
    rest
}

/// When an entry can leave: once it is available and there.
fn ready(entry: &Entry) -> i64 {
    entry.available_on.max(entry.created)
}

/// One payout of a shop's life was made by hand, one was instant (trap 33).
fn schedule(day: i64, days: i64) -> Schedule {
    if day == days * 4 / 10 || day == days - 17 {
        Schedule::Manual
    } else if day == days * 7 / 10 {
        Schedule::Instant
    } else {
        Schedule::Automatic
    }
}

/// A payout came back long ago and one lately, days after it was paid (trap 34).
fn fails(day: i64, first: i64, last: i64) -> bool {
    day == first + (last - first) * 55 / 100 || day == last - 12
}
