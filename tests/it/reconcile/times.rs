//! Passes come at times of their own, however rarely a connection is synced, and cost no look at the events but one.

use entity::reconciliation::{Pass, State};
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;

use super::shop::Shop;
use crate::both;
use crate::oracle::compare;

impl Shop {
    /// Lets hours go by, here and at Stripe, and does what is due then. Returns how many jobs were done.
    async fn after(&self, hours: i64) -> usize {
        let span = chrono::Duration::hours(hours);
        self.house.simulator.clock.advance(span.num_milliseconds());
        self.house.clock.advance(span);
        self.house.work().await
    }

    async fn ended(&self, pass: Pass) -> usize {
        let all = store::reconciliations::latest(&self.house.db, self.connection, 100).await.unwrap();
        all.iter().filter(|row| row.pass == pass && row.state == State::Complete).count()
    }
}

both! {
    async fn r17_a_connection_that_is_synced_weekly_is_compared_every_night(shop: Shop) {
        shop.house.integrate(Change { sync: Some("weekly".to_owned()), ..Change::default() }).await;
        (0..4).for_each(|_| shop.act(r#"{"do":"charge"}"#));
        shop.after(1).await;
        shop.sync().await;
        let row = || shop.house.connection(shop.connection);
        let schedule = row().await.next_sync_at.unwrap();
        assert!(schedule - shop.house.clock.now() > chrono::Duration::days(6), "it is not synced weekly");
        assert_eq!(shop.after(10).await, 0, "no pass is due before half of its time is over");
        let mut changed = Vec::new();
        for night in 1..=3 {
            // Nobody tells of it, and no sync is due: only a pass can find it.
            let charge = shop.listed(simulator::world::Kind::Charge, night - 1);
            shop.act(&format!(r#"{{"do":"patch","id":"{charge}","fields":{{"description":"night {night}"}}}}"#));
            changed.push(charge);
            let polls = shop.reads("GET /v1/events").await;
            assert!(shop.after(if night == 1 { 13 } else { 24 }).await > 0, "nothing is due in night {night}");
            assert_eq!(shop.ended(Pass::Nightly).await, night, "in night {night}");
            let found = shop.found().await;
            assert!(changed.iter().all(|charge| found.iter().any(|(_, _, id)| id == charge)), "{changed:?} {found:?}");
            // One look before the pass, and one that asks whether an event explains what was found.
            let polls = shop.reads("GET /v1/events").await - polls;
            assert!(polls <= 2, "{polls} looks at the events in night {night}");
            assert_eq!(row().await.next_sync_at, Some(schedule), "the schedule stays as it is");
            assert_eq!(shop.house.work().await, 0, "it runs again and again");
        }
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn slices_of_a_pass_do_not_look_at_the_events_again(shop: Shop) {
        let (polls, done) = (shop.reads("GET /v1/events").await, shop.ended(Pass::Full).await);
        let row = store::reconciliations::fresh(shop.connection, Pass::Full, true, shop.house.clock.now());
        store::reconciliations::insert(&shop.house.db, vec![row]).await.unwrap();
        let task = tributary::task::Task::Sync { connection: shop.connection };
        store::jobs::enqueue(&shop.house.db, &task, shop.house.clock.now()).await.unwrap();
        let slices = shop.house.work().await;
        assert!(slices > 1, "the pass was done in one slice: nothing is tested");
        assert_eq!(shop.ended(Pass::Full).await, done + 1);
        assert_eq!(shop.reads("GET /v1/events").await - polls, 1, "in {slices} slices");
    }
}
