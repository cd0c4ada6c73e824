//! The real binary is killed in the middle of a first sync: it goes on behind the last page kept, and nothing is lost or
//! kept twice.

use sea_orm::{EntityTrait, PaginatorTrait};
use simulator::http::Options;
use tributary::store;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{self, compare, linked};
use crate::process::{Served, tributary};

/// Kills of one sync.
const KILLS: u64 = 3;

/// A house beside a Stripe with enough in it to be killed in the middle.
struct Large(House);

impl Large {
    async fn on(kind: Kind) -> Self {
        Self(House::beside(kind, Options { charges: 5_000, ..Options::default() }).await)
    }
}

async fn serve(house: &House) -> Served {
    let mut command = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", &house.ground.url]);
    command
        .env("TRIBUTARY_MASTER_KEY", secrecy::ExposeSecret::expose_secret(&house.ground.master.to_text()))
        .env("TRIBUTARY_STRIPE_API_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_CONNECT_BASE", &house.simulator.url)
        .env("TRIBUTARY_STRIPE_RATE_PER_ENDPOINT", "0")
        .env("TRIBUTARY_STRIPE_RATE_PER_ACCOUNT", "0")
        .env("TRIBUTARY_WORKER_POLL_MILLISECONDS", "50")
        .env("TRIBUTARY_WORKER_LEASE_SECONDS", "2");
    Served::of(&mut command).await
}

async fn sources(house: &House) -> u64 {
    entity::source_object::Entity::find().count(&house.db).await.unwrap()
}

/// Waits until there are at least so many source objects; what is waited for is what the killed binary writes.
async fn reached(house: &House, count: u64) {
    while sources(house).await < count {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn complete(house: &House, connection: entity::id::ConnectionId) -> bool {
    let head = store::sync_heads::find(&house.db, connection).await.unwrap();
    head.is_some_and(|head| head.first_done_at.is_some())
        && store::datasets::unfinished(&house.db, connection).await.unwrap().is_empty()
}

both! {
    async fn a_killed_sync_goes_on_where_it_was(large: Large) {
        let house = large.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        for kill in 1..=KILLS {
            let served = serve(&house).await;
            reached(&house, kill * 2_000).await;
            served.signal("KILL").await;
            served.ended().await;
            assert!(!complete(&house, connection).await, "it was complete before kill {kill}");
        }
        let before = oracle::listing_reads(&house).await;
        let served = serve(&house).await;
        while !complete(&house, connection).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let read = oracle::listing_reads(&house).await - before;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        let whole = oracle::pages(&house, &account);
        assert!(read < whole, "after the kills {read} list pages were read of {whole}: it began anew");
        compare(&house, connection, &account).await;
    }
}
