//! What payouts are made of, checked with what is kept of it. One that does not add up is read again in the same run:
//! either the copy was wrong, and is whole again, or Stripe's own figures differ, and the difference is shown.

use chrono::DateTime;
use entity::data_type::DataType;
use entity::drift::{Kind, Layer};
use entity::reconciliation_part::Model;

use super::super::error::Error;
use super::super::streams::Stream;
use super::Turn;
use super::work::Work;

/// Payouts looked at in one go.
const BATCH: u64 = 50;

/// Takes the step on. Returns whether it came to its end.
///
/// # Errors
/// When the database does not answer.
pub async fn step(turn: &mut Turn<'_>, part: &mut Model) -> Result<bool, Error> {
    let run = turn.run;
    let whole = [Stream::Payouts, Stream::BalanceTransactions];
    if !whole.iter().all(|stream| turn.active.contains(stream.name())) {
        return Ok(true);
    }
    let from = DateTime::from_timestamp(part.window_from, 0).unwrap_or_default();
    loop {
        if !turn.page() {
            return Ok(false);
        }
        let after = part.cursor.clone().unwrap_or_default();
        let checks = store::payout_contents::checks(&run.db, run.connection, from, &after, BATCH).await?;
        let Some(last) = checks.last().map(|one| one.payout.clone()) else { return Ok(true) };
        let page = run.page().await?;
        let mut work = Work::new(turn, run.read_no(), part.clone());
        for one in checks {
            work.part.there += 1;
            work.part.here += i64::from(one.is_known());
            if one.is_known() && !one.adds_up() {
                store::payout_contents::forget(page.tx(), run.connection, &one.payout).await?;
                // Where Stripe's own figures differ there is nothing wrong here: it is read again, and shown.
                if !one.is_as_read() {
                    let fields = vec!["transactions".to_owned()];
                    work.note(Layer::Record, DataType::Payouts, "payout_content", &one.payout, Kind::Different, fields);
                }
            }
        }
        work.part.cursor = Some(last);
        *part = work.finish(&page).await?;
        page.commit().await?;
    }
}
