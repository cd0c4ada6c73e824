//! The worker: claims a job, does it, is done or comes back later.
//!
//! Any number of them may run, in one process or in many: the queue's leases say who has a job, the fence of a connection
//! says who may write its data. What is due is asked for by [`tick`]; what is asked for is done by `sync` and `erase`.
// Nothing that comes from outside may end a task: what could panic is refused, an unchecked index too.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unimplemented,
        clippy::get_unwrap,
        clippy::indexing_slicing
    )
)]

mod days;
mod deliver;
mod erase;
mod inbox;
mod local;
pub mod merge;
mod put_off;
mod reads;
pub mod relay;
mod replay;
pub mod retention;
mod sync;
pub mod tick;

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use base::clock::SharedClock;
use base::config::Retention;
use base::task::Task;
use connect::keys::Keys;
use connect::{Means, quota, sweep};
use courier::Courier;
use store::Db;
use store::jobs::Lane;
use store::trouble::{self, Trouble};
use stripe::client::Gate;

/// The first pause before another try of a job; it doubles.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// The longest pause before another try.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// The longest pause while the database takes nothing: it is asked again soon, and goes on by itself.
const OUTAGE_PAUSE: TimeDelta = TimeDelta::seconds(20);

/// How often sessions and states that are over are removed, and the clock is mistrusted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How the worker works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Jobs done at once.
    pub concurrency: usize,
    /// How long a claimed job belongs to its worker without a sign of life.
    pub lease: Duration,
    /// How long an idle worker waits before it looks again.
    pub poll: Duration,
    /// After this a sync makes room, at the end of a page, for others that wait.
    pub slice: Duration,
    /// How long what only grows is kept.
    pub retention: Retention,
    /// After this span of nothing but failures a webhook consumer is disabled.
    pub disable_after: TimeDelta,
    /// Requests with an API key that may be made in a day, for each active company and once more; 0: any number.
    pub daily_quota: u32,
}

/// A worker.
#[derive(Debug)]
pub struct Worker {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: SharedClock,
    /// The keys.
    pub keys: Keys,
    /// The way to Stripe.
    pub stripe: Gate,
    /// The way to receivers of webhooks.
    pub courier: Courier,
    /// What the database last refused, shared with whoever tells whether this process can serve.
    pub trouble: Trouble,
    /// The address that the outside knows us by.
    pub public_url: Url,
    /// How it works.
    pub settings: Settings,
}

/// What becomes of a job.
#[derive(Debug)]
enum Verdict {
    /// The work is done.
    Done,
    /// There is more of it, after whatever else waits.
    More,
    /// Another try, then.
    Later(DateTime<Utc>, String),
    /// The process is asked to stop: somebody else's, at once.
    GiveBack,
    /// It belongs to somebody else already.
    Lost,
}

