//! R7 to R10, R29, R30, R44: one owner of a connection's data at a time, whatever happens to processes and clocks.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::id::ConnectionId;
use entity::{source_object, sync_head};
use futures::future::join_all;
use sea_orm::entity::prelude::*;
use serde_json::json;
use simulator::http::Options;
use tributary::clock::Clock;
use tributary::store;
use tributary::sync::error::Error;
use tributary::sync::keep::Page;
use tributary::sync::streams::Stream;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{KEPT, compare, linked};
use crate::process::Served;
use crate::running::{
    LEASE, command, completed, is_complete, nothing_runs_alone, rounds, serve, until, until_within, work,
};

/// A house with this many companies, each linked to an account of its own.
async fn shops(kind: Kind, count: usize, charges: u64) -> (House, BTreeMap<String, ConnectionId>) {
    // The simulator has a few accounts without any data, and one that grows with `charges`.
    let options = Options { charges, accounts: count, ..Options::default() };
    let house = House::beside(kind, options).await;
    let mut shops = BTreeMap::new();
    for account in house.accounts() {
        let (_, connection) = linked(&house, &account).await;
        shops.insert(account, connection);
    }
    (house, shops)
}

/// Fails when a page of an account's lists was asked for twice: one owner reads each page of a first sync once. Returns
/// how many pages there were.
fn read_each_page_once(house: &House) -> usize {
    let mut pages = HashSet::new();
    let lists: Vec<String> =
        KEPT.iter().map(|(_, object)| format!("GET {}", Stream::of_object(object).unwrap().path())).collect();
    for visit in house.simulator.counters.visits() {
        if lists.contains(&visit.endpoint) {
            let page = (visit.account.clone(), visit.endpoint.clone(), visit.query.clone());
            assert!(pages.insert(page), "two owners read this page: {visit:?}");
        }
    }
    pages.len()
}

#[tokio::test]
async fn r07_of_two_and_of_eight_workers_one_owns_a_connection() {
    tokio::join!(one_owns_each(2, 4), one_owns_each(8, 1));
}

/// So many processes, each with so many workers, do the first syncs of more shops than they have workers.
async fn one_owns_each(processes: usize, concurrency: usize) {
    let (house, shops) = shops(Kind::Postgres, 24, 60).await;
    let mut worker = command(&house, &["work"]);
    worker
        .env("TRIBUTARY_WORKER_CONCURRENCY", concurrency.to_string())
        // Nobody is killed, and no lease is to be lost however busy the machine is.
        .env("TRIBUTARY_WORKER_LEASE_SECONDS", "60")
        // So many processes that look for work twenty times a second would leave little of the machine for the work.
        .env("TRIBUTARY_WORKER_POLL_MILLISECONDS", "200");
    let workers = (0..processes).map(|_| Served::spawn(&mut worker)).collect::<Vec<_>>();
    join_all(workers.iter().map(|worker| worker.says("\"working\""))).await;
    for connection in shops.values() {
        completed(&house, *connection).await;
    }
    until("no job is left", async || store::jobs::count(&house.db).await.unwrap() == 0).await;
    let pages = read_each_page_once(&house);
    assert!(pages >= 9 * shops.len(), "only {pages} pages were read");
    nothing_runs_alone(&house).await;
    let busy = workers.iter().filter(|worker| !worker.said("a sync ended").is_empty()).count();
    assert!(busy >= 2, "one process did all the work");
    for (account, connection) in shops.iter().take(5) {
        compare(&house, *connection, account).await;
    }
    for worker in &workers {
        worker.signal("TERM").await;
    }
    for worker in workers {
        assert!(worker.ended().await.success());
    }
}

#[tokio::test]
async fn r08_a_frozen_worker_that_wakes_up_late_writes_nothing_more() {
    let latency = Duration::from_millis(150);
    let house = House::beside(Kind::Postgres, Options { charges: 600, latency, ..Options::default() }).await;
    let account = house.accounts()[0].clone();
    let (_, connection) = linked(&house, &account).await;
    let of_first = async || {
        let rows = source_object::Entity::find()
            .filter(source_object::Column::ConnectionId.eq(connection))
            .filter(source_object::Column::ReadNo.lt(2_i64 << 32));
        rows.count(&house.db).await.unwrap()
    };
    let frozen = work(&house).await;
    until("it is in the middle", async || of_first().await > 100).await;
    frozen.signal("STOP").await;
    let asleep = Instant::now();
    let other = work(&house).await;
    // Frozen in the middle of a page it holds the connection's row, until PostgreSQL ends its session.
    until("another has taken over", async || {
        store::sync_heads::find(&house.db, connection).await.unwrap().unwrap().fence == 2
    })
    .await;
    assert!(asleep.elapsed() > LEASE / 2, "it was taken from a living owner");
    let before = of_first().await;
    frozen.signal("CONT").await;
    frozen.says("belongs to somebody else now").await;
    // It was slow so that it would be frozen in the middle.
    house.simulator.switch(|settings| settings.latency_ms = 0);
    completed(&house, connection).await;
    assert!(of_first().await <= before, "the late worker has written");
    nothing_runs_alone(&house).await;
    compare(&house, connection, &account).await;
    for worker in [frozen, other] {
        worker.signal("TERM").await;
        assert!(worker.ended().await.success());
    }
}

