//! The metrics as the API shows them: sums become decimals, and parts of them averages and rates.

use chrono::{DateTime, NaiveDate, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::count::{Buyers, Counted, InCurrency, Tally};
use super::periods::{Period, Unit};
use base::money::{Decimal, exponent, nearest};

/// A company's metrics.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommerceMetrics {
    /// The company.
    pub company_id: CompanyId,
    /// How long a period is.
    pub period: Unit,
    /// The time zone whose days are counted.
    pub time_zone: String,
    /// The connections that are counted together.
    pub connections: Vec<CountedConnection>,
    /// The periods, the oldest first.
    pub results: Vec<PeriodMetrics>,
}

/// A connection that is counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountedConnection {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The time zone of its Stripe account, where Stripe tells.
    pub time_zone: Option<String>,
    /// Data types that no sync has read to its end: what would be counted from them is missing from all periods.
    pub not_read: Vec<DataType>,
}

/// One period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeriodMetrics {
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub first_day: NaiveDate,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub last_day: NaiveDate,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it is over.
    pub until: DateTime<Utc>,
    /// Whether it is over. One that is not is counted up to now.
    pub is_over: bool,
    /// Who bought.
    pub customers: CustomerMetrics,
    /// The money, by currency; a currency in which nothing was counted is left out.
    pub currencies: Vec<CurrencyMetrics>,
}

/// Who bought.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerMetrics {
    /// Customers that ordered.
    pub customers: i64,
    /// Those of them whose first order it was.
    pub new_customers: i64,
    /// The others.
    pub returning_customers: i64,
    /// Orders of guests: of whom it cannot be told whether they came before.
    pub guest_orders: i64,
    /// The part of the customers of the period before that ordered in this one, with four decimals; none without such.
    pub retention_rate: Option<Decimal>,
    /// The part of this period's customers that had ordered more than once by its end, with four decimals; none without
    /// such.
    pub repeat_rate: Option<Decimal>,
}

/// The money of one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyMetrics {
    /// ISO 4217.
    pub currency: String,
    /// What moved the balance, in the currency that it was settled in.
    pub revenue: RevenueMetrics,
    /// Orders.
    pub orders: OrderMetrics,
    /// What customers have brought to date.
    pub lifetime: LifetimeMetrics,
    /// Payouts to the bank.
    pub payouts: PayoutMetrics,
    /// Subscriptions.
    pub subscriptions: SubscriptionMetrics,
}

/// What moved the balance. The parts are signed as they move it, so that they add up to `net`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevenueMetrics {
    /// Sales before all else.
    pub gross: Decimal,
    /// How many sales.
    pub sales: i64,
    /// Given back: negative, less what came back of it.
    pub refunds: Decimal,
    /// How many refunds.
    pub refund_count: i64,
    /// Taken by disputes: negative, less what was won back.
    pub disputes: Decimal,
    /// How many such movements.
    pub dispute_count: i64,
    /// Fees: negative, less those given back.
    pub fees: Decimal,
    /// The sum of gross, refunds, disputes and fees.
    pub net: Decimal,
}

/// Orders.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderMetrics {
    /// How many.
    pub count: i64,
    /// Their totals.
    pub total: Decimal,
    /// The total divided by the count, to the minor unit; none without orders.
    pub average_order_value: Option<Decimal>,
}

/// What customers have brought up to the end of the period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LifetimeMetrics {
    /// Customers that have ordered.
    pub customers: i64,
    /// The totals of their orders.
    pub total: Decimal,
    /// The total divided by the customers, to the minor unit; none without any.
    pub lifetime_value: Option<Decimal>,
}

/// Payouts to the bank.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutMetrics {
    /// How many arrived.
    pub arrived: i64,
    /// Their sum.
    pub arrived_amount: Decimal,
    /// Days that these were on their way on average, with two decimals; none without any.
    pub average_days: Option<Decimal>,
    /// How many were on their way at the end of the period.
    pub in_transit: i64,
    /// Their sum: cash in transit.
    pub in_transit_amount: Decimal,
}

