//! The commerce reports of the contract's lending product: the same figures as the metrics, in that product's shape.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use entity::data_type::DataType;
use serde::Serialize;
use utoipa::ToSchema;

use super::count::{Counted, InCurrency};
use super::periods::Period;
use super::shown::{TooMuch, average, money};
use base::money::{Decimal, nearest};

/// A report on one connection: its periods, and what was measured in each.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommerceReport {
    /// `name` and `displayName` of the report, and the `timeZone` whose days are counted.
    pub report_info: BTreeMap<&'static str, String>,
    /// What the figures are arranged by: first the periods, the oldest first; then what is told of each.
    pub dimensions: Vec<ReportDimension>,
    /// What is measured; amounts of each currency are a measure of their own.
    pub measures: Vec<ReportMeasure>,
    /// The figures.
    pub report_data: Vec<ReportPeriod>,
    /// Why figures may be incomplete; none when they are not.
    pub errors: Vec<ReportError>,
}

/// One of the things that figures are arranged by.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportDimension {
    /// Its number.
    pub index: usize,
    /// Its name.
    pub display_name: &'static str,
    /// `datespan` or `string`.
    pub r#type: &'static str,
    /// What it consists of.
    pub items: Vec<ReportItem>,
}

/// A part of a dimension.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportItem {
    /// Its number.
    pub index: usize,
    /// The name of a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// A period's first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub start: Option<NaiveDate>,
    /// A period's last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub end: Option<NaiveDate>,
    /// What is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<&'static str>,
}

/// Something that is measured.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportMeasure {
    /// Its number.
    pub index: usize,
    /// Its name.
    pub display_name: String,
    /// `int`, `currency` or `percentage`.
    pub r#type: &'static str,
    /// The currency by ISO 4217, or `%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
}

/// The figures of one period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportPeriod {
    /// The dimension of the periods.
    pub dimension: usize,
    /// That dimension's name, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_display_name: Option<&'static str>,
    /// The period.
    pub item: usize,
    /// Its name, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_display_name: Option<String>,
    /// What is told of it.
    pub components: Vec<ReportComponent>,
}

/// One thing that is told of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportComponent {
    /// The dimension of what is told.
    pub dimension: usize,
    /// That dimension's name, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_display_name: Option<&'static str>,
    /// Which of them.
    pub item: usize,
    /// Its name, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_display_name: Option<&'static str>,
    /// The figures: one, or one for each currency.
    pub measures: Vec<ReportFigure>,
}

/// A figure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportFigure {
    /// The measure.
    pub index: usize,
    /// The measure's name, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure_display_name: Option<String>,
    /// The figure; none where it cannot be told, such as the average of nothing.
    pub value: Option<Decimal>,
}

/// Why figures may be incomplete.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportError {
    /// In words.
    pub message: String,
    /// `DataNotSynced`.
    pub r#type: &'static str,
    /// `dataTypes`: which have not been read to their end.
    pub details: BTreeMap<&'static str, Vec<DataType>>,
}

/// What a report is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Customers that came back.
    CustomerRetention,
    /// What a customer has brought.
    LifetimeValue,
    /// Sales, and how they grow.
    Revenue,
    /// Orders.
    Orders,
    /// Refunds.
    Refunds,
}

/// What is measured. The last two are measured in each currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Count,
    Percentage,
    Value,
    Growth,
}
use Measure::{Count, Growth, Percentage, Value};

/// A figure, its measure, and the place of its currency.
type Figure = (Measure, usize, Option<Decimal>);

/// What a figure is of the sums in one currency, which is named.
type Figured<'a> = &'a dyn Fn(&InCurrency, &str) -> Result<Option<Decimal>, TooMuch>;

