//! Reads at Stripe, against what Stripe allots to the account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{Days, NaiveDate};
use entity::connection::Reads;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::who::OfConnection;

/// Reads that Stripe allots to each transaction of the last 30 days.
const EACH: i64 = 500;
/// Reads that every account has in 30 days, however little it sells.
const FLOOR: i64 = 10_000;
/// The days that Stripe's allocation is about.
const MONTH: u64 = 30;

/// Reads at Stripe, against what Stripe allots to the account.
///
/// Requests are counted as they are sent, tries included; what a process that is killed has not written down yet, at most
/// the last ten seconds of a long sync, is missing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadBudget {
    /// Reads of the last 30 days, of all connections to the account.
    pub used: i64,
    /// What Stripe allots in 30 days: 500 for each payment, and 10,000 at least.
    pub allotted: i64,
    /// Reads of today, UTC.
    pub today: i64,
    /// Reads of each of the last 31 days that had some, UTC.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub by_day: BTreeMap<NaiveDate, i64>,
}

/// Get the reads at Stripe
///
/// What syncing this connection's account costs of Stripe's read allocation.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/read-budget",
    operation_id = "get-connection-read-budget", tag = "Connections",
    params(("companyId" = String, Path), ("connectionId" = String, Path)),
    responses((status = 200, description = "The reads.", body = ReadBudget), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection) -> Result<Json<ReadBudget>, Error> {
    let now = app.clock.now();
    let today = now.date_naive();
    let mut all = of.connection.reads.clone();
    if let (Some(account), Some(livemode)) = (&of.connection.account_id, of.connection.livemode) {
        let shared = store::connections::by_account(&app.db, account, livemode).await?;
        for other in shared.into_iter().filter(|other| other.id != of.connection.id) {
            for (day, reads) in other.reads.0 {
                *all.0.entry(day).or_default() += reads;
            }
        }
    }
    let Reads(by_day) = all;
    let used = by_day.iter().filter(|(day, _)| **day > today - Days::new(MONTH)).map(|(_, reads)| *reads).sum();
    let payments = store::records_read::payments_since(&app.db, of.connection.id, now - Days::new(MONTH)).await?;
    let allotted = (payments * EACH).max(FLOOR);
    Ok(Json(ReadBudget { used, allotted, today: by_day.get(&today).copied().unwrap_or_default(), by_day }))
}