/// Subscriptions that earn.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionMetrics {
    /// How many at the beginning.
    pub at_start: i64,
    /// How many began.
    pub begun: i64,
    /// How many ended.
    pub churned: i64,
    /// How many at the end.
    pub at_end: i64,
    /// What those at the beginning are worth a month: monthly recurring revenue.
    pub monthly_at_start: Decimal,
    /// What those that began are worth a month.
    pub monthly_begun: Decimal,
    /// What those that ended were worth a month.
    pub monthly_churned: Decimal,
    /// What those at the end are worth a month.
    pub monthly_at_end: Decimal,
    /// The part of those at the beginning that the ended ones are, with four decimals; none without any at the beginning.
    pub churn_rate: Option<Decimal>,
}

/// A sum that no number of the API holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sum of money is beyond what can be counted")]
pub struct TooMuch;

/// A sum in the currency's unit.
pub(super) fn money(minor: i128, currency: &str) -> Result<Decimal, TooMuch> {
    i64::try_from(minor).map(|minor| Decimal::from_minor(minor, currency)).map_err(|_| TooMuch)
}

/// The average of a tally, to the minor unit.
pub(super) fn average(of: Tally, count: i64, currency: &str) -> Option<Decimal> {
    nearest(of.minor, count.into()).map(|minor| Decimal::new(minor, exponent(currency)))
}

/// `part` of `whole` with four decimals.
pub(super) fn rate(part: i64, whole: i64) -> Option<Decimal> {
    nearest(i128::from(part) * 10_000, whole.into()).map(|rate| Decimal::new(rate, 4))
}

impl From<Buyers> for CustomerMetrics {
    fn from(of: Buyers) -> Self {
        Self {
            customers: of.all,
            new_customers: of.new,
            returning_customers: of.all - of.new,
            guest_orders: of.guest_orders,
            retention_rate: rate(of.retained, of.before),
            repeat_rate: rate(of.repeated, of.all),
        }
    }
}

impl CurrencyMetrics {
    fn new(currency: String, of: &InCurrency) -> Result<Self, TooMuch> {
        let amount = |tally: Tally| money(tally.minor, &currency);
        let net = [of.sales, of.refunds, of.disputes, of.fees].iter().map(|tally| tally.minor).sum();
        let seconds_of_a_day = i128::from(of.arrived.count) * 86_400;
        Ok(Self {
            revenue: RevenueMetrics {
                gross: amount(of.sales)?,
                sales: of.sales.count,
                refunds: amount(of.refunds)?,
                refund_count: of.refunds.count,
                disputes: amount(of.disputes)?,
                dispute_count: of.disputes.count,
                fees: amount(of.fees)?,
                net: money(net, &currency)?,
            },
            orders: OrderMetrics {
                count: of.orders.count,
                total: amount(of.orders)?,
                average_order_value: average(of.orders, of.orders.count, &currency),
            },
            lifetime: LifetimeMetrics {
                customers: of.customers_to_date,
                total: amount(of.to_date)?,
                lifetime_value: average(of.to_date, of.customers_to_date, &currency),
            },
            payouts: PayoutMetrics {
                arrived: of.arrived.count,
                arrived_amount: amount(of.arrived)?,
                average_days: nearest(of.seconds_on_the_way * 100, seconds_of_a_day).map(|days| Decimal::new(days, 2)),
                in_transit: of.in_transit.count,
                in_transit_amount: amount(of.in_transit)?,
            },
            subscriptions: SubscriptionMetrics {
                at_start: of.at_start.count,
                begun: of.begun.count,
                churned: of.churned.count,
                at_end: of.at_end.count,
                monthly_at_start: amount(of.at_start)?,
                monthly_begun: amount(of.begun)?,
                monthly_churned: amount(of.churned)?,
                monthly_at_end: amount(of.at_end)?,
                churn_rate: rate(of.churned.count, of.at_start.count),
            },
            currency,
        })
    }
}

impl PeriodMetrics {
    /// A period with what was counted in it.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn new(period: &Period, counted: Counted, now: DateTime<Utc>) -> Result<Self, TooMuch> {
        let currencies = counted.currencies.into_iter().map(|(currency, of)| CurrencyMetrics::new(currency, &of));
        Ok(Self {
            first_day: period.first,
            last_day: period.last(),
            from: period.from,
            until: period.until,
            is_over: period.until <= now,
            customers: counted.buyers.into(),
            currencies: currencies.collect::<Result<_, _>>()?,
        })
    }
}
