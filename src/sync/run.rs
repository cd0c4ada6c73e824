//! One connection's run: the first time all of it, then what changed.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::{DateTime, Duration, Utc};
use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::id::ConnectionId;
use entity::{checkpoint, reconciliation, stripe_hint, sync_head};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::keep::Page;
use super::map::MAPPER_VERSION;
use super::prepare::Prepared;
use super::streams::Stream;
use super::{backfill, follow, payouts, reconcile, told, unread, windows};
use base::boxed;
use base::clock::SharedClock;
use base::fault::{self, Point};
use store::Db;
use stripe::client::{Account, Answer};
use stripe::error::Error as Refusal;

/// Stripe keeps events for 30 days; a cursor older than this has lost some, and everything is listed anew.
const EVENTS_KEPT: i64 = 29 * 86_400;
/// What only a reading brings, however quiet the events are, is read again after this.
const DAILY: Duration = Duration::hours(24);

/// What a run needs.
#[derive(Debug)]
pub struct Run {
    /// The database.
    pub db: Db,
    /// The account at Stripe.
    pub stripe: Account,
    /// The clock.
    pub clock: SharedClock,
    /// Whose run it is.
    pub connection: ConnectionId,
    /// Asks it to stop at its next page.
    pub stop: CancellationToken,
    /// What webhooks named since the last run.
    pub hints: Vec<stripe_hint::Model>,
    /// Whether its schedule calls for a look at the events; without one, hints are followed alone.
    pub is_due: bool,
    /// The events cursor that empty polls have moved, a Unix second.
    pub quiet_until: Option<i64>,
    /// The data types that its settings begin only at a second: what Stripe made before is not read.
    pub since: Vec<(DataType, i64)>,
    /// The data types that the first sync reads.
    pub first: Vec<DataType>,
    /// How the tries before it ended.
    pub before: Before,
    /// After this it makes room, at the end of a page, for other connections that wait.
    pub slice: std::time::Duration,
    /// Whether it has a schedule: then it is compared with Stripe at times of its own, too.
    pub continuous: bool,
    /// Objects, by Stripe's word and id, that crashed the mapper too often to be tried again.
    barred: Arc<HashSet<(String, String)>>,
    fence: i64,
    requests: AtomicU32,
    begun: Instant,
    making_room: AtomicBool,
}

/// How the tries before a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Well, or there was none.
    Well,
    /// Not at their end: nothing is taken for done because it looks quiet.
    Failed,
    /// So often not at their end that Stripe is first asked once whether it answers at all.
    Silent,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Events were polled and told nothing new; all are known up to this second. Nothing was written.
    Quiet(i64),
    /// What webhooks named was read, and nothing else: the schedule stays as it is.
    Hinted {
        /// As of [`Ended::Done`].
        more: bool,
    },
    /// A pass of reconciliation was taken on, and nothing else was due.
    Compared {
        /// As of [`Ended::Done`].
        more: bool,
    },
    /// Others wait, and not all is read: go on behind them.
    MadeRoom,
    /// Something was read, or was asked for.
    Done {
        /// Whether it was the connection's first sync.
        first: bool,
        /// Whether something less urgent is left: ask again.
        more: bool,
    },
}

/// What a first look at the events told.
enum Look {
    /// Nothing happened: all events up to this second are known.
    Quiet(i64),
    /// Something happened.
    News(follow::Poll),
    /// Webhooks say what happened, and nothing else is due.
    Hinted,
    /// A pass of reconciliation is due, and nothing else.
    Compared(reconciliation::State),
    /// More than events is to be read.
    NotEnough,
}

impl Run {
    /// Prepares a run; the connection is taken by [`Run::go`].
    #[must_use]
    pub fn new(db: Db, stripe: Account, clock: SharedClock, connection: ConnectionId, stop: CancellationToken) -> Self {
        Self {
            db,
            stripe,
            clock,
            connection,
            stop,
            hints: Vec::new(),
            is_due: true,
            quiet_until: None,
            since: Vec::new(),
            first: DataType::ALL.to_vec(),
            before: Before::Well,
            continuous: false,
            barred: Arc::default(),
            slice: std::time::Duration::MAX,
            fence: 0,
            requests: AtomicU32::new(0),
            begun: Instant::now(),
            making_room: AtomicBool::new(false),
        }
    }

