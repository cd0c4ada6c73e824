//! What was made before the lists begin and is not final yet, read by its id: open disputes, pending refunds and
//! charges, holds, young payouts, money that should have become available; and every open invoice.

use chrono::{DateTime, Duration};
use entity::reconciliation_part::Model;

use super::super::error::Error;
use super::super::streams::Stream;
use super::Turn;
use super::check::{self, Batch};
use store::open_records::{KINDS, Looked};

/// Objects read at a time.
const BATCH: u64 = 50;
/// Ten business days: until then a bank may send a payout back.
const PAYOUTS_FOR: Duration = Duration::days(14);

/// Takes the step on. Returns whether it came to its end.
///
/// # Errors
/// Whatever ends a run, or this step.
pub async fn step(turn: &mut Turn<'_>, part: &mut Model) -> Result<bool, Error> {
    let kinds = KINDS.into_iter().chain(["invoice"]);
    // The cursor is the kind and the id behind which it goes on.
    let (at, mut after) = match part.cursor.as_deref().and_then(|cursor| cursor.split_once(' ')) {
        Some((kind, id)) => (kind.to_owned(), id.to_owned()),
        None => (KINDS[0].to_owned(), String::new()),
    };
    for kind in kinds.skip_while(|kind| *kind != at) {
        let Some(stream) = Stream::of_object(kind).filter(|stream| turn.active.contains(stream.name())) else {
            continue;
        };
        loop {
            if !turn.page() {
                return Ok(false);
            }
            let (ids, last) = next(turn, kind, &after, part.window_from).await?;
            let Some(last) = last else { break };
            let mut batch = Batch::new(turn.run, turn.run.read_no());
            check::read_again(turn, stream, &ids, &mut batch).await?;
            let mut moved = part.clone();
            moved.here += i64::try_from(ids.len()).unwrap_or(i64::MAX);
            moved.cursor = Some(format!("{kind} {last}"));
            *part = check::keep(turn, stream, batch, moved).await?;
            after = last;
        }
        after = String::new();
    }
    Ok(true)
}

/// The next open objects of a kind, and the last one that was looked at; none at the end.
async fn next(turn: &Turn<'_>, kind: &str, after: &str, before: i64) -> Result<(Vec<String>, Option<String>), Error> {
    let run = turn.run;
    if kind == "invoice" {
        // No list of the narrow passes holds them, so the young ones are read here, too.
        let some = store::drift::behind(&run.db, run.connection, kind, after, BATCH * 10).await?;
        let last = some.last().map(|(id, _)| id.clone());
        let open = some.into_iter().filter(|(_, status)| !matches!(status.as_deref(), Some("paid" | "void")));
        return Ok((open.map(|(id, _)| id).collect(), last));
    }
    let now = run.clock.now();
    let before = DateTime::from_timestamp(before, 0).unwrap_or(now);
    let of = Looked { connection: run.connection, before, now, payouts_from: now - PAYOUTS_FOR, limit: BATCH };
    let ids = store::open_records::next(&run.db, kind, after, of).await?;
    let last = ids.last().cloned();
    Ok((ids, last))
}
