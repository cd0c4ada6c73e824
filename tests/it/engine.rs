//! How the engine reads: side by side, the recent first, room for others, and no more than it needs.

use std::time::{Duration, Instant};

use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::id::ConnectionId;
use sea_orm::entity::prelude::*;
use simulator::http::Options;
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked};

/// A house beside a Stripe with some pages in it, whose syncs make room after each page.
struct Busy(House);

impl Busy {
    async fn on(kind: Kind) -> Self {
        let stripe = Options { charges: 2_500, auto_approve: true, ..Options::default() };
        let mut house = House::beside(kind, stripe).await;
        house.worker.settings.slice = Duration::ZERO;
        Self(house)
    }
}

async fn dataset_of(house: &House, connection: ConnectionId, kind: DataType) -> Option<dataset::Model> {
    let rows = dataset::Entity::find().filter(dataset::Column::ConnectionId.eq(connection));
    rows.filter(dataset::Column::DataType.eq(kind)).one(&house.db).await.unwrap()
}

async fn is_complete(house: &House, connection: ConnectionId) -> bool {
    let head = store::sync_heads::find(&house.db, connection).await.unwrap();
    head.is_some_and(|head| head.first_done_at.is_some())
}

/// Does the job that waits longest. Time goes on, so that what was done just now waits behind it.
async fn step(house: &House) {
    house.clock.advance(chrono::Duration::seconds(1));
    assert!(house.worker.step(CancellationToken::new()).await.unwrap(), "nothing is left to do");
}

