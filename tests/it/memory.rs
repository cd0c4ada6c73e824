//! R32: what the binary takes of memory does not grow with what it reads.

use simulator::http::Options;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked};
use crate::running::{completed, serve, sources};

/// How far two peaks may lie apart, in MiB: the bar's.
const BOUND: u64 = 64;

/// Two houses of a kind, beside a small and a large account.
struct Two([House; 2]);

impl Two {
    async fn on(kind: Kind) -> Self {
        let of = |charges| House::beside(kind, Options { charges, ..Options::default() });
        Self([of(400).await, of(12_000).await])
    }
}

/// The peak of a process that reads an account for the first time, in MiB, and how many objects it had.
async fn first_sync(house: &House) -> (u64, u64) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(house, &account).await;
    let served = serve(house).await;
    completed(house, connection).await;
    let peak = served.peak();
    served.signal("TERM").await;
    assert!(served.ended().await.success());
    compare(house, connection, &account).await;
    (peak, sources(house).await)
}

both! {
    async fn r32_memory_does_not_grow_with_the_account(two: Two) {
        let [small, large] = two.0;
        let ((small, few), (large, many)) = (first_sync(&small).await, first_sync(&large).await);
        println!("peaks: {small} MiB for {few} objects, {large} MiB for {many}");
        assert!(many > few * 15, "{few} and {many} objects are too much alike to show anything");
        assert!(large < small + BOUND, "{large} MiB for {many} objects, {small} for {few}");
    }
}
