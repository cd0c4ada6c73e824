//! The paths under which the contract's lending product asks for the commerce reports of a connection.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::id::{CompanyId, ConnectionId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::periods::{Period, Unit, back_from};
use super::report::{CommerceReport, Ground, Subject};
use super::{MOST, about, count, keep_days, known_day};
use crate::App;
use crate::api::Refusals;
use crate::error::Error;
use crate::parameters::Parameters;
use crate::who::OfConnection;

/// The most units of one period.
const LONGEST: usize = 400;

/// Which periods of a report.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ReportParams {
    /// A day in the last period, such as 29-09-2020 or 2020-09-29: the report is made up to the end of its day, week, month
    /// or year.
    #[param(required = true, value_type = String)]
    pub report_date: Option<String>,
    /// How many days, weeks, months or years a period has.
    #[param(required = true, value_type = u32, minimum = 1, maximum = 400)]
    pub period_length: Option<String>,
    /// How many periods.
    #[param(required = true, value_type = u32, minimum = 1, maximum = 400)]
    pub number_of_periods: Option<String>,
    /// What a period is made of: `Day`, `Week` (from Monday), `Month` or `Year`.
    #[param(required = true, value_type = String)]
    pub period_unit: Option<String>,
    /// Whether names stand beside the numbers of figures.
    #[param(required = false, value_type = bool)]
    pub include_display_names: Option<String>,
}

impl ReportParams {
    /// The periods that are asked for, and two before them: growth is told against the one before the first, and whoever
    /// bought in that one may have come before.
    fn periods(&self, zone: Tz) -> Result<Vec<Period>, Error> {
        let refused =
            || Error::BadRequest("reportDate must be a day between 1970 and 9998, such as 29-09-2020.".to_owned());
        let day = self.report_date.as_deref().and_then(report_day).ok_or_else(refused)?;
        let refused = || Error::BadRequest("periodUnit must be Day, Week, Month or Year.".to_owned());
        let unit = self.period_unit.as_deref().and_then(Unit::parse).filter(|unit| *unit != Unit::Quarter);
        let length = number("periodLength", self.period_length.as_deref(), LONGEST)?;
        let count = number("numberOfPeriods", self.number_of_periods.as_deref(), MOST)?;
        let far = || Error::BadRequest("The periods must lie between the years 1970 and 9998.".to_owned());
        let periods = back_from(unit.ok_or_else(refused)?, length, count + 2, day, zone).ok_or_else(far)?;
        periods.first().and_then(|first| known_day(first.first)).ok_or_else(far)?;
        Ok(periods)
    }

    fn names(&self) -> Result<bool, Error> {
        match self.include_display_names.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::BadRequest("includeDisplayNames must be true or false.".to_owned())),
        }
    }
}

/// Reads a day as the contract writes it, or as the rest of the API does.
fn report_day(text: &str) -> Option<NaiveDate> {
    let read = |form| NaiveDate::parse_from_str(text, form).ok().and_then(known_day);
    read("%d-%m-%Y").or_else(|| read("%Y-%m-%d"))
}

fn number(name: &str, text: Option<&str>, most: usize) -> Result<i32, Error> {
    let refused = || Error::BadRequest(format!("{name} must be a whole number from 1 to {most}."));
    let number = text.and_then(|text| text.parse::<i32>().ok()).ok_or_else(refused)?;
    let good = number >= 1 && usize::try_from(number).is_ok_and(|number| number <= most);
    good.then_some(number).ok_or_else(refused)
}

/// Makes a report on one connection, in one state of the database.
async fn report(app: &App, of: OfConnection, params: &ReportParams, subject: Subject) -> Result<CommerceReport, Error> {
    let now: DateTime<Utc> = app.clock.now();
    let names = params.names()?;
    let info = store::records_read::company_info(&app.db, of.connection.id).await?;
    let zone = info.as_ref().and_then(|row| row.time_zone.as_deref()?.parse().ok()).unwrap_or(Tz::UTC);
    let periods = params.periods(zone)?;
    keep_days(app, of.connection.id, now).await;
    let tx = store::read(&app.db).await?;
    let not_read = about(&tx, &of.connection).await?.not_read;
    let counted = count(&tx, std::slice::from_ref(&of.connection), &periods, now).await?;
    let ground = Ground {
        subject,
        periods: periods.get(1..).unwrap_or_default(),
        counted: counted.get(1..).unwrap_or_default(),
        base: info.and_then(|row| row.base_currency),
        zone,
        not_read,
        names,
    };
    ground.report().map_err(Error::fault)
}

macro_rules! reports {
    ($($name:ident $subject:ident $path:literal $operation:literal $title:literal;)+) => {$(
        #[doc = $title]
        #[doc = ""]
        #[doc = "One of the commerce reports of the contract's lending product, in its shape and with the figures of the"]
        #[doc = "company's metrics, for one connection. What each figure is and what it is counted from is told in the"]
        #[doc = "documentation. With several currencies, the measures of the connection's own come first; those of the"]
        #[doc = "others follow."]
        #[utoipa::path(get,
            path = concat!("/data/companies/{companyId}/connections/{connectionId}/assess/commerceMetrics/", $path),
            operation_id = $operation, tag = "Commerce",
            params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ReportParams),
            responses((status = 200, description = "The report.", body = CommerceReport), Refusals))]
        pub async fn $name(
            State(app): State<App>,
            of: OfConnection,
            Parameters(params): Parameters<ReportParams>,
        ) -> Result<Json<CommerceReport>, Error> {
            report(&app, of, &params, Subject::$subject).await.map(Json)
        }
    )+};
}

reports! {
    customer_retention CustomerRetention "customerRetention" "get-commerce-customer-retention-metrics"
        "Get customer retention metrics";
    lifetime_value LifetimeValue "lifetimeValue" "get-commerce-lifetime-value-metrics" "Get lifetime value metrics";
    revenue Revenue "revenue" "get-commerce-revenue-metrics" "Get revenue metrics";
    orders Orders "orders" "get-commerce-orders-report" "Get orders report";
    refunds Refunds "refunds" "get-commerce-refunds-report" "Get refunds report";
}
