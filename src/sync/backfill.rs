//! The first reading: every list from its newest object to its oldest, a page a transaction.
//!
//! Lists are read side by side and ahead of the writing ([`windows`]); one writer commits page after page, so that pages of
//! one connection never wait for each other's locks. Whatever happens, the next run goes on behind the last page kept.

use std::collections::BTreeSet;

use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::reconciliation::Pass;
use tokio::sync::mpsc;

use super::error::Error;
use super::keep::Page;
use super::list::{self, Ready};
use super::prepare::Prepared;
use super::reconcile;
use super::run::{Run, of_one_list};
use super::streams::Stream;
use super::windows::{self, Open};
use base::boxed;
use stripe::error::Error as Refusal;
use stripe::wire;

/// Pages that may wait for the writer: enough to never leave it idle, few enough to keep memory flat.
const AHEAD: usize = 4;
/// Objects of a page: Stripe's largest.
pub const PAGE: &str = "100";
/// Events are followed from this many seconds before the first list call: Stripe's lists may lag behind them.
const BEFORE: i64 = 120;

/// How a reading ended.
#[derive(Debug)]
pub enum Ended {
    /// With the end of every list, but for those that Stripe does not permit: these ended only the datasets that need them.
    Read,
    /// Others wait, and not all is read.
    MadeRoom,
    /// A list did not come; the others are read to their end.
    Held(Error),
}

/// Reads the streams to their end, the last 90 days of all of them first.
///
/// # Errors
/// Whatever ends a run.
pub async fn backfill(run: &Run, asked: &[dataset::Model], streams: &[Stream]) -> Result<Ended, Error> {
    if streams.is_empty() {
        return Ok(Ended::Read);
    }
    let ids: Vec<_> = asked.iter().filter(|one| one.status == Status::Queued).map(|one| one.id).collect();
    store::datasets::advance(&run.db, run.connection, &ids, Status::Fetching, None, run.clock.now()).await?;
    let head = store::sync_heads::find(&run.db, run.connection).await?;
    let account_first = streams.contains(&Stream::Account) || head.is_none_or(|head| head.events_from.is_none());
    if account_first && let Some(why) = account(run, asked).await? {
        run.not_given(asked, Stream::Account, &why).await?;
    }
    let anew = anew(run, streams).await?;
    let mut open = Open::of(run, streams).await?;
    let mut left_out = Vec::new();
    for turn in open.turns() {
        let given = |(stream, _): &(Stream, _)| left_out.iter().all(|(other, _)| other != stream);
        let turn = turn.into_iter().filter(given).collect();
        let (send, receive) = mpsc::channel(AHEAD);
        let reading = list::read(run, turn, open.floor(), send);
        let (more, ()) = tokio::try_join!(reading, write(run, asked, &mut open, &anew, receive))?;
        left_out.extend(more);
    }
    let mut ended = if run.makes_room() { Ended::MadeRoom } else { Ended::Read };
    for (stream, why) in left_out {
        match why {
            Error::Stripe(why @ Refusal::Transport(_)) => {
                let list = stream.name().replace('_', " ");
                tracing::warn!(connection.id = %run.connection, list, %why, "a list did not come");
                ended = Ended::Held(Error::Held { list, why });
            }
            why => run.not_given(asked, stream, &why).await?,
        }
    }
    Ok(ended)
}

/// Reads the parts of an object whose own list of them is cut: the lines of an order, the items of a subscription.
///
/// # Errors
/// Whatever ends a run.
pub async fn read_rest(run: &Run, raw: &str, prepared: &mut Prepared) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Cut {
        id: String,
        line_items: Option<wire::Sublist<serde::de::IgnoredAny>>,
        lines: Option<wire::Sublist<serde::de::IgnoredAny>>,
        items: Option<wire::Sublist<serde::de::IgnoredAny>>,
    }
    let Ok(cut) = serde_json::from_str::<Cut>(raw) else { return Ok(()) };
    let is_cut = |list: &Option<wire::Sublist<_>>| list.as_ref().is_some_and(|list| list.has_more);
    let (endpoint, path, of) = if is_cut(&cut.line_items) {
        ("/v1/checkout/sessions/line_items", format!("/v1/checkout/sessions/{}/line_items", cut.id), None)
    } else if is_cut(&cut.lines) {
        ("/v1/invoices/lines", format!("/v1/invoices/{}/lines", cut.id), None)
    } else if is_cut(&cut.items) {
        ("/v1/subscription_items", "/v1/subscription_items".to_owned(), Some(("subscription", cut.id.clone())))
    } else {
        return Ok(());
    };
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE.to_owned())];
        query.extend(of.clone());
        query.extend(after.iter().map(|id| ("starting_after", id.clone())));
        let (_, answer) = run.read(endpoint, &path, &query).await?;
        let list: wire::List<'_> = serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
        for part in &list.data {
            prepared.add(run.connection, part.get(), Some(&cut.id));
            prepared.objects -= 1;
        }
        let last = list.data.last().and_then(|part| serde_json::from_str::<wire::Head>(part.get()).ok()?.id);
        after = next(&path, list.has_more, last, after.as_deref())?;
        if after.is_none() {
            prepared.whole.push(cut.id);
            return Ok(());
        }
    }
}

/// The object that the next page begins after, when there is one: the `last` of this page, which began after `before`.
///
/// # Errors
/// When the page says that there is more and does not say where: it was not read right, and is no end of the list.
pub fn next(path: &str, has_more: bool, last: Option<String>, before: Option<&str>) -> Result<Option<String>, Refusal> {
    match last {
        _ if !has_more => Ok(None),
        Some(last) if Some(last.as_str()) != before => Ok(Some(last)),
        _ => Err(Refusal::Transport(format!("it sent a page of {path} that does not go on"))),
    }
}

