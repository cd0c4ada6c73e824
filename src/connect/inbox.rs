//! Stripe's webhooks, from an event that is believed to its row: many are committed at once, and none is answered before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::connection::{self, Status};
use entity::id::{ConnectionId, IntegrationId};
use entity::integration::{self, Mode};
use entity::stripe_event::{self, Reason, State};
use entity::stripe_hint;
use sea_orm::DbErr;
use tokio::sync::oneshot;
use url::Url;

use super::revoke;
use base::clock::SharedClock;
use base::task::Task;
use store::stripe_events::Counts;
use store::{Db, Tx};
use stripe::wire;
use sync::hints;

/// Events of one transaction.
const AT_ONCE: usize = 500;
/// Events that may wait for their transaction; beyond them Stripe is asked to come again.
const MOST_WAITING: usize = 10_000;
/// How long an event waits for its commit before Stripe is asked to come again.
const PATIENCE: Duration = Duration::from_secs(10);
/// What happens within this time after the first event of a connection is read with it.
const COALESCED: TimeDelta = TimeDelta::seconds(1);
/// How long refusals are gathered before they are counted: whoever sends nonsense causes one write in this time.
const GATHERED: Duration = Duration::from_secs(1);
/// The type of the event that says that an owner has ended the access.
const DEAUTHORIZED: &str = "account.application.deauthorized";

/// Why an event was not taken in; Stripe delivers it again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More come than can be committed.
    #[error("more events come than can be kept; Stripe delivers this one again")]
    Full,
    /// The database took too long.
    #[error("the database took longer than {} seconds; Stripe delivers the event again", PATIENCE.as_secs())]
    Late,
    /// The database does not answer.
    #[error("the database does not answer; Stripe delivers the event again: {0}")]
    Store(Arc<DbErr>),
}

/// An event that is believed.
#[derive(Clone, Debug)]
pub struct Believed {
    /// The integration whose endpoint took it.
    pub integration: Arc<integration::Model>,
    /// The event.
    pub event: wire::Event,
    /// When it came.
    pub at: DateTime<Utc>,
}

struct Waiting {
    event: Believed,
    kept: oneshot::Sender<Result<(), Arc<DbErr>>>,
}

/// Takes events in. Whoever finds no commit under way commits all that wait.
pub struct Inbox {
    db: Db,
    clock: SharedClock,
    public_url: Url,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    refused: Mutex<Counts>,
}

impl Inbox {
    /// An inbox in this database; what it tells leads to this address of ours.
    #[must_use]
    pub fn new(db: &Db, clock: SharedClock, public_url: Url) -> Arc<Self> {
        let (db, waiting, refused) = (store::durable(db), Mutex::default(), Mutex::default());
        Arc::new(Self { db, clock, public_url, waiting, turn: tokio::sync::Mutex::default(), refused })
    }

    /// Takes an event in. When this returns, it is on the disk.
    ///
    /// # Errors
    /// See [`Error`]. It may be kept all the same; delivered again it is counted, no more.
    pub async fn take(self: &Arc<Self>, event: Believed) -> Result<(), Error> {
        let (kept, is_kept) = oneshot::channel();
        {
            let mut waiting = held(&self.waiting);
            if waiting.len() >= MOST_WAITING {
                return Err(Error::Full);
            }
            waiting.push(Waiting { event, kept });
        }
        // On a task of its own: a sender that hangs up must not take the others' commit with it.
        let inbox = Arc::clone(self);
        tokio::spawn(async move { inbox.commit().await });
        match tokio::time::timeout(PATIENCE, is_kept).await {
            Ok(Ok(kept)) => kept.map_err(Error::Store),
            // The task that had it ended in a panic, or there was no time left.
            Ok(Err(_)) | Err(_) => Err(Error::Late),
        }
    }

    /// Counts a delivery that was not believed. Nothing else of it is kept.
    pub fn refuse(self: &Arc<Self>, integration: IntegrationId, reason: &str) {
        let mut refused = held(&self.refused);
        let first = refused.is_empty();
        *refused.entry((integration, format!("refused:{reason}"))).or_default() += 1;
        drop(refused);
        if first {
            let inbox = Arc::clone(self);
            tokio::spawn(async move { inbox.count_refused().await });
        }
    }

