//! Commerce metrics: what a company sold, to whom, and what came of it, period by period and currency by currency.
//!
//! They are counted from the records when they are asked for, in one state of the database. What orders and what moved the
//! balance came to on whole days is kept once it was counted, until one of the day's records changes.

pub mod assess;
mod count;
mod periods;
mod report;
mod sales;
mod shown;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use count::{Counted, Counting};
use entity::connection;
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::{CompanyId, ConnectionId};
use periods::{Period, Unit, periods};
use sales::Sales;
use serde::Deserialize;
use shown::{CommerceMetrics, CountedConnection, PeriodMetrics};
use utoipa::IntoParams;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::parameters::Parameters;
use super::who::OfCompany;
use base::clock::QUARTER;
use store::{Tx, days, orders, revenue};

/// The most periods of one answer.
const MOST: usize = 400;
/// Periods that are shown when nobody says from when.
const SHOWN: i32 = 12;
/// How long an answer waits for days to be kept that were not yet.
const PATIENCE: Duration = Duration::from_secs(1);
/// What the metrics are counted from.
const COUNTED: [DataType; 4] = [DataType::Transactions, DataType::Orders, DataType::Payouts, DataType::Subscriptions];

/// Which metrics.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MetricsParams {
    /// A day in the first period, such as 2026-01-31; twelve periods are shown without it.
    #[serde(default)]
    #[param(required = false, value_type = String, format = Date)]
    pub from: Option<String>,
    /// A day in the last period; today without it.
    #[serde(default)]
    #[param(required = false, value_type = String, format = Date)]
    pub to: Option<String>,
    /// How long a period is: `day`, `week` (from Monday), `month`, `quarter` or `year`.
    #[serde(default)]
    #[param(required = false, value_type = Unit)]
    pub period: Option<String>,
    /// Whose days are counted, such as `Europe/Berlin`; those of the company's oldest Stripe account that says, or else UTC.
    #[serde(default)]
    #[param(required = false)]
    pub time_zone: Option<String>,
}

/// Get a company's metrics
///
/// Revenue, orders, customers, payouts and subscriptions, period by period and currency by currency, over all of the
/// company's connections. What each figure is and what it is counted from is told in the documentation.
#[utoipa::path(get, path = "/companies/{companyId}/metrics", operation_id = "get-company-metrics", tag = "Commerce",
    params(("companyId" = CompanyId, Path), MetricsParams),
    responses((status = 200, description = "The metrics.", body = CommerceMetrics), Refusals))]
pub async fn get(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Parameters(params): Parameters<MetricsParams>,
) -> Result<Json<CommerceMetrics>, Error> {
    let now = app.clock.now();
    let unit = params.unit()?;
    let connections = store::connections::of_company(&app.db, company.id).await?;
    for one in &connections {
        keep_days(&app, one.id, now).await;
    }
    let tx = store::read(&app.db).await?;
    let mut shown = Vec::with_capacity(connections.len());
    for one in &connections {
        shown.push(about(&tx, one).await?);
    }
    let zone = params.zone(&shown)?;
    let periods = params.periods(unit, zone, now)?;
    let counted = count(&tx, &connections, &periods, now).await?;
    let results = periods.iter().zip(counted).skip(1).map(|(period, counted)| PeriodMetrics::new(period, counted, now));
    Ok(Json(CommerceMetrics {
        company_id: company.id,
        period: unit,
        time_zone: zone.name().to_owned(),
        connections: shown,
        results: results.collect::<Result<_, _>>().map_err(Error::fault)?,
    }))
}

impl MetricsParams {
    fn unit(&self) -> Result<Unit, Error> {
        let refused = || Error::BadRequest("period must be day, week, month, quarter or year.".to_owned());
        self.period.as_deref().map_or(Ok(Unit::Month), |word| Unit::parse(word).ok_or_else(refused))
    }

    /// The zone that is asked for, or that of the oldest account that says, or else UTC.
    fn zone(&self, connections: &[CountedConnection]) -> Result<Tz, Error> {
        let refused = |_| Error::BadRequest("timeZone must be a time zone such as Europe/Berlin.".to_owned());
        let own = || connections.iter().find_map(|one| one.time_zone.as_deref()?.parse().ok()).unwrap_or(Tz::UTC);
        self.time_zone.as_deref().map_or_else(|| Ok(own()), |name| name.parse().map_err(refused))
    }

