//! The worker: claims a job, does it, is done or comes back later.
//!
//! Any number of them may run, in one process or in many: the queue's leases say who has a job, the fence of a connection
//! says who may write its data. What is due is asked for by [`tick`]; what is asked for is done by `sync` and `erase`.

mod erase;
mod sync;
pub mod tick;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::connect::keys::Keys;
use crate::connect::{Means, sweep};
use crate::store::{self, Db};
use crate::stripe::client::Gate;
use crate::task::Task;

/// The first pause before another try of a job; it doubles.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// The longest pause before another try.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// How often sessions and states that are over are removed.
const SWEEP_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How the worker works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Jobs done at once.
    pub concurrency: usize,
    /// How long a claimed job belongs to its worker without a sign of life.
    pub lease: Duration,
    /// How long an idle worker waits before it looks again.
    pub poll: Duration,
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
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut all = JoinSet::new();
        for _ in 0..self.settings.concurrency.max(1) {
            all.spawn(Arc::clone(&self).work(stop.clone()));
        }
        all.spawn(Arc::clone(&self).clockwork(stop));
        while let Some(ended) = all.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended in a panic");
            }
        }
    }

    async fn work(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // A panic ends its own job's try alone: the lease runs out, and the tries are counted.
            let worker = Arc::clone(&self);
            let stopping = stop.clone();
            let found = match tokio::spawn(async move { worker.step(stopping).await }).await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the queue does not answer");
                    false
                }
                Err(error) => {
                    tracing::error!(%error, "a job ended in a panic; it is tried again when its lease runs out");
                    true
                }
            };
            if !found {
                self.rest(&stop).await;
            }
        }
    }

    async fn clockwork(self: Arc<Self>, stop: CancellationToken) {
        let mut swept = None;
        while !stop.is_cancelled() {
            let now = self.clock.now();
            if let Err(error) = tick::tick(&self.db, now).await {
                tracing::error!(%error, "what is due could not be found out");
            }
            if swept.is_none_or(|at| now - at >= SWEEP_EVERY) {
                self.sweep().await;
                swept = Some(now);
            }
            self.rest(&stop).await;
        }
    }

    /// Sweeps what owners left lying on the Link pages.
    async fn sweep(&self) {
        let means = Means { db: &self.db, keys: &self.keys, stripe: &self.stripe, clock: &self.clock };
        if let Err(error) = sweep::sweep(means).await {
            tracing::error!(%error, "what browsers left could not be swept");
        }
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
    pub async fn step(&self, stop: CancellationToken) -> Result<bool, sea_orm::DbErr> {
        let lease = TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::seconds(30));
        let Some(job) = store::jobs::claim(&self.db, self.clock.now(), lease).await? else {
            return Ok(false);
        };
        let verdict = tokio::select! {
            verdict = self.do_job(&job, stop) => verdict,
            () = self.keep_lease(&job, lease) => Verdict::Lost,
        };
        let now = self.clock.now();
        match verdict {
            Verdict::Done => store::jobs::done(&self.db, &job, now).await?,
            Verdict::More | Verdict::GiveBack => store::jobs::give_back(&self.db, &job, now).await?,
            Verdict::Later(at, reason) => store::jobs::later(&self.db, &job, at, &reason).await?,
            Verdict::Lost => tracing::warn!(job.key, "the job belongs to somebody else now"),
        }
        Ok(true)
    }

    /// Renews the lease again and again; ends when it is lost.
    async fn keep_lease(&self, job: &job::Model, lease: TimeDelta) {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            match store::jobs::renew(&self.db, job, self.clock.now() + lease).await {
                Ok(true) => {}
                Ok(false) => return,
                // The database may be back before the lease is over; if not, the fence refuses what comes too late.
                Err(error) => tracing::warn!(%error, job.key, "the lease could not be renewed"),
            }
        }
    }

    async fn do_job(&self, job: &job::Model, stop: CancellationToken) -> Verdict {
        match serde_json::from_str::<Task>(&job.task) {
            Ok(Task::Sync { connection }) => self.sync(connection, job.attempts, stop).await,
            Ok(Task::Erase { company, connection }) => self.erase(company, connection, job.attempts).await,
            Err(error) => {
                // Another version may know it; met again every quarter of an hour it does no harm, and is seen.
                tracing::error!(%error, job.key, "a task cannot be read");
                Verdict::Later(self.clock.now() + LONGEST_PAUSE, format!("the task cannot be read: {error}"))
            }
        }
    }

    /// Another try, later: the pause doubles with each.
    fn later(&self, attempts: i32, reason: impl std::fmt::Display) -> Verdict {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(10);
        let pause = (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
        Verdict::Later(self.clock.now() + pause, reason.to_string())
    }
}