    /// Takes the connection and reads what is asked for and what changed.
    ///
    /// # Errors
    /// See [`Error`]. Whatever was kept stays, and the next run goes on from there.
    #[boxed]
    pub async fn go(&mut self) -> Result<Ended, Error> {
        if self.before == Before::Silent {
            let probed = self.stripe.once_only().get("/v1/balance", "/v1/balance", &[]).await.map_err(Error::from);
            // Not to be given the balance is an answer, too.
            if let Err(error) = probed
                && of_one_list(&error).is_none()
            {
                return Err(error);
            }
        }
        let polled = match self.look().await? {
            Look::Quiet(until) => return Ok(Ended::Quiet(until)),
            Look::Hinted => return self.hinted().await,
            Look::Compared(pass) => return self.compared(pass).await,
            Look::News(poll) => Some(poll),
            Look::NotEnough => None,
        };
        let head = store::sync_heads::take(&self.db, self.connection).await?;
        self.fence = head.fence;
        self.bar().await?;
        self.begin(&head).await?;
        let head = self.heal_gap(head).await?;
        self.widen().await?;
        let asked = self.asked(&head).await?;
        let missing = self.missing(&asked).await?;
        let held = match backfill::backfill(self, &asked, &missing).await? {
            backfill::Ended::Read => None,
            backfill::Ended::Held(why) => Some(why),
            backfill::Ended::MadeRoom => return Ok(Ended::MadeRoom),
        };
        let head = store::sync_heads::find(&self.db, self.connection).await?.unwrap_or(head);
        let first = head.first_done_at.is_none();
        follow::follow(self, &head, &asked, self.daily(&head), polled).await?;
        if let Some(why) = held {
            payouts::read(self).await?;
            return Err(why);
        }
        if first {
            self.first_done().await?;
        }
        let left = reconcile::turn(self).await?;
        let more = payouts::read(self).await? || left;
        let has_older = first && head.mapper_version < MAPPER_VERSION;
        Ok(Ended::Done { first, more: more || has_older })
    }

    /// Most cycles find nothing: one look at the events, without taking the connection and without writing anything.
    async fn look(&self) -> Result<Look, Error> {
        let Some(head) = store::sync_heads::find(&self.db, self.connection).await? else { return Ok(Look::NotEnough) };
        let rows = store::checkpoints::of(&self.db, self.connection).await?;
        let Some(cursor) = self.cursor_in(&head, &rows) else { return Ok(Look::NotEnough) };
        let asked = store::datasets::unfinished(&self.db, self.connection).await?;
        if self.before != Before::Well || head.first_done_at.is_none() || self.has_gap(cursor) || !asked.is_empty() {
            return Ok(Look::NotEnough);
        }
        if !windows::older(self, &rows).is_empty() || !unread::types(self, &head, &rows).await?.is_empty() {
            return Ok(Look::NotEnough);
        }
        match reconcile::due(self).await? {
            Some(pass) if !self.is_due && self.hints.is_empty() => return Ok(Look::Compared(pass)),
            Some(_) => return Ok(Look::NotEnough),
            None if self.daily(&head) => return Ok(Look::NotEnough),
            None => {}
        }
        if !self.is_due && !self.hints.is_empty() {
            return Ok(Look::Hinted);
        }
        let poll = follow::poll(self, cursor).await?;
        Ok(if poll.fresh.is_empty() && !poll.has_more() && self.hints.is_empty() {
            Look::Quiet(poll.known_until)
        } else {
            Look::News(poll)
        })
    }

    async fn hinted(&mut self) -> Result<Ended, Error> {
        self.fence = store::sync_heads::take(&self.db, self.connection).await?.fence;
        self.bar().await?;
        follow::hinted(self).await?;
        Ok(Ended::Hinted { more: payouts::read(self).await? })
    }

    /// Takes a pass on. Before it begins the events are followed, so that what they tell is no drift; not before each of
    /// its slices.
    async fn compared(&mut self, pass: reconciliation::State) -> Result<Ended, Error> {
        let head = store::sync_heads::take(&self.db, self.connection).await?;
        self.fence = head.fence;
        self.bar().await?;
        if pass == reconciliation::State::Planned {
            follow::follow(self, &head, &[], false, None).await?;
        }
        let left = reconcile::turn(self).await?;
        Ok(Ended::Compared { more: payouts::read(self).await? || left })
    }

    async fn bar(&mut self) -> Result<(), Error> {
        let barred = store::quarantine::barred(&self.db, self.connection, MAPPER_VERSION).await?;
        self.barred = Arc::new(barred.into_iter().collect());
        Ok(())
    }

