//! R32: memory does not grow with the data.

use entity::reconciliation::{self, Pass, State};
use sea_orm::entity::prelude::*;
use simulator::http::Options;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::linked;
use crate::running::{completed, serve, sources, until};

/// Charges of the small account; each brings about 3.5 objects.
const SMALL: u64 = 400;
/// How many times larger the other one is.
const TIMES: u64 = 8;
/// What the larger account may take more, in MiB. Its lists alone, held as they are read, would take several times this.
const BOUND: u64 = 24;

/// The peak in MiB of a process that reads an account for the first time and then compares all of it with Stripe, and how
/// many objects it kept.
async fn peak(kind: Kind, charges: u64) -> (u64, u64) {
    let house = House::beside(kind, Options { charges, ..Options::default() }).await;
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(&house, &account).await;
    let served = serve(&house).await;
    completed(&house, connection).await;
    let now = house.clock.now();
    let pass = store::reconciliations::fresh(connection, Pass::Full, true, now);
    store::reconciliations::insert(&house.db, vec![pass.clone()]).await.unwrap();
    store::jobs::enqueue(&house.db, &Task::Sync { connection }, now).await.unwrap();
    until("everything is compared", async || {
        let row = reconciliation::Entity::find_by_id((connection, pass.id)).one(&house.db).await.unwrap().unwrap();
        row.state == State::Complete
    })
    .await;
    (served.peak_mib(), sources(&house).await)
}

/// A kind of database, each account on one of its own.
struct Kinds(Kind);

impl Kinds {
    #[expect(clippy::unused_async, reason = "what a test begins with may have to wait")]
    async fn on(kind: Kind) -> Self {
        Self(kind)
    }
}

both! {
    async fn r32_eight_times_the_objects_take_no_more_memory(kinds: Kinds) {
        let (small, few) = peak(kinds.0, SMALL).await;
        let (large, many) = peak(kinds.0, SMALL * TIMES).await;
        println!("{few} objects: {small} MiB, {many} objects: {large} MiB");
        assert!(many > few * TIMES / 2, "the large account is not large");
        assert!(large < small + BOUND, "{few} objects take {small} MiB, and {many} take {large}");
    }
}
