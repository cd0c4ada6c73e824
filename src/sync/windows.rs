//! The windows of a first sync: a list is cut into windows of `created`, each is read from its newest object to its oldest,
//! and where each stands is kept with what was read of it. The youngest windows come first.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use entity::checkpoint;
use entity::data_type::DataType;

use super::error::Error;
use super::list::Ready;
use super::run::Run;
use super::streams::Stream;
use base::boxed;
use stripe::wire;

/// What is read before everything older, in seconds: 90 days.
const RECENT: i64 = 90 * 86_400;
/// Seconds by which a list may begin later than it is asked for: a wish in months moves with the clock.
const SLACK: i64 = 86_400;
/// Nothing at Stripe is older: 2011-01-01.
const BEGINNING: i64 = 1_293_840_000;

/// The windows that are not read to their end, by list.
#[derive(Debug)]
pub struct Open {
    windows: BTreeMap<Stream, BTreeMap<i64, checkpoint::Model>>,
    now: i64,
    floor: i64,
    recent_from: i64,
}

impl Open {
    /// The open windows of these lists; a list that was never begun gets its first ones, which are kept at once.
    ///
    /// # Errors
    /// When the database does not answer, or another run has taken the connection.
    #[boxed]
    pub async fn of(run: &Run, streams: &[Stream]) -> Result<Self, Error> {
        let now = run.clock.now().timestamp();
        let begun = store::checkpoints::of(&run.db, run.connection).await?;
        let head = store::sync_heads::find(&run.db, run.connection).await?;
        let recent_from = head.and_then(|head| head.events_from).unwrap_or(now) - RECENT;
        let mut open = Self { windows: BTreeMap::new(), now, floor: oldest_possible(run).await?, recent_from };
        let mut page = run.page().await?;
        for stream in streams.iter().copied().filter(|stream| *stream != Stream::Account) {
            let mut own: Vec<_> = begun.iter().filter(|row| row.stream == stream.name()).cloned().collect();
            if own.is_empty() {
                own = first_windows(run, stream, recent_from);
                for window in &own {
                    page.checkpoint(window.clone()).await?;
                }
            }
            let left = own.into_iter().filter(|window| !window.done).map(|window| (window.window_from, window));
            open.windows.insert(stream, left.collect());
        }
        page.commit().await?;
        Ok(open)
    }

    /// Notes where a page left its window. Returns whether its list is read to its end.
    pub fn note(&mut self, ready: &Ready) -> bool {
        let windows = self.windows.entry(ready.stream).or_default();
        for window in [Some(&ready.window), ready.parted.as_ref()].into_iter().flatten() {
            if window.done {
                windows.remove(&window.window_from);
            } else {
                windows.insert(window.window_from, window.clone());
            }
        }
        windows.is_empty()
    }

    /// Whether every list that a data type is made of is read to its end.
    #[must_use]
    pub fn is_whole(&self, data_type: DataType) -> bool {
        Stream::of(data_type).iter().all(|stream| self.windows.get(stream).is_none_or(BTreeMap::is_empty))
    }

    /// From when on a data type can be read already; none while its youngest windows are open.
    #[must_use]
    pub fn readable_from(&self, data_type: DataType) -> Option<DateTime<Utc>> {
        let has_recent = |stream: &Stream| {
            let windows = self.windows.get(stream).into_iter().flat_map(BTreeMap::values);
            windows.into_iter().any(|window| self.is_recent(*stream, window))
        };
        if Stream::of(data_type).iter().any(has_recent) { None } else { DateTime::from_timestamp(self.recent_from, 0) }
    }

    /// How far a list is, 0 to 99: the part of the years since the account's beginning that no open window holds.
    #[must_use]
    pub fn progress(&self, stream: Stream) -> i32 {
        let left = self
            .windows
            .get(&stream)
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|window| (window.window_until.unwrap_or(self.now) - window.window_from.max(self.floor)).max(0));
        let whole = (self.now - self.floor).max(1);
        i32::try_from((99 - left.sum::<i64>() * 99 / whole).clamp(0, 99)).unwrap_or(0)
    }

    /// What is to be read, in turns: the recent windows of every list, then the rest. Within a list the youngest first.
    #[must_use]
    pub fn turns(&self) -> [Vec<(Stream, VecDeque<checkpoint::Model>)>; 2] {
        let turn = |recent: bool| {
            let of_list = |stream: Stream, windows: &BTreeMap<i64, checkpoint::Model>| {
                windows.values().rev().filter(|window| self.is_recent(stream, window) == recent).cloned().collect()
            };
            let all = self.windows.iter().map(|(stream, windows)| (*stream, of_list(*stream, windows)));
            all.filter(|(_, windows): &(_, VecDeque<_>)| !windows.is_empty()).collect()
        };
        [turn(true), turn(false)]
    }

    /// The second that nothing of the account is older than.
    #[must_use]
    pub const fn floor(&self) -> i64 {
        self.floor
    }

    fn is_recent(&self, stream: Stream, window: &checkpoint::Model) -> bool {
        is_small(stream) || window.window_from >= self.recent_from
    }
}

/// No object of the account is older than the account; where it does not say, than Stripe.
async fn oldest_possible(run: &Run) -> Result<i64, Error> {
    let kept = store::source_objects::of_kind(&run.db, run.connection, "account").await?;
    let created = kept.first().and_then(|kept| serde_json::from_slice::<wire::Head>(&kept.body).ok()?.created);
    Ok(created.unwrap_or(BEGINNING).max(BEGINNING))
}

/// What a shop sells is little, and wanted whole at once.
const fn is_small(stream: Stream) -> bool {
    matches!(stream, Stream::Prices | Stream::Products)
}

/// The last 90 days are a window of their own.
fn first_windows(run: &Run, stream: Stream, recent_from: i64) -> Vec<checkpoint::Model> {
    let since = run.since(stream);
    if is_small(stream) || since >= recent_from {
        return vec![fresh(run, stream, since, None)];
    }
    vec![fresh(run, stream, since, Some(recent_from)), fresh(run, stream, recent_from, None)]
}

/// The windows that lists lack, by the connection's checkpoints: what is older than their first ones, and asked for since
/// the settings were changed.
#[must_use]
pub fn older(run: &Run, rows: &[checkpoint::Model]) -> Vec<checkpoint::Model> {
    let lists = Stream::SIDE_BY_SIDE.iter().copied().flatten();
    let lacks = |stream: &Stream| {
        let begins = rows.iter().filter(|row| row.stream == stream.name()).map(|row| row.window_from).min()?;
        let since = run.since(*stream);
        (since + SLACK < begins).then(|| fresh(run, *stream, since, Some(begins)))
    };
    lists.filter_map(lacks).collect()
}

/// A window that nothing was read of.
#[must_use]
pub fn fresh(run: &Run, stream: Stream, from: i64, until: Option<i64>) -> checkpoint::Model {
    checkpoint::Model {
        connection_id: run.connection,
        stream: stream.name().to_owned(),
        window_from: from,
        window_until: until,
        cursor: None,
        done: false,
        pages: 0,
        objects: 0,
        version: 0,
        updated_at: run.clock.now(),
    }
}
