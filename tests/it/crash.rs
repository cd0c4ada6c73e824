//! R1 to R3, R6: the real binary is killed in the middle of its work. It goes on behind the last page kept, and nothing is
//! lost, kept twice or left as if somebody worked on it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use entity::id::ConnectionId;
use entity::{checkpoint, source_object};
use sea_orm::entity::prelude::*;
use simulator::http::Options;
use tributary::store;
use tributary::sync::streams::Stream;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{self, KEPT, compare, linked};
use crate::running::{
    Dice, completed, end_leases, is_complete, is_sound, kill, nothing_runs_alone, rounds, seed, serve, serve_until,
    sources, until,
};

/// What `abort` ends a process with.
const ABORTED: i32 = 6;

/// Charges of a first sync of some 20,000 objects.
const LARGE: u64 = 5_000;

/// A house beside a Stripe with enough in it to be killed in the middle.
struct Large(House);

impl Large {
    async fn on(kind: Kind) -> Self {
        Self::seeded(kind, 7).await
    }

    async fn seeded(kind: Kind, seed: u64) -> Self {
        Self(House::beside(kind, Options { charges: LARGE, seed, ..Options::default() }).await)
    }

    fn kind(&self) -> Kind {
        if self.0.url_is_sqlite() { Kind::Sqlite } else { Kind::Postgres }
    }
}

/// A house beside a Stripe of some pages a list.
struct Middling(House);

impl Middling {
    async fn on(kind: Kind) -> Self {
        Self(House::beside(kind, Options { charges: 800, ..Options::default() }).await)
    }
}

/// Every page of a list that is kept moves its cursor: what the cursors have counted is what is there. It is looked at in
/// one moment: PostgreSQL may be committing what a process told it last before it was killed.
async fn cursors_and_rows_agree(house: &House, connection: ConnectionId) {
    let tx = store::read(&house.db).await.unwrap();
    let cursors = checkpoint::Entity::find().filter(checkpoint::Column::ConnectionId.eq(connection));
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for row in cursors.all(&tx).await.unwrap() {
        *counted.entry(row.stream).or_default() += row.objects;
    }
    for (_, object) in KEPT {
        let stream = Stream::of_object(object).unwrap().name();
        let rows = source_object::Entity::find()
            .filter(source_object::Column::ConnectionId.eq(connection))
            .filter(source_object::Column::Object.eq(object));
        let rows = rows.count(&tx).await.unwrap();
        let counted = counted.get(stream).copied().unwrap_or_default();
        assert_eq!(u64::try_from(counted).unwrap(), rows, "rows of {object} and their cursor");
    }
}

/// The pages that a killed sync may have had in flight: one of each window that is open, and one of each list that was not
/// begun.
async fn pages_in_flight(house: &House, connection: ConnectionId) -> u64 {
    let windows = checkpoint::Entity::find().filter(checkpoint::Column::ConnectionId.eq(connection));
    let windows = windows.all(&house.db).await.unwrap();
    let begun: BTreeSet<&str> = windows.iter().map(|window| window.stream.as_str()).collect();
    let open = windows.iter().filter(|window| !window.done).count();
    let others = KEPT.iter().filter(|(_, object)| !begun.contains(Stream::of_object(object).unwrap().name())).count();
    (open + others) as u64
}

/// Kills a first sync at random moments, lets it end, and compares. Returns how often it was killed in the middle.
async fn killed_at_random(house: &House, dice: &mut Dice, kills: u64) -> u64 {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(house, &account).await;
    let mut killed = 0;
    for _ in 0..kills {
        let (served, before) = (serve(house).await, sources(house).await);
        let further = before + 1 + dice.roll(LARGE);
        until("some more is kept", async || sources(house).await >= further || is_complete(house, connection).await)
            .await;
        kill(house, served).await;
        cursors_and_rows_agree(house, connection).await;
        killed += u64::from(!is_complete(house, connection).await);
    }
    assert!(killed > 0, "no kill met the sync");
    let served = serve(house).await;
    completed(house, connection).await;
    nothing_runs_alone(house).await;
    served.signal("TERM").await;
    assert!(served.ended().await.success());
    compare(house, connection, &account).await;
    is_sound(house).await;
    killed
}

