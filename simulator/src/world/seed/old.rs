//! An account that has been there since 2013, and what has gathered in it.

use crate::world::{
    Kind,
    calendar::{DAY, midnight, moments},
    money::Currency,
    rows::{Charge, Method, Movement, NEVER, Oddity},
    shop::Shop,
    table::NONE,
};
use serde_json::{Map, Value, json};

/// When the account was opened: in March 2013.
pub const OPENED: i64 = 1_362_960_000;
/// Charges before 2018 know nothing of payment intents or methods (trap 40).
pub const INTENTS_SINCE: i64 = 1_514_764_800;
/// Charges before 2015 have no details of how they were paid either (trap 40).
const DETAILS_SINCE: i64 = 1_420_070_400;
/// Until this day payouts were called transfers, and what was in them cannot be listed any more (traps 32 and 40).
pub const PAYOUTS_SINCE: i64 = 1_491_436_800;
/// The clock of the shop leapt at 01:00 UTC of these: in March one hour is not there, in October one comes twice (trap 39).
const LEAPS: [i64; 2] = [1_743_296_400, 1_761_440_400];
/// How many charges come on the day of the clearance: a payout of 1,200 rows and more (trap 32).
const CLEARANCE: i64 = 1_320;

/// The day of the clearance.
pub fn clearance(now: i64) -> i64 {
    midnight(now) - 200 * DAY
}

/// When the charges are made: a few in the first years, then one or two a day, and very many on one day.
pub fn sales(shop: &Shop, now: i64) -> Vec<i64> {
    let chance = shop.chance.named("sales");
    let early = (0..150)
        .map(|number| OPENED + 20 * DAY + number * 21 * DAY + chance.of(number.cast_unsigned()).between("at", 0, DAY));
    let mut all: Vec<i64> = early.collect();
    all.extend(moments(chance, 230, 290, now));
    let opens = clearance(now) + 8 * 3_600;
    all.extend((0..CLEARANCE).map(|number| opens + number * 24));
    // The last second of a day, which is the next day where the shop is (trap 39).
    all.extend((0..3).map(|back| midnight(now) - 1 - back * 7 * DAY));
    all.extend(LEAPS.iter().flat_map(|leap| [leap - 1_800, leap - 1, *leap, leap + 1_800]));
    all.retain(|at| *at <= now);
    all.sort_unstable();
    all
}

/// What no walk through charges makes.
pub fn gather(shop: &mut Shop, now: i64) {
    movements(shop, now);
    let charges: Vec<(u32, i64)> = shop.charges.iter().map(|(number, row)| (number, row.created)).collect();
    for (number, created) in charges {
        if created < DETAILS_SINCE {
            overlay(shop, Kind::Charge, number, &json!({ "payment_method_details": null, "billing_details": null }));
        } else if created > now - 60 * DAY {
            strange(shop, number);
        }
    }
    large(shop, now);
    for price in 0..shop.prices.len() {
        if price % 10 == 3 {
            // Less than a hundredth, with twelve decimals (trap 59).
            let fields = json!({ "unit_amount": null, "unit_amount_decimal": "0.001234567891" });
            overlay(shop, Kind::Price, price, &fields);
        }
    }
}

/// Fields that are other ones from the beginning.
fn overlay(shop: &mut Shop, kind: Kind, number: u32, fields: &Value) {
    let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
    shop.patches.entry((kind, number)).or_default().push((0, fields));
}

/// Charges for others (trap 57), and what no client has heard of (trap 58).
fn strange(shop: &mut Shop, number: u32) {
    let partner = format!("acct_1P{}", shop.ids.token("partner", u64::from(number % 3), 14));
    let group = format!("group_{number}");
    match number % 6 {
        0 => {
            let transfer = format!("tr_1P{}", shop.ids.token("partner transfer", u64::from(number), 22));
            let data = json!({ "amount": null, "destination": partner });
            let fields = json!({ "on_behalf_of": partner, "transfer": transfer, "transfer_data": data, "transfer_group": group });
            overlay(shop, Kind::Charge, number, &fields);
        }
        1 if shop.charges.at(number).failed_at == NEVER => {
            overlay(shop, Kind::Charge, number, &json!({ "status": "settled_in_part" }));
        }
        2 => overlay(shop, Kind::Charge, number, &json!({ "settlement_rail": { "name": "meridian", "hops": [1, 2] } })),
        3 => {
            let rule = json!({ "id": format!("rule_{number}"), "object": "radar.rule", "action": "allow" });
            overlay(
                shop,
                Kind::Charge,
                number,
                &json!({ "review": rule, "application": { "id": "ca_old", "object": "application" } }),
            );
        }
        _ => {}
    }
}

/// Amounts beyond 2^31, and one that failed near 2^53 (trap 59).
fn large(shop: &mut Shop, now: i64) {
    let sales = [
        (Currency::Vnd, 3_000_000_000, true),
        (Currency::Idr, 500_000_000_000, true),
        (Currency::Idr, 9_007_199_254_740_900, false),
    ];
    for (days, (currency, amount, paid)) in (20..).zip(sales) {
        let created = now - days * DAY;
        let number = shop.add_charge(Charge {
            created,
            amount,
            captured: amount,
            captured_at: if paid { created } else { NEVER },
            succeeded_at: if paid { created } else { NEVER },
            failed_at: if paid { NEVER } else { created },
            currency,
            method: Method::LegacyCard,
            oddity: Oddity::None,
            customer: NONE,
            previous: NONE,
            intent: NONE,
            entry: NONE,
            failure_entry: NONE,
            application_fee: 0,
        });
        if paid {
            shop.book_charge(number, created, 0);
        }
    }
}

/// Money that moves without a charge (trap 37), and a bill that a day's sales do not cover (trap 35).
fn movements(shop: &mut Shop, now: i64) {
    let (home, noon) = (shop.profile.currency, midnight(now) + 12 * 3_600);
    let moved = [
        (95, 2_000_000, Movement::TopUp),
        (90, -350_000, Movement::ReserveHold),
        (60, 350_000, Movement::ReserveRelease),
        (58, -120_000, Movement::CapitalRepayment),
        (57, -18_000, Movement::Contribution),
        (30, 4_200, Movement::Unknown),
    ];
    for (days, amount, movement) in moved {
        shop.move_money(noon - days * DAY, home, amount, movement);
    }
    shop.bill(noon - 44 * DAY, home, 90_000_000);
}
