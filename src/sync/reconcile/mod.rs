//! The proof: what is kept is compared with what Stripe lists, and what differs is repaired and told.
//!
//! A pass runs inside the connection's one job and under its run's fence. It goes in slices of a few pages, each page a
//! transaction with its checkpoint and its counts, and gives way after each slice. Nothing is taken for gone because a
//! list left it out: it is read by its id first, and only Stripe's word that there is no such object makes a tombstone.
//!
//! [`plan`] says when; `list` compares a list; `open` reads what is not final; `records` finds records that
//! nothing makes; `contents` checks payouts; `check` compares and repairs a batch, with `objects` and `work`.

use base::boxed;

mod check;
mod contents;
mod list;
mod objects;
mod open;
mod part;
pub mod plan;
mod records;
mod work;

use std::collections::HashSet;

use entity::reconciliation::{self, Pass, State};
use entity::{reconciliation_part as row, sync_head};

use self::part::Step;
use super::error::Error;
use super::run::Run;
use super::streams::Stream;
use stripe::error::Error as Refusal;

/// Pages of one turn; then whatever else waits has its turn.
const SLICE: u32 = 20;
/// Tries of a step that Stripe does not answer, before the pass goes on without it and says so.
const TRIES: i32 = 3;

/// What a step has at hand.
struct Turn<'r> {
    run: &'r Run,
    head: &'r sync_head::Model,
    pass: &'r reconciliation::Model,
    /// The streams that are read to their end: the others are not compared.
    active: HashSet<&'static str>,
    /// Second up to which all events are known.
    known_until: i64,
    /// Pages that are left of this turn.
    pages: u32,
}

impl Turn<'_> {
    /// Takes a page of the turn; `false` when there is none left.
    const fn page(&mut self) -> bool {
        let left = self.pages > 0;
        self.pages = self.pages.saturating_sub(1);
        left
    }

    /// The first second that the pass compares of a stream.
    fn from(&self, stream: Stream) -> i64 {
        let own = plan::days(self.pass.pass).map_or(0, |days| self.started() - days * 86_400);
        own.max(self.run.since(stream))
    }

    fn started(&self) -> i64 {
        self.pass.started_at.unwrap_or(self.pass.due_at).timestamp()
    }
}

/// Does the next pages of the pass that is due, if one is. Returns whether something is left to do.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn turn(run: &Run) -> Result<bool, Error> {
    let head = store::sync_heads::find(&run.db, run.connection).await?;
    let Some(head) = head.filter(|head| head.first_done_at.is_some()) else { return Ok(false) };
    plan::keep_planned(run).await?;
    let now = run.clock.now();
    let open = store::reconciliations::open(&run.db, run.connection).await?;
    let Some(pass) = open.into_iter().find(|row| plan::is_due(row, now)) else { return Ok(false) };
    let pass = begun(run, pass).await?;
    let known_until = run.events_cursor(&head).await?.unwrap_or_default();
    let active = run.read_streams().await?.into_iter().collect();
    let mut turn = Turn { run, head: &head, pass: &pass, active, known_until, pages: SLICE };
    let parts = store::reconciliations::parts(&run.db, run.connection, &[pass.id]).await?;
    for step in part::steps(pass.pass) {
        // What is not read is not compared; the report lists what is.
        if matches!(step, Step::List(stream) if !turn.active.contains(stream.name())) {
            continue;
        }
        let kept = parts.iter().find(|part| part.step == step.name()).cloned();
        let mut part = kept.unwrap_or_else(|| part::fresh(&turn, *step));
        if !part.done && !take(&mut turn, *step, &mut part).await? {
            return Ok(true);
        }
    }
    end(run, &pass).await
}

async fn begun(run: &Run, mut pass: reconciliation::Model) -> Result<reconciliation::Model, Error> {
    if pass.state == State::Planned {
        let now = run.clock.now();
        let page = run.page().await?;
        store::reconciliations::start(page.tx(), &pass, now).await?;
        page.commit().await?;
        pass.started_at = Some(now);
        tracing::info!(connection.id = %run.connection, pass = pass.pass.as_str(), "a reconciliation begins");
    }
    Ok(pass)
}

/// Takes a step on. Returns whether it has ended: well, or for a reason that the report tells.
async fn take(turn: &mut Turn<'_>, step: Step, part: &mut row::Model) -> Result<bool, Error> {
    let taken = match step {
        Step::List(stream) => list::step(turn, stream, part).await,
        Step::Open => open::step(turn, part).await,
        Step::Records => records::step(turn, part).await,
        Step::Contents => contents::step(turn, part).await,
    };
    match taken {
        Ok(done) => {
            part.failures = 0;
            if done { part::end(turn.run, part, None).await.map(|()| true) } else { Ok(false) }
        }
        Err(Error::Stripe(refusal)) if !ends_the_run(&refusal) => {
            part.failures += 1;
            if refusal.is_passing() && part.failures < TRIES {
                part::save(turn.run, part).await?;
                return Err(refusal.into());
            }
            let why = format!("{refusal}. What was compared before is repaired; nothing was taken for gone.");
            part::end(turn.run, part, Some(why)).await.map(|()| true)
        }
        Err(error) => Err(error),
    }
}

/// What concerns the whole account is not the step's to tell.
const fn ends_the_run(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Revoked | Refusal::PlatformKey(_))
}

/// Ends the pass, and plans the next one of its kind. Returns whether another one is due.
async fn end(run: &Run, pass: &reconciliation::Model) -> Result<bool, Error> {
    let now = run.clock.now();
    let parts = store::reconciliations::parts(&run.db, run.connection, &[pass.id]).await?;
    let whole = parts.iter().all(|part| part.reason.is_none());
    let state = if whole { State::Complete } else { State::Incomplete };
    let page = run.page().await?;
    store::reconciliations::finish(page.tx(), pass, state, now).await?;
    plan::after(run, page.tx(), pass, now).await?;
    store::reconciliations::forget(page.tx(), run.connection, now - plan::KEPT).await?;
    page.commit().await?;
    let found: i64 = parts.iter().map(|part| part.missing + part.extra + part.different).sum();
    tracing::info!(connection.id = %run.connection, pass = pass.pass.as_str(), state = state.as_str(), found,
        "a reconciliation ended");
    let open = store::reconciliations::open(&run.db, run.connection).await?;
    Ok(open.iter().any(|row| plan::is_due(row, now)))
}

/// Where the pass stands that is due, or was never planned though it should be: the run takes the connection for it. None
/// is due otherwise.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn due(run: &Run) -> Result<Option<State>, Error> {
    let open = store::reconciliations::open(&run.db, run.connection).await?;
    let unplanned = run.continuous && Pass::ALL.iter().any(|pass| open.iter().all(|row| row.pass != *pass));
    let now = run.clock.now();
    // Those on their way come first.
    let due = open.into_iter().find(|row| plan::is_due(row, now)).map(|row| row.state);
    Ok(due.or(unplanned.then_some(State::Planned)))
}
