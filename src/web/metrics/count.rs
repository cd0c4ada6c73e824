//! The metrics of periods: what is read of connections, counted. Nothing is rounded before the end.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::transaction::Type;
use entity::{payout, subscription};

use super::periods::Period;
use crate::store::metrics::{Paid, Subscribed};
use crate::store::orders::Sold;
use crate::store::revenue::Moved;

/// A number of things, and their sum in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Their sum.
    pub minor: i128,
}

impl Tally {
    fn add(&mut self, count: i64, minor: i64) {
        self.count += count;
        self.minor += i128::from(minor);
    }
}

/// What one period has in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InCurrency {
    /// Sales, gross.
    pub sales: Tally,
    /// Money given back.
    pub refunds: Tally,
    /// Money that disputes took, less what came back of it.
    pub disputes: Tally,
    /// Fees, less those given back.
    pub fees: Tally,
    /// Orders.
    pub orders: Tally,
    /// Orders of known customers up to the end of the period.
    pub to_date: Tally,
    /// Customers with such an order.
    pub customers_to_date: i64,
    /// Payouts that arrived.
    pub arrived: Tally,
    /// Seconds that those were on their way, together.
    pub seconds_on_the_way: i128,
    /// Payouts on their way at the end of the period.
    pub in_transit: Tally,
    /// Subscriptions at the beginning, with what they are worth a month.
    pub at_start: Tally,
    /// Those that began.
    pub begun: Tally,
    /// Those that ended.
    pub churned: Tally,
    /// Those at the end.
    pub at_end: Tally,
}

/// Who bought in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buyers {
    /// Customers that ordered.
    pub all: i64,
    /// Those of them whose first order it was.
    pub new: i64,
    /// Customers that ordered in the period before.
    pub before: i64,
    /// Those of them that ordered in this one.
    pub retained: i64,
    /// Customers of this period that have ordered more than once up to its end.
    pub repeated: i64,
    /// Orders of nobody known.
    pub guest_orders: i64,
}

/// One period's metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Who bought.
    pub buyers: Buyers,
    /// Money, by currency.
    pub currencies: BTreeMap<String, InCurrency>,
}

/// The metrics of periods that follow each other without a gap, over some connections.
#[derive(Debug)]
pub struct Counting<'p> {
    periods: &'p [Period],
    now: DateTime<Utc>,
    /// One for each period.
    pub counted: Vec<Counted>,
}

impl<'p> Counting<'p> {
    /// Nothing yet.
    #[must_use]
    pub fn new(periods: &'p [Period], now: DateTime<Utc>) -> Self {
        Self { periods, now, counted: vec![Counted::default(); periods.len()] }
    }

    /// Adds what moved the balance in a period.
    pub fn moved(&mut self, place: usize, rows: Vec<Moved>) {
        let Some(counted) = self.counted.get_mut(place) else { return };
        for row in rows {
            let of = counted.currencies.entry(row.currency).or_default();
            let tally = match row.kind {
                Type::Payment => &mut of.sales,
                Type::Refund => &mut of.refunds,
                Type::PaymentFee | Type::PaymentFeeRefund => &mut of.fees,
                Type::Unknown => &mut of.disputes,
                Type::Payout | Type::FailedPayout | Type::Transfer => continue,
            };
            tally.add(row.count, row.minor);
        }
    }

    /// Adds what the orders of a connection came to.
    pub fn sold(&mut self, sales: Sales<'_>) {
        let all = sales.done();
        for (counted, (buyers, currencies)) in self.counted.iter_mut().zip(all) {
            let sum = &mut counted.buyers;
            sum.all += buyers.all;
            sum.new += buyers.new;
            sum.before += buyers.before;
            sum.retained += buyers.retained;
            sum.repeated += buyers.repeated;
            sum.guest_orders += buyers.guest_orders;
            for (currency, own) in currencies {
                let of = counted.currencies.entry(currency).or_default();
                of.orders.count += own.orders.count;
                of.orders.minor += own.orders.minor;
                of.to_date.count += own.to_date.count;
                of.to_date.minor += own.to_date.minor;
                of.customers_to_date += own.customers_to_date;
            }
        }
    }

    /// Adds a connection's payouts.
    pub fn paid(&mut self, payouts: &[Paid]) {
        use payout::Status::{Cancelled, Failed, InTransit, Paid, Pending};
        for (period, counted) in self.periods.iter().zip(&mut self.counted) {
            let end = period.until.min(self.now);
            for one in payouts.iter().filter(|one| one.made < end) {
                let arrived = one.status == Paid && period.holds(one.arrival) && one.arrival < end;
                let late = matches!(one.status, Pending | InTransit);
                let in_transit = !matches!(one.status, Cancelled | Failed) && (late || one.arrival >= end);
                if !arrived && !in_transit {
                    continue;
                }
                let of = counted.currencies.entry(one.currency.clone()).or_default();
                if arrived {
                    of.arrived.add(1, one.minor);
                    of.seconds_on_the_way += i128::from((one.arrival - one.made).num_seconds());
                }
                if in_transit {
                    of.in_transit.add(1, one.minor);
                }
            }
        }
    }

