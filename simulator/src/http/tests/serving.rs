//! Starting and stopping on a real socket.

use super::super::{Options, start};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

fn small() -> Options {
    Options { charges: 100, now: Some(1_790_000_000), ..Options::default() }
}

#[tokio::test]
async fn it_stops_although_clients_keep_their_connections() {
    let running = start(small()).await.unwrap();
    let silent = TcpStream::connect(running.addr).await.unwrap();
    let mut used = TcpStream::connect(running.addr).await.unwrap();
    used.write_all(b"GET /_simulator/accounts HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let read = used.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK"));
    timeout(Duration::from_secs(10), running.stop()).await.expect("stopped in time").unwrap();
    drop((silent, used));
}

#[tokio::test]
async fn answers_are_dated_by_the_clock_that_can_be_moved() {
    let running = start(small()).await.unwrap();
    for days in [0, 40] {
        running.clock.advance(days * 86_400_000);
        for path in ["v1/charges", "_simulator/accounts"] {
            let answer = reqwest::get(format!("{}/{path}", running.url)).await.unwrap();
            let date = chrono::DateTime::parse_from_rfc2822(answer.headers()["date"].to_str().unwrap()).unwrap();
            assert!((0..5).contains(&(running.clock.seconds() - date.timestamp())), "{path}: {date}");
        }
    }
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_seed_and_present_give_the_same_data_again() {
    let mut pages = Vec::new();
    for _ in 0..2 {
        let running = start(small()).await.unwrap();
        let query = crate::world::Query { limit: 100, now: running.clock.seconds(), ..Default::default() };
        let shop = running.world.accounts()[0].id.clone();
        pages.push(running.world.page(&shop, crate::world::Kind::Charge, &query).unwrap().data);
        running.stop().await.unwrap();
    }
    assert!(!pages[0].is_empty());
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = start(small()).await.unwrap();
    let error = start(Options { listen: running.addr, ..small() }).await.err().expect("taken");
    assert!(error.to_string().contains(&running.addr.to_string()));
    running.stop().await.unwrap();
}
