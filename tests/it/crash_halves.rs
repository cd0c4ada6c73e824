//! R4, R5: what has more than one step ends whole or is offered again; an orderly end lets what is open end.

use std::sync::Arc;
use std::time::Duration;

use entity::connection::Status;
use sea_orm::entity::prelude::*;
use simulator::http::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tributary::clock::Clock;
use tributary::connect::link;
use tributary::store;
use tributary::task::Task;
use url::Url;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{self, compare, linked};
use crate::process::Served;
use crate::running::{command, completed, end_leases, nothing_runs_alone, serve, serve_until, until};
use crate::visitor::Visitor;

/// A house beside a Stripe that takes its time.
struct Slow(House);

impl Slow {
    async fn on(kind: Kind) -> Self {
        let latency = Duration::from_millis(100);
        Self(House::beside(kind, Options { charges: 800, latency, ..Options::default() }).await)
    }
}

/// The connection's Link URL at a binary that serves.
async fn link_at(house: &House, served: &Served, connection: entity::id::ConnectionId) -> Url {
    let base: Url = served.url.parse().unwrap();
    let key = house.app.keys.installation(&house.db).await.unwrap();
    let row = house.connection(connection).await;
    link::connection_url(&key, link::Links { public_url: &base, hours: 24 }, &row, house.clock.now()).unwrap()
}

/// A request that the server has begun to read and cannot answer before it is ended.
struct Open(TcpStream);

impl Open {
    async fn begin(served: &Served, key: &str) -> Self {
        let host = served.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.unwrap();
        let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key);
        let body = br#"{"name":"The last one"}"#;
        let head = format!(
            "POST /companies HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {basic}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..5]).await.unwrap();
        Self(stream)
    }

    /// Ends it, and returns what is answered.
    async fn end(mut self) -> String {
        self.0.write_all(&br#"{"name":"The last one"}"#[5..]).await.unwrap();
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// A `serve` that would wait for an hour for what is open: what makes it end sooner is what is tested.
async fn never_cut(house: &House) -> Served {
    let mut command = command(house, &["serve", "--listen", "127.0.0.1:0"]);
    Served::of(command.env("TRIBUTARY_SERVER_DRAIN_SECONDS", "3600")).await
}

/// Waits until the server has read what was sent of a request: it answers a later one.
async fn heard(served: &Served) {
    assert!(reqwest::get(format!("{}/healthz", served.url)).await.unwrap().status().is_success());
}

both! {
    async fn r04_killed_between_stripe_and_us_a_consent_is_offered_again(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let account = house.accounts()[0].clone();
        house.choose(&account).await;
        let served = serve_until(&house, "abort:exchanged:1");
        let line = served.says("public_url").await;
        let mut served = served;
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["public_url"].as_str().unwrap().trim_end_matches('/').clone_into(&mut served.url);

        let owner = Arc::new(Visitor::new());
        let page = owner.get(&link_at(&house, &served, waiting.id).await).await;
        let authorize = owner.submit(&page).await.is(303).location.clone().unwrap();
        let callback = owner.get(&authorize).await.location.expect("Stripe approves by itself");
        let (lost, back) = (Arc::clone(&owner), callback.clone());
        assert!(tokio::spawn(async move { lost.get(&back).await }).await.is_err(), "the callback was answered");
        assert!(!served.ended().await.success());
        end_leases(&house.db).await;
        house.stands(waiting.id, Status::PendingAuth).await;
        assert!(store::credentials::find(&house.db, waiting.id).await.unwrap().is_none(), "half of it was kept");

        // The state is spent, the code too: the owner's page says so, and a new beginning ends well.
        let served = serve(&house).await;
        let mut again = callback.clone();
        again.set_port(served.url.parse::<Url>().unwrap().port()).unwrap();
        let seen = owner.visit(&again).await;
        assert!(seen.status < 500, "{} {}", seen.status, seen.body);
        house.stands(waiting.id, Status::PendingAuth).await;
        house.choose(&account).await;
        let owner = Visitor::new();
        let page = owner.get(&link_at(&house, &served, waiting.id).await).await;
        let sent = owner.submit(&page).await;
        owner.follow(sent).await.shows("is connected");
        completed(&house, waiting.id).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
    }

    async fn r04_a_deletion_that_was_killed_half_way_ends_by_itself(house: House) {
        let account = house.accounts()[0].clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        assert!(oracle::count_of_sources(&house, connection).await > 0);
        store::connections::set_deleted(&house.db, connection, house.clock.now()).await.unwrap();
        store::jobs::enqueue(&house.db, &Task::Erase { company, connection }, house.clock.now()).await.unwrap();
        let ended = serve_until(&house, "abort:data_erased:1").ended().await;
        assert!(!ended.success());
        end_leases(&house.db).await;
        let row = entity::connection::Entity::find_by_id(connection).one(&house.db).await.unwrap();
        assert!(row.is_some(), "it was whole already");
        let served = serve(&house).await;
        until("nothing is left", async || {
            entity::connection::Entity::find_by_id(connection).one(&house.db).await.unwrap().is_none()
        })
        .await;
        assert_eq!(oracle::count_of_sources(&house, connection).await, 0);
        assert!(store::sync_heads::find(&house.db, connection).await.unwrap().is_none());
        until("no job is left", async || store::jobs::count(&house.db).await.unwrap() == 0).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
    }

    async fn r05_told_to_end_it_ends_what_is_open_and_keeps_where_it_was(slow: Slow) {
        let house = slow.0;
        let account = house.accounts()[0].clone();
        let (_, connection) = linked(&house, &account).await;
        let key = house.api_key().await;
        let served = never_cut(&house).await;
        until("the sync is in the middle", async || oracle::count_of_sources(&house, connection).await > 1_000).await;
        let open = Open::begin(&served, &key).await;
        heard(&served).await;
        served.signal("TERM").await;
        // Not ready: it says so, or it does not even listen any more.
        until("it is not ready", async || match reqwest::get(format!("{}/readyz", served.url)).await {
            Ok(answer) => answer.status().as_u16() == 503,
            Err(_) => true,
        })
        .await;
        until("the sync has stopped", async || {
            let owned = store::jobs::owned(&house.db, &[Task::Sync { connection }]).await.unwrap();
            owned.is_empty()
        })
        .await;
        let answer = open.end().await;
        assert!(answer.starts_with("HTTP/1.1 20"), "an open request was cut: {answer}");
        assert_eq!(served.ended().await.code(), Some(0));
        nothing_runs_alone(&house).await;

        let before = oracle::listing_reads(&house).await;
        let served = serve(&house).await;
        completed(&house, connection).await;
        let read = oracle::listing_reads(&house).await - before;
        assert!(read < oracle::pages(&house, &account), "it began anew");
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        compare(&house, connection, &account).await;
    }

    async fn r05_told_twice_it_ends_at_once(house: House) {
        let key = house.api_key().await;
        let served = never_cut(&house).await;
        let open = Open::begin(&served, &key).await;
        heard(&served).await;
        served.signal("TERM").await;
        served.says("asked to end").await;
        assert!(served.said("asked again").is_empty());
        served.signal("TERM").await;
        assert_eq!(served.ended().await.code(), Some(130));
        drop(open);
    }
}
