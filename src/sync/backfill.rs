//! The first reading: every list from its newest object to its oldest, a page a transaction.
//!
//! Lists are read side by side and ahead of the writing; one writer commits page after page, so that pages of one
//! connection never wait for each other's locks. Whatever happens, the next run goes on behind the last page kept.

use std::collections::BTreeSet;

use entity::checkpoint;
use entity::data_type::DataType;
use entity::dataset::{self, Status};
use futures::{FutureExt, future};
use tokio::sync::mpsc;

use super::error::Error;
use super::prepare::Prepared;
use super::run::{Run, of_one_list};
use super::streams::Stream;
use crate::store;
use crate::stripe::error::Error as Refusal;
use crate::stripe::wire;

/// Pages that may wait for the writer: enough to never leave it idle, few enough to keep memory flat.
const AHEAD: usize = 4;
/// Objects of a page: Stripe's largest.
pub const PAGE: &str = "100";
/// Events are followed from this many seconds before the first list call: Stripe's lists may lag behind them.
const BEFORE: i64 = 120;

/// A page on its way to the writer.
struct Ready {
    stream: Stream,
    read_no: i64,
    prepared: Prepared,
    checkpoint: checkpoint::Model,
}

/// Reads the streams to their end.
///
/// # Errors
/// Whatever ends a run. What Stripe does not permit ends only the datasets that need it.
pub async fn backfill(run: &Run, asked: &[dataset::Model], streams: &[Stream]) -> Result<(), Error> {
    let ids: Vec<_> = asked.iter().filter(|one| one.status == Status::Queued).map(|one| one.id).collect();
    store::datasets::advance(&run.db, run.connection, &ids, Status::Fetching, None, run.clock.now()).await?;
    let head = store::sync_heads::find(&run.db, run.connection).await?;
    if streams.contains(&Stream::Account) || head.is_none_or(|head| head.events_from.is_none()) {
        account(run, asked).await?;
    }
    let (send, receive) = mpsc::channel(AHEAD);
    let mut rows = Vec::new();
    for row in Stream::SIDE_BY_SIDE {
        let wanted: Vec<Stream> = row.iter().copied().filter(|stream| streams.contains(stream)).collect();
        rows.push(read_row(run, wanted, send.clone()).boxed());
    }
    let readers = future::join_all(rows);
    drop(send);
    let refused = async {
        let ended = readers.await;
        ended.into_iter().collect::<Result<Vec<_>, Error>>()
    };
    let (refused, ()) = tokio::try_join!(refused, write(run, asked, streams, receive))?;
    for (stream, why) in refused.into_iter().flatten() {
        run.not_permitted(asked, stream, &why).await?;
    }
    Ok(())
}

/// Reads some streams one after the other. Returns those that Stripe does not permit.
async fn read_row(run: &Run, streams: Vec<Stream>, send: mpsc::Sender<Ready>) -> Result<Vec<(Stream, String)>, Error> {
    let mut refused = Vec::new();
    for stream in streams {
        match read_stream(run, stream, &send).await {
            Ok(()) => {}
            Err(error) => refused.push((stream, of_one_list(&error).ok_or(error)?)),
        }
    }
    Ok(refused)
}