both! {
    async fn lists_are_read_side_by_side_at_several_places_each(busy: Busy) {
        let mut house = busy.0;
        house.worker.settings.slice = Duration::MAX;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let slow = |ms| house.simulator.switch(|settings| settings.latency_ms = ms);
        let at_several_places = || {
            let served = house.simulator.counters.served();
            let of = |list| served.at_once.get(&account).and_then(|own| own.get(list)).is_some_and(|most| *most >= 3);
            of("GET /v1/charges") && of("GET /v1/balance_transactions")
        };
        // An answer that takes longer than the writer lets what is asked for meanwhile be seen together. How long that is
        // depends on the machine: after each dozen of answers they take twice as long, up to what no writer takes.
        let over = CancellationToken::new();
        let watched = async {
            for ms in [150, 300, 600, 1_200, 2_400] {
                slow(ms);
                let enough = Instant::now() + Duration::from_millis(12 * ms);
                let goes_on = || !over.is_cancelled() && (ms == 2_400 || Instant::now() < enough);
                while !at_several_places() && goes_on() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            slow(0);
        };
        let work = async {
            house.work().await;
            over.cancel();
        };
        tokio::join!(work, watched);
        assert!(at_several_places(), "{:?}", house.simulator.counters.served().at_once);
        compare(&house, connection, &account).await;
    }

    async fn the_last_90_days_are_readable_before_the_rest(busy: Busy) {
        let house = busy.0;
        let key = house.api_key().await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        let (_, other) = linked(&house, &house.simulator.world.accounts()[1].id.clone()).await;
        let path = format!("/companies/{company}/connections/{connection}/data/commerce-payments?pageSize=1");
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        // Nothing happens there meanwhile.
        let now = house.simulator.clock.seconds();
        let theirs = crate::oracle::listed(&house.simulator.world, &account, simulator::world::Kind::Charge, now);
        let recent = theirs.values().filter(|one| one["created"].as_i64().unwrap() > now - 80 * 86_400).count();
        let mut early = false;
        while !is_complete(&house, connection).await {
            step(&house).await;
            // Somebody always waits, so that the sync is seen at each of its pages.
            store::jobs::enqueue(&house.db, &Task::Sync { connection: other }, house.clock.now()).await.unwrap();
            let Some(row) = dataset_of(&house, connection, DataType::Payments).await else { continue };
            let (status, body) = house.get(&path, &key).await;
            match (row.status.is_final(), row.readable_from) {
                (true, _) => assert_eq!(status, 200),
                (false, None) => assert_eq!(status, 409, "{body}"),
                (false, Some(from)) => {
                    assert_eq!(status, 200);
                    early = true;
                    let read = body["totalResults"].as_u64().unwrap();
                    assert!(read >= recent as u64, "{read} of {recent} recent payments since {from}");
                    assert!(row.status_description.unwrap().contains("can be read already"));
                }
            }
        }
        assert!(early, "nothing was readable before the end");
        compare(&house, connection, &account).await;
    }

    async fn r30_a_large_account_makes_room_for_a_small_one(busy: Busy) {
        let house = busy.0;
        let accounts = house.simulator.world.accounts();
        let (large, small) = (accounts[0].id.clone(), accounts[2].id.clone());
        let (_, first) = linked(&house, &large).await;
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        house.clock.advance(chrono::Duration::seconds(1));
        let (_, second) = linked(&house, &small).await;
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        while !is_complete(&house, second).await {
            step(&house).await;
            assert!(!is_complete(&house, first).await, "the small account waited for the large one");
        }
        house.work().await;
        compare(&house, first, &large).await;
        compare(&house, second, &small).await;
    }

    async fn an_idle_cycle_writes_nothing_but_its_next_time(house: House) {
        // In the others a payment may settle in this hour, or a payout arrive.
        let accounts = house.simulator.world.accounts();
        let account = accounts.iter().find(|one| one.charges == 0).unwrap().id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let data = async || {
            let head = store::sync_heads::find(&house.db, connection).await.unwrap();
            let checkpoints = store::checkpoints::of(&house.db, connection).await.unwrap();
            let seen = entity::seen_event::Entity::find().count(&house.db).await.unwrap();
            (head, checkpoints, seen)
        };
        let before = data().await;
        house.clock.advance(chrono::Duration::hours(1));
        house.simulator.clock.advance(3_600_000);
        house.simulator.counters.reset();
        store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
        house.work().await;
        assert_eq!(house.simulator.counters.served().total, 1, "one read");
        assert_eq!(data().await, before, "no fence, no checkpoint, no event");
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert!(row.next_sync_at.is_some_and(|next| next > house.clock.now()));
        assert!(row.quiet_until.is_some());
    }

    async fn reads_are_counted_against_what_stripe_allots(house: House) {
        let key = house.api_key().await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.simulator.counters.reset();
        house.work().await;
        let sent = house.simulator.counters.served().total;
        let (status, budget) = house.get(&format!("/companies/{company}/connections/{connection}/read-budget"), &key).await;
        assert_eq!(status, 200);
        assert_eq!(budget["today"], sent);
        assert_eq!(budget["used"], sent);
        let allotted = budget["allotted"].as_i64().unwrap();
        assert!(allotted >= 10_000 && allotted > sent.cast_signed(), "{budget}");
        house.clock.advance(chrono::Duration::days(40));
        let (_, later) = house.get(&format!("/companies/{company}/connections/{connection}/read-budget"), &key).await;
        assert_eq!((&later["used"], &later["today"]), (&serde_json::json!(0), &serde_json::json!(0)));
    }

    async fn a_first_sync_made_of_many_turns_ends_each_dataset_once(busy: Busy) {
        let house = busy.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let (_, other) = linked(&house, &house.simulator.world.accounts()[1].id.clone()).await;
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        let mut turns = 0;
        while !is_complete(&house, connection).await {
            step(&house).await;
            store::jobs::enqueue(&house.db, &Task::Sync { connection: other }, house.clock.now()).await.unwrap();
            turns += 1;
        }
        assert!(turns > 10, "only {turns} turns");
        let rows = dataset::Entity::find().filter(dataset::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap();
        assert_eq!(rows.len(), DataType::ALL.len());
        assert!(rows.iter().all(|row| row.status == Status::Complete && row.first));
        compare(&house, connection, &account).await;
    }
}
