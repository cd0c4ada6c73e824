//! R26, R27: the database goes away, takes no writes, is full, is locked. Requests are told so, nothing is lost, and work
//! goes on by itself.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entity::id::ConnectionId;
use entity::job;
use futures::future::join_all;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use simulator::http::Options;
use tributary::store;
use tributary::task::Task;

use crate::house::{Ground, House, Kind};
use crate::oracle::{compare, linked};
use crate::process::{Served, refusal, tributary};
use crate::running::{LEASE, is_complete, is_sound, nothing_runs_alone, serve, sources, until, until_without_pauses};
use crate::server::Server;

/// What a request is answered with.
struct Told {
    status: u16,
    retry_after: Option<u64>,
    body: Value,
}

/// Asks a server with an API key.
async fn ask(base: &str, method: reqwest::Method, path: &str, key: &str, body: Option<&Value>) -> Told {
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key);
    let request = crate::house::http().request(method, format!("{base}{path}"));
    let request = request.header("authorization", format!("Basic {basic}")).timeout(Duration::from_mins(2));
    let request = if let Some(body) = body { request.json(body) } else { request };
    let answer = request.send().await.unwrap();
    let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Told { status: answer.status().as_u16(), retry_after, body: answer.json().await.unwrap_or_default() }
}

/// Fails unless it is the contract's 503 with the time of another try.
fn is_an_outage(told: &Told) {
    assert_eq!(told.status, 503, "{}", told.body);
    assert!(told.retry_after.is_some_and(|seconds| seconds > 0), "no Retry-After");
    assert_eq!((&told.body["statusCode"], &told.body["canBeRetried"]), (&json!(503), &json!("True")), "{}", told.body);
    assert_eq!(told.body["service"], "PublicApi");
    assert!(told.body["error"].as_str().is_some_and(|text| text.contains("try again")), "{}", told.body);
}

