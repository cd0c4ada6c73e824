//! `tributary backup`: taken under load, restored elsewhere, it is one moment of the data and goes on from there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use entity::id::ConnectionId;
use sea_orm::ConnectionTrait;
use simulator::http::Options;
use simulator::world::Action;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::changes::{Reader, is_whole, live, serve};
use crate::house::{Ground, House, Kind};
use crate::oracle::{self, compare, linked};
use crate::process::{answer, refusal, tributary};
use crate::running::end_leases;

/// Longer than any wait here takes.
const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("it never came to this: {what}"));
}

/// What happens at Stripe while nobody looks.
pub fn live_on(house: &House, account: &str) {
    for action in [
        r#"{"do":"refund"}"#,
        r#"{"do":"dispute"}"#,
        r#"{"do":"edit_customer","name":"Another name"}"#,
        r#"{"do":"delete_customer"}"#,
    ] {
        let action: Action = serde_json::from_str(action).unwrap();
        house.simulator.world.act(account, action, house.simulator.clock.seconds()).unwrap();
    }
}

/// Asks for a sync and waits for its end; whoever serves does it.
pub async fn synced(house: &House, connection: ConnectionId) {
    let task = Task::Sync { connection };
    store::jobs::enqueue(&house.db, &task, house.clock.now()).await.unwrap();
    until("the sync is over", async || !store::jobs::exists(&house.db, &task).await.unwrap()).await;
}

/// What the feed of a connection leads to, if it is followed from its beginning.
async fn told(house: &House, connection: ConnectionId) -> std::collections::BTreeSet<(String, String)> {
    let mut reader = Reader::of(String::new(), "", 0);
    let changes = store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap();
    assert!(changes.iter().zip(1..).all(|(change, seq)| change.seq == seq), "the feed is not dense");
    for row in changes {
        let kind = row.kind.as_str().to_owned();
        reader.told.push((row.data_type.as_str().to_owned(), row.record_id, kind));
    }
    reader.records()
}

async fn sources(house: &House, connection: ConnectionId) -> u64 {
    oracle::count_of_sources(house, connection).await
}

/// List pages that were read and kept, counted as [`oracle::listing_reads`] does: without balance transactions.
async fn pages_kept(house: &House, connection: ConnectionId) -> u64 {
    let checkpoints = store::checkpoints::of(&house.db, connection).await.unwrap();
    let lists =
        checkpoints.iter().filter(|row| !matches!(row.stream.as_str(), "balance_transactions" | "account" | "events"));
    lists.map(|row| row.pages.unsigned_abs()).sum()
}

/// A place elsewhere, with the backup restored in it.
enum Elsewhere {
    File(PathBuf),
    Server(Box<Ground>),
}

impl Elsewhere {
    async fn restore(backup: &Path, kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let file = backup.with_file_name("elsewhere.db");
                std::fs::copy(backup, &file).unwrap();
                Self::File(file)
            }
            Kind::Postgres => {
                let ground = empty().await;
                let mut restore = tokio::process::Command::new("pg_restore");
                restore.args(["--no-owner", "--exit-on-error", "--dbname", &ground.url]).arg(backup);
                assert!(restore.status().await.unwrap().success());
                Self::Server(Box::new(ground))
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Self::File(file) => format!("sqlite://{}", file.display()),
            Self::Server(ground) => ground.url.clone(),
        }
    }
}

/// A PostgreSQL database with nothing in it at all.
pub async fn empty() -> Ground {
    let ground = Ground::on(Kind::Postgres).await;
    ground.db.execute_unprepared("DROP SCHEMA public CASCADE").await.unwrap();
    ground.db.execute_unprepared("CREATE SCHEMA public").await.unwrap();
    ground
}

/// A house with one shop that is read quickly and one that takes a while.
struct Busy(House, Kind);

impl Busy {
    async fn on(kind: Kind) -> Self {
        Self(House::beside(kind, Options { charges: 2_500, ..Options::default() }).await, kind)
    }
}

fn backup(house: &House, file: &Path) -> tokio::process::Command {
    tributary(&["backup", file.to_str().unwrap(), "--database-url", &house.ground.url])
}

