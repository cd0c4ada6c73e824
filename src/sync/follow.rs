//! Reading on: events are hints, every object that they name is read again.
//!
//! Stripe's lists know no "changed since", so one poll of `/v1/events` says what to read. An event's body is never mapped:
//! it shows the object as it was, in the version of the day. The poll overlaps the one before it, since events may enter
//! the list late; what was followed already is remembered.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::{checkpoint, sync_head};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::backfill::{self, PAGE};
use super::error::Error;
use super::hints::Hints;
use super::keep::Brought;
use super::run::{Run, begun_in, of_one_list, read_in};
use super::streams::Stream;
use super::stretch;
use base::boxed;
use stripe::error::Error as Refusal;
use stripe::wire;

/// Seconds that followed events are remembered: one day more than Stripe keeps them.
const REMEMBERED: i64 = 31 * 86_400;
/// Seconds of balance transactions that are read again: they have no events, and may be listed late.
const MONEY_OVERLAP: i64 = 3 * 86_400;
/// Objects read at once.
const AT_ONCE: usize = 4;
/// Objects of one transaction.
const BATCH: usize = 100;
/// Pages of events that are followed together, so that a long outage does not fill the memory.
const PAGES: usize = 20;

/// Follows events, and ends the datasets that were asked for. `polled` is what a look at the events brought already.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn follow(
    run: &Run,
    head: &sync_head::Model,
    asked: &[dataset::Model],
    daily: bool,
    polled: Option<Poll>,
) -> Result<(), Error> {
    let Some(cursor) = run.events_cursor(head).await? else { return Ok(()) };
    let asked = still_open(run, asked).await?;
    let ids: Vec<_> = asked.iter().filter(|one| one.status == Status::Queued).map(|one| one.id).collect();
    store::datasets::advance(&run.db, run.connection, &ids, Status::Fetching, None, run.clock.now()).await?;
    let mut poll = match polled {
        Some(poll) => poll,
        None => poll(run, cursor).await?,
    };
    let mut follow = Following::new(run, asked).await?;
    let mut hints = Hints::default();
    run.hints.iter().for_each(|hint| hints.webhook(hint));
    loop {
        poll.fresh.iter().for_each(|event| hints.event(event));
        let missing = follow.hints(&hints).await?;
        hints.come_back_to(&missing);
        // Before these events are remembered: what moved money would be forgotten with a process that is killed here.
        follow.beside(&hints, daily).await?;
        if !poll.has_more() {
            return follow.end(&hints, Some(poll.known_until)).await;
        }
        follow.note(&hints).await?;
        hints = Hints::default();
        poll.go_on(run).await?;
    }
}

/// Reads what webhooks named and nothing else: the events are not looked at, and their cursor stays where it is.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn hinted(run: &Run) -> Result<(), Error> {
    let mut hints = Hints::default();
    run.hints.iter().for_each(|hint| hints.webhook(hint));
    let mut follow = Following::new(run, Vec::new()).await?;
    follow.overlap = stretch::OVERLAP;
    let missing = follow.hints(&hints).await?;
    hints.come_back_to(&missing);
    follow.beside(&hints, false).await?;
    follow.end(&hints, None).await
}

/// The datasets asked for that the first reading has not ended already.
async fn still_open(run: &Run, asked: &[dataset::Model]) -> Result<Vec<dataset::Model>, Error> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::datasets::unfinished(&run.db, run.connection).await?)
}

/// What the events list told, some pages of it at a time.
#[derive(Debug)]
pub struct Poll {
    /// Events not followed before, newest first.
    pub fresh: Vec<wire::Event>,
    /// The second up to which all are known once the last page is followed.
    pub known_until: i64,
    from: i64,
    /// The event that the next page begins after; none when there is no further page.
    after: Option<String>,
}