both! {
    async fn r08_a_page_that_was_begun_before_the_takeover_is_whole_and_one_after_it_is_refused(house: House) {
        let (_, connection) = linked(&house, &house.accounts()[0].clone()).await;
        let old = store::sync_heads::take(&house.db, connection).await.unwrap().fence;
        let new = store::sync_heads::take(&house.db, connection).await.unwrap().fence;
        assert!(new > old);
        let now = house.clock.now();
        let late = Page::begin(&house.db, connection, old, now).await;
        assert!(matches!(late, Err(Error::Fenced)), "{late:?}");
        // On PostgreSQL the fence is held while a page is open; on SQLite a page is the only writer there is.
        let page = Page::begin(&house.db, connection, new, now).await.unwrap();
        let taking = store::sync_heads::take(&house.db, connection);
        let taken = tokio::select! {
            _ = taking => true,
            () = tokio::time::sleep(Duration::from_millis(300)) => false,
        };
        assert!(!taken, "the connection was taken from under an open page");
        page.commit().await.unwrap();
    }

    async fn r10_fifty_asking_at_once_and_the_schedule_make_one_run(house: House) {
        let account = house.accounts()[0].clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let before = dataset::Entity::find().count(&house.db).await.unwrap();
        let key = house.api_key().await;
        house.clock.advance(TimeDelta::hours(26));
        let path = format!("/companies/{company}/data/queue/commerce-customers");
        let body = json!({});
        let asking = join_all((0..50).map(|_| house.post(&path, &key, &body)));
        let ticking = async {
            for _ in 0..20 {
                tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
            }
        };
        let (answers, ()) = tokio::join!(asking, ticking);
        let (good, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(good.len(), 1, "{good:?} {:?}", others.first());
        let id = good[0].1["id"].as_str().unwrap();
        for (status, body) in others {
            assert_eq!(status, 409);
            assert!(body["error"].as_str().unwrap().contains(id), "it is not told which run is on its way: {body}");
        }
        // One request for work, whose key nothing else may have: one run, in one slice or in several.
        assert_eq!(store::jobs::count(&house.db).await.unwrap(), 1);
        house.work().await;
        assert!(is_complete(&house, connection).await);
        assert_eq!(dataset::Entity::find().count(&house.db).await.unwrap(), before + 1);

        // Everything at once, many times: each type is asked for once.
        let path = format!("/companies/{company}/data/all");
        let answers = join_all((0..50).map(|_| house.post(&path, &key, &body))).await;
        assert!(answers.iter().all(|(status, _)| *status == 204), "{answers:?}");
        let open = store::datasets::unfinished(&house.db, connection).await.unwrap();
        assert_eq!(open.len(), DataType::ALL.len(), "{open:?}");
        house.work().await;
        nothing_runs_alone(&house).await;
    }

    async fn r29_a_clock_that_is_moved_makes_no_second_owner_and_skips_nothing(house: House) {
        let account = house.accounts()[0].clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let task = Task::Sync { connection };
        let start = house.clock.now();
        for step in [TimeDelta::minutes(10), TimeDelta::minutes(-10), TimeDelta::days(1), TimeDelta::days(-1)] {
            house.clock.set(start);
            store::jobs::enqueue(&house.db, &task, start - TimeDelta::days(2)).await.unwrap();
            let job = store::jobs::claim(&house.db, house.clock.now(), Duration::from_secs(30)).await.unwrap().unwrap();
            house.clock.advance(step);
            let second = store::jobs::claim(&house.db, house.clock.now(), Duration::from_secs(30)).await.unwrap();
            assert!(second.is_none(), "moved by {step}, the clock gave the job to a second owner");
            assert!(store::jobs::renew(&house.db, &job, Duration::from_secs(30)).await.unwrap());
            store::jobs::done(&house.db, &job, start).await.unwrap();
        }

        // Synced while the clock was two days ahead; set right, the next sync is not two days late.
        house.clock.set(start + TimeDelta::days(2));
        house.work().await;
        house.clock.set(start);
        let row = house.connection(connection).await;
        assert!(row.next_sync_at.unwrap() > start + TimeDelta::days(2), "nothing was put off: {row:?}");
        let longest = TimeDelta::minutes(15);
        tributary::work::tick::pull_back(&house.db, house.clock.now(), longest).await.unwrap();
        assert!(house.connection(connection).await.next_sync_at.unwrap() <= start);
        // One job, however many turns it takes.
        assert!(house.work().await >= 1, "it does not run");
        let row = house.connection(connection).await;
        assert!(row.next_sync_at.unwrap() > start && row.last_sync_at.unwrap() <= start, "{row:?}");
        tributary::work::tick::pull_back(&house.db, house.clock.now(), longest).await.unwrap();
        assert_eq!(house.work().await, 0, "it runs again and again");

        // A job that a clock ahead put off is due within the longest pause.
        store::jobs::enqueue(&house.db, &task, start + TimeDelta::days(1)).await.unwrap();
        assert_eq!(house.work().await, 0);
        tributary::work::tick::pull_back(&house.db, house.clock.now(), longest).await.unwrap();
        assert!(house.work().await >= 1);
    }

    async fn r44_what_a_dead_process_left_is_not_told_to_run(house: House) {
        let account = house.accounts()[0].clone();
        let (company, connection) = linked(&house, &account).await;
        let silence = json!({ "name": "silent", "endpoint": "GET /v1/charges", "fault": { "kind": "silence" } });
        house.simulator.faults.add(serde_json::from_value(silence).unwrap());
        let key = house.api_key().await;
        let path = format!("/companies/{company}/dataStatus");
        let told = async || house.get(&path, &key).await.1["commerce-payments"]["currentStatus"].clone();
        // On SQLite, too, the end of a lease is waited for here.
        let mut short = command(&house, &["serve", "--listen", "127.0.0.1:0"]);
        let served = Served::of(short.env("TRIBUTARY_WORKER_LEASE_SECONDS", LEASE.as_secs().to_string())).await;
        until("it runs", async || told().await == "Fetching").await;
        until("the fault happens", async || house.simulator.faults.fired("silent") > 0).await;
        served.signal("KILL").await;
        served.ended().await;
        until("nobody is told to work on it", async || told().await == "Queued").await;
        let rows = dataset::Entity::find().filter(dataset::Column::Status.eq(Status::Fetching));
        assert!(rows.count(&house.db).await.unwrap() > 0, "the table itself says it: nothing was derived");
        house.simulator.faults.clear();
        let served = serve(&house).await;
        completed(&house, connection).await;
        nothing_runs_alone(&house).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
    }
}

/// The connections whose first sync is done and of which nothing is open.
async fn complete(house: &House) -> HashSet<ConnectionId> {
    let heads = sync_head::Entity::find().filter(sync_head::Column::FirstDoneAt.is_not_null());
    let mut done: HashSet<ConnectionId> =
        heads.all(&house.db).await.unwrap().into_iter().map(|head| head.connection_id).collect();
    for open in store::datasets::connections_waiting(&house.db).await.unwrap() {
        done.remove(&open);
    }
    done
}

/// Small shops and one that has more than all of them together are due in the same minute, the large one first; `make soak`
/// makes it larger.
async fn due_at_once(kind: Kind) {
    let rounds = rounds(1);
    let (house, shops) = shops(kind, 12, rounds * 8_000).await;
    let all: u64 = house.simulator.world.accounts().iter().map(|one| one.charges).sum();
    assert!(
        house.simulator.world.accounts()[0].charges * 2 > all,
        "the large one is not larger than the others together"
    );
    let large = shops[&house.accounts()[0]];
    let began = Instant::now();
    let served = serve(&house).await;
    let mut ended: BTreeMap<ConnectionId, Duration> = BTreeMap::new();
    until_within(Duration::from_mins(4 * rounds), "all are complete", async || {
        for connection in complete(&house).await {
            ended.entry(connection).or_insert_with(|| began.elapsed());
        }
        ended.len() == shops.len()
    })
    .await;
    until("no job is left", async || store::jobs::count(&house.db).await.unwrap() == 0).await;
    let small = ended.iter().filter(|(connection, _)| **connection != large).map(|(_, took)| *took).max().unwrap();
    println!("the last small one after {small:?}, the large one after {:?}", ended[&large]);
    assert!(small < ended[&large], "small ones waited for the large one");
    served.signal("TERM").await;
    assert!(served.ended().await.success());
}

mod r30_small_shops_do_not_wait_for_a_large_one {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        due_at_once(Kind::Sqlite).await;
    }

    #[tokio::test]
    async fn postgres() {
        due_at_once(Kind::Postgres).await;
    }
}
