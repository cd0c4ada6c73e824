//! `tributary move`: from SQLite to PostgreSQL with everything kept, or not at all.

use sea_orm::{ConnectionTrait, Statement};
use simulator::http::Options;

use crate::backup::{empty, live_on, synced, until};
use crate::changes::{Reader, is_merged, is_whole, live, serve};
use crate::house::{Ground, House, Kind};
use crate::oracle::{self, compare, linked};
use crate::process::{answer, refusal, tributary};

async fn rows(db: &tributary::store::Db, table: &str) -> i64 {
    let asked = Statement::from_string(db.get_database_backend(), format!("SELECT COUNT(*) FROM \"{table}\""));
    db.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn execute(db: &tributary::store::Db, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

fn moving(from: &str, to: &str) -> tokio::process::Command {
    tributary(&["move", "--from", from, "--to", to])
}

#[tokio::test]
async fn r37_a_move_to_postgres_keeps_everything_and_the_next_sync_only_follows() {
    let mut house = House::beside(Kind::Sqlite, Options { charges: 600, ..Options::default() }).await;
    let account = house.simulator.world.accounts()[0].id.clone();
    let (company, connection) = linked(&house, &account).await;
    let key = house.api_key().await;
    let served = serve(&house, &house.ground.url).await;
    until("the shop is read", async || is_whole(&house, connection).await).await;
    until("the changes have their places", async || is_merged(&house).await).await;
    let mut readers = [
        Reader::of(format!("/companies/{company}/connections/{connection}/changes"), &key, 90),
        Reader::of("/changes".to_owned(), &key, 90),
    ];
    for reader in &mut readers {
        for _ in 0..5 {
            assert_eq!(reader.page(&served.url).await, Some(true), "the feed is too short for this test");
        }
    }
    let target = empty().await;
    let (said, code) = refusal(&mut moving(&house.ground.url, &target.url)).await;
    assert!(said.contains("house.db.lock") && code == 1, "a served file must not be moved: {said}");
    served.signal("TERM").await;
    assert!(served.ended().await.success());

    let said = answer(&mut moving(&house.ground.url, &target.url)).await;
    for table in entity::COORDINATION.iter().chain(entity::DATA) {
        assert_eq!(rows(&house.db, table).await, rows(&target.db, table).await, "{table}");
        assert!(said.contains(&format!("{table}: ")), "{said}");
    }
    house.ground.db = target.db.clone();
    compare(&house, connection, &account).await;

    live_on(&house, &account);
    let lists = oracle::listing_reads(&house).await;
    let served = serve(&house, &target.url).await;
    synced(&house, connection).await;
    until("the changes have their places", async || is_merged(&house).await).await;
    assert_eq!(oracle::listing_reads(&house).await - lists, 0, "list pages were read after the move");
    compare(&house, connection, &account).await;
    for reader in &mut readers {
        reader.rest(&served.url).await;
        assert_eq!(reader.records(), live(&house.db, connection).await, "a cursor from before the move");
    }
    served.signal("TERM").await;
    assert!(served.ended().await.success());
}

#[tokio::test]
async fn a_move_is_all_or_nothing() {
    let house = House::on(Kind::Sqlite).await;
    let account = house.simulator.world.accounts()[0].id.clone();
    linked(&house, &account).await;
    house.work().await;
    // PostgreSQL knows no text with a NUL: the copy breaks off in one of the last tables.
    execute(&house.db, "UPDATE product SET name = 'a' || char(0) || 'b' WHERE id = (SELECT MIN(id) FROM product)")
        .await;
    let target = empty().await;
    let (said, code) = refusal(&mut moving(&house.ground.url, &target.url)).await;
    assert!(said.contains("nothing was moved") && said.contains("product") && code == 1, "{said}");
    for table in entity::COORDINATION.iter().chain(entity::DATA).filter(|table| **table != "feed_clock") {
        assert_eq!(rows(&target.db, table).await, 0, "{table}");
    }
    execute(&house.db, "UPDATE product SET name = 'mended' WHERE name LIKE 'a%b' OR instr(name, char(0)) > 0").await;
    let said = answer(&mut moving(&house.ground.url, &target.url)).await;
    assert!(said.contains("rows moved"), "{said}");
    let mended =
        Statement::from_string(target.db.get_database_backend(), "SELECT 1 FROM product WHERE name = 'mended'");
    assert!(target.db.query_one_raw(mended).await.unwrap().is_some());
    // A second time there is something already.
    let (said, code) = refusal(&mut moving(&house.ground.url, &target.url)).await;
    assert!(said.contains("not empty") && code == 2, "{said}");
}

#[tokio::test]
async fn a_move_that_cannot_be_is_refused_in_one_sentence() {
    let source = Ground::sqlite().await;
    let used = Ground::on(Kind::Postgres).await;
    for (from, to, words) in [
        (used.url.as_str(), used.url.as_str(), "--from must be a SQLite file"),
        (source.url.as_str(), source.url.as_str(), "--to must be PostgreSQL"),
        ("sqlite:///no/such/file.db", used.url.as_str(), "there is no database"),
        (source.url.as_str(), used.url.as_str(), "not empty"),
    ] {
        let (said, code) = refusal(&mut moving(from, to)).await;
        assert!(said.contains(words) && code == 2, "{said}");
    }
    assert!(!std::path::Path::new("/no/such").exists());
    for to in ["mysql://u:hunter2@127.0.0.1/x", ""] {
        let (said, code) = refusal(&mut moving(&source.url, to)).await;
        assert!(said.contains("--to must be PostgreSQL") && !said.contains("hunter2") && code == 2, "{said}");
    }
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_named_by_its_option() {
    let source = Ground::sqlite().await;
    // It takes every connection and ends it.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("postgres://u@{}/x", deaf.local_addr().unwrap());
    tokio::spawn(async move { while deaf.accept().await.is_ok() {} });
    let (said, code) = refusal(&mut moving(&source.url, &to)).await;
    assert!(said.contains("--to") && !said.contains("database_url") && code == 1, "{said}");
}