async fn read_stream(run: &Run, stream: Stream, send: &mpsc::Sender<Ready>) -> Result<(), Error> {
    let since = run.since(stream);
    let mut at = start(run, stream, since).await?;
    while !at.done {
        let (read_no, answer) = match page(run, stream, &at).await {
            Err(Error::Stripe(Refusal::Missing { param, .. })) if param.as_deref() == Some("starting_after") => {
                // The cursor's object is gone. The list is taken up again at the second of the last object kept: what
                // comes twice is not written twice.
                at = restart(&at)?;
                continue;
            }
            read => read?,
        };
        let (prepared, last, has_more) = parse(run, stream, &answer.body).await?;
        if has_more && last.is_none() {
            return Err(Refusal::Transport("a page without objects that says there are more".to_owned()).into());
        }
        at.window_until = prepared.oldest.map(|second| second + 1).or(at.window_until);
        at.cursor = last.or(at.cursor);
        at.done = !has_more;
        at.pages += 1;
        at.objects += prepared.objects;
        at.updated_at = run.clock.now();
        let ready = Ready { stream, read_no, prepared, checkpoint: at.clone() };
        // The writer is gone only when it failed, and then its error is the one that is told.
        if send.send(ready).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Where a stream was left, or its beginning.
async fn start(run: &Run, stream: Stream, since: i64) -> Result<checkpoint::Model, Error> {
    let rows = store::checkpoints::of(&run.db, run.connection).await?;
    let left = rows.into_iter().find(|row| row.stream == stream.name() && row.window_from == since);
    Ok(left.unwrap_or_else(|| checkpoint::Model {
        connection_id: run.connection,
        stream: stream.name().to_owned(),
        window_from: since,
        window_until: None,
        cursor: None,
        done: false,
        pages: 0,
        objects: 0,
        version: 0,
        updated_at: run.clock.now(),
    }))
}

/// The list again from the second of the last object kept: `window_until` holds it, one second later.
fn restart(at: &checkpoint::Model) -> Result<checkpoint::Model, Error> {
    if at.cursor.is_none() {
        return Err(Refusal::Transport("Stripe misses a cursor that was not sent".to_owned()).into());
    }
    tracing::info!(stream = at.stream, "the cursor's object is gone: the list is taken up at its second");
    Ok(checkpoint::Model { cursor: None, ..at.clone() })
}

async fn page(
    run: &Run,
    stream: Stream,
    at: &checkpoint::Model,
) -> Result<(i64, crate::stripe::client::Answer), Error> {
    let mut query = vec![("limit", PAGE.to_owned())];
    if let Some(expand) = stream.expand() {
        query.push(("expand[]", format!("data.{expand}")));
    }
    if at.window_from > 0 {
        query.push(("created[gte]", at.window_from.to_string()));
    }
    match (&at.cursor, at.window_until) {
        (Some(cursor), _) => query.push(("starting_after", cursor.clone())),
        (None, Some(until)) if at.pages > 0 => query.push(("created[lt]", until.to_string())),
        (None, _) => {}
    }
    run.read(stream.path(), stream.path(), &query).await
}

/// Parses and maps a page, and reads what it cut short. Returns the last object's id and whether the list goes on.
async fn parse(run: &Run, stream: Stream, body: &[u8]) -> Result<(Prepared, Option<String>, bool), Error> {
    let list: wire::List<'_> = serde_json::from_slice(body).map_err(|error| Refusal::unreadable(&error))?;
    let mut prepared = Prepared::default();
    for raw in &list.data {
        prepared.add(run.connection, raw.get(), None);
    }
    if matches!(stream, Stream::Sessions | Stream::Invoices) {
        for raw in &list.data {
            read_rest(run, raw.get(), &mut prepared).await?;
        }
    }
    let last = list.data.last().map(|raw| serde_json::from_str::<wire::Head>(raw.get()));
    let last = last.transpose().map_err(|error| Refusal::unreadable(&error))?.and_then(|head| head.id);
    Ok((prepared, last, list.has_more))
}

/// Reads the lines of an order whose own list of them is cut.
///
/// # Errors
/// Whatever ends a run.
pub async fn read_rest(run: &Run, raw: &str, prepared: &mut Prepared) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Cut {
        id: String,
        line_items: Option<wire::Sublist<serde::de::IgnoredAny>>,
        lines: Option<wire::Sublist<serde::de::IgnoredAny>>,
    }
    let Ok(cut) = serde_json::from_str::<Cut>(raw) else { return Ok(()) };
    let (endpoint, path) = match (&cut.line_items, &cut.lines) {
        (Some(list), _) if list.has_more => {
            ("/v1/checkout/sessions/line_items", format!("/v1/checkout/sessions/{}/line_items", cut.id))
        }
        (_, Some(list)) if list.has_more => ("/v1/invoices/lines", format!("/v1/invoices/{}/lines", cut.id)),
        _ => return Ok(()),
    };
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE.to_owned())];
        query.extend(after.take().map(|id| ("starting_after", id)));
        let (_, answer) = run.read(endpoint, &path, &query).await?;
        let list: wire::List<'_> = serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
        for line in &list.data {
            prepared.add(run.connection, line.get(), Some(&cut.id));
            prepared.objects -= 1;
            after = serde_json::from_str::<wire::Head>(line.get()).ok().and_then(|head| head.id);
        }
        if !list.has_more || after.is_none() {
            return Ok(());
        }
    }
}

