//! Reading lists side by side: each of a list's windows is read a page at a time, from its newest object to its oldest.
//!
//! A window is parted only while it has more: its older half becomes a window of its own, so that a long list is read at
//! several places at once and an empty stretch of years costs one request.
//!
//! The next page of a window is asked for when the one before is written, so that a process that is killed has at most
//! one page of each window to read again (R2). What keeps the writer busy are the other windows.

use std::collections::{BTreeMap, VecDeque};

use entity::checkpoint;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, future};
use tokio::sync::{mpsc, oneshot};

use super::backfill::{PAGE, read_rest};
use super::error::Error;
use super::prepare::Prepared;
use super::run::{Run, of_one_list};
use super::streams::Stream;
use super::windows::fresh;
use base::boxed;
use stripe::client::Answer;
use stripe::error::Error as Refusal;
use stripe::wire;

/// Windows of one list that are read or written at once: with 200 ms an answer, and some 100 ms until the writer has kept
/// it, this keeps up with Stripe's limit for an endpoint.
const SIDE_BY_SIDE: usize = 8;
/// A window is parted when it has about this many more pages: below, the other half would cost more than it saves.
const WORTH_PARTING: i64 = 4;

/// A page on its way to the writer.
#[derive(Debug)]
pub struct Ready {
    /// The list.
    pub stream: Stream,
    /// The reading's number.
    pub read_no: i64,
    /// What is to be kept.
    pub prepared: Prepared,
    /// Where the window stands behind this page.
    pub window: checkpoint::Model,
    /// The older half, when the window was parted behind this page.
    pub parted: Option<checkpoint::Model>,
    /// Where the writer says that the page is kept.
    pub kept: oneshot::Sender<()>,
}

/// Reads windows until all are at their end, or until the run is to make room. Returns the lists that Stripe does not
/// give, or did not answer for, each with its reason; the others go on without them.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn read(
    run: &Run,
    turn: Vec<(Stream, VecDeque<checkpoint::Model>)>,
    floor: i64,
    send: mpsc::Sender<Ready>,
) -> Result<Vec<(Stream, Error)>, Error> {
    let mut turn: BTreeMap<Stream, VecDeque<checkpoint::Model>> = turn.into_iter().collect();
    let mut rows = Vec::new();
    for row in Stream::SIDE_BY_SIDE {
        let lists: Vec<_> = row.iter().filter_map(|stream| Some((*stream, turn.remove(stream)?))).collect();
        rows.push(read_row(run, lists, floor, send.clone()).boxed());
    }
    let refused = future::try_join_all(rows).await?;
    Ok(refused.into_iter().flatten().collect())
}