/// What a server says of itself.
async fn readiness(base: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{base}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Whoever could not write is not ready before it has written again.
async fn is_ready_again(house: &House, served: &str) {
    until_without_pauses(house, "it is ready", async || readiness(served).await.0 == 200).await;
}

async fn whole(house: &House, connection: ConnectionId, mut served: Served) {
    comes_to_its_end(house, connection).await;
    nothing_runs_alone(house).await;
    assert!(served.lives(), "the process was started again");
    served.signal("TERM").await;
    assert!(served.ended().await.success());
    compare(house, connection, &house.accounts()[0].clone()).await;
    is_sound(house).await;
}

/// Ends what a pause would put off: see [`until_without_pauses`].
async fn comes_to_its_end(house: &House, connection: ConnectionId) {
    until_without_pauses(house, "the first sync is complete", async || is_complete(house, connection).await).await;
}

/// A house on PostgreSQL with a first sync under way: many pages, each with some latency.
async fn under_way(ground: Ground) -> (House, ConnectionId, Served, String) {
    let latency = Duration::from_millis(40);
    let house = House::around(ground, Options { charges: 3_000, latency, ..Options::default() }).await;
    let (_, connection) = linked(&house, &house.accounts()[0].clone()).await;
    let key = house.api_key().await;
    let served = serve(&house).await;
    until("the sync is in the middle", async || sources(&house).await > 300).await;
    (house, connection, served, key)
}

async fn run(db: &impl ConnectionTrait, sql: &str) -> u64 {
    db.execute_unprepared(sql).await.unwrap().rows_affected()
}

/// Ends every other session of the database. Returns how many there were.
async fn end_sessions(db: &impl ConnectionTrait) -> usize {
    let sql = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().len()
}

#[tokio::test]
async fn r26_sessions_that_postgresql_ends_are_begun_again() {
    let (house, connection, served, key) = under_way(Ground::on(Kind::Postgres).await).await;
    let mut ended = 0;
    for _ in 0..5 {
        ended += end_sessions(&house.db).await;
        assert!(ask(&served.url, reqwest::Method::GET, "/companies", &key, None).await.status != 500);
        let before = sources(&house).await;
        until_without_pauses(&house, "it goes on", async || {
            sources(&house).await > before || is_complete(&house, connection).await
        })
        .await;
    }
    assert!(ended > 5, "only {ended} sessions were ended");
    whole(&house, connection, served).await;
}

#[tokio::test]
async fn r26_while_postgresql_is_down_requests_are_told_so_and_afterwards_all_goes_on() {
    let server = Server::start().await;
    let (house, connection, served, key) = under_way(Ground::at(&server.url).await).await;
    server.crash().await;
    let asked = Instant::now();
    let told = ask(&served.url, reqwest::Method::GET, "/companies", &key, None).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    is_an_outage(&told);
    let (status, why) = readiness(&served.url).await;
    assert!(status == 503 && why.contains("database"), "{status} {why}");
    assert_eq!(reqwest::get(format!("{}/healthz", served.url)).await.unwrap().status().as_u16(), 200);

    server.begin().await;
    is_ready_again(&house, &served.url).await;
    assert_eq!(ask(&served.url, reqwest::Method::GET, "/companies", &key, None).await.status, 200);
    whole(&house, connection, served).await;
}

#[tokio::test]
async fn r26_a_postgresql_that_takes_no_writes_is_read_and_told_of() {
    let (house, connection, served, key) = under_way(Ground::on(Kind::Postgres).await).await;
    let name = house.ground.url.rsplit('/').next().unwrap().to_owned();
    run(&house.db, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    assert!(end_sessions(&house.db).await > 0);
    until("it says why", async || readiness(&served.url).await.1.contains("takes no writes")).await;
    assert_eq!(ask(&served.url, reqwest::Method::GET, "/companies", &key, None).await.status, 200);
    let company = json!({ "name": "No room" });
    is_an_outage(&ask(&served.url, reqwest::Method::POST, "/companies", &key, Some(&company)).await);

    let tx = house.db.pool().begin().await.unwrap();
    tx.execute_unprepared("SET TRANSACTION READ WRITE").await.unwrap();
    let off = format!("ALTER DATABASE {name} SET default_transaction_read_only = off");
    tx.execute_unprepared(&off).await.unwrap();
    tx.commit().await.unwrap();
    end_sessions(&house.db).await;
    until("a company is taken", async || {
        ask(&served.url, reqwest::Method::POST, "/companies", &key, Some(&company)).await.status == 200
    })
    .await;
    is_ready_again(&house, &served.url).await;
    whole(&house, connection, served).await;
}

#[tokio::test]
async fn r26_requests_that_find_no_connection_are_told_so_soon_and_a_stalled_sync_goes_on() {
    let (house, connection, served, key) = under_way(Ground::on(Kind::Postgres).await).await;
    let lock = house.db.pool().begin().await.unwrap();
    lock.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await.unwrap();
    // Requests wait for companies, the sync for its records; leases and health do not.
    lock.execute_unprepared("LOCK TABLE company, source_object IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let one_was_refused = tokio::sync::Notify::new();
    let asking = join_all((0..40).map(async |_| {
        let told = ask(&served.url, reqwest::Method::GET, "/companies", &key, None).await;
        if told.status != 200 {
            one_was_refused.notify_one();
        }
        told
    }));
    let owner = async || {
        let job = job::Entity::find().filter(job::Column::Key.eq(Task::Sync { connection }.key())).one(&house.db).await;
        job.unwrap().expect("the sync is not asked for any more")
    };
    let stalled = async {
        // Longer than the lease that it had: the owner is alive, and stays the owner.
        let before = owner().await;
        let renewed = before.leased_until.unwrap() + TimeDelta::from_std(LEASE).unwrap();
        until("the lease is renewed after its first end", async || owner().await.leased_until > Some(renewed)).await;
        assert_eq!(owner().await.lease, before.lease, "the sync was taken from a living owner");
        one_was_refused.notified().await;
        assert_eq!(reqwest::get(format!("{}/healthz", served.url)).await.unwrap().status().as_u16(), 200);
        lock.commit().await.unwrap();
    };
    let (told, ()) = tokio::join!(asking, stalled);
    let (good, refused): (Vec<_>, Vec<_>) = told.into_iter().partition(|one| one.status == 200);
    assert!(!refused.is_empty(), "the pool was never exhausted");
    refused.iter().for_each(is_an_outage);
    assert!(!good.is_empty(), "nobody was served after the stall");
    whole(&house, connection, served).await;
}

#[tokio::test]
async fn r26_every_statement_has_a_limit() {
    let ground = Ground::on(Kind::Postgres).await;
    for (db, limit) in
        [(store::open(&ground.url).await.unwrap(), "1min"), (store::open_to_answer(&ground.url).await.unwrap(), "15s")]
    {
        let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, "SHOW statement_timeout")).await;
        assert_eq!(row.unwrap().unwrap().try_get_by_index::<String>(0).unwrap(), limit);
        db.execute_unprepared("SET statement_timeout = '100ms'").await.unwrap();
    }
    let db = store::open(&ground.url).await.unwrap();
    let tx = db.pool().begin().await.unwrap();
    tx.execute_unprepared("SET LOCAL statement_timeout = '100ms'").await.unwrap();
    let given_up = tx.execute_unprepared("SELECT pg_sleep(10)").await.unwrap_err();
    assert!(store::trouble::outage(&given_up).is_some(), "{given_up}");
}

/// A pool on a SQLite file with settings of its own.
async fn pool(url: &str, pragma: &'static str, value: String) -> DatabaseConnection {
    let mut options = ConnectOptions::new(format!("{url}?mode=rwc"));
    options.sqlx_logging(false).max_connections(4).acquire_timeout(Duration::from_secs(3)).map_sqlx_sqlite_opts(
        move |options| {
            let wal = sea_orm::sqlx::sqlite::SqliteJournalMode::Wal;
            options.journal_mode(wal).busy_timeout(Duration::from_secs(3)).pragma(pragma, value.clone())
        },
    );
    Database::connect(options).await.unwrap()
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn r27_a_full_disk_is_told_of_and_work_goes_on_when_there_is_space() {
    let mut ground = Ground::sqlite().await;
    // A file that may not grow is as full as a disk: what is removed later makes the space.
    run(&ground.db, "CREATE TABLE ballast (x BLOB)").await;
    run(
        &ground.db,
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 3000)
         INSERT INTO ballast SELECT randomblob(4000) FROM counted",
    )
    .await;
    let pages = number(&ground.db, "PRAGMA page_count").await;
    ground.db = ground.db.through(pool(&ground.url, "max_page_count", (pages + 60).to_string()).await);
    let house = House::around(ground, Options { charges: 300, ..Options::default() }).await;
    let account = house.accounts()[0].clone();
    let (_, connection) = linked(&house, &account).await;
    let key = house.api_key().await;
    house.work().await;
    assert!(!is_complete(&house, connection).await, "there was space enough");
    let (status, why) = readiness(&house.url).await;
    assert!(status == 503 && why.contains("full") && why.contains("free some space"), "{status} {why}");

    // What is left of the last page that the sync could not keep is taken, too.
    while house.db.execute_unprepared("INSERT INTO ballast VALUES (zeroblob(3000))").await.is_ok() {}
    let mut acknowledged = Vec::new();
    let refused = loop {
        let body = json!({ "name": format!("{} {}", acknowledged.len(), "x".repeat(200)) });
        let told = ask(&house.url, reqwest::Method::POST, "/companies", &key, Some(&body)).await;
        if told.status != 200 {
            break told;
        }
        acknowledged.push(told.body["id"].as_str().unwrap().to_owned());
        assert!(acknowledged.len() < 500, "it never gets full");
    };
    is_an_outage(&refused);
    is_sound(&house).await;

    run(&house.db, "DELETE FROM ballast").await;
    for _ in 0..3 {
        house.clock.advance(TimeDelta::seconds(30));
        house.work().await;
    }
    assert!(is_complete(&house, connection).await);
    assert_eq!(readiness(&house.url).await.0, 200);
    for id in acknowledged {
        assert_eq!(house.get(&format!("/companies/{id}"), &key).await.0, 200, "an acknowledged company is gone");
    }
    compare(&house, connection, &account).await;
    nothing_runs_alone(&house).await;
    is_sound(&house).await;
}

#[tokio::test]
async fn r27_a_file_that_may_not_be_written_is_read_and_told_of() {
    let ground = Ground::sqlite().await;
    let house = House::around(ground, Options { charges: 300, ..Options::default() }).await;
    let key = house.api_key().await;
    let mut ground = Ground::at(&house.ground.url).await;
    ground.db = ground.db.through(pool(&house.ground.url, "query_only", "1".to_owned()).await);
    ground.master = house.master.clone();
    let closed = House::around(ground, Options { charges: 0, ..Options::default() }).await;
    assert_eq!(closed.get("/companies", &key).await.0, 200);
    let company = json!({ "name": "No room" });
    is_an_outage(&ask(&closed.url, reqwest::Method::POST, "/companies", &key, Some(&company)).await);
    let (status, why) = readiness(&closed.url).await;
    assert!(status == 503 && why.contains("cannot be written"), "{status} {why}");

    // Who starts on such a file is told so at once.
    let url = format!("{}?mode=ro", house.ground.url);
    let mut serve = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let master = secrecy::ExposeSecret::expose_secret(&house.ground.master.to_text()).to_owned();
    let (sentence, code) = refusal(serve.env("TRIBUTARY_MASTER_KEY", master)).await;
    assert!(code == 1 && sentence.contains("readonly database"), "{sentence}");
    is_sound(&house).await;
}

#[tokio::test]
async fn r27_sixty_four_writers_and_one_who_holds_the_file_lose_nothing() {
    let house = House::beside(Kind::Sqlite, Options { charges: 1_500, ..Options::default() }).await;
    let (_, connection) = linked(&house, &house.accounts()[0].clone()).await;
    let key = house.api_key().await;
    let served = serve(&house).await;
    until("the sync has begun", async || sources(&house).await > 0).await;
    let holder = house.db.pool().begin_with_options(sea_orm::TransactionOptions {
        sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
        ..Default::default()
    });
    let holder = holder.await.unwrap();
    let one_was_refused = tokio::sync::Notify::new();
    let writers = join_all((0..64).map(async |writer| {
        let body = json!({ "name": format!("Company {writer}") });
        let told = ask(&served.url, reqwest::Method::POST, "/companies", &key, Some(&body)).await;
        if told.status != 200 {
            one_was_refused.notify_one();
        }
        told
    }));
    let held = async {
        // As long as it takes until somebody is told that it cannot be done now.
        one_was_refused.notified().await;
        holder.commit().await.unwrap();
    };
    let (told, ()) = tokio::join!(writers, held);
    let (good, refused): (Vec<_>, Vec<_>) = told.into_iter().partition(|one| one.status == 200);
    assert!(!refused.is_empty(), "nobody was refused");
    refused.iter().for_each(is_an_outage);
    for one in &good {
        let path = format!("/companies/{}", one.body["id"].as_str().unwrap());
        assert_eq!(house.get(&path, &key).await.0, 200, "an acknowledged company is gone");
    }
    is_ready_again(&house, &served.url).await;
    let again = join_all((0..64).map(async |writer| {
        let body = json!({ "name": format!("Company {writer} again") });
        until("a company is taken", async || {
            let told = ask(&served.url, reqwest::Method::POST, "/companies", &key, Some(&body)).await;
            if told.status != 200 {
                is_an_outage(&told);
            }
            told.status == 200
        })
        .await;
    }));
    again.await;
    println!("{} of 64 were taken while the file was held", good.len());
    whole(&house, connection, served).await;
}