    async fn count_refused(&self) {
        tokio::time::sleep(GATHERED).await;
        let counts = std::mem::take(&mut *held(&self.refused));
        let _turn = self.turn.lock().await;
        if let Err(error) = store::stripe_events::count(&self.db, counts, self.clock.now()).await {
            tracing::error!(%error, "refused webhooks could not be counted");
        }
    }

    async fn commit(&self) {
        let _turn = self.turn.lock().await;
        let some: Vec<Waiting> = {
            let mut waiting = held(&self.waiting);
            let count = waiting.len().min(AT_ONCE);
            waiting.drain(..count).collect()
        };
        if some.is_empty() {
            return;
        }
        let (events, tellers): (Vec<_>, Vec<_>) = some.into_iter().map(|one| (one.event, one.kept)).unzip();
        let kept = keep(&self.db, &self.public_url, &events, self.clock.now()).await.map_err(Arc::new);
        if let Err(error) = &kept {
            tracing::error!(%error, events = events.len(), "webhooks could not be kept");
        }
        for teller in tellers {
            // Whoever asked may have gone.
            let _ = teller.send(kept.clone());
        }
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Inbox").field("waiting", &held(&self.waiting).len()).finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Key = (IntegrationId, String, String);

/// Keeps events and what follows from the new ones, all of it or nothing.
async fn keep(db: &Db, public_url: &Url, events: &[Believed], now: DateTime<Utc>) -> Result<(), DbErr> {
    let tx = store::write(db).await?;
    let mut accounts: Vec<&str> = events.iter().filter_map(|one| one.event.account.as_deref()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut connections: HashMap<String, Vec<connection::Model>> = HashMap::new();
    for one in store::connections::of_accounts(&tx, &accounts).await? {
        connections.entry(one.account_id.clone().unwrap_or_default()).or_default().push(one);
    }
    let mut rows: BTreeMap<Key, (stripe_event::Model, Fate)> = BTreeMap::new();
    for one in events {
        let account = one.event.account.clone().unwrap_or_default();
        let of_account = connections.get(&account).map_or(&[][..], Vec::as_slice);
        let key = (one.integration.id, account, one.event.id.clone());
        rows.entry(key).and_modify(|(row, _)| row.deliveries += 1).or_insert_with(|| {
            let fate = fate(one, of_account);
            (row(one, &fate), fate)
        });
    }
    let kept = store::stripe_events::receive(&tx, rows.values().map(|(row, _)| row.clone()).collect()).await?;
    let mut counts = Counts::new();
    let mut follows = Vec::new();
    for one in kept {
        let Some((sent, fate)) = rows.remove(&(one.integration_id, one.account, one.id)) else { continue };
        let is_new = one.deliveries == sent.deliveries;
        let again = sent.deliveries - i64::from(is_new);
        let mut add = |outcome: String, count| *counts.entry((sent.integration_id, outcome)).or_default() += count;
        if again > 0 {
            add("duplicate".to_owned(), again);
        }
        if is_new {
            add(fate.outcome(), 1);
            follows.push((sent, fate));
        }
    }
    follow(&tx, public_url, follows, now).await?;
    store::stripe_events::count(&tx, counts, now).await?;
    tx.commit().await
}

/// What follows from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fate {
    /// Why nothing does.
    ignored: Option<Reason>,
    /// Connections that read the object again.
    hints: Vec<ConnectionId>,
    /// Connections whose access has ended.
    ends: Vec<ConnectionId>,
    /// Connections that ask Stripe whether their access has ended: by the second it cannot be told.
    asks: Vec<ConnectionId>,
}

impl Fate {
    const fn ignored(reason: Reason) -> Self {
        Self { ignored: Some(reason), hints: Vec::new(), ends: Vec::new(), asks: Vec::new() }
    }

    fn outcome(&self) -> String {
        self.ignored.map_or_else(|| "received".to_owned(), |reason| format!("ignored:{}", reason.as_str()))
    }
}

/// Decides by what the event says of itself and by what the connections of its account are now.
fn fate(one: &Believed, connections: &[connection::Model]) -> Fate {
    let Believed { integration, event, .. } = one;
    let connections: Vec<_> = connections.iter().filter(|row| row.integration_id == integration.id).collect();
    let linked: Vec<_> = connections.iter().filter(|row| row.status == Status::Linked).collect();
    match () {
        () if event.livemode != Some(integration.mode == Mode::Live) => Fate::ignored(Reason::WrongMode),
        () if event.account.as_deref().is_none_or(str::is_empty) => Fate::ignored(Reason::NoAccount),
        () if connections.is_empty() => Fate::ignored(Reason::UnknownAccount),
        () if event.kind != DEAUTHORIZED && !hints::is_followed(object(event).0) => Fate::ignored(Reason::UnknownType),
        () if linked.is_empty() => Fate::ignored(Reason::Disconnected),
        () if event.kind == DEAUTHORIZED && object(event).1 != integration.client_id.as_deref() => {
            Fate::ignored(Reason::OtherApplication)
        }
        () if event.kind == DEAUTHORIZED => {
            let created = event.created.unwrap_or_default();
            let before = |row: &&&&connection::Model| row.linked_at.is_none_or(|at| at.timestamp() < created);
            let (ends, asks): (Vec<_>, Vec<_>) = linked.iter().partition(before);
            let ignored = ends.is_empty().then_some(Reason::OlderThanLink);
            let ids = |rows: Vec<&&&connection::Model>| rows.into_iter().map(|row| row.id).collect();
            Fate { ignored, hints: Vec::new(), ends: ids(ends), asks: ids(asks) }
        }
        () => {
            let hints: Vec<_> = linked.iter().filter(|row| row.next_sync_at.is_some()).map(|row| row.id).collect();
            let ignored = hints.is_empty().then_some(Reason::NotContinuous);
            Fate { ignored, hints, ..Fate::default() }
        }
    }
}

/// The object that an event names: Stripe's word for it and its id.
fn object(event: &wire::Event) -> (Option<&str>, Option<&str>) {
    let object = event.data.as_ref().and_then(|data| data.object.as_ref());
    object.map_or((None, None), |object| (object.object.as_deref(), object.id.as_deref()))
}

fn row(one: &Believed, fate: &Fate) -> stripe_event::Model {
    let Believed { integration, event, at } = one;
    let (object, object_id) = object(event);
    let state = match fate {
        Fate { ignored: Some(_), .. } => State::Ignored,
        fate if fate.hints.is_empty() => State::Done,
        _ => State::Pending,
    };
    stripe_event::Model {
        integration_id: integration.id,
        account: event.account.clone().unwrap_or_default(),
        id: event.id.clone(),
        event_type: event.kind.clone(),
        object: object.map(str::to_owned),
        object_id: object_id.map(str::to_owned),
        created: event.created.unwrap_or_default(),
        livemode: event.livemode.unwrap_or_default(),
        api_version: event.api_version.clone(),
        received_at: *at,
        state,
        reason: fate.ignored,
        deliveries: 1,
        done_at: (state != State::Pending).then_some(*at),
    }
}

async fn follow(
    tx: &Tx,
    public_url: &Url,
    events: Vec<(stripe_event::Model, Fate)>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (mut left, mut woken) = (Vec::new(), Vec::new());
    for (event, fate) in events {
        for connection_id in &fate.ends {
            revoke::deauthorized_in(tx, public_url, *connection_id, now).await?;
        }
        // One that has ended is woken too: its run ends what is open, with the reason.
        woken.extend(fate.hints.iter().chain(&fate.asks).chain(&fate.ends).copied());
        left.extend(fate.hints.into_iter().map(|connection_id| stripe_hint::Model {
            connection_id,
            event_id: event.id.clone(),
            integration_id: event.integration_id,
            account: event.account.clone(),
            event_type: event.event_type.clone(),
            object: event.object.clone(),
            object_id: event.object_id.clone(),
            created: event.created,
        }));
    }
    store::stripe_events::leave(tx, left).await?;
    woken.sort_unstable();
    woken.dedup();
    let tasks: Vec<_> = woken.into_iter().map(|connection| Task::Sync { connection }).collect();
    store::jobs::wake(tx, &tasks, now + COALESCED).await
}
