//! A business that bills every month: subscriptions, their invoices, and the tries to collect them.

use super::buyers;
use crate::world::{
    Kind,
    calendar::{DAY, weekday},
    catalogue::long,
    chance::Chance,
    rows::{
        Bought, Charge, Checkout, Intent, Invoice, InvoicePayment, Method, NEVER, Oddity, Session, Settled,
        Subscription,
    },
    shop::Shop,
    table::NONE,
};
use chrono::{DateTime, Months};
use serde_json::{Map, json};

/// How many customers subscribed so far.
const SUBSCRIBERS: i64 = 56;
/// An invoice stays a draft for an hour.
const DRAFT: i64 = 3_600;
/// The waits before the second and the third try to collect.
const RETRIES: [i64; 2] = [3 * DAY, 5 * DAY];

/// What becomes of a month's invoice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Month {
    /// Paid at the first try.
    Paid,
    /// Paid at the second or third try.
    Retried(usize),
    /// Never paid: it is uncollectible and the subscription ends.
    Lost,
    /// Settled without a payment (traps 30 and 54).
    Otherwise(Settled),
    /// Paid by two payments (trap 55).
    Halves,
    /// Left to be paid together with the next one (trap 55).
    WithNext,
}

/// Fills a shop with subscriptions from its opening to `now`.
pub fn fill(shop: &mut Shop, now: i64) {
    let days = (now - shop.opened) / DAY;
    for number in 0..SUBSCRIBERS {
        let chance = shop.chance.named("subscriber").of(number.cast_unsigned());
        let begins = shop.opened + DAY + number * (days - 40) / SUBSCRIBERS * DAY + chance.between("begins", 0, 80_000);
        let customer = buyers::customer(shop, begins - 60, now);
        let product = u32::try_from(chance.below("plan", shop.profile.products.len() as u64)).unwrap_or(0);
        // The price that is paid once comes first, the monthly one follows it.
        let price = shop.products.at(product).first_price + 1;
        let seats = if chance.one_in("alone", 3) { 1 } else { chance.between("seats", 2, 9) };
        shop.subscriptions.add(Subscription { created: begins, ended_at: NEVER, customer, price, seats });
        bill(shop, chance, customer, now);
    }
    checkouts(shop, now);
    long_ones(shop, now);
    test_clocks(shop, now);
}

/// The invoices of the last subscription, month by month.
fn bill(shop: &mut Shop, chance: Chance, customer: u32, now: i64) {
    let subscription = shop.subscriptions.len() - 1;
    let Some(begins) = DateTime::from_timestamp(shop.subscriptions.at(subscription).created, 0) else { return };
    let ends = shop.customers.at(customer).deleted_at.min(now);
    // Whoever goes takes the subscription along.
    shop.subscriptions.at_mut(subscription).ended_at = shop.customers.at(customer).deleted_at;
    let mut left_over = None;
    for month in 0.. {
        let Some(created) = begins.checked_add_months(Months::new(month)).map(|at| at.timestamp()) else { return };
        if created > ends {
            return;
        }
        let story = story(chance.of(u64::from(month)), subscription, month);
        let invoice = draft(shop, subscription, customer, created, story);
        if left_over.is_some() || story == Month::WithNext {
            // Two months are paid at once, or the earlier one still waits.
            if let Some(earlier) = left_over.replace(invoice) {
                together(shop, earlier, invoice, now);
                left_over = None;
            }
            continue;
        }
        collect(shop, invoice, story, now);
        if story == Month::Lost {
            let ended = &mut shop.subscriptions.at_mut(subscription).ended_at;
            *ended = shop.invoices.at(invoice).uncollectible_at.min(*ended);
            return;
        }
    }
}

fn story(chance: Chance, subscription: u32, month: u32) -> Month {
    match (subscription % 8, month) {
        (0, 0) => return Month::Otherwise(Settled::Free),
        (1, 1) => return Month::Otherwise(Settled::OutOfBand),
        (2, 1) => return Month::Otherwise(Settled::Credit),
        (3, 1) => return Month::Halves,
        (4, 1) => return Month::WithNext,
        (5, 2) => return Month::Retried(2),
        (6, 2) => return Month::Retried(1),
        _ => {}
    }
    match chance.below("month", 100) {
        0..6 => Month::Retried(1),
        6..9 => Month::Retried(2),
        9..11 if month > 2 => Month::Lost,
        _ => Month::Paid,
    }
}