/// Asks for the events since a second: the newest pages of them.
///
/// # Errors
/// Whatever ends a run.
#[boxed]
pub async fn poll(run: &Run, cursor: i64) -> Result<Poll, Error> {
    let mut poll = Poll { fresh: Vec::new(), known_until: 0, from: stretch::from(cursor), after: None };
    let now = poll.pages(run).await?.unwrap_or_else(|| run.clock.now().timestamp());
    poll.known_until = stretch::known_until(now, cursor);
    Ok(poll)
}

impl Poll {
    /// Whether there are older events than those here.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.after.is_some()
    }

    /// Puts the events of the next pages, which are older, in the place of those here.
    ///
    /// # Errors
    /// Whatever ends a run.
    #[boxed]
    pub async fn go_on(&mut self, run: &Run) -> Result<(), Error> {
        self.pages(run).await.map(drop)
    }

    /// Reads the next pages. Returns Stripe's clock at the first of them.
    async fn pages(&mut self, run: &Run) -> Result<Option<i64>, Error> {
        self.fresh = Vec::new();
        let mut server_now = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", PAGE.to_owned()), ("created[gte]", self.from.to_string())];
            let before = self.after.take();
            query.extend(before.clone().map(|id| ("starting_after", id)));
            let (_, answer) = run.read("/v1/events", "/v1/events", &query).await?;
            server_now = server_now.or(answer.date);
            let list: wire::List<'_> =
                serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
            let read = list.data.iter().map(|raw| serde_json::from_str(raw.get()));
            let events: Vec<wire::Event> =
                read.collect::<Result<_, _>>().map_err(|error| Refusal::unreadable(&error))?;
            let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
            let seen = store::seen_events::among(&run.db, run.connection, &ids).await?;
            let last = events.last().map(|event| event.id.clone());
            self.after = backfill::next("/v1/events", list.has_more, last, before.as_deref())?;
            self.fresh.extend(events.into_iter().filter(|event| !seen.contains(&event.id)));
            if self.after.is_none() {
                break;
            }
        }
        Ok(server_now)
    }
}

struct Following<'r> {
    run: &'r Run,
    /// The datasets that are open: those asked for, and those of data types that changed unasked.
    asked: Vec<dataset::Model>,
    /// The streams that are read to their end.
    whole: BTreeSet<&'static str>,
    /// Those that are begun, and what changed of them is read: a page of them may have been read before the change.
    begun: BTreeSet<&'static str>,
    /// Seconds of balance transactions that are read again.
    overlap: i64,
}

/// What a hint led to.
#[derive(Debug)]
pub enum Found {
    /// The object, and the reading's number.
    Object(i64, String),
    /// It is gone.
    Gone(i64),
}

impl<'r> Following<'r> {
    async fn new(run: &'r Run, asked: Vec<dataset::Model>) -> Result<Self, Error> {
        let rows = store::checkpoints::of(&run.db, run.connection).await?;
        Ok(Self { run, asked, whole: read_in(&rows), begun: begun_in(&rows), overlap: MONEY_OVERLAP })
    }

    /// Reads every object that is named, once. Returns the ids of those that are not there, and never were here.
    async fn hints(&mut self, hints: &Hints) -> Result<BTreeSet<String>, Error> {
        let mut objects = hints.objects.clone();
        if self.begun.contains(Stream::Invoices.name()) {
            for payment in &hints.invoice_payments {
                if let Some(invoice) = self.invoice_of(payment).await? {
                    objects.insert(("invoice".to_owned(), invoice), Stream::Invoices);
                }
            }
        }
        self.read_all(objects).await
    }