    /// Adds a connection's subscriptions.
    pub fn subscribed(&mut self, subscriptions: &[Subscribed]) {
        for (period, counted) in self.periods.iter().zip(&mut self.counted) {
            let end = period.until.min(self.now).max(period.from);
            for one in subscriptions {
                let Some((from, until)) = earns(one) else { continue };
                let runs = |at: DateTime<Utc>| from < at && until.is_none_or(|until| until >= at);
                let within = |at: DateTime<Utc>| period.from <= at && at < end;
                let holds = [runs(period.from), within(from), until.is_some_and(within), runs(end)];
                if holds.contains(&true) {
                    let of = counted.currencies.entry(one.currency.clone()).or_default();
                    let tallies = [&mut of.at_start, &mut of.begun, &mut of.churned, &mut of.at_end];
                    for (_, tally) in holds.into_iter().zip(tallies).filter(|(holds, _)| *holds) {
                        tally.add(1, one.minor);
                    }
                }
            }
        }
    }
}

/// From when to when a subscription earns: from the end of its trial on. None for one that earns nothing: whose first
/// payment never came, which is paused, or which Stripe has stopped collecting.
fn earns(one: &Subscribed) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    use subscription::Status::{Active, Cancelled, PastDue, Trialing};
    let from = one.trial_ends.map_or(one.started, |trial| trial.max(one.started));
    let earns = matches!(one.status, Active | Cancelled | PastDue | Trialing);
    (earns && one.ended.is_none_or(|ended| from < ended)).then_some((from, one.ended))
}

/// Orders of one connection, counted as they come, in any order.
///
/// A period's place is its number from 1 on; what came before them all has the place 0.
#[derive(Debug)]
pub struct Sales<'p> {
    periods: &'p [Period],
    /// A number for each customer.
    customers: HashMap<String, u32>,
    visits: Vec<Visit>,
    /// Orders of guests, by place.
    guests: Vec<i64>,
    currencies: Vec<InPlaces>,
}

/// Orders of a customer. Sorted, those of one customer follow each other, the earliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    customer: u32,
    place: usize,
    /// Which one of the currencies.
    currency: usize,
    orders: i64,
}

/// The orders in one currency, by place.
#[derive(Debug)]
struct InPlaces {
    currency: String,
    orders: Vec<Tally>,
    /// Those of known customers.
    known: Vec<Tally>,
    /// Customers whose first order in this currency it was.
    new: Vec<i64>,
}

impl<'p> Sales<'p> {
    /// None yet.
    #[must_use]
    pub fn new(periods: &'p [Period]) -> Self {
        let guests = vec![0; periods.len() + 1];
        Self { periods, customers: HashMap::new(), visits: Vec::new(), guests, currencies: Vec::new() }
    }

    /// Adds orders. What comes behind the last period is not counted.
    pub fn add(&mut self, sold: Sold<'_>) {
        let over = self.periods.partition_point(|period| period.until <= sold.at);
        let Some(period) = self.periods.get(over) else { return };
        let place = if period.holds(sold.at) { over + 1 } else { over };
        let currency = self.currency(sold.currency);
        let customer = sold.customer.map(|id| self.customer(id));
        if let Some(of) = self.currencies.get_mut(currency) {
            let known = customer.and(of.known.get_mut(place));
            of.orders.get_mut(place).into_iter().chain(known).for_each(|tally| tally.add(sold.count, sold.minor));
        }
        match customer {
            Some(customer) => self.visits.push(Visit { customer, place, currency, orders: sold.count }),
            None => self.guests.get_mut(place).into_iter().for_each(|guests| *guests += sold.count),
        }
    }

    fn customer(&mut self, id: &str) -> u32 {
        if let Some(number) = self.customers.get(id) {
            return *number;
        }
        let number = u32::try_from(self.customers.len()).unwrap_or(u32::MAX);
        self.customers.insert(id.to_owned(), number);
        number
    }

    fn currency(&mut self, code: &str) -> usize {
        // There are few.
        self.currencies.iter().position(|one| one.currency == code).unwrap_or_else(|| {
            let places = self.periods.len() + 1;
            let none = vec![Tally::default(); places];
            let (orders, known, new) = (none.clone(), none, vec![0; places]);
            self.currencies.push(InPlaces { currency: code.to_owned(), orders, known, new });
            self.currencies.len() - 1
        })
    }

    /// What each period has.
    fn done(mut self) -> Vec<(Buyers, BTreeMap<String, InCurrency>)> {
        let mut places: Vec<_> = self.buyers().into_iter().map(|buyers| (buyers, BTreeMap::new())).collect();
        for of in self.currencies {
            for (place, own) in of.to_date() {
                if let Some((_, currencies)) = places.get_mut(place) {
                    currencies.insert(of.currency.clone(), own);
                }
            }
        }
        places.split_off(1)
    }