fn draft(shop: &mut Shop, subscription: u32, customer: u32, created: i64, story: Month) -> u32 {
    shop.invoices.add(Invoice {
        created,
        finalized_at: created + DRAFT,
        paid_at: NEVER,
        voided_at: NEVER,
        uncollectible_at: NEVER,
        customer,
        intent: NONE,
        payment: NONE,
        payments: 0,
        currency: shop.profile.currency,
        order: 0,
        subscription,
        settled: if let Month::Otherwise(settled) = story { settled } else { Settled::Payments },
    })
}

fn collect(shop: &mut Shop, invoice: u32, story: Month, now: i64) {
    let due = shop.invoices.at(invoice).finalized_at;
    if due > now {
        return;
    }
    let total = shop.invoice_total(invoice);
    match story {
        Month::Otherwise(Settled::OutOfBand) => {
            // Somebody looks at the bank account a week later.
            let at = due + 7 * DAY;
            shop.invoices.at_mut(invoice).paid_at = if at <= now { at } else { NEVER };
        }
        Month::Otherwise(_) => shop.invoices.at_mut(invoice).paid_at = due,
        Month::Halves => {
            pay(shop, invoice, total / 2, due, 0, now);
            pay(shop, invoice, total - total / 2, due + DAY, 0, now);
        }
        Month::Retried(failures) => pay(shop, invoice, total, due, failures, now),
        Month::Lost => pay(shop, invoice, total, due, RETRIES.len() + 1, now),
        Month::Paid | Month::WithNext => pay(shop, invoice, total, due, 0, now),
    }
}

/// A payment of `amount` of an invoice, tried from `first` on: so many tries fail before the one that does not.
fn pay(shop: &mut Shop, invoice: u32, amount: i64, first: i64, failures: usize, now: i64) {
    if first > now {
        return;
    }
    let intent = intent(shop, invoice, amount, first);
    let payment = promise(shop, invoice, intent, amount);
    let mut at = first;
    for number in 0..=RETRIES.len() {
        let fails = number < failures;
        charge(shop, intent, at, fails);
        if !fails {
            return paid(shop, payment, at);
        }
        let Some(wait) = RETRIES.get(number) else { break };
        at += wait;
        if at > now {
            return;
        }
    }
    shop.invoices.at_mut(invoice).uncollectible_at = at + 60;
    shop.intents.at_mut(intent).canceled_at = at + 60;
}

/// One charge pays two invoices (trap 55).
fn together(shop: &mut Shop, earlier: u32, later: u32, now: i64) {
    let at = shop.invoices.at(later).finalized_at + DAY;
    if at > now {
        return;
    }
    let parts = [earlier, later].map(|invoice| (invoice, shop.invoice_total(invoice)));
    let intent = intent(shop, later, parts.iter().map(|(_, part)| part).sum(), at);
    charge(shop, intent, at, false);
    for (invoice, part) in parts {
        let payment = promise(shop, invoice, intent, part);
        paid(shop, payment, at);
    }
}

fn intent(shop: &mut Shop, invoice: u32, amount: i64, created: i64) -> u32 {
    let Invoice { currency, customer, .. } = *shop.invoices.at(invoice);
    shop.intents.add(Intent {
        created,
        amount,
        currency,
        customer,
        charge: NONE,
        first_charge: NONE,
        canceled_at: NEVER,
        bought: Bought::Invoice(invoice),
    })
}

/// An invoice payment that is asked for; those of an invoice follow one another.
fn promise(shop: &mut Shop, invoice: u32, intent: u32, amount: i64) -> u32 {
    let created = shop.intents.at(intent).created;
    let payment = shop.invoice_payments.add(InvoicePayment { created, invoice, intent, amount, paid_at: NEVER });
    let row = shop.invoices.at_mut(invoice);
    if row.payments == 0 {
        (row.payment, row.intent) = (payment, intent);
    }
    row.payments += 1;
    payment
}