impl Worker {
    /// Works until it is asked to stop, and then until every job has come to its next page.
    ///
    /// Boxed, as [`Worker::step`] is: all that a worker does is then compiled here, once, and not anew in each program
    /// that has one.
    pub fn run(self: Arc<Self>, stop: CancellationToken) -> BoxFuture<'static, ()> {
        self.run_all(stop).boxed()
    }

    async fn run_all(self: Arc<Self>, stop: CancellationToken) {
        let mut all = JoinSet::new();
        for _ in 0..self.settings.concurrency.max(1) {
            all.spawn(Arc::clone(&self).work(stop.clone()));
        }
        all.spawn(Arc::clone(&self).merging(stop.clone()));
        all.spawn(Arc::clone(&self).relaying(stop.clone()));
        all.spawn(Arc::clone(&self).telling(stop.clone()));
        all.spawn(Arc::clone(&self).retaining(stop.clone()));
        all.spawn(Arc::clone(&self).clockwork(stop));
        while let Some(ended) = all.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended in a panic");
            }
        }
    }

    async fn work(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let found = match self.step(stop.clone()).await {
                Ok(found) => found,
                Err(error) => {
                    self.trouble.note(&error);
                    tracing::error!(%error, "the queue does not answer");
                    false
                }
            };
            if !found {
                self.rest(&stop).await;
            }
        }
    }

    async fn clockwork(self: Arc<Self>, stop: CancellationToken) {
        let mut swept: Option<Instant> = None;
        while !stop.is_cancelled() {
            if let Err(error) = tick::tick(&self.db, self.clock.now()).await {
                self.trouble.note(&error);
                tracing::error!(%error, "what is due could not be found out");
            }
            if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
                self.sweep().await;
                swept = Some(Instant::now());
            }
            self.rest(&stop).await;
        }
    }

    /// Sweeps what owners left lying on the Link pages, and what a clock that was set back put off.
    async fn sweep(&self) {
        if let Err(error) = sweep::sweep(&self.means()).await {
            tracing::error!(%error, "what browsers left could not be swept");
        }
        if let Err(error) = tick::pull_back(&self.db, self.clock.now(), LONGEST_PAUSE).await {
            tracing::error!(%error, "what a wrong clock put off could not be found out");
        }
        if let Err(error) = quota::reset(&self.db, self.settings.daily_quota, self.clock.now()).await {
            tracing::error!(%error, "the quota of a new day could not be told");
        }
        self.sweep_inbox().await;
        self.sweep_told().await;
    }

    /// What connecting needs.
    const fn means(&self) -> Means<'_> {
        let (stripe, public_url) = (&self.stripe, &self.public_url);
        Means { db: &self.db, keys: &self.keys, stripe, clock: &self.clock, public_url }
    }

    async fn rest(&self, stop: &CancellationToken) {
        tokio::select! {
            () = tokio::time::sleep(self.settings.poll) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Does the next due job; `false` when there is none.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub fn step(&self, stop: CancellationToken) -> BoxFuture<'_, Result<bool, sea_orm::DbErr>> {
        self.step_in(Lane::Work, stop).boxed()
    }

    /// Does the next due job of the webhooks' lane; `false` when there is none.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub fn tell(&self, stop: CancellationToken) -> BoxFuture<'_, Result<bool, sea_orm::DbErr>> {
        self.step_in(Lane::Webhooks, stop).boxed()
    }

    async fn step_in(&self, lane: Lane, stop: CancellationToken) -> Result<bool, sea_orm::DbErr> {
        let job = store::jobs::claim_in(&self.db, lane, self.clock.now(), self.settings.lease).await?;
        let Some(job) = job else { return Ok(false) };
        self.do_claimed(&job, stop).await?;
        Ok(true)
    }

    async fn do_claimed(&self, job: &job::Model, stop: CancellationToken) -> Result<(), sea_orm::DbErr> {
        let tried = tokio::select! {
            // A panic ends this try alone.
            tried = AssertUnwindSafe(self.do_job(job, stop)).catch_unwind() => tried,
            () = self.keep_lease(job) => Ok(Verdict::Lost),
        };
        let verdict = match tried {
            Ok(verdict) => verdict,
            Err(_) => self.panicked_at(job).await,
        };
        let now = self.clock.now();
        match verdict {
            Verdict::Done => store::jobs::done(&self.db, job, now).await?,
            Verdict::More | Verdict::GiveBack => store::jobs::give_back(&self.db, job, now).await?,
            Verdict::Later(at, reason) => store::jobs::later(&self.db, job, at, &reason).await?,
            Verdict::Lost => tracing::warn!(job.key, "the job belongs to somebody else now"),
        }
        Ok(())
    }

    /// Renews the lease again and again; ends when it is lost, or when the database gave no sign of life for as long as it
    /// lasts. A process that was frozen finds that out before it asks anybody.
    async fn keep_lease(&self, job: &job::Model) {
        let lease = self.settings.lease;
        let mut held_until = Instant::now() + lease;
        loop {
            tokio::time::sleep(lease / 3).await;
            let asked = Instant::now();
            let left = held_until.saturating_duration_since(asked);
            match tokio::time::timeout(left, store::jobs::renew(&self.db, job, lease)).await {
                _ if left.is_zero() => return,
                Ok(Ok(true)) => held_until = asked + lease,
                // It may be back before the lease is over; if not, the fence refuses what comes too late.
                Ok(Err(error)) => tracing::warn!(%error, job.key, "the lease could not be renewed"),
                Ok(Ok(false)) | Err(_) => return,
            }
        }
    }

    /// Every panic is counted with the tries of its job, and shown where its data is shown.
    async fn panicked_at(&self, job: &job::Model) -> Verdict {
        tracing::error!(job.key, job.attempts, "a job ended in a panic");
        match serde_json::from_str::<Task>(&job.task) {
            Ok(Task::Sync { connection }) => self.panicked(connection, job.attempts).await,
            _ => self.later(job.attempts, "a fault of ours ended it: the log tells more"),
        }
    }

    async fn do_job(&self, job: &job::Model, stop: CancellationToken) -> Verdict {
        match serde_json::from_str::<Task>(&job.task) {
            Ok(Task::Sync { connection }) => self.sync(connection, job.attempts, stop).await,
            Ok(Task::Erase { company, connection }) => self.erase(company, connection, job.attempts).await,
            Ok(Task::Deliver { consumer }) => self.deliver(consumer, job.attempts, &stop).await,
            Ok(Task::Replay { replay }) => self.replay(replay, job.attempts, &stop).await,
            Ok(Task::Forget { consumer }) => self.forget(consumer, job.attempts).await,
            Err(error) => {
                // Another version may know it; met again every quarter of an hour it does no harm, and is seen.
                tracing::error!(%error, job.key, "a task cannot be read");
                Verdict::Later(self.clock.now() + LONGEST_PAUSE, format!("the task cannot be read: {error}"))
            }
        }
    }

    /// Another try, later: the pause doubles with each, and half of it is left to chance, so that those who failed
    /// together do not come back together.
    fn later(&self, attempts: i32, reason: impl std::fmt::Display) -> Verdict {
        Verdict::Later(self.after_pause(attempts), reason.to_string())
    }

    fn after_pause(&self, attempts: i32) -> DateTime<Utc> {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(10);
        let pause = (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
        self.clock.now() + pause * (50 + rand::random_range(0..50)) / 100
    }

    /// Another try after an error: soon, when all that is wrong is that the database takes nothing now.
    fn again(&self, attempts: i32, error: &(dyn Error + 'static)) -> Verdict {
        self.trouble.note(error);
        match self.later(attempts, error) {
            Verdict::Later(at, reason) if trouble::outage(error).is_some() => {
                Verdict::Later(at.min(self.clock.now() + OUTAGE_PAUSE), reason)
            }
            verdict => verdict,
        }
    }
}