both! {
    async fn r37_a_backup_under_load_is_one_moment_and_goes_on_from_there(busy: Busy) {
        let Busy(mut house, kind) = busy;
        let (small, large) = (house.simulator.world.accounts()[1].id.clone(), house.simulator.world.accounts()[0].id.clone());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tributary.backup");
        let (_, first) = linked(&house, &small).await;
        let served = serve(&house, &house.ground.url).await;
        until("the first shop is read", async || is_whole(&house, first).await).await;
        let (_, second) = linked(&house, &large).await;
        until("the second shop is being read", async || sources(&house, second).await > 2_000).await;

        let said = answer(&mut backup(&house, &file)).await;
        assert!(!is_whole(&house, second).await, "there was no load: the second shop was read before the backup was done");
        assert!(said.contains("whole"), "{said}");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside the backup");
        served.signal("KILL").await;
        served.ended().await;

        let elsewhere = Elsewhere::restore(&file, kind).await;
        house.ground.db = store::open(&elsewhere.url()).await.unwrap();
        end_leases(&house.db).await;
        // As of the backup: the first shop is whole, and of the second what is there belongs together.
        compare(&house, first, &small).await;
        let kept = sources(&house, second).await;
        let pages = pages_kept(&house, second).await;
        // A run that is put off once repeats at most the page that each of its windows had in flight.
        let open = store::checkpoints::of(&house.db, second).await.unwrap().iter().filter(|row| !row.done).count() as u64;
        assert!(pages > 10, "of the second shop only {pages} pages are in the backup");
        assert!(!is_whole(&house, second).await);
        for connection in [first, second] {
            assert_eq!(told(&house, connection).await, live(&house.db, connection).await, "the feed and the records");
        }

        live_on(&house, &small);
        let lists = oracle::listing_reads(&house).await;
        let served = serve(&house, &elsewhere.url()).await;
        until("the second shop is read", async || is_whole(&house, second).await).await;
        synced(&house, first).await;
        compare(&house, first, &small).await;
        compare(&house, second, &large).await;
        let read = oracle::listing_reads(&house).await - lists;
        let left = pages_kept(&house, second).await - pages;
        assert!(read <= left + open, "{read} list pages were read of the {left} that were left: it began anew");

        // From here on nothing is listed at all.
        live_on(&house, &small);
        live_on(&house, &large);
        let lists = oracle::listing_reads(&house).await;
        synced(&house, first).await;
        synced(&house, second).await;
        assert_eq!(oracle::listing_reads(&house).await - lists, 0, "list pages were read to catch up");
        compare(&house, first, &small).await;
        compare(&house, second, &large).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        eprintln!("{kept} objects in {pages} list pages were in the backup of the second shop; {read} of {left} others were read after it");
    }

    async fn a_backup_never_overwrites_and_leaves_nothing_behind_when_it_fails(ground: Ground) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there");
        std::fs::write(&file, "mine").unwrap();
        let path = file.to_str().unwrap();
        let (said, code) = refusal(&mut tributary(&["backup", path, "--database-url", &ground.url])).await;
        assert!(said.contains("never overwrites") && code == 2, "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");

        let nowhere = folder.path().join("no/such/folder/file");
        let (said, code) = refusal(&mut tributary(&["backup", nowhere.to_str().unwrap(), "--database-url", &ground.url])).await;
        assert!(said.contains("no folder") && said.contains("no/such/folder:") && code == 2, "{said}");

        let new = folder.path().join("new");
        let gone = format!("sqlite://{}", folder.path().join("none.db").display());
        for url in [gone.as_str(), "postgres://127.0.0.1:9/none"] {
            let (said, _) = refusal(&mut tributary(&["backup", new.to_str().unwrap(), "--database-url", url])).await;
            assert!(said.contains("no database") || said.contains("pg_dump did not"), "{said}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a part of a backup is left");
    }
}

#[tokio::test]
async fn without_pg_dump_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new");
    let mut command = tributary(&["backup", file.to_str().unwrap(), "--database-url", "postgres://127.0.0.1:9/none"]);
    let (said, code) = refusal(command.env("PATH", folder.path())).await;
    assert!(said.contains("pg_dump") && said.contains("install") && code == 2, "{said}");
}
