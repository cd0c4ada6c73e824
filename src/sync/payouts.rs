//! What payouts are made of, read when Stripe has finished it.
//!
//! A balance transaction does not name its payout: only the list filtered by payout links them. That is one list for each
//! payout, so it comes after everything else, and gives way to whatever is asked for meanwhile.

use entity::payout;
use entity::payout_content::{Model, State};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::backfill::{self, PAGE};
use super::error::Error;
use super::prepare::Prepared;
use super::run::{Run, of_one_list};
use super::streams::Stream;
use base::boxed;
use stripe::error::Error as Refusal;
use stripe::wire;

/// What is proven of a payout: whether it is the sum of the transactions that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is, to the cent.
    Proven,
    /// It cannot be said yet, and why.
    Pending(&'static str),
    /// It can never be said, and why.
    NotPossible(&'static str),
    /// It is not: the payout's amount less the sum, in minor units; none when that is beyond what can be counted.
    Mismatch(Option<i64>),
}

impl Proof {
    /// Why it is not proven.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Proven => None,
            Self::Pending(why) | Self::NotPossible(why) => Some(why),
            Self::Mismatch(_) => Some("The net amounts do not sum up to the payout's amount."),
        }
    }
}

/// What is proven of a payout by what was read of its content.
#[must_use]
pub fn proof(payout: &payout::Model, content: Option<&Model>) -> Proof {
    if payout.reconciliation == "not_applicable" {
        return Proof::NotPossible(match (payout.automatic, payout.method.as_str()) {
            (_, "instant") => "An instant payout: Stripe does not say what it is made of.",
            (false, _) => "A manual payout: Stripe does not say what it is made of.",
            (true, _) => "Stripe does not say what this payout is made of.",
        });
    }
    match content {
        Some(row) if row.state == State::Unavailable => Proof::NotPossible(
            "Stripe keeps no list of what this payout is made of: it does so for automatic payouts, and not for the oldest.",
        ),
        Some(row) if row.state == State::Complete => {
            let difference = payout.amount_minor.checked_sub(row.net_minor);
            if difference == Some(0) { Proof::Proven } else { Proof::Mismatch(difference) }
        }
        _ if payout.reconciliation == "completed" => Proof::Pending("It was not read yet: the next sync reads it."),
        _ => Proof::Pending("Stripe is still working on what it is made of."),
    }
}

/// Payouts of one turn.
const TURN: u64 = 20;
/// Payouts that are read at once: one list each, so that they would take the longest of a first sync.
const AT_ONCE: usize = 5;

/// Reads what payouts are made of. Returns whether some are left.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn read(run: &Run) -> Result<bool, Error> {
    let active = run.read_streams().await?;
    if !active.contains(Stream::Payouts.name()) {
        return Ok(false);
    }
    // Without the stream of balance transactions they are not asked for, and only the links are kept.
    let whole = active.contains(Stream::BalanceTransactions.name());
    loop {
        let payouts = store::payout_contents::unread(&run.db, run.connection, TURN).await?;
        if payouts.is_empty() {
            return Ok(false);
        }
        let mut read = Vec::with_capacity(payouts.len());
        for payout in &payouts {
            read.push(content(run, payout, whole).boxed());
        }
        match stream::iter(read).buffer_unordered(AT_ONCE).try_collect::<()>().await {
            // What payouts are made of stays unread, and the next run tries it again; everything else is read.
            Err(why) if of_one_list(&why).is_some() => {
                tracing::warn!(connection.id = %run.connection, %why, "Stripe does not say what payouts are made of");
                return Ok(false);
            }
            read => read?,
        }
        run.look_around().await?;
        if run.makes_room() || !store::datasets::unfinished(&run.db, run.connection).await?.is_empty() {
            return Ok(true);
        }
    }
}

async fn content(run: &Run, payout: &str, whole: bool) -> Result<(), Error> {
    let mut made_of = Vec::new();
    let (mut net, mut after): (i64, Option<String>) = (0, None);
    let read_no = run.read_no();
    loop {
        let mut query = vec![("limit", PAGE.to_owned()), ("payout", payout.to_owned())];
        query.extend(after.clone().map(|id| ("starting_after", id)));
        let path = Stream::BalanceTransactions.path();
        let answer = match run.read(path, path, &query).await {
            // Stripe keeps no such list for this payout: that is an answer, too.
            Err(Error::Stripe(Refusal::Refused { status: 400, message })) => {
                tracing::info!(payout, message, "what the payout is made of cannot be known");
                return keep(
                    run,
                    content_of(run, payout, State::Unavailable, 0, read_no),
                    Vec::new(),
                    Prepared::default(),
                )
                .await;
            }
            read => read?.1,
        };
        let list: wire::List<'_> = serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
        let (mut prepared, mut last) = (run.prepared(), None);
        for raw in &list.data {
            let row: wire::BalanceTransaction =
                serde_json::from_str(raw.get()).map_err(|error| Refusal::unreadable(&error))?;
            last = Some(row.id.clone());
            if whole {
                prepared.add(run.connection, raw.get(), None);
            }
            // The list holds the payout's own row, too: it is what the others add up to.
            if row.source.as_ref().is_none_or(|source| source.id != payout) {
                let sum = net.checked_add(row.net.unwrap_or_default());
                net = sum.ok_or_else(|| Refusal::Transport("a payout's sum is beyond all bounds".to_owned()))?;
                made_of.push(row.id);
            }
        }
        after = backfill::next(path, list.has_more, last, after.as_deref())?;
        if after.is_none() {
            return keep(run, content_of(run, payout, State::Complete, net, read_no), made_of, prepared).await;
        }
        let mut page = run.page().await?;
        page.keep(prepared, read_no).await?;
        page.commit().await?;
    }
}

fn content_of(run: &Run, payout: &str, state: State, net_minor: i64, read_no: i64) -> Model {
    let read_at = run.clock.now();
    let payout_id = payout.to_owned();
    Model { connection_id: run.connection, payout_id, state, count: 0, net_minor, read_no, read_at }
}

async fn keep(run: &Run, mut content: Model, made_of: Vec<String>, last: Prepared) -> Result<(), Error> {
    content.count = i64::try_from(made_of.len()).unwrap_or(i64::MAX);
    let mut page = run.page().await?;
    page.keep(last, content.read_no).await?;
    page.keep_content(content, made_of).await?;
    page.commit().await?;
    Ok(())
}
