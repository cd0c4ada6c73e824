//! The change feed: whoever follows its cursors misses nothing, whatever happens meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use entity::change::Kind as Became;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::Value;
use simulator::http::Options;
use simulator::world::Action;
use tributary::clock::Clock;
use tributary::store::bulk::{self, Changed, Reading, Records};
use tributary::store::{self, feed_merge, feed_read};
use tributary::task::Task;
use tributary::work::merge::merge;

use crate::backup::until;
use crate::both;
use crate::house::{Ground, House, Kind};
use crate::oracle::{self, compare, linked};
use crate::process::{Served, tributary};
use crate::running;

/// The real binary, serving this database beside the house's Stripe.
pub async fn serve(house: &House, database_url: &str) -> Served {
    let mut command = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", database_url]);
    command
        .env("TRIBUTARY_MASTER_KEY", secrecy::ExposeSecret::expose_secret(&house.ground.master.to_text()))
        .env("TRIBUTARY_STRIPE_API_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_CONNECT_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_RATE_PER_ENDPOINT", "0")
        .env("TRIBUTARY_STRIPE_RATE_PER_ACCOUNT", "0")
        .env("TRIBUTARY_WORKER_POLL_MILLISECONDS", "50")
        // Nobody reads its log while it serves: what it says of each request would fill the pipe and stop it.
        .env("TRIBUTARY_LOG_FILTER", "warn,tributary::commands=info")
        // Long enough for a busy machine: a lease that is lost costs the pages in flight.
        .env("TRIBUTARY_WORKER_LEASE_SECONDS", "10");
    Served::of(&mut command).await
}

/// A reader of a feed over HTTP, with what it was told.
pub struct Reader {
    client: reqwest::Client,
    /// The feed's path.
    path: String,
    /// An API key.
    key: String,
    /// How many a page may hold.
    limit: u32,
    /// Where it stands.
    pub cursor: Option<String>,
    /// Data type, record and what became of it, in the order told.
    pub told: Vec<(String, String, String)>,
}

impl Reader {
    /// A reader at the beginning of a feed.
    pub fn of(path: String, key: &str, limit: u32) -> Self {
        Self { client: crate::house::http(), path, key: key.to_owned(), limit, cursor: None, told: Vec::new() }
    }

