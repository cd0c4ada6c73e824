//! Who bought, and for how much: orders, counted by period.

use std::collections::{BTreeMap, HashMap};

use super::count::{Buyers, InCurrency, Tally};
use super::periods::Period;
use store::orders::Sold;

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
    pub(super) fn done(mut self) -> Vec<(Buyers, BTreeMap<String, InCurrency>)> {
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
    use chrono::{DateTime, TimeDelta, Utc};
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