/// Those of the streams that were read to their end before.
async fn anew(run: &Run, streams: &[Stream]) -> Result<BTreeSet<Stream>, Error> {
    let states = store::datasets_read::states(&run.db, &[run.connection]).await?;
    let was_read = |kind| states.get(kind).is_some_and(|state| state.successful.is_some());
    Ok(streams.iter().copied().filter(|stream| stream.data_types().iter().any(was_read)).collect())
}

/// Commits page after page, and ends each dataset with the last page of its streams.
async fn write(
    run: &Run,
    asked: &[dataset::Model],
    open: &mut Open,
    anew: &BTreeSet<Stream>,
    mut receive: mpsc::Receiver<Ready>,
) -> Result<(), Error> {
    while let Some(ready) = receive.recv().await {
        let stream = ready.stream;
        let of_stream = || asked.iter().filter(|one| Stream::of(one.data_type).contains(&stream));
        let early: Vec<_> = of_stream().filter(|one| open.readable_from(one.data_type).is_none()).collect();
        let done = open.note(&ready);
        if done {
            run.synced().await?;
        }
        let Ready { read_no, prepared, window, parted, kept, .. } = ready;
        let mut page = run.page().await?;
        for window in parted.into_iter().chain([window]) {
            page.checkpoint(window).await?;
        }
        // A list shows what is there and not what has gone: that is found by comparing everything, right afterwards.
        if done && anew.contains(&stream) {
            reconcile::plan::at_once(run, page.tx(), Pass::Full).await?;
        }
        let brought = page.keep(prepared, read_no).await?;
        let gains = brought.gains(asked, stream.data_types(), open.progress(stream));
        store::datasets::gain(page.tx(), run.connection, gains).await?;
        for one in of_stream().filter(|one| open.is_whole(one.data_type)) {
            page.finish(one.id, Status::Complete, None).await?;
        }
        for one in early.into_iter().filter(|one| !open.is_whole(one.data_type)) {
            if let Some(from) = open.readable_from(one.data_type) {
                store::datasets::set_readable(page.tx(), run.connection, one.id, from).await?;
            }
        }
        page.commit().await?;
        // Nobody waits for it when the reading has failed, whose error is the one that is told.
        let _ = kept.send(());
        run.look_around().await?;
    }
    Ok(())
}

/// Reads the account and its balance, and notes from which second on events belong to the following. Returns why Stripe
/// does not give the account, when that concerns nothing else; without the balance the account is read all the same.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn account(run: &Run, asked: &[dataset::Model]) -> Result<Option<Error>, Error> {
    let (read_no, answer) = match run.read("/v1/account", "/v1/account", &[]).await {
        Ok(read) => read,
        Err(why) if of_one_list(&why).is_some() => {
            let page = run.page().await?;
            account_asked(run, &page, None).await?;
            page.commit().await?;
            return Ok(Some(why));
        }
        Err(error) => return Err(error),
    };
    let mut bodies = vec![answer.body];
    match run.read("/v1/balance", "/v1/balance", &[]).await {
        Ok((_, balance)) => bodies.push(balance.body),
        Err(why) if of_one_list(&why).is_some() => {
            tracing::warn!(connection.id = %run.connection, %why, "Stripe does not give the balance");
        }
        Err(error) => return Err(error),
    }
    let mut prepared = run.prepared();
    for body in &bodies {
        let raw = std::str::from_utf8(body).map_err(|_| Refusal::Transport("an answer is no text".to_owned()))?;
        serde_json::from_str::<serde::de::IgnoredAny>(raw).map_err(|error| Refusal::unreadable(&error))?;
        prepared.add(run.connection, raw, None);
    }
    let mut checkpoint = windows::fresh(run, Stream::Account, 0, None);
    run.synced().await?;
    let mut page = run.page().await?;
    account_asked(run, &page, answer.date).await?;
    checkpoint.done = true;
    checkpoint.pages += 1;
    checkpoint.objects = prepared.objects;
    page.checkpoint(checkpoint).await?;
    let brought = page.keep(prepared, read_no).await?;
    let gains = brought.gains(asked, &[DataType::CompanyInfo], 99);
    store::datasets::gain(page.tx(), run.connection, gains).await?;
    for one in asked.iter().filter(|one| one.data_type == DataType::CompanyInfo) {
        page.finish(one.id, Status::Complete, None).await?;
    }
    page.commit().await?;
    Ok(None)
}

/// Notes when the account was asked for, and, for the first time, from which second on events belong to the following:
/// Stripe's own where it told one.
async fn account_asked(run: &Run, page: &Page, told: Option<i64>) -> Result<(), Error> {
    let now = run.clock.now();
    let head = store::sync_heads::find(page.tx(), run.connection).await?;
    if head.is_none_or(|head| head.events_from.is_none()) {
        let server = told.unwrap_or_else(|| now.timestamp());
        store::sync_heads::set_events_from(page.tx(), run.connection, server - BEFORE).await?;
    }
    Ok(store::sync_heads::set_account_read(page.tx(), run.connection, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_does_not_go_on_is_no_end() {
        let id = |id: &str| Some(id.to_owned());
        assert_eq!(next("p", false, id("b"), Some("a")).ok(), Some(None));
        assert_eq!(next("p", false, None, None).ok(), Some(None));
        assert_eq!(next("p", true, id("b"), Some("a")).ok(), Some(id("b")));
        assert!(next("p", true, None, Some("a")).is_err(), "nothing, and more");
        assert!(next("p", true, id("a"), Some("a")).is_err(), "the same page again");
    }
}