    /// Nothing yet of what is to be kept of objects that are read together.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        Prepared { barred: Arc::clone(&self.barred), ..Prepared::default() }
    }

    /// The run's fencing token.
    #[must_use]
    pub const fn fence(&self) -> i64 {
        self.fence
    }

    /// The number of the next reading: the fence in the high 31 bits, the request within the run in the low 32. It is taken
    /// before the request is sent, so that of two readings the one asked for later wins.
    pub fn read_no(&self) -> i64 {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        (self.fence << 32) | i64::from(request)
    }

    /// Reads from Stripe, under the number of the reading.
    ///
    /// # Errors
    /// What Stripe refuses; [`Error::Stopped`] when the process is asked to stop.
    #[boxed]
    pub async fn read(&self, endpoint: &str, path: &str, query: &[(&str, String)]) -> Result<(i64, Answer), Error> {
        let read_no = self.read_no();
        fault::at(Point::BeforeFetch);
        let answer = tokio::select! {
            answer = self.stripe.get(endpoint, path, query) => answer?,
            () = self.stop.cancelled() => return Err(Error::Stopped),
        };
        fault::at(Point::AfterFetch);
        Ok((read_no, answer))
    }

    /// Whether it ends at its next page, since others wait.
    #[must_use]
    pub fn makes_room(&self) -> bool {
        self.making_room.load(Ordering::Relaxed)
    }

    /// Once its time is over: whether others wait for a worker.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_around(&self) -> Result<(), Error> {
        if self.begun.elapsed() >= self.slice && store::jobs::is_waited_for(&self.db, self.clock.now()).await? {
            self.making_room.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Begins a transaction under the run's fence.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another run has taken the connection; [`Error::Stopped`] when asked to stop.
    #[boxed]
    pub async fn page(&self) -> Result<Page, Error> {
        if self.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        Page::begin(&self.db, self.connection, self.fence, self.clock.now()).await
    }

    /// Notes at the connection when it was read last. It is written before datasets are told complete, so that whoever
    /// sees them complete sees it too; written twice, or without them, it is as true.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn synced(&self) -> Result<(), Error> {
        let tx = store::write(&self.db).await?;
        store::connections::set_synced(&tx, self.connection, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The second before which a stream is not read.
    #[must_use]
    pub fn since(&self, stream: Stream) -> i64 {
        let of_stream = |(data_type, _): &&(DataType, i64)| Stream::of(*data_type).contains(&stream);
        self.since.iter().filter(of_stream).map(|(_, second)| *second).min().unwrap_or(0)
    }

    /// The streams that were read to their end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_streams(&self) -> Result<BTreeSet<&'static str>, Error> {
        Ok(read_in(&store::checkpoints::of(&self.db, self.connection).await?))
    }

    /// What is asked for, written before the first page: on the first run everything that the first sync reads, later
    /// what was asked for once and is not read to its end.
    async fn asked(&self, head: &sync_head::Model) -> Result<Vec<dataset::Model>, Error> {
        let asked = store::datasets::unfinished(&self.db, self.connection).await?;
        let first = head.first_done_at.is_none();
        if first && asked.iter().any(|one| one.first) {
            return Ok(asked);
        }
        let rows = store::checkpoints::of(&self.db, self.connection).await?;
        let left: Vec<DataType> = if first {
            // A first sync that ended just before it could say so has nothing left to ask for.
            let done = read_in(&rows);
            let is_left = |kind: &DataType| Stream::of(*kind).iter().any(|stream| !done.contains(stream.name()));
            self.first.iter().copied().filter(is_left).collect()
        } else {
            unread::types(self, head, &rows).await?
        };
        if left.is_empty() {
            return Ok(asked);
        }
        let page = self.page().await?;
        store::datasets::queue(page.tx(), self.connection, &left, first, self.clock.now()).await?;
        page.commit().await?;
        Ok(store::datasets::unfinished(&self.db, self.connection).await?)
    }

    /// The streams that are asked for and were never read to their end.
    async fn missing(&self, asked: &[dataset::Model]) -> Result<Vec<Stream>, Error> {
        let done = self.read_streams().await?;
        let wanted: BTreeSet<Stream> = asked.iter().flat_map(|one| Stream::of(one.data_type)).copied().collect();
        Ok(wanted.into_iter().filter(|stream| !done.contains(stream.name())).collect())
    }

    /// Events that Stripe has dropped cannot be followed: after such a gap everything is listed anew, and says so. Returns
    /// the head as it is now.
    async fn heal_gap(&self, head: sync_head::Model) -> Result<sync_head::Model, Error> {
        let Some(cursor) = self.events_cursor(&head).await?.filter(|cursor| self.has_gap(*cursor)) else {
            return Ok(head);
        };
        let gap_days = (self.clock.now().timestamp() - cursor) / 86_400;
        tracing::warn!(connection.id = %self.connection, gap_days, "events were missed: everything is listed anew");
        let page = self.page().await?;
        store::checkpoints::reset(page.tx(), self.connection).await?;
        store::sync_heads::forget_events(page.tx(), self.connection).await?;
        page.commit().await?;
        Ok(sync_head::Model { events_from: None, ..head })
    }

    /// Opens windows for what is older than what was asked for when the lists were begun, and is asked for now.
    async fn widen(&self) -> Result<(), Error> {
        let older = windows::older(self, &store::checkpoints::of(&self.db, self.connection).await?);
        if older.is_empty() {
            return Ok(());
        }
        let mut page = self.page().await?;
        for window in older {
            page.checkpoint(window).await?;
        }
        page.commit().await?;
        Ok(())
    }

    /// The second up to which all events are known; none before the first sync.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events_cursor(&self, head: &sync_head::Model) -> Result<Option<i64>, Error> {
        Ok(self.cursor_in(head, &store::checkpoints::of(&self.db, self.connection).await?))
    }

    fn cursor_in(&self, head: &sync_head::Model, rows: &[checkpoint::Model]) -> Option<i64> {
        let followed = rows.iter().find(|row| row.stream == store::checkpoints::EVENTS);
        let followed = followed.and_then(|row| row.cursor.as_deref()?.parse::<i64>().ok()).or(head.events_from);
        followed.map(|second| second.max(self.quiet_until.unwrap_or(second)))
    }

    fn has_gap(&self, cursor: i64) -> bool {
        self.clock.now().timestamp() - cursor > EVENTS_KEPT
    }

    fn daily(&self, head: &sync_head::Model) -> bool {
        let due = |at: DateTime<Utc>| self.clock.now() - at >= DAILY;
        head.account_read_at.is_some_and(due)
    }

    /// Notes before the first record which mapper makes it. The end of the first sync leaves that as it is: when the
    /// program was upgraded in between, what the older mapper made is mapped again.
    async fn begin(&self, head: &sync_head::Model) -> Result<(), Error> {
        if head.account_read_at.is_none() && head.mapper_version < MAPPER_VERSION {
            let page = self.page().await?;
            store::sync_heads::set_mapper_version(page.tx(), self.connection, MAPPER_VERSION).await?;
            page.commit().await?;
        }
        Ok(())
    }

    async fn first_done(&self) -> Result<(), Error> {
        let page = self.page().await?;
        let now = self.clock.now();
        store::sync_heads::set_first_done(page.tx(), self.connection, now).await?;
        told::tell_first(page.tx(), self.connection, now).await?;
        page.commit().await?;
        Ok(())
    }

    /// Ends datasets that Stripe does not give, each with its reason. Their list is forgotten: nobody follows it meanwhile,
    /// so that it is read anew once Stripe gives it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_given(&self, asked: &[dataset::Model], stream: Stream, why: &Error) -> Result<(), Error> {
        let Some((status, reason)) = of_one_list(why) else { return Ok(()) };
        let list = stream.name().replace('_', " ");
        let reason = reason.replace("{list}", &list);
        tracing::warn!(connection.id = %self.connection, list, reason, "Stripe does not give a list");
        let mut page = self.page().await?;
        store::checkpoints::forget(page.tx(), self.connection, stream.name()).await?;
        for one in asked.iter().filter(|one| Stream::of(one.data_type).contains(&stream)) {
            page.finish(one.id, status, Some(&reason)).await?;
        }
        page.commit().await?;
        Ok(())
    }
}

