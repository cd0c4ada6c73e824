//! As time goes: things happen in the accounts, and events that come due are delivered.

use super::shared::Shared;
use crate::world::Outbox;
use rand::RngExt;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How often it is looked what has come due when nothing calls for it.
const TICK: Duration = Duration::from_millis(200);
/// No account catches up with more than this many things at once, when the clock has leapt.
const AT_ONCE: i64 = 60;
const MINUTE: i64 = 60_000_000;

/// One account's place in time.
struct Place {
    account: String,
    outbox: Outbox,
    /// When the next thing happens, in microseconds.
    next: i64,
    step: u64,
}

/// Lives until it is dropped. Nothing is looked at before there is something to live for: a pace, or somebody who is
/// told of events.
pub async fn live(shared: Arc<Shared>) {
    while shared.settings().live_per_minute == 0 && !shared.webhooks.listened_to() {
        shared.happened.notified().await;
    }
    let (now, seconds) = (shared.clock.micros(), shared.clock.seconds());
    let place = |summary: crate::world::AccountSummary| Place {
        outbox: shared.world.outbox(&summary.id, seconds),
        account: summary.id,
        next: now,
        // Whoever starts again does not live the same minutes again.
        step: seconds.unsigned_abs(),
    };
    let mut places: Vec<Place> = shared.world.accounts().into_iter().map(place).collect();
    // Dropped with this future, and all that is under way with it.
    let mut deliveries = JoinSet::new();
    loop {
        let life = shared.clone();
        let turn = tokio::task::spawn_blocking(move || {
            let told = places.iter_mut().map(|place| turn(&life, place)).collect::<Vec<_>>();
            (places, told)
        });
        let (back, told) = match turn.await {
            Ok(turned) => turned,
            Err(error) => return tracing::error!(%error, "life has ended, what is there is still served"),
        };
        places = back;
        let due = told.into_iter().flatten().chain(shared.take_told());
        let batches = due.flat_map(|event| shared.webhooks.queue(&event)).chain(shared.webhooks.take_extra());
        for batch in batches {
            let webhooks = shared.webhooks.clone();
            deliveries.spawn(async move { webhooks.deliver_all(batch).await });
        }
        while deliveries.try_join_next().is_some() {}
        tokio::select! {
            () = shared.happened.notified() => {}
            () = shared.webhooks.more.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// What an account does until now, and its events that have come due.
fn turn(shared: &Shared, place: &mut Place) -> Vec<Value> {
    let (micros, now) = (shared.clock.micros(), shared.clock.seconds());
    let pace = i64::from(shared.settings().live_per_minute);
    if pace > 0 {
        let apart = MINUTE / pace;
        place.next = place.next.max(micros - AT_ONCE * apart);
        while place.next <= micros {
            happen(shared, place, now);
            place.step += 1;
            // Uneven, as life is; the pace is that of many.
            place.next += rand::rng().random_range(apart / 2..=apart * 3 / 2);
        }
    }
    let wanted = shared.webhooks.listened_to() && shared.connections().scope(&place.account).is_some();
    shared.world.due(&place.account, &mut place.outbox, now, wanted)
}

/// The next thing in an account's life: what cannot happen gives way to the next best.
fn happen(shared: &Shared, place: &Place, now: i64) {
    for action in shared.world.next_in_life(&place.account, place.step, now) {
        if shared.act(&place.account, action, now).is_ok() {
            return;
        }
    }
}