/// Commits page after page, and ends each dataset with the last page of its streams.
async fn write(
    run: &Run,
    asked: &[dataset::Model],
    streams: &[Stream],
    mut receive: mpsc::Receiver<Ready>,
) -> Result<(), Error> {
    let mut open: BTreeSet<Stream> = streams.iter().copied().filter(|stream| *stream != Stream::Account).collect();
    let until = run.clock.now().timestamp();
    while let Some(ready) = receive.recv().await {
        let progress = progress(&ready, until);
        let done = ready.checkpoint.done;
        if done {
            run.synced().await?;
        }
        let mut page = run.page().await?;
        page.checkpoint(ready.checkpoint).await?;
        let brought = page.keep(ready.prepared, ready.read_no).await?;
        let gains = brought.gains(asked, ready.stream.data_types(), progress);
        store::datasets::gain(page.tx(), run.connection, gains).await?;
        if done {
            open.remove(&ready.stream);
            for one in ended(asked, ready.stream, &open) {
                let now = run.clock.now();
                store::datasets::finish(page.tx(), run.connection, one.id, Status::Complete, None, now).await?;
            }
        }
        page.commit().await?;
    }
    Ok(())
}

/// The datasets that end with a stream: those made of it, when none of their streams is open.
fn ended<'d>(asked: &'d [dataset::Model], stream: Stream, open: &BTreeSet<Stream>) -> Vec<&'d dataset::Model> {
    let ends = |one: &&dataset::Model| {
        let made_of: &[Stream] = Stream::of(one.data_type);
        made_of.contains(&stream) && made_of.iter().all(|part| !open.contains(part))
    };
    asked.iter().filter(ends).collect()
}

/// How far a list is: the part of the years up to now that is behind us. Lists begin with the newest object.
fn progress(ready: &Ready, now: i64) -> i32 {
    /// Few accounts are older; for those the figure moves late, and is still true.
    const YEARS: i64 = 3 * 365 * 86_400;
    let Some(oldest) = ready.prepared.oldest else { return 0 };
    i32::try_from(((now - oldest) * 99 / YEARS).clamp(0, 99)).unwrap_or(0)
}

/// Reads the account and its balance, and notes from which second on events belong to the following.
///
/// # Errors
/// Whatever ends a run.
pub async fn account(run: &Run, asked: &[dataset::Model]) -> Result<(), Error> {
    let (read_no, answer) = run.read("/v1/account", "/v1/account", &[]).await?;
    let (_, balance) = run.read("/v1/balance", "/v1/balance", &[]).await?;
    let mut prepared = Prepared::default();
    for body in [&answer.body, &balance.body] {
        let raw = std::str::from_utf8(body).map_err(|_| Refusal::Transport("an answer is no text".to_owned()))?;
        serde_json::from_str::<serde::de::IgnoredAny>(raw).map_err(|error| Refusal::unreadable(&error))?;
        prepared.add(run.connection, raw, None);
    }
    let now = run.clock.now();
    let mut checkpoint = start(run, Stream::Account, 0).await?;
    run.synced().await?;
    let mut page = run.page().await?;
    let head = store::sync_heads::find(page.tx(), run.connection).await?;
    if head.is_none_or(|head| head.events_from.is_none()) {
        let server = answer.date.unwrap_or_else(|| now.timestamp());
        store::sync_heads::set_events_from(page.tx(), run.connection, server - BEFORE).await?;
    }
    store::sync_heads::set_account_read(page.tx(), run.connection, now).await?;
    checkpoint.done = true;
    checkpoint.pages += 1;
    checkpoint.objects = prepared.objects;
    page.checkpoint(checkpoint).await?;
    let brought = page.keep(prepared, read_no).await?;
    let gains = brought.gains(asked, &[DataType::CompanyInfo], 99);
    store::datasets::gain(page.tx(), run.connection, gains).await?;
    for one in asked.iter().filter(|one| one.data_type == DataType::CompanyInfo) {
        store::datasets::finish(page.tx(), run.connection, one.id, Status::Complete, None, now).await?;
    }
    page.commit().await?;
    Ok(())
}