impl Subject {
    /// Its name, its name for people, and what the things that it tells are called.
    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::CustomerRetention => ["customer_retention", "Customer Retention", "Customer retention metrics"],
            Self::LifetimeValue => ["lifetime_value", "Lifetime Value", "Lifetime value metrics"],
            Self::Revenue => ["revenue", "Revenue", "Revenue metrics"],
            Self::Orders => ["orders", "Orders", "Order metrics"],
            Self::Refunds => ["refunds", "Refunds", "Refund metrics"],
        }
    }

    /// What it tells of each period.
    const fn lines(self) -> &'static [&'static str] {
        match self {
            Self::CustomerRetention => {
                &["Existing customers", "New customers", "Total customers", "Retention rate", "Repeat rate"]
            }
            Self::LifetimeValue => &["Lifetime value"],
            Self::Revenue => &["Revenue", "Revenue growth"],
            Self::Orders => &["Number of orders", "Total value", "Average order value"],
            Self::Refunds => &["Number of refunds", "Value of refunds", "Refund rate"],
        }
    }

    const fn measures(self) -> &'static [Measure] {
        match self {
            Self::CustomerRetention => &[Count, Percentage],
            Self::LifetimeValue => &[Value],
            Self::Revenue => &[Value, Growth],
            Self::Orders => &[Count, Value],
            Self::Refunds => &[Count, Value, Percentage],
        }
    }

    /// What it is counted from.
    const fn source(self) -> DataType {
        match self {
            Self::CustomerRetention | Self::LifetimeValue | Self::Orders => DataType::Orders,
            Self::Revenue | Self::Refunds => DataType::Transactions,
        }
    }

    /// Whether it has something to tell of a currency.
    const fn tells_of(self, of: &InCurrency) -> bool {
        match self {
            Self::CustomerRetention => false,
            Self::LifetimeValue => of.customers_to_date > 0,
            Self::Revenue => of.sales.count > 0,
            Self::Orders => of.orders.count > 0,
            Self::Refunds => of.refunds.count > 0,
        }
    }

    /// The figures of each line of a period, which follows `before`.
    fn figures(self, before: &Counted, now: &Counted, currencies: &[String]) -> Result<Vec<Vec<Figure>>, TooMuch> {
        let nothing = InCurrency::default();
        let of = |counted: &Counted, currency: &str| counted.currencies.get(currency).unwrap_or(&nothing).clone();
        let each = |measure, figure: Figured<'_>| {
            let figures = currencies.iter().enumerate();
            let figures = figures.map(|(place, currency)| Ok((measure, place, figure(&of(now, currency), currency)?)));
            figures.collect::<Result<Vec<Figure>, TooMuch>>()
        };
        let sum = |count: fn(&InCurrency) -> i64| now.currencies.values().map(count).sum::<i64>();
        let count = |number| vec![(Count, 0, Some(Decimal::new(number, 0)))];
        let percentage = |part: i64, whole: i64| vec![(Percentage, 0, percent(part.into(), whole.into()))];
        let buyers = now.buyers;
        Ok(match self {
            Self::CustomerRetention => vec![
                count(buyers.all - buyers.new),
                count(buyers.new),
                count(buyers.all),
                percentage(buyers.retained, buyers.before),
                percentage(buyers.repeated, buyers.all),
            ],
            Self::LifetimeValue => {
                vec![each(Value, &|of, currency| Ok(average(of.to_date, of.customers_to_date, currency)))?]
            }
            Self::Revenue => vec![
                each(Value, &|of, currency| money(of.sales.minor, currency).map(Some))?,
                each(Growth, &|own, currency| {
                    let old = of(before, currency).sales.minor;
                    Ok(percent(own.sales.minor - old, old))
                })?,
            ],
            Self::Orders => vec![
                count(sum(|of| of.orders.count)),
                each(Value, &|of, currency| money(of.orders.minor, currency).map(Some))?,
                each(Value, &|of, currency| Ok(average(of.orders, of.orders.count, currency)))?,
            ],
            Self::Refunds => vec![
                count(sum(|of| of.refunds.count)),
                each(Value, &|of, currency| money(-of.refunds.minor, currency).map(Some))?,
                percentage(sum(|of| of.refunds.count), sum(|of| of.sales.count)),
            ],
        })
    }
}

/// `part` of `whole` in percent, with two decimals; none of nothing.
fn percent(part: i128, whole: i128) -> Option<Decimal> {
    nearest(part.checked_mul(10_000)?, whole).map(|percent| Decimal::new(percent, 2))
}

/// What a report is made of.
#[derive(Debug)]
pub struct Ground<'c> {
    /// What it is on.
    pub subject: Subject,
    /// The periods; the first is there to be compared with, and not shown.
    pub periods: &'c [Period],
    /// What was counted in each.
    pub counted: &'c [Counted],
    /// The currency that comes first, also when nothing was counted in it.
    pub base: Option<String>,
    /// Whose days are counted.
    pub zone: Tz,
    /// Data types that no sync has read to its end.
    pub not_read: Vec<DataType>,
    /// Whether names stand beside the numbers of figures.
    pub names: bool,
}