async fn read_row(
    run: &Run,
    lists: Vec<(Stream, VecDeque<checkpoint::Model>)>,
    floor: i64,
    send: mpsc::Sender<Ready>,
) -> Result<Vec<(Stream, Error)>, Error> {
    let mut refused = Vec::new();
    for (stream, windows) in lists {
        match (List { run, stream, floor }).read(windows, &send).await {
            Ok(()) => {}
            Err(error) if of_one_list(&error).is_some() || is_lost(&error) => refused.push((stream, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

/// Whether a list did not come, which may be its own trouble or Stripe's: the others tell.
const fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Stripe(Refusal::Transport(_)))
}

/// A page that was read.
struct Page {
    read_no: i64,
    prepared: Prepared,
    /// Where the window stands behind it.
    window: checkpoint::Model,
}

/// What became of a window's next page.
enum Step {
    Read(Box<Page>),
    /// How the window stands, and its older half when it was parted.
    Written(Box<(checkpoint::Model, Option<checkpoint::Model>)>),
    /// The writer has failed.
    Unwritten,
}

/// One list that is read.
#[derive(Clone, Copy)]
struct List<'r> {
    run: &'r Run,
    stream: Stream,
    floor: i64,
}

impl List<'_> {
    async fn read(self, mut waiting: VecDeque<checkpoint::Model>, send: &mpsc::Sender<Ready>) -> Result<(), Error> {
        let mut steps: FuturesUnordered<BoxFuture<'_, Result<Step, Error>>> = FuturesUnordered::new();
        loop {
            while steps.len() < SIDE_BY_SIDE
                && !self.run.makes_room()
                && let Some(window) = waiting.pop_front()
            {
                steps.push(self.step(window).boxed());
            }
            match steps.next().await.transpose()? {
                Some(Step::Read(mut page)) => {
                    let parts = !page.window.done && steps.len() + waiting.len() + 1 < SIDE_BY_SIDE;
                    let parted = if parts { self.part(&mut page) } else { None };
                    steps.push(self.write(*page, parted, send).boxed());
                }
                Some(Step::Written(left)) => {
                    let (window, parted) = *left;
                    if !window.done {
                        waiting.push_front(window);
                    }
                    waiting.extend(parted);
                }
                None | Some(Step::Unwritten) => return Ok(()),
            }
        }
    }

    /// Gives a page to the writer, and waits until it is kept.
    async fn write(
        self,
        page: Page,
        parted: Option<checkpoint::Model>,
        send: &mpsc::Sender<Ready>,
    ) -> Result<Step, Error> {
        let Page { read_no, prepared, window } = page;
        let (kept, is_kept) = oneshot::channel();
        let ready =
            Ready { stream: self.stream, read_no, prepared, window: window.clone(), parted: parted.clone(), kept };
        // The writer's own error is the one that is told.
        if send.send(ready).await.is_err() || is_kept.await.is_err() {
            return Ok(Step::Unwritten);
        }
        Ok(Step::Written(Box::new((window, parted))))
    }

    /// Reads the next page of a window.
    async fn step(self, mut at: checkpoint::Model) -> Result<Step, Error> {
        let mut asked = 0;
        let (read_no, prepared, last, has_more) = loop {
            asked += 1;
            let (read_no, answer) = match self.page(&at).await {
                Err(Error::Stripe(Refusal::Missing { param, .. })) if param.as_deref() == Some("starting_after") => {
                    at = self.without_cursor(at)?;
                    continue;
                }
                read => read?,
            };
            let (prepared, last, has_more) = self.parse(&answer.body).await?;
            match odd(&at, &prepared, last.as_deref(), has_more) {
                None => break (read_no, prepared, last, has_more),
                Some(why) if asked < 2 => {
                    tracing::warn!(stream = self.stream.name(), why, "a page is odd: it is asked for once more");
                }
                Some(why) if last.is_none() || last == at.cursor => {
                    return Err(Refusal::Transport(format!("it sent {why}, twice")).into());
                }
                Some(why) => {
                    tracing::warn!(stream = self.stream.name(), why, "an odd page is kept: reconciliation compares");
                    break (read_no, prepared, last, has_more);
                }
            }
        };
        at.window_until = prepared.oldest.map(|second| second + 1).or(at.window_until);
        at.cursor = last.or(at.cursor);
        at.done = !has_more;
        at.pages += 1;
        at.objects += prepared.objects;
        at.updated_at = self.run.clock.now();
        Ok(Step::Read(Box::new(Page { read_no, prepared, window: at })))
    }

    /// The older half of what a window has left, as a window of its own, when it is worth it. The window keeps the younger
    /// half and its cursor.
    fn part(self, page: &mut Page) -> Option<checkpoint::Model> {
        let (newest, oldest) = (page.prepared.newest?, page.prepared.oldest?);
        let (from, span) = (page.window.window_from, (newest - oldest).max(1));
        let floor = from.max(self.floor);
        if (oldest - floor) / span < WORTH_PARTING {
            return None;
        }
        let middle = floor + (oldest - floor) / 2;
        let older = fresh(self.run, self.stream, from, Some(middle));
        page.window.window_from = middle;
        Some(older)
    }

    /// The cursor's object is gone: the window is taken up again at the second of the last object kept, which
    /// `window_until` holds, one second later. What comes twice is not written twice.
    fn without_cursor(self, at: checkpoint::Model) -> Result<checkpoint::Model, Error> {
        if at.cursor.is_none() {
            return Err(Refusal::Transport("Stripe misses a cursor that was not sent".to_owned()).into());
        }
        tracing::info!(stream = self.stream.name(), "the cursor's object is gone: the list is taken up at its second");
        Ok(checkpoint::Model { cursor: None, ..at })
    }

    async fn page(self, at: &checkpoint::Model) -> Result<(i64, Answer), Error> {
        let mut query = vec![("limit", PAGE.to_owned())];
        if let Some(expand) = self.stream.expand() {
            query.push(("expand[]", format!("data.{expand}")));
        }
        query.extend(self.stream.filter().map(|(name, value)| (name, value.to_owned())));
        if at.window_from > 0 {
            query.push(("created[gte]", at.window_from.to_string()));
        }
        match (&at.cursor, at.window_until) {
            (Some(cursor), _) => query.push(("starting_after", cursor.clone())),
            (None, Some(until)) => query.push(("created[lt]", until.to_string())),
            (None, None) => {}
        }
        self.run.read(self.stream.path(), self.stream.path(), &query).await
    }

    /// Parses and maps a page, and reads what it cut short. Returns the last object's id and whether the list goes on.
    async fn parse(self, body: &[u8]) -> Result<(Prepared, Option<String>, bool), Error> {
        let list: wire::List<'_> = serde_json::from_slice(body).map_err(|error| Refusal::unreadable(&error))?;
        let mut prepared = self.run.prepared();
        for raw in &list.data {
            prepared.add(self.run.connection, raw.get(), None);
        }
        if !self.stream.parts().is_empty() {
            for raw in &list.data {
                read_rest(self.run, raw.get(), &mut prepared).await?;
            }
        }
        let last = list.data.last().map(|raw| serde_json::from_str::<wire::Head>(raw.get()));
        let last = last.transpose().map_err(|error| Refusal::unreadable(&error))?.and_then(|head| head.id);
        Ok((prepared, last, list.has_more))
    }
}

/// What a page cannot be, if the list was read right: lists go from the newest to the oldest, and go on.
fn odd(at: &checkpoint::Model, page: &Prepared, last: Option<&str>, has_more: bool) -> Option<&'static str> {
    if has_more && last.is_none() {
        return Some("a page without objects that says there are more");
    }
    if has_more && last == at.cursor.as_deref() {
        return Some("the same page again");
    }
    let behind = at.window_until.is_none_or(|until| page.newest.is_none_or(|newest| newest < until));
    (page.unsorted || !behind).then_some("a page out of order")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn page(createds: &[i64]) -> Prepared {
        let mut prepared = Prepared::default();
        for created in createds {
            prepared.add(
                entity::id::ConnectionId::new(),
                &format!(r#"{{"object":"topup","id":"t","created":{created}}}"#),
                None,
            );
        }
        prepared
    }

    fn at(until: Option<i64>, cursor: Option<&str>) -> checkpoint::Model {
        checkpoint::Model {
            connection_id: entity::id::ConnectionId::new(),
            stream: "charges".to_owned(),
            window_from: 0,
            window_until: until,
            cursor: cursor.map(str::to_owned),
            done: false,
            pages: 1,
            objects: 1,
            version: 0,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_page_that_a_list_cannot_have_is_told_apart() {
        let start = at(None, None);
        assert_eq!(odd(&start, &page(&[9, 9, 7]), Some("c"), true), None);
        assert_eq!(odd(&start, &page(&[]), None, false), None);
        assert_eq!(odd(&start, &page(&[7, 9]), Some("c"), true), Some("a page out of order"));
        assert!(odd(&start, &page(&[]), None, true).is_some());
        let later = at(Some(8), Some("b"));
        assert_eq!(odd(&later, &page(&[7, 6]), Some("c"), true), None);
        assert_eq!(odd(&later, &page(&[9, 7]), Some("c"), true), Some("a page out of order"));
        assert_eq!(odd(&later, &page(&[7, 6]), Some("b"), true), Some("the same page again"));
    }
}