    /// Who bought, by place. Notes in which currencies customers are new.
    fn buyers(&mut self) -> Vec<Buyers> {
        let guests = |guests: &i64| Buyers { guest_orders: *guests, ..Buyers::default() };
        let mut places: Vec<_> = self.guests.iter().map(guests).collect();
        self.visits.sort_unstable();
        for visits in self.visits.chunk_by(|one, next| one.customer == next.customer) {
            let (mut orders, mut last, mut paid_in) = (0, None, Vec::new());
            for one in visits {
                if !paid_in.contains(&one.currency) {
                    paid_in.push(one.currency);
                    let of = self.currencies.get_mut(one.currency);
                    if let Some(new) = of.and_then(|of| of.new.get_mut(one.place)) {
                        *new += 1;
                    }
                }
            }
            for visits in visits.chunk_by(|one, next| one.place == next.place) {
                orders += visits.iter().map(|one| one.orders).sum::<i64>();
                let Some(place) = visits.first().map(|one| one.place) else { continue };
                let Some(of) = places.get_mut(place) else { continue };
                of.all += 1;
                of.new += i64::from(last.is_none());
                of.retained += i64::from(last.is_some_and(|last| last > 0 && last + 1 == place));
                of.repeated += i64::from(orders > 1);
                last = Some(place);
            }
        }
        for place in (2..places.len()).rev() {
            let before = places.get(place - 1).map_or(0, |before| before.all);
            places.get_mut(place).into_iter().for_each(|of| of.before = before);
        }
        places
    }
}

impl InPlaces {
    /// What is counted in each place and up to it, from the currency's first order on.
    fn to_date(&self) -> Vec<(usize, InCurrency)> {
        let (mut sum, mut seen) = (InCurrency::default(), false);
        let mut all = Vec::with_capacity(self.orders.len());
        for (place, ((orders, known), new)) in self.orders.iter().zip(&self.known).zip(&self.new).enumerate() {
            seen |= orders.count > 0;
            sum.to_date.count += known.count;
            sum.to_date.minor += known.minor;
            sum.customers_to_date += new;
            if seen {
                all.push((place, InCurrency { orders: *orders, ..sum.clone() }));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use chrono_tz::Tz;

    use super::super::periods::{Unit, periods};
    use super::*;

    #[test]
    fn orders_are_counted_alike_in_whatever_order_they_come() {
        let day = |text: &str| text.parse().unwrap();
        let months = periods(Unit::Month, day("2026-03-01"), day("2026-05-31"), Tz::UTC, 10).unwrap();
        let at = |text: &str| format!("{text}T12:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let sold = |when: &str, customer: Option<&'static str>, currency: &'static str, minor| Sold {
            at: at(when),
            customer,
            currency,
            count: 1,
            minor,
        };
        let mut all = vec![
            sold("2026-01-05", Some("ann"), "EUR", 100),
            sold("2026-03-31", Some("ann"), "EUR", 10),
            sold("2026-03-01", Some("bob"), "EUR", 1),
            sold("2026-03-02", None, "EUR", 1000),
            sold("2026-04-01", Some("bob"), "USD", 7),
            sold("2026-04-02", Some("bob"), "USD", 8),
            sold("2026-05-31", Some("cid"), "EUR", 2),
            sold("2026-06-01", Some("dan"), "EUR", 50),
        ];
        let counted = |all: &[Sold<'_>]| {
            let mut sales = Sales::new(&months);
            for one in all {
                sales.add(*one);
            }
            sales.done()
        };
        let done = counted(&all);
        assert_eq!(done.len(), 3);
        let buyers: Vec<_> = done.iter().map(|(of, _)| *of).collect();
        assert_eq!(buyers[0], Buyers { all: 2, new: 1, repeated: 1, guest_orders: 1, ..Buyers::default() });
        assert_eq!(buyers[1], Buyers { all: 1, before: 2, retained: 1, repeated: 1, ..Buyers::default() });
        assert_eq!(buyers[2], Buyers { all: 1, new: 1, before: 1, ..Buyers::default() });
        let in_euros = |place: usize| {
            let of = &done[place].1["EUR"];
            (of.orders, of.to_date, of.customers_to_date)
        };
        let tally = |count, minor| Tally { count, minor };
        assert_eq!(in_euros(0), (tally(3, 1011), tally(3, 111), 2));
        assert_eq!(in_euros(1), (tally(0, 0), tally(3, 111), 2));
        assert_eq!(in_euros(2), (tally(1, 2), tally(4, 113), 3));
        assert!(!done[0].1.contains_key("USD"), "a currency that is not there yet");
        assert_eq!((done[1].1["USD"].orders, done[2].1["USD"].customers_to_date), (tally(2, 15), 1));
        for turn in 0..all.len() {
            all.rotate_left(1);
            all.swap(0, turn);
            assert_eq!(counted(&all), done);
        }
        let quarter = TimeDelta::minutes(15);
        assert_eq!(counted(&[Sold { at: months[0].from - quarter, count: 3, ..all[0] }])[0].0, Buyers::default());
    }
}