    /// The periods that are asked for, and the one before them.
    fn periods(&self, unit: Unit, zone: Tz, now: DateTime<Utc>) -> Result<Vec<Period>, Error> {
        let far = || Error::BadRequest("from and to must be days between the years 1970 and 9998.".to_owned());
        let to = day("to", self.to.as_deref())?.unwrap_or_else(|| now.with_timezone(&zone).date_naive());
        let from = match day("from", self.from.as_deref())? {
            Some(from) => from,
            None => unit.begin(to).and_then(|first| unit.step(first, 1 - SHOWN)).ok_or_else(far)?,
        };
        if from > to {
            return Err(Error::BadRequest("from must not be after to.".to_owned()));
        }
        let many = || {
            Error::BadRequest(format!(
                "from and to lie more than {MOST} periods apart: ask for longer periods or fewer."
            ))
        };
        let before = unit.begin(from).and_then(|first| unit.step(first, -1)).ok_or_else(far)?;
        periods(unit, before, to, zone, MOST + 1).ok_or_else(many)
    }
}

/// A day of a parameter, of a year that both databases keep.
fn day(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>, Error> {
    let refused = || Error::BadRequest(format!("{name} must be a day between 1970 and 9998, such as 2026-01-31."));
    let read = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(known_day).ok_or_else(refused);
    text.map(read).transpose()
}

/// A day, when it is of a year that both databases keep.
fn known_day(day: NaiveDate) -> Option<NaiveDate> {
    let known = NaiveDate::from_ymd_opt(1970, 1, 8)..NaiveDate::from_ymd_opt(9998, 1, 1);
    known.contains(&Some(day)).then_some(day)
}

/// Keeps the days that are over, so that they are counted once. Where that cannot be done they are counted for
/// this answer alone: that is slower, and no reason to refuse it.
async fn keep_days(app: &App, connection: ConnectionId, now: DateTime<Utc>) {
    let kept = async {
        let head = store::sync_heads::find(&app.db, connection).await?;
        // While a first sync goes on, hardly a day stays as it is.
        if head.is_none_or(|head| head.first_done_at.is_none()) {
            return Ok(());
        }
        days::keep_all(&app.db, connection, now).await
    };
    // What is done in this time stays, and a later request goes on behind it.
    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, kept).await {
        tracing::warn!(%error, connection.id = %connection, "days could not be kept: they are counted again");
    }
}

/// What is known of a connection, and what of it was never read.
async fn about(tx: &Tx, connection: &connection::Model) -> Result<CountedConnection, Error> {
    let mut not_read = Vec::new();
    for kind in COUNTED {
        let best = store::datasets_read::best(tx, connection.id, kind).await?;
        if best.is_none_or(|row| row.status != Status::Complete) {
            not_read.push(kind);
        }
    }
    let info = store::records_read::company_info(tx, connection.id).await?;
    Ok(CountedConnection { connection_id: connection.id, time_zone: info.and_then(|row| row.time_zone), not_read })
}

/// Counts periods that follow each other, over some connections. The first is there for who came again after it: what moved
/// the balance in it is not read.
async fn count(
    tx: &Tx,
    connections: &[connection::Model],
    periods: &[Period],
    now: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let mut counting = Counting::new(periods, now);
    let to_the_moment = periods.iter().any(|period| period.until.timestamp() % QUARTER != 0);
    for connection in connections {
        let begun = periods.iter().skip(1).filter(|period| period.from <= now);
        let stretches: Vec<_> = begun.map(|period| (period.from, period.until)).collect();
        let moved = revenue::moved(tx, connection.id, &stretches).await?;
        for (place, rows) in moved.into_iter().enumerate() {
            counting.moved(place + 1, rows);
        }
        let mut sales = Sales::new(periods);
        orders::each(tx, connection.id, to_the_moment, |sold| sales.add(sold)).await?;
        counting.sold(sales);
        counting.paid(&store::metrics::payouts(tx, connection.id).await?);
        counting.subscribed(&store::metrics::subscriptions(tx, connection.id).await?);
    }
    Ok(counting.counted)
}
