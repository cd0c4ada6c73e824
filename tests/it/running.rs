//! The real binary on a house's database, and what is waited for while it works.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use entity::dataset::{self, Status};
use entity::id::ConnectionId;
use entity::{job, source_object};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use secrecy::ExposeSecret;
use tokio::process::Command;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::house::House;
use crate::process::{Served, tributary};

/// Longer than anything that is waited for takes, in as many rounds as are usual.
pub const PATIENCE: Duration = Duration::from_mins(4);

/// How long a lease on PostgreSQL lasts here. On SQLite, where the one writer's place is waited for and a start frees all
/// leases, it is as usual. Who kills a process does not wait for it: see [`kill`].
pub const LEASE: Duration = Duration::from_secs(4);

/// Rounds of a test that `make soak` runs longer: `TEST_ROUNDS`, or else so many.
pub fn rounds(usual: u64) -> u64 {
    let set = std::env::var("TEST_ROUNDS").ok().and_then(|text| text.parse().ok());
    set.unwrap_or(usual)
}

/// A number that is another one in every run; it is printed, so that a failure can be repeated with `TEST_SEED`.
pub fn seed() -> u64 {
    let set = std::env::var("TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = set.unwrap_or_else(rand::random);
    println!("TEST_SEED={seed}");
    seed
}

/// A generator of numbers that are the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// `serve` or `work` on the house's database, against its simulated Stripe, with short leases.
pub fn command(house: &House, arguments: &[&str]) -> Command {
    let mut command = tributary(arguments);
    command
        .args(["--database-url", &house.ground.url])
        .env("TRIBUTARY_MASTER_KEY", house.ground.master.to_text().expose_secret())
        .env("TRIBUTARY_STRIPE_API_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_CONNECT_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_RATE_PER_ENDPOINT", "0")
        .env("TRIBUTARY_STRIPE_RATE_PER_ACCOUNT", "0")
        .env("TRIBUTARY_WORKER_POLL_MILLISECONDS", "50");
    if !house.url_is_sqlite() {
        command.env("TRIBUTARY_WORKER_LEASE_SECONDS", LEASE.as_secs().to_string());
    }
    command
}

/// A `serve` that serves.
pub async fn serve(house: &House) -> Served {
    Served::of(&mut command(house, &["serve", "--listen", "127.0.0.1:0"])).await
}

/// A `serve` that is made to fail, such as by `abort:after_fetch:3`; it may have failed already when this returns.
pub fn serve_until(house: &House, fault: &str) -> Served {
    let mut command = command(house, &["serve", "--listen", "127.0.0.1:0"]);
    Served::spawn(command.env("TRIBUTARY_TEST_FAULT", fault))
}

/// A `work` that works.
pub async fn work(house: &House) -> Served {
    Served::working(&mut command(house, &["work"])).await
}

/// Waits until something holds, which others bring about; fails when it takes too long.
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    until_within(PATIENCE, what, holds).await;
}

/// The same for what takes longer the more rounds are asked for.
pub async fn until_within(patience: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    loop {
        let looked = Instant::now();
        if holds().await {
            return;
        }
        assert!(began.elapsed() < patience, "it does not come to this: {what}");
        // A look that costs much is made less often: it takes from those who are waited for.
        tokio::time::sleep((looked.elapsed() * 4).clamp(Duration::from_millis(10), Duration::from_millis(250))).await;
    }
}

/// Waits as [`until`] does, and lets nothing be put off meanwhile: a pause before another try is over at once, as if the
/// clock had been moved on.
pub async fn until_without_pauses(house: &House, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    until(what, async || {
        if holds().await {
            return true;
        }
        let now = house.clock.now();
        // A database that does not answer now is asked again.
        let _ = store::jobs::pull_back(&house.db, now, now).await;
        false
    })
    .await;
}

/// Kills a process, whose leases end with it.
pub async fn kill(house: &House, served: Served) {
    served.signal("KILL").await;
    assert_eq!(served.ended().await.signal(), Some(9));
    end_leases(&house.db).await;
}

/// What a process that is gone had leased is free at once, as it would be after the time of a lease. On SQLite the next
/// start does that.
pub async fn end_leases(db: &store::Db) {
    if db.get_database_backend() == DbBackend::Postgres {
        let over = Expr::cust("clock_timestamp() - interval '1 second'");
        let ended = job::Entity::update_many().col_expr(job::Column::LeasedUntil, over);
        ended.filter(job::Column::LeasedUntil.is_not_null()).exec(db).await.unwrap();
    }
}

/// How many source objects there are, of all connections.
pub async fn sources(house: &House) -> u64 {
    source_object::Entity::find().count(&house.db).await.unwrap()
}

/// Whether a connection's first sync is done and nothing of it is open.
pub async fn is_complete(house: &House, connection: ConnectionId) -> bool {
    let Ok(head) = store::sync_heads::find(&house.db, connection).await else { return false };
    let Ok(open) = store::datasets::unfinished(&house.db, connection).await else { return false };
    head.is_some_and(|head| head.first_done_at.is_some()) && open.is_empty()
}

/// Waits until a connection's first sync is done.
pub async fn completed(house: &House, connection: ConnectionId) {
    until("the first sync is complete", async || is_complete(house, connection).await).await;
}

/// R44, asked in every test that makes something fail: what is told to run has a living owner, now or within a lease, and
/// what ended said so in one of its five ways.
pub async fn nothing_runs_alone(house: &House) {
    until("everything that runs has a living owner", async || {
        let all = dataset::Entity::find().all(&house.db).await.unwrap();
        let open = |one: &&dataset::Model| !one.status.is_final() && one.status != Status::Queued;
        let tasks: Vec<Task> =
            all.iter().filter(open).map(|one| Task::Sync { connection: one.connection_id }).collect();
        let owned = store::jobs::owned(&house.db, &tasks).await.unwrap();
        let ended_without_time = all.iter().any(|one| one.status.is_final() != one.completed_at.is_some());
        assert!(!ended_without_time, "{all:?}");
        tasks.iter().all(|task| owned.contains(&task.key()))
    })
    .await;
}

/// Fails unless a SQLite file is sound; PostgreSQL looks after itself.
pub async fn is_sound(house: &House) {
    let backend = house.db.get_database_backend();
    if backend == DbBackend::Sqlite {
        let row = house.db.query_one_raw(Statement::from_string(backend, "PRAGMA integrity_check")).await;
        assert_eq!(row.unwrap().unwrap().try_get_by_index::<String>(0).unwrap(), "ok");
    }
}
