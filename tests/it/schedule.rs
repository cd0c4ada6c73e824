//! What is done by the clock: when a connection is due after a failure and after something else was set, when a key that
//! was refused is tried again, and that requests are counted while a run is under way.

use chrono::{DateTime, TimeDelta, Utc};
use entity::connection::{self, Status};
use entity::id::ConnectionId;
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::http::{Fault, Rule};
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;
use tributary::store::connections::Next;
use tributary::task::Task;
use tributary::vault::Place;
use tributary::work::tick;

use crate::both;
use crate::house::House;
use crate::oracle::{compare, linked};
use crate::running::{is_complete, until};

fn shop(house: &House) -> String {
    house.simulator.world.accounts()[0].id.clone()
}

/// Sets another frequency, as an admin does.
async fn plan(house: &House, sync: &str) {
    house.integrate(Change { sync: Some(sync.to_owned()), ..Change::default() }).await;
}

/// A setting of payments: synced after so many hours.
fn payments(hours: i32) -> Value {
    json!([{ "dataType": "commerce-payments", "fetchOnFirstLink": true, "syncSchedule": hours }])
}

async fn due(house: &House, connection: ConnectionId) -> Option<DateTime<Utc>> {
    house.connection(connection).await.next_sync_at
}

/// Whether it is due after so many hours and its own part of what that leaves open.
async fn is_due_after(house: &House, connection: ConnectionId, hours: i64) -> bool {
    let (every, now) = (TimeDelta::hours(hours), house.clock.now());
    due(house, connection).await.is_some_and(|at| at >= now + every && at <= now + every + every / 20)
}

/// A sync that is asked for, done to its end.
async fn sync(house: &House, connection: ConnectionId) {
    store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
    house.work().await;
}