    /// What is read beside the objects: the account, and the balance transactions, which have no events.
    async fn beside(&mut self, hints: &Hints, daily: bool) -> Result<(), Error> {
        let is_asked = |this: &Self, kind| this.asked.iter().any(|one| one.data_type == kind);
        let account = hints.account || hints.money || is_asked(self, DataType::CompanyInfo);
        // Once a day also when Stripe did not give it.
        let account = daily || (account && self.whole.contains(Stream::Account.name()));
        if account && let Some(why) = backfill::account(self.run, &self.asked).await? {
            self.refused(Stream::Account, &why).await?;
        }
        let money = hints.money || daily || is_asked(self, DataType::Transactions);
        if money && self.whole.contains(Stream::BalanceTransactions.name()) {
            let pending = self.overlap == MONEY_OVERLAP || hints.account;
            match self.money(pending).await {
                Err(why) if of_one_list(&why).is_some() => self.refused(Stream::BalanceTransactions, &why).await?,
                read => read?,
            }
        }
        Ok(())
    }

    /// Stripe does not give a stream (any more): its data types say so, and all others are followed. What it tells
    /// meanwhile is not lost, since it is listed anew once Stripe gives it.
    async fn refused(&mut self, stream: Stream, why: &Error) -> Result<(), Error> {
        let page = self.run.page().await?;
        for kind in stream.data_types() {
            self.open(page.tx(), *kind).await?;
        }
        page.commit().await?;
        self.whole.remove(stream.name());
        self.begun.remove(stream.name());
        self.run.not_given(&self.asked, stream, why).await
    }

    /// Reads objects, and then the charges of those that change their charge without an event of its own. Returns as
    /// [`Self::hints`].
    async fn read_all(&mut self, mut objects: BTreeMap<(String, String), Stream>) -> Result<BTreeSet<String>, Error> {
        let mut missing = BTreeSet::new();
        let changing = |stream: &Stream| matches!(stream, Stream::Disputes | Stream::Refunds);
        let first: Vec<_> = objects.extract_if(.., |_, stream| changing(stream)).collect();
        for batch in first.chunks(BATCH) {
            for charge in self.batch(batch, &mut missing).await? {
                objects.insert(("charge".to_owned(), charge), Stream::Charges);
            }
        }
        let rest: Vec<_> = objects.into_iter().collect();
        for batch in rest.chunks(BATCH) {
            self.batch(batch, &mut missing).await?;
        }
        Ok(missing)
    }

