//! What was asked for once and is not read to its end, though the first sync is over.
//!
//! A gap in the events takes away what was read, an outage ends what is on its way, and there are lists that Stripe does
//! not give. None of that is for ever: what has begun goes on with the next run, and what could not begin is tried again.

use chrono::Duration;
use entity::data_type::DataType;
use entity::{checkpoint, dataset, sync_head};

use super::error::Error;
use super::run::{Run, read_in};
use super::streams::Stream;
use base::boxed;

/// What could not begin is tried again after this: less than a day, so that a daily sync tries it each time.
const PATIENCE: Duration = Duration::hours(20);

/// The data types whose turn it is; `rows` are the connection's checkpoints.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn types(run: &Run, head: &sync_head::Model, rows: &[checkpoint::Model]) -> Result<Vec<DataType>, Error> {
    let done = read_in(rows);
    let left = |kind: DataType| Stream::of(kind).iter().filter(|stream| !done.contains(stream.name()));
    // Most connections have nothing left: they are not looked at any further.
    if DataType::ALL.into_iter().all(|kind| left(kind).next().is_none()) {
        return Ok(Vec::new());
    }
    let linked_at = store::connections::by_id(&run.db, run.connection).await?.and_then(|row| row.linked_at);
    let now = run.clock.now();
    // Who links again may have granted more than before.
    let waits = |last: &dataset::Model| {
        let is_recent = |at| now - at < PATIENCE && linked_at.is_none_or(|linked| linked <= at);
        last.status.is_error() && last.completed_at.is_some_and(is_recent)
    };
    let has_begun = |stream: &Stream| rows.iter().any(|row| row.stream == stream.name());
    let goes_on = |kind| head.events_from.is_none() || left(kind).any(has_begun);
    let asked_once = store::datasets_read::states(&run.db, &[run.connection]).await?;
    let unread = asked_once.into_iter().filter(|(kind, _)| left(*kind).next().is_some());
    Ok(unread.filter(|(kind, state)| goes_on(*kind) || !waits(&state.latest)).map(|(kind, _)| kind).collect())
}