both! {
    async fn r01_a_sync_killed_at_random_moments_loses_nothing_and_keeps_nothing_twice(first: Large) {
        let (kind, seed) = (first.kind(), seed());
        let mut dice = Dice(seed);
        let mut killed = killed_at_random(&first.0, &mut dice, 2).await;
        drop(first);
        for round in 1..rounds(3) {
            let house = Large::seeded(kind, seed.wrapping_add(round)).await.0;
            killed += killed_at_random(&house, &mut dice, 2).await;
        }
        println!("kills survived: {killed}");
    }

    async fn r02_a_killed_sync_repeats_one_page_of_each_window_and_no_more(large: Large) {
        let house = large.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let mut in_flight = 0;
        for number in 1..=3 {
            let served = serve(&house).await;
            until("a part is kept", async || sources(&house).await >= number * LARGE / 2).await;
            kill(&house, served).await;
            assert!(!is_complete(&house, connection).await, "it was complete before kill {number}");
            in_flight += pages_in_flight(&house, connection).await;
        }
        let before = oracle::listing_reads(&house).await;
        let served = serve(&house).await;
        completed(&house, connection).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        let read = oracle::listing_reads(&house).await;
        compare(&house, connection, &account).await;

        // The same account again, through another connection and without a kill.
        let (_, calm) = linked(&house, &account).await;
        house.work().await;
        assert!(is_complete(&house, calm).await);
        let whole = oracle::listing_reads(&house).await - read;
        println!("pages read: {read}, {} after the last kill; {whole} without a kill", read - before);
        assert!(read - before < whole, "after the kills it began anew");
        assert!(read <= whole + in_flight, "{read} list pages were read of {whole}, {in_flight} were in flight");
    }

    async fn r03_killed_at_each_point_of_a_commit_it_is_whole_after_the_next_start(middling: Middling) {
        let house = middling.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        // Rows and cursor are one transaction: "after write, before cursor" is before its commit.
        for point in ["before_fetch:4", "after_fetch:5", "mid_write:3", "before_commit:4", "after_commit:3", "before_status:1"] {
            let before = sources(&house).await;
            let served = serve_until(&house, &format!("abort:{point}"));
            assert_eq!(served.ended().await.signal(), Some(ABORTED), "it was not killed at {point}");
            end_leases(&house.db).await;
            cursors_and_rows_agree(&house, connection).await;
            let kept = sources(&house).await;
            assert!(kept >= before, "what was kept before {point} is gone");
            assert!(!point.starts_with("after_commit") || kept > before, "what was committed before {point} is gone");
        }
        let served = serve(&house).await;
        completed(&house, connection).await;
        nothing_runs_alone(&house).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        compare(&house, connection, &account).await;
    }

    async fn r06_started_and_stopped_again_and_again_it_leaves_no_lease_behind(middling: Middling) {
        let house = middling.0;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let mut dice = Dice(seed());
        for _ in 0..rounds(6) {
            let served = serve(&house).await;
            tokio::time::sleep(Duration::from_millis(dice.roll(400))).await;
            let signal = ["KILL", "TERM", "INT"][usize::try_from(dice.roll(3)).unwrap()];
            served.signal(signal).await;
            assert_eq!(served.ended().await.success(), signal != "KILL", "{signal}");
            if signal == "KILL" {
                end_leases(&house.db).await;
            }
        }
        let served = serve(&house).await;
        completed(&house, connection).await;
        nothing_runs_alone(&house).await;
        until("no job is left", async || store::jobs::count(&house.db).await.unwrap() == 0).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        compare(&house, connection, &account).await;
    }
}
