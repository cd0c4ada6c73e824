//! The metrics of periods: what is read of connections, counted. Nothing is rounded before the end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::transaction::Type;
use entity::{payout, subscription};

use super::periods::Period;
use super::sales::Sales;
use store::metrics::{Paid, Subscribed};
use store::revenue::Moved;

/// A number of things, and their sum in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Their sum.
    pub minor: i128,
}

impl Tally {
    pub(super) fn add(&mut self, count: i64, minor: i64) {
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
                // A day of the bank's, in whatever time zone: it is no moment that a time zone moves to another day.
                let day = one.arrival.date_naive();
                let behind = day >= period.next || one.arrival >= self.now;
                let arrived = one.status == Paid && period.first <= day && !behind;
                let late = matches!(one.status, Pending | InTransit);
                let in_transit = !matches!(one.status, Cancelled | Failed) && (late || behind);
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