both! {
    async fn a_refusal_leaves_a_company_the_schedule_of_its_own(house: House) {
        let (company, connection) = linked(&house, &shop(&house)).await;
        let key = house.api_key().await;
        let own = json!({ "settings": payments(1), "overridesDefaults": true });
        assert_eq!(house.post(&format!("/companies/{company}/syncSettings"), &key, &own).await.0, 204);
        plan(&house, "once").await;
        house.work().await;
        assert!(is_due_after(&house, connection, 1).await, "{:?}", due(&house, connection).await);
        house.simulator.faults.add(Rule::new("*", Fault::status(400)).for_ever().named("refusal"));
        house.clock.advance(TimeDelta::hours(2));
        house.work().await;
        assert!(house.simulator.faults.fired("refusal") > 0);
        assert!(is_due_after(&house, connection, 1).await, "{:?}", due(&house, connection).await);
    }

    async fn another_plan_holds_at_once_and_puts_nothing_off(house: House) {
        let (_, connection) = linked(&house, &shop(&house)).await;
        plan(&house, "daily").await;
        house.work().await;
        assert!(is_due_after(&house, connection, 24).await);
        plan(&house, "hourly").await;
        assert!(is_due_after(&house, connection, 1).await, "{:?}", due(&house, connection).await);
        let hourly = due(&house, connection).await;
        house.clock.advance(TimeDelta::minutes(30));
        for again in ["hourly", "weekly", "hourly"] {
            plan(&house, again).await;
            assert_eq!(due(&house, connection).await, hourly, "{again} puts off what is due sooner");
        }
        plan(&house, "once").await;
        let row = house.connection(connection).await;
        assert_eq!((row.next_sync_at, row.next_pass_at), (None, None));
        plan(&house, "weekly").await;
        assert!(is_due_after(&house, connection, 168).await, "a schedule is lost: {:?}", due(&house, connection).await);
        // What is due already is not called off, and finds the new plan at its end.
        house.clock.advance(TimeDelta::days(8));
        let before = due(&house, connection).await;
        plan(&house, "once").await;
        assert_eq!(due(&house, connection).await, before);
        house.work().await;
        let row = house.connection(connection).await;
        assert_eq!((row.next_sync_at, row.last_sync_at), (None, Some(house.clock.now())));
    }

    async fn another_sync_setting_holds_at_once_and_puts_nothing_off(house: House) {
        let (company, connection) = linked(&house, &shop(&house)).await;
        let (_, other) = linked(&house, &house.simulator.world.accounts()[1].id.clone()).await;
        let key = house.api_key().await;
        plan(&house, "once").await;
        house.work().await;
        assert_eq!((due(&house, connection).await, due(&house, other).await), (None, None));
        let path = format!("/companies/{company}/syncSettings");
        let post = async |path: &str, body: Value| assert_eq!(house.post(path, &key, &body).await.0, 204);

        post(&path, json!({ "settings": payments(1) })).await;
        assert!(is_due_after(&house, connection, 1).await, "{:?}", due(&house, connection).await);
        assert_eq!(due(&house, other).await, None, "another company's setting holds for it");
        post(&path, json!({ "overridesDefaults": false })).await;
        assert_eq!(due(&house, connection).await, None, "it has a schedule that nobody set");

        post("/profile/syncSettings", json!({ "settings": payments(24) })).await;
        let daily = due(&house, connection).await;
        assert!(is_due_after(&house, connection, 24).await && is_due_after(&house, other, 24).await, "{daily:?}");
        house.clock.advance(TimeDelta::hours(12));
        post("/profile/syncSettings", json!({ "settings": payments(24) })).await;
        assert_eq!(due(&house, connection).await, daily, "what is set again puts nothing off");
    }

    async fn what_was_adopted_gets_no_schedule_before_it_is_asked_for(house: House) {
        let (_, connection) = linked(&house, &shop(&house)).await;
        let key = house.api_key().await;
        // As an adopted connection is kept.
        store::connections::reschedule(&house.db, connection, Next::default()).await.unwrap();
        let set_all = async || {
            for sync in ["hourly", "daily"] {
                plan(&house, sync).await;
            }
            let (status, _) = house.post("/profile/syncSettings", &key, &json!({ "settings": payments(1) })).await;
            assert_eq!(status, 204);
        };
        set_all().await;
        assert_eq!(due(&house, connection).await, None);
        sync(&house, connection).await;
        assert!(is_due_after(&house, connection, 1).await);
        // Adopted once more after its access had ended: what was read before was asked for before.
        house.clock.advance(TimeDelta::days(1));
        let row = house.connection(connection).await;
        let granted = store::connections::Granted {
            account_id: shop(&house), account_name: row.account_name, livemode: false, scope: "read_only".to_owned(),
        };
        store::connections::set_linked(&house.db, connection, granted, house.clock.now()).await.unwrap();
        store::connections::reschedule(&house.db, connection, Next::default()).await.unwrap();
        set_all().await;
        assert_eq!(due(&house, connection).await, None);
    }

    async fn a_run_under_way_finds_the_new_plan_at_its_end(house: House) {
        let (_, connection) = linked(&house, &shop(&house)).await;
        plan(&house, "once").await;
        house.work().await;
        assert_eq!(due(&house, connection).await, None);
        house.simulator.faults.add(Rule::new("GET /v1/events", Fault::Delay { ms: 600_000 }).named("slow"));
        let meanwhile = async {
            until("it is under way", async || house.simulator.faults.fired("slow") == 1).await;
            plan(&house, "hourly").await;
            assert!(is_due_after(&house, connection, 1).await);
            house.simulator.faults.clear();
        };
        tokio::join!(sync(&house, connection), meanwhile);
        assert!(is_due_after(&house, connection, 1).await, "{:?}", due(&house, connection).await);
    }

    async fn many_connections_of_one_integration_follow_it_each_at_its_own_moment(house: House) {
        const MANY: usize = 1_100;
        let (company, first) = linked(&house, &shop(&house)).await;
        plan(&house, "daily").await;
        let (integration, now) = (house.connection(first).await.integration_id, house.clock.now());
        let tx = store::write(&house.db).await.unwrap();
        for _ in 1..MANY {
            store::connections::create(&tx, company, integration, now).await.unwrap();
        }
        let read = connection::ActiveModel {
            status: Set(Status::Linked),
            linked_at: Set(Some(now)),
            last_sync_at: Set(Some(now)),
            next_sync_at: Set(None),
            ..Default::default()
        };
        connection::Entity::update_many().set(read).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let all = async || connection::Entity::find().all(&house.db).await.unwrap();
        plan(&house, "hourly").await;
        let mut times: Vec<_> = all().await.into_iter().filter_map(|row| row.next_sync_at).collect();
        times.sort_unstable();
        assert_eq!(times.len(), MANY);
        let hour = TimeDelta::hours(1);
        assert!(times[0] >= now + hour && times[MANY - 1] <= now + hour + hour / 20, "{times:?}");
        assert!(times[MANY - 1] - times[0] > TimeDelta::minutes(2), "all are due at once");
        plan(&house, "once").await;
        assert!(all().await.iter().all(|row| row.next_sync_at.is_none()));
    }

    async fn a_refused_key_is_tried_again_by_one_sync_a_minute(house: House) {
        let accounts: Vec<String> = house.simulator.world.accounts().iter().take(2).map(|one| one.id.clone()).collect();
        let (_, one) = linked(&house, &accounts[0]).await;
        let (_, other) = linked(&house, &accounts[1]).await;
        let right = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
        let key = house.app.keys.installation(&house.db).await.unwrap();
        let sealed = key.seal(&Place::new("integration", right.id, "secret_key"), &"sk_test_rolled".to_owned().into());
        let wrong = entity::integration::Model { secret_key: Some(sealed), ..right };
        store::integrations::save(&house.db, wrong).await.unwrap();

        tick::tick(&house.db, house.clock.now()).await.unwrap();
        assert_eq!(store::jobs::count(&house.db).await.unwrap(), 2, "both are queued before the key is refused");
        house.simulator.counters.reset();
        let asked = || house.simulator.counters.served().total;
        assert!(house.worker.step(CancellationToken::new()).await.unwrap());
        let once = asked();
        assert!(once > 0, "the key was not tried");
        house.work().await;
        // Somebody asks for one of them: it waits, too.
        sync(&house, other).await;
        house.clock.advance(TimeDelta::seconds(30));
        house.work().await;
        assert_eq!(asked(), once, "a key that was just refused is tried again");
        house.clock.advance(TimeDelta::seconds(31));
        house.work().await;
        assert_eq!(asked(), 2 * once, "one sync tries the key after a minute, and no more than one");

        house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
        house.clock.advance(TimeDelta::hours(1));
        house.work().await;
        compare(&house, one, &accounts[0]).await;
        compare(&house, other, &accounts[1]).await;
    }

    async fn requests_are_counted_while_a_run_is_under_way(house: House) {
        let (company, connection) = linked(&house, &shop(&house)).await;
        let (key, path) = (house.api_key().await, format!("/companies/{company}/connections/{connection}/read-budget"));
        house.simulator.faults.add(Rule::new("GET /v1/customers", Fault::Delay { ms: 600_000 }));
        house.simulator.counters.reset();
        let today = async || house.send(Method::GET, &path, &key, None).await.1["today"].as_u64().unwrap();
        let meanwhile = async {
            until("some are counted", async || today().await > 0).await;
            assert!(!is_complete(&house, connection).await, "they are counted at its end only");
            house.simulator.faults.clear();
        };
        tokio::join!(house.work(), meanwhile);
        assert_eq!(today().await, house.simulator.counters.served().total, "each is counted, and once");
    }
}