/// The streams that are read to their end, by the connection's checkpoints.
#[must_use]
pub fn read_in(rows: &[checkpoint::Model]) -> BTreeSet<&'static str> {
    let mut begun = begun_in(rows);
    begun.retain(|name| rows.iter().filter(|row| row.stream == *name).all(|window| window.done));
    begun
}

/// The streams of which a window was opened, by the connection's checkpoints.
#[must_use]
pub fn begun_in(rows: &[checkpoint::Model]) -> BTreeSet<&'static str> {
    let all = Stream::SIDE_BY_SIDE.iter().copied().flatten().chain(&[Stream::Account]);
    all.map(|stream| stream.name()).filter(|name| rows.iter().any(|row| row.stream == *name)).collect()
}

/// How datasets end by a refusal that concerns one list (`{list}`) alone; none for one that ends the run.
#[must_use]
pub fn of_one_list(error: &Error) -> Option<(Status, String)> {
    match error {
        Error::Stripe(Refusal::NotPermitted(why)) => Some((
            Status::PermissionsError,
            format!(
                "Stripe does not permit reading {{list}}: {why}. Ask the owner to link again with a scope that covers \
                 it; everything else is read, and this is tried again every day."
            ),
        )),
        Error::Stripe(Refusal::Refused { status: 404, message }) => Some((
            Status::NotSupported,
            format!("Stripe has no {{list}} for this account: {message}. Everything else is read."),
        )),
        Error::Stripe(Refusal::Refused { status, message }) => Some((
            Status::FetchError,
            format!(
                "Stripe refuses to give {{list}} ({status}): {message}. Everything else is read, and this is tried again \
                 every day."
            ),
        )),
        _ => None,
    }
}