/// A payment arrives; with the last one the invoice is paid.
fn paid(shop: &mut Shop, payment: u32, at: i64) {
    shop.invoice_payments.at_mut(payment).paid_at = at;
    let invoice = shop.invoice_payments.at(payment).invoice;
    if shop.invoice_paid(invoice, at) == shop.invoice_total(invoice) {
        shop.invoices.at_mut(invoice).paid_at = at;
    }
}

fn charge(shop: &mut Shop, intent: u32, at: i64, fails: bool) {
    let Intent { amount, currency, customer, .. } = *shop.intents.at(intent);
    let number = shop.add_charge(Charge {
        created: at,
        amount,
        captured: amount,
        captured_at: if fails { NEVER } else { at },
        succeeded_at: if fails { NEVER } else { at },
        failed_at: if fails { at } else { NEVER },
        currency,
        method: Method::Card,
        oddity: Oddity::None,
        customer,
        previous: NONE,
        intent,
        entry: NONE,
        failure_entry: NONE,
        application_fee: 0,
    });
    if !fails {
        shop.book_charge(number, at, 0);
    }
}

/// Sessions that cost nothing, and sessions that only leave a card (trap 30).
fn checkouts(shop: &mut Shop, now: i64) {
    for number in 0..12_u32 {
        let created = now - i64::from(number) * 17 * DAY - 9_000 - weekday(now);
        let chance = shop.chance.named("checkout").of(u64::from(number));
        let customer = number % shop.customers.len().max(1);
        if created < shop.customers.at(customer).created || shop.customers.at(customer).deleted_at < created {
            continue;
        }
        shop.sessions.add(Session {
            created,
            completed_at: created + 240,
            expires_at: created + DAY,
            customer,
            intent: NONE,
            currency: shop.profile.currency,
            order: chance.bits("order"),
            checkout: if number % 2 == 0 { Checkout::Free } else { Checkout::Setup },
        });
    }
}

/// An invoice of 300 lines and a session of 100, more than an object shows at once (trap 53).
fn long_ones(shop: &mut Shop, now: i64) {
    let created = now - 20 * DAY;
    let Some(customer) = (0..shop.customers.len()).find(|number| {
        let row = shop.customers.at(*number);
        row.created < created && row.deleted_at == NEVER
    }) else {
        return;
    };
    let invoice = draft(shop, NONE, customer, created, Month::Paid);
    shop.invoices.at_mut(invoice).order = long(300);
    collect(shop, invoice, Month::Paid, now);
    let (currency, order, completed_at) = (shop.profile.currency, long(100), now - 10 * DAY);
    let amount = shop.order_of(order, currency, true, completed_at).map_or(0, |order| order.total);
    let bought = Bought::Session(shop.sessions.len());
    let (created, expires_at) = (completed_at - 600, completed_at - 600 + DAY);
    let intent = shop.intents.add(Intent {
        created,
        amount,
        currency,
        customer,
        charge: NONE,
        first_charge: NONE,
        canceled_at: NEVER,
        bought,
    });
    let checkout = Checkout::Payment;
    shop.sessions.add(Session { created, completed_at, expires_at, customer, intent, currency, order, checkout });
    charge(shop, intent, completed_at, false);
}

/// Customers of a test clock: their events are told, and no list has them (trap 56).
fn test_clocks(shop: &mut Shop, now: i64) {
    for number in 0..2 {
        let customer = buyers::customer(shop, now - (6 + number) * DAY, now);
        let clock = format!("clock_1P{}", shop.ids.token("test clock", 0, 22));
        let fields = Map::from_iter([("test_clock".to_owned(), json!(clock))]);
        shop.patches.entry((Kind::Customer, customer)).or_default().push((0, fields));
        let methods = shop.customers.at(customer).method..shop.methods.len();
        shop.unlisted.insert((Kind::Customer, customer));
        shop.unlisted.extend(methods.map(|method| (Kind::PaymentMethod, method)));
    }
}