impl Ground<'_> {
    /// The report.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn report(self) -> Result<CommerceReport, TooMuch> {
        let [name, display_name, metrics] = self.subject.names();
        let currencies = self.currencies();
        let measures = self.measures(&currencies);
        let named = |name| self.names.then_some(name);
        let mut report_data = Vec::new();
        for (item, two) in self.counted.windows(2).enumerate() {
            let [before, now] = two else { continue };
            let lines = self.subject.figures(before, now, &currencies)?;
            let components = lines.into_iter().zip(self.subject.lines()).enumerate();
            let components = components.map(|(item, (figures, line))| ReportComponent {
                dimension: 1,
                dimension_display_name: named(metrics),
                item,
                item_display_name: named(*line),
                measures: figures.into_iter().filter_map(|figure| self.figure(&measures, figure)).collect(),
            });
            report_data.push(ReportPeriod {
                dimension: 0,
                dimension_display_name: named("Period"),
                item,
                item_display_name: self.names.then(|| format!("Period {item}")),
                components: components.collect(),
            });
        }
        let info = [("name", name), ("displayName", display_name), ("timeZone", self.zone.name())];
        Ok(CommerceReport {
            report_info: info.map(|(key, value)| (key, value.to_owned())).into(),
            dimensions: self.dimensions(metrics),
            measures: measures.into_iter().map(|(_, shown)| shown).collect(),
            report_data,
            errors: self.errors(),
        })
    }

    /// The currencies of which there is something to tell, the connection's own first.
    fn currencies(&self) -> Vec<String> {
        let all = self.counted.iter().flat_map(|counted| &counted.currencies);
        let told = all.filter(|(_, of)| self.subject.tells_of(of)).map(|(currency, _)| currency.clone());
        let mut currencies: Vec<String> = told.collect();
        currencies.sort_unstable();
        currencies.dedup();
        currencies.retain(|currency| Some(currency) != self.base.as_ref());
        self.base.iter().cloned().chain(currencies).collect()
    }

    /// What is measured: with one currency, as the contract numbers it; behind that what other currencies add.
    fn measures(&self, currencies: &[String]) -> Vec<((Measure, usize), ReportMeasure)> {
        let mut all = Vec::new();
        for place in 0..currencies.len().max(1) {
            for measure in self.subject.measures() {
                let currency = currencies.get(place);
                let (name, kind, units) = match measure {
                    Count => ("Count", "int", None),
                    Percentage => ("Percentage", "percentage", Some("%".to_owned())),
                    Value => ("Value", "currency", currency.cloned()),
                    Growth => ("Percentage change vs. previous period", "percentage", Some("%".to_owned())),
                };
                let by_currency = matches!(measure, Value | Growth);
                if place > 0 && !by_currency || by_currency && currency.is_none() {
                    continue;
                }
                let of = currency.filter(|_| place > 0).map(|currency| format!(" ({currency})")).unwrap_or_default();
                let display_name = format!("{name}{of}");
                all.push(((*measure, place), ReportMeasure { index: all.len(), display_name, r#type: kind, units }));
            }
        }
        all
    }

    fn figure(
        &self,
        measures: &[((Measure, usize), ReportMeasure)],
        (measure, place, value): Figure,
    ) -> Option<ReportFigure> {
        let (_, of) = measures.iter().find(|(key, _)| *key == (measure, place))?;
        let measure_display_name = self.names.then(|| of.display_name.clone());
        Some(ReportFigure { index: of.index, measure_display_name, value })
    }

    fn dimensions(&self, metrics: &'static str) -> Vec<ReportDimension> {
        let item = |index| ReportItem { index, display_name: None, start: None, end: None, value: None };
        let periods = self.periods.iter().skip(1).enumerate().map(|(index, period)| ReportItem {
            display_name: Some(format!("Period {index}")),
            start: Some(period.first),
            end: Some(period.last()),
            ..item(index)
        });
        let lines = self.subject.lines().iter().enumerate();
        let lines = lines.map(|(index, line)| ReportItem { value: Some(line), ..item(index) });
        vec![
            ReportDimension { index: 0, display_name: "Period", r#type: "datespan", items: periods.collect() },
            ReportDimension { index: 1, display_name: metrics, r#type: "string", items: lines.collect() },
        ]
    }

    fn errors(&self) -> Vec<ReportError> {
        let missing = self.not_read.iter().copied().filter(|kind| *kind == self.subject.source());
        let error = |kind: DataType| ReportError {
            message: format!(
                "{} has not been read to its end yet: the figures are incomplete until its sync is done.",
                kind.as_str()
            ),
            r#type: "DataNotSynced",
            details: [("dataTypes", vec![kind])].into(),
        };
        missing.map(error).collect()
    }
}