    /// Reads a page from where `url` is served; whether there is more, or `None` when nobody answers.
    pub async fn page(&mut self, url: &str) -> Option<bool> {
        let after = self.cursor.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let asked = format!("{url}{}?limit={}{after}", self.path, self.limit);
        let began = std::time::Instant::now();
        let page: Value = loop {
            let answer = self.client.get(&asked).bearer_auth(&self.key).send().await.ok()?;
            let status = answer.status().as_u16();
            let page: Value = answer.json().await.ok()?;
            // A busy server may say so, and a reader does as he is told; not for ever.
            if status == 503 && page["canBeRetried"] == "True" && began.elapsed() < running::PATIENCE {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            assert_eq!(status, 200, "{page}");
            break page;
        };
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let rows = page["results"].as_array().unwrap();
        self.told.extend(rows.iter().map(|row| (text(row, "dataType"), text(row, "recordId"), text(row, "kind"))));
        self.cursor = Some(text(&page, "next"));
        Some(page["hasMore"].as_bool().unwrap())
    }

    /// Reads until there is no more.
    pub async fn rest(&mut self, url: &str) {
        while self.page(url).await.expect("nobody answers") {}
    }

    /// The records that are there, if what was told is the whole truth. A record that is created twice without being
    /// deleted in between, or changed before it was created, fails.
    pub fn records(&self) -> BTreeSet<(String, String)> {
        let mut there = BTreeSet::new();
        for (data_type, id, kind) in &self.told {
            let record = (data_type.clone(), id.clone());
            match kind.as_str() {
                "created" => assert!(there.insert(record), "{id} was created twice"),
                "updated" => assert!(there.contains(&record), "{id} was changed before it was created"),
                "deleted" => assert!(there.remove(&record), "{id} was deleted before it was created"),
                other => panic!("{other}"),
            }
        }
        there
    }
}

/// The records of a connection that are not deleted, by data type and id.
pub async fn live(db: &store::Db, connection: ConnectionId) -> BTreeSet<(String, String)> {
    let tables = [
        ("company_info", DataType::CompanyInfo),
        ("customer", DataType::Customers),
        ("payment", DataType::Payments),
        ("transaction", DataType::Transactions),
        ("payout", DataType::Payouts),
        ("dispute", DataType::Disputes),
        ("product", DataType::Products),
        ("payment_method", DataType::PaymentMethods),
        ("order", DataType::Orders),
        ("subscription", DataType::Subscriptions),
        ("invoice", DataType::Invoices),
    ];
    let mut all = BTreeSet::new();
    for (table, data_type) in tables {
        let sql = format!("SELECT id FROM \"{table}\" WHERE connection_id = $1 AND deleted_at IS NULL");
        let asked = Statement::from_sql_and_values(db.get_database_backend(), sql, [connection.0.into()]);
        for row in db.query_all_raw(asked).await.unwrap() {
            all.insert((data_type.as_str().to_owned(), row.try_get_by_index::<String>(0).unwrap()));
        }
    }
    all
}

fn path_of(company: entity::id::CompanyId, connection: ConnectionId) -> String {
    format!("/companies/{company}/connections/{connection}/changes")
}

/// What one writer does: changes of random connections, each commit held back for a random while.
async fn write(db: store::Db, connections: Vec<ConnectionId>, seed: u64, commits: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for commit in 0..commits {
        let connection = connections[random.random_range(0..connections.len())];
        let changed = |n: u32| Changed {
            data_type: DataType::Payments,
            id: format!("{seed}-{commit}-{n}"),
            kind: Became::Created,
        };
        let changes: Vec<Changed> = (0..random.random_range(1..=6)).map(changed).collect();
        let tx = store::write(&db).await.unwrap();
        store::feed::append(&tx, connection, changes, chrono::DateTime::UNIX_EPOCH).await.unwrap();
        tokio::time::sleep(Duration::from_millis(random.random_range(0..12))).await;
        tx.commit().await.unwrap();
    }
}

/// A merger that loses every fifth hint, as one that is killed between the commit and the hint does.
async fn merge_and_lose(db: store::Db, lost: Arc<AtomicU64>) {
    let mut hints = 0_u64;
    loop {
        let heads = feed_merge::unmerged(&db, 7).await.unwrap();
        let now = chrono::DateTime::UNIX_EPOCH;
        let placed = if heads.is_empty() {
            feed_merge::Placed::default()
        } else {
            feed_merge::place(&db, &heads, now).await.unwrap()
        };
        for (connection, until) in placed.until {
            hints += 1;
            if hints.is_multiple_of(5) {
                lost.fetch_add(1, Ordering::SeqCst);
            } else {
                feed_merge::hint(&db, connection, until).await.unwrap();
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Follows the feed of everything into `told`, by connection; leaves its spot in `spot`.
async fn follow(
    db: &store::Db,
    told: &mut HashMap<ConnectionId, Vec<i64>>,
    spot: &mut Option<feed_read::Spot>,
) -> bool {
    let tx = store::read(db).await.unwrap();
    let page = feed_read::of_everything(&tx, *spot, 13).await.unwrap().expect("the reader is lost");
    for (_, row) in page.changes {
        told.entry(row.connection_id).or_default().push(row.seq);
    }
    *spot = Some(page.next);
    page.more
}

both! {
    async fn r41_late_commits_two_mergers_and_lost_hints_leave_no_gap_and_no_disorder(ground: Ground) {
        let seed: u64 = rand::random();
        eprintln!("seed {seed}");
        let is_sqlite = ground.db.get_database_backend() == sea_orm::DbBackend::Sqlite;
        let (writers, commits) = if is_sqlite { (3, 40) } else { (8, 60) };
        let mut connections = Vec::new();
        for _ in 0..12 {
            let connection = connected(&ground).await;
            store::sync_heads::take(&ground.db, connection).await.unwrap();
            connections.push(connection);
        }
        let lost = Arc::new(AtomicU64::new(0));
        let (mut told, mut spot) = (HashMap::new(), None);
        // Twice: the mergers end in the middle of whatever they do, others begin, and the reader keeps nothing but its cursor.
        // More often where the machine is so busy that hardly a hint was lost.
        let mut round = 0;
        while round < 2 || (lost.load(Ordering::SeqCst) <= 5 && round < 20) {
            let mut writing = tokio::task::JoinSet::new();
            for writer in 0..writers {
                writing.spawn(write(ground.db.clone(), connections.clone(), seed ^ (round * 100 + writer), commits));
            }
            let mergers: Vec<_> = (0..2).map(|_| tokio::spawn(merge_and_lose(ground.db.clone(), lost.clone()))).collect();
            while !writing.is_empty() {
                follow(&ground.db, &mut told, &mut spot).await;
                while let Some(written) = writing.try_join_next() {
                    written.unwrap();
                }
            }
            round += 1;
            mergers.iter().for_each(tokio::task::JoinHandle::abort);
            for merger in mergers {
                assert!(merger.await.is_err_and(|error| error.is_cancelled()), "a merger ended by itself");
            }
        }
        assert!(lost.load(Ordering::SeqCst) > 5, "hardly a hint was lost");
        merge(&ground.db, ground.clock.now()).await.unwrap();
        while follow(&ground.db, &mut told, &mut spot).await {}
        let mut all = 0;
        for connection in connections {
            let end = feed_read::end_of(&ground.db, connection).await.unwrap().seq;
            let expected: Vec<i64> = (1..=end).collect();
            assert_eq!(told.remove(&connection).unwrap_or_default(), expected, "{connection}");
            all += end;
        }
        assert!(all > 300, "only {all} changes were written");
        assert!(feed_merge::unmerged(&ground.db, 1).await.unwrap().is_empty(), "a hint that was lost is mended");
        eprintln!("{all} changes, {} hints lost, 0 missed", lost.load(Ordering::SeqCst));
    }

    async fn r41_readers_over_http_miss_nothing_while_a_sync_is_killed_and_goes_on(large: Large) {
        let house = large.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        let key = house.api_key().await;
        let mut readers = [
            Reader::of(path_of(company, connection), &key, 200),
            Reader::of("/changes".to_owned(), &key, 333),
        ];
        // Two processes are killed in the middle, with pages on the way that nobody has read yet.
        for kill in 1..=2 {
            let served = serve(&house, &house.ground.url).await;
            tokio::select! {
                () = read_on(&mut readers, &served.url) => {}
                () = reached(&house, connection, kill * 1_500) => {}
            }
            assert!(!is_whole(&house, connection).await, "the sync was over before kill {kill}");
            running::kill(&house, served).await;
        }
        assert!(!readers[0].told.is_empty() && !readers[1].told.is_empty(), "nothing was read before the kills");
        let served = serve(&house, &house.ground.url).await;
        tokio::select! {
            () = read_on(&mut readers, &served.url) => {}
            () = until("the sync is over", async || is_whole(&house, connection).await) => {}
        }
        until("the changes have their places", async || is_merged(&house).await).await;
        for reader in &mut readers {
            reader.rest(&served.url).await;
        }
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        let expected = live(&house.db, connection).await;
        assert!(expected.len() > 3_000, "only {} records", expected.len());
        for reader in &readers {
            let records = reader.records();
            assert_eq!(records.len(), expected.len(), "{}", reader.path);
            assert!(records == expected, "{}", reader.path);
        }
        compare(&house, connection, &account).await;
    }

    async fn r14_feed_shows_a_delete_once_whatever_comes_late(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let old = entity::customer::Entity::find().all(&house.db).await.unwrap();
        let action: Action = serde_json::from_str(r#"{"do":"delete_customer"}"#).unwrap();
        house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        for _ in 0..2 {
            store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
            house.work().await;
        }
        let gone = gone_customers(&house, connection).await;
        assert_eq!(gone.len(), 1, "{gone:?}");
        let id = gone.keys().next().unwrap().clone();
        // A page that was read before the deletion, and is kept after it.
        let late = old.into_iter().find(|row| row.id == id).expect("it was there before");
        let reading = Reading { connection, read_no: late.read_no, now: house.clock.now() };
        let tx = store::write(&house.db).await.unwrap();
        let records = Records { customers: vec![entity::customer::Model { name: Some("Late".to_owned()), ..late }], ..Records::default() };
        let changes = bulk::keep(&tx, reading, records).await.unwrap();
        assert!(changes.is_empty(), "{changes:?}");
        store::feed::append(&tx, connection, changes, house.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(gone_customers(&house, connection).await, BTreeMap::from([(id.clone(), 1)]));
        let row = entity::customer::Entity::find_by_id((connection, id)).one(&house.db).await.unwrap().unwrap();
        assert!(row.deleted_at.is_some(), "the tombstone has its time");
        assert_ne!(row.name.as_deref(), Some("Late"));
    }

    async fn a_cursor_that_cannot_be_followed_is_told_so(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        merge(&house.db, house.clock.now()).await.unwrap();
        let key = house.api_key().await;
        let path = path_of(company, connection);
        for bad in ["?after=7", "?after=", "?limit=0", "?limit=1001", "?dataType=none"] {
            for path in [path.as_str(), "/changes"] {
                let (status, body) = house.get(&format!("{path}{bad}"), &key).await;
                assert_eq!((status, body["statusCode"].as_u64()), (400, Some(400)), "{path}{bad}: {body}");
            }
        }
        let stranger = path_of(entity::id::CompanyId::new(), connection);
        assert_eq!(house.get(&stranger, &key).await.0, 404);
        assert_eq!(house.get(&path, "").await.0, 401);
        let (_, first) = house.get(&format!("{path}?limit=5"), &key).await;
        assert_eq!(first["results"].as_array().unwrap().len(), 5);
        assert_eq!(first["results"][4]["cursor"], first["next"]);
        let next = first["next"].as_str().unwrap();
        let (status, said) = house.get(&format!("/changes?after={next}"), &key).await;
        assert_eq!(status, 400, "{said}");

        // Another history: the change of this number is another one, and one of a higher number was never told.
        let (_, end) = house.get(&format!("{path}?after=latest"), &key).await;
        let (_, everything) = house.get("/changes?after=latest", &key).await;
        let shorter = "DELETE FROM change WHERE seq > 4; UPDATE feed_head SET seq = 4, merged = 4; UPDATE feed_index SET to_seq = 4";
        for sql in ["UPDATE change SET record_id = 'another'", shorter] {
            house.db.execute_unprepared(sql).await.unwrap();
            for (path, cursor) in [(path.as_str(), &end), ("/changes", &everything)] {
                let (status, said) = house.get(&format!("{path}?after={}", cursor["next"].as_str().unwrap()), &key).await;
                assert_eq!(status, 410, "{sql}: {path}: {said}");
                assert!(said["error"].as_str().unwrap().contains("after=latest"), "{said}");
            }
        }
    }

    async fn a_page_says_where_it_ends_also_when_it_shows_nothing(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        let key = house.api_key().await;
        let path = path_of(company, connection);
        let (status, nothing) = house.get(&path, &key).await;
        assert_eq!((status, &nothing["hasMore"]), (200, &Value::Bool(false)), "{nothing}");
        let (_, everything) = house.get("/changes?after=latest", &key).await;
        house.work().await;
        merge(&house.db, house.clock.now()).await.unwrap();
        for (path, beginning) in [(path.as_str(), nothing), ("/changes", everything)] {
            let mut reader = Reader::of(path.to_owned(), &key, 300);
            reader.cursor = Some(beginning["next"].as_str().unwrap().to_owned());
            reader.rest(&house.url).await;
            assert_eq!(reader.records(), live(&house.db, connection).await, "{path}");
            // One data type alone, through pages that show nothing of it.
            let (mut after, mut found, mut empty) = (String::new(), 0, 0);
            loop {
                let (_, page) = house.get(&format!("{path}?limit=100&dataType=commerce-disputes{after}"), &key).await;
                let results = page["results"].as_array().unwrap();
                assert!(results.iter().all(|one| one["dataType"] == "commerce-disputes"));
                (found, empty) = (found + results.len(), empty + usize::from(results.is_empty()));
                after = format!("&after={}", page["next"].as_str().unwrap());
                if page["hasMore"] == false {
                    break;
                }
            }
            assert!(found > 0 && empty > 0, "{found} disputes, {empty} pages without one");
        }
        // Deleted: its own feed is not there, and that of everything goes on without it.
        store::connections::set_deleted(&house.db, connection, house.clock.now()).await.unwrap();
        assert_eq!(house.get(&path, &key).await.0, 404);
        let mut reader = Reader::of("/changes".to_owned(), &key, 100);
        reader.rest(&house.url).await;
        assert!(reader.told.is_empty());
    }
}

/// A house beside a Stripe with enough in it to be killed in the middle.
struct Large(House);

impl Large {
    async fn on(kind: Kind) -> Self {
        Self(House::beside(kind, Options { charges: 3_000, ..Options::default() }).await)
    }
}

/// Whether the first sync is complete.
pub async fn is_whole(house: &House, connection: ConnectionId) -> bool {
    let head = store::sync_heads::find(&house.db, connection).await.unwrap();
    head.is_some_and(|head| head.first_done_at.is_some())
        && store::datasets::unfinished(&house.db, connection).await.unwrap().is_empty()
}

/// Whether every change has its place.
pub async fn is_merged(house: &House) -> bool {
    feed_merge::unmerged(&house.db, 1).await.unwrap().is_empty()
}

/// Waits until there are at least so many source objects.
async fn reached(house: &House, connection: ConnectionId, count: u64) {
    while oracle::count_of_sources(house, connection).await < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Follows the feeds without end.
async fn read_on(readers: &mut [Reader], url: &str) {
    loop {
        for reader in &mut *readers {
            reader.page(url).await.expect("it ended by itself");
        }
    }
}

/// A connection of a company, made by hand.
async fn connected(ground: &Ground) -> ConnectionId {
    let integration = store::integrations::by_key(&ground.db, "yzth").await.unwrap().unwrap();
    let company = entity::id::CompanyId::new();
    store::connections::create(&ground.db, company, integration.id, ground.clock.now()).await.unwrap().id
}

/// How often the feed tells of each customer's end.
async fn gone_customers(house: &House, connection: ConnectionId) -> BTreeMap<String, usize> {
    let mut gone = BTreeMap::new();
    for row in store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap() {
        if row.data_type == DataType::Customers && row.kind == Became::Deleted {
            *gone.entry(row.record_id).or_default() += 1;
        }
    }
    gone
}