    /// A payment of an invoice changes the invoice, which its event does not name: it is read for that.
    async fn invoice_of(&mut self, payment: &str) -> Result<Option<String>, Error> {
        let path = format!("/v1/invoice_payments/{}", url_escaped(payment));
        match self.run.read("/v1/invoice_payments/id", &path, &[]).await {
            Ok((_, answer)) => {
                let head: wire::Head =
                    serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
                Ok(head.invoice.map(|invoice| invoice.id))
            }
            Err(Error::Stripe(Refusal::Missing { .. })) => Ok(None),
            Err(why) if of_one_list(&why).is_some() => {
                self.refused(Stream::Invoices, &why).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads and keeps some objects, those of streams that are read. Returns the charges that they name; what is not there
    /// and never was here is added to `missing`.
    async fn batch(
        &mut self,
        batch: &[((String, String), Stream)],
        missing: &mut BTreeSet<String>,
    ) -> Result<Vec<String>, Error> {
        #[derive(serde::Deserialize)]
        struct OfCharge {
            charge: Option<wire::Ref>,
        }
        let run = self.run;
        let active: Vec<_> = batch.iter().filter(|(_, stream)| self.begun.contains(stream.name())).collect();
        if active.is_empty() {
            return Ok(Vec::new());
        }
        let reads = active.iter().map(|((object, id), stream)| {
            let one = async move {
                match retrieve(run, *stream, id).await {
                    Err(why) if of_one_list(&why).is_none() => Err(why),
                    found => Ok((object.as_str(), id.as_str(), *stream, found)),
                }
            };
            one.boxed()
        });
        let reads: Vec<_> = reads.collect();
        let read: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let mut prepared = run.prepared();
        let (mut lowest, mut gone, mut charges) = (i64::MAX, Vec::new(), Vec::new());
        let mut refused = BTreeMap::new();
        for (object, id, stream, found) in read {
            match found {
                Ok(Found::Object(read_no, raw)) => {
                    lowest = lowest.min(read_no);
                    prepared.add(self.run.connection, &raw, None);
                    let named = serde_json::from_str::<OfCharge>(&raw).ok().and_then(|one| one.charge);
                    charges.extend(named.map(|charge| charge.id));
                    if !stream.parts().is_empty() {
                        match backfill::read_rest(self.run, &raw, &mut prepared).await {
                            Err(why) if of_one_list(&why).is_some() => drop(refused.insert(stream, why)),
                            read => read?,
                        }
                    }
                }
                Ok(Found::Gone(read_no)) => gone.push((object, id, read_no)),
                Err(why) => drop(refused.insert(stream, why)),
            }
        }
        let kinds: HashSet<DataType> = active.iter().flat_map(|(_, stream)| stream.data_types()).copied().collect();
        let mut page = self.run.page().await?;
        let brought = page.keep(prepared, lowest).await?;
        for (object, id, read_no) in gone {
            if !store::source_objects::is_known(page.tx(), run.connection, object, id).await? {
                missing.insert(id.to_owned());
            }
            page.bury(object, id, read_no).await?;
        }
        self.gain(page.tx(), &brought, &kinds.into_iter().collect::<Vec<_>>()).await?;
        page.commit().await?;
        for (stream, why) in refused {
            self.refused(stream, &why).await?;
        }
        Ok(charges)
    }

    /// Balance transactions have no events: they are listed again from before the second up to which all are known, and
    /// from the first one on that should have become available and has not. The newest that is here says nothing of those
    /// before it: pages come from the newest to the oldest, and a run may have been cut between them.
    async fn money(&mut self, pending: bool) -> Result<(), Error> {
        let run = self.run;
        let head = store::sync_heads::find(&run.db, run.connection).await?;
        let known = head.and_then(|head| head.money_read_until.or(head.events_from)).unwrap_or_default();
        let mut from = known - self.overlap;
        if pending {
            let since = store::payout_contents::pending_since(&run.db, run.connection, run.clock.now()).await?;
            from = since.map_or(from, |since| from.min(since.timestamp()));
        }
        let from = from.max(run.since(Stream::BalanceTransactions));
        let (mut after, mut known): (Option<String>, Option<i64>) = (None, None);
        loop {
            let mut query = vec![("limit", PAGE.to_owned()), ("created[gte]", from.to_string())];
            query.extend(after.clone().map(|id| ("starting_after", id)));
            let path = Stream::BalanceTransactions.path();
            let (read_no, answer) = run.read(path, path, &query).await?;
            let known =
                *known.get_or_insert(answer.date.unwrap_or_else(|| run.clock.now().timestamp()) - stretch::LATE);
            let list: wire::List<'_> =
                serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
            let (mut prepared, mut last) = (run.prepared(), None);
            for raw in &list.data {
                prepared.add(run.connection, raw.get(), None);
                last = serde_json::from_str::<wire::Head>(raw.get()).ok().and_then(|head| head.id);
            }
            after = backfill::next(path, list.has_more, last, after.as_deref())?;
            let mut page = run.page().await?;
            let brought = page.keep(prepared, read_no).await?;
            self.gain(page.tx(), &brought, &[DataType::Transactions]).await?;
            if after.is_none() {
                store::sync_heads::set_money_read(page.tx(), run.connection, known).await?;
            }
            page.commit().await?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Counts for the datasets; a data type that nobody asked for and that changed gets one.
    async fn gain(&mut self, tx: &store::Tx, brought: &Brought, read: &[DataType]) -> Result<(), Error> {
        for kind in brought.changed.keys() {
            self.open(tx, *kind).await?;
        }
        store::datasets::gain(tx, self.run.connection, brought.gains(&self.asked, read, 50)).await?;
        Ok(())
    }

    /// Begins a dataset for a data type that nobody asked for. One of which a stream is not read gets none: it could not
    /// end with this run.
    async fn open(&mut self, tx: &store::Tx, kind: DataType) -> Result<(), Error> {
        let is_asked = self.asked.iter().any(|one| one.data_type == kind);
        if is_asked || !Stream::of(kind).iter().all(|stream| self.whole.contains(stream.name())) {
            return Ok(());
        }
        let mut row = store::datasets::fresh(self.run.connection, kind, false, self.run.clock.now());
        row.status = Status::Fetching;
        row.started_at = Some(row.requested_at);
        store::datasets::insert(tx, row.clone()).await?;
        self.asked.push(row);
        Ok(())
    }

    /// Remembers what was followed, while older events wait: the cursor stays, and whoever goes on reads their objects
    /// alone.
    async fn note(&self, hints: &Hints) -> Result<(), Error> {
        let run = self.run;
        let page = run.page().await?;
        let seen: Vec<_> = hints.events.iter().map(|(id, created)| (id.clone(), *created)).collect();
        store::seen_events::note(page.tx(), run.connection, &seen, run.clock.now().timestamp() - REMEMBERED).await?;
        page.commit().await?;
        Ok(())
    }

    /// Moves the cursor, when the events were looked at, and ends the datasets, in one transaction: before it the cursor
    /// did not know that all was followed.
    async fn end(&mut self, hints: &Hints, known_until: Option<i64>) -> Result<(), Error> {
        let run = self.run;
        let now = run.clock.now();
        run.synced().await?;
        let mut page = run.page().await?;
        let seen: Vec<_> = hints.events.iter().map(|(id, created)| (id.clone(), *created)).collect();
        let forget = now.timestamp() - REMEMBERED;
        store::seen_events::note(page.tx(), run.connection, &seen, forget).await?;
        if let Some(second) = known_until {
            page.checkpoint(cursor_at(run, second)).await?;
        }
        for one in &self.asked {
            if Stream::of(one.data_type).iter().all(|stream| self.whole.contains(stream.name())) {
                page.finish(one.id, Status::Complete, None).await?;
            }
        }
        page.commit().await?;
        Ok(())
    }
}

/// The events cursor at a second.
fn cursor_at(run: &Run, second: i64) -> checkpoint::Model {
    checkpoint::Model {
        connection_id: run.connection,
        stream: store::checkpoints::EVENTS.to_owned(),
        window_from: 0,
        window_until: None,
        cursor: Some(second.to_string()),
        done: false,
        pages: 0,
        objects: 0,
        version: 0,
        updated_at: run.clock.now(),
    }
}

/// Reads an object again.
///
/// # Errors
/// Whatever ends a run.
pub async fn retrieve(run: &Run, stream: Stream, id: &str) -> Result<Found, Error> {
    let query: Vec<_> = stream.expand().map(|expand| ("expand[]", expand.to_owned())).into_iter().collect();
    let path = format!("{}/{}", stream.path(), url_escaped(id));
    let endpoint = format!("{}/id", stream.path());
    let read_no = run.read_no();
    match run.read(&endpoint, &path, &query).await {
        Ok((_, answer)) => {
            let raw =
                String::from_utf8(answer.body).map_err(|_| Refusal::Transport("an answer is no text".to_owned()))?;
            let head: wire::Head = serde_json::from_str(&raw).map_err(|error| Refusal::unreadable(&error))?;
            Ok(if head.deleted { Found::Gone(read_no) } else { Found::Object(read_no, raw) })
        }
        Err(Error::Stripe(Refusal::Missing { .. })) => Ok(Found::Gone(read_no)),
        Err(error) => Err(error),
    }
}

/// Ids are opaque: whatever one holds, it stays one segment of the path.
fn url_escaped(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}
