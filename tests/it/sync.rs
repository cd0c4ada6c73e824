//! A sync from end to end: the store equals the simulated account, whatever happens in between.

use chrono::{DateTime, Utc};
use entity::change::{self, Kind as Became};
use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::{payout, payout_content};
use sea_orm::entity::prelude::*;
use serde_json::json;
use simulator::world::{Action, Kind};
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;
use tributary::task::Task;
use tributary::vault::Place;

use crate::both;
use crate::house::House;
use crate::oracle::{self, compare, linked};

/// The shop with many currencies.
fn shop(house: &House) -> String {
    house.simulator.world.accounts()[0].id.clone()
}

async fn datasets(house: &House, connection: entity::id::ConnectionId) -> Vec<dataset::Model> {
    let all = dataset::Entity::find().filter(dataset::Column::ConnectionId.eq(connection));
    all.all(&house.db).await.unwrap()
}

async fn changes(house: &House, connection: entity::id::ConnectionId) -> Vec<change::Model> {
    store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap()
}

/// How often the simulated Stripe was asked for anything.
async fn asked(house: &House) -> u64 {
    let url = format!("{}/_simulator/requests", house.simulator.url);
    let counts: serde_json::Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    counts["total"].as_u64().unwrap()
}

both! {
    async fn history_that_is_wanted_later_is_read_when_it_is(house: House) {
        let (account, key) = (shop(&house), house.api_key().await);
        let (company, connection) = linked(&house, &account).await;
        let wanted = async |from: Option<DateTime<Utc>>| {
            let mut payments = json!({ "dataType": "commerce-payments", "fetchOnFirstLink": true, "syncSchedule": 0 });
            payments["syncFromUtc"] = json!(from);
            let body = json!({ "overridesDefaults": true, "settings": [payments] });
            assert_eq!(house.post(&format!("/companies/{company}/syncSettings"), &key, &body).await.0, 204);
        };
        let sync = async || {
            let task = Task::Sync { connection };
            store::jobs::enqueue(&house.db, &task, house.clock.now()).await.unwrap();
            house.work().await;
            let all = tributary::sync::complete::of(&house.db, connection, None).await.unwrap();
            let payments = all.into_iter().find(|one| one.data_type == DataType::Payments).unwrap();
            assert!(payments.until.is_some(), "{payments:?}");
            let charges = store::source_objects::of_kind(&house.db, connection, "charge").await.unwrap();
            (payments.from, charges.len())
        };
        let theirs = oracle::listed(&house.simulator.world, &account, Kind::Charge, house.simulator.clock.seconds());
        let mut seconds: Vec<i64> = theirs.values().map(|charge| charge["created"].as_i64().unwrap()).collect();
        seconds.sort_unstable();
        let [third, middle] = [seconds.len() / 3, seconds.len() / 2].map(|place| DateTime::from_timestamp(seconds[place], 0));
        let since = |from: Option<DateTime<Utc>>| seconds.iter().filter(|second| **second >= from.unwrap().timestamp()).count();
        wanted(middle).await;
        assert_eq!(sync().await, (middle, since(middle)));
        wanted(third).await;
        assert_eq!(sync().await, (third, since(third)));
        wanted(None).await;
        assert_eq!(sync().await, (None, seconds.len()));
        compare(&house, connection, &account).await;
        assert_eq!(house.work().await, 0, "it is read again and again");
    }

    async fn the_first_sync_brings_the_whole_account(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        compare(&house, connection, &account).await;
        let datasets = datasets(&house, connection).await;
        assert_eq!(datasets.len(), DataType::ALL.len());
        for one in &datasets {
            assert_eq!(one.status, Status::Complete, "{:?}: {:?}", one.data_type, one.error_message);
            // The shop sells nothing that is paid again and again.
            assert!(one.objects > 0 || one.data_type == DataType::Subscriptions, "{:?} read nothing", one.data_type);
            assert_eq!(one.quarantined, 0, "{:?}", one.data_type);
        }
        let changes = changes(&house, connection).await;
        assert!(changes.iter().zip(1..).all(|(change, seq)| change.seq == seq), "the feed is not dense");
    }

    async fn an_empty_account_is_complete_at_once(house: House) {
        let account = house.simulator.world.accounts()[2].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        assert!(datasets(&house, connection).await.iter().all(|one| one.status == Status::Complete));
        compare(&house, connection, &account).await;
    }

    async fn a_second_sync_of_an_unchanged_account_writes_nothing(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let (before, runs) = (changes(&house, connection).await.len(), datasets(&house, connection).await.len());
        store::jobs::enqueue(&house.db, &tributary::task::Task::Sync { connection }, house.clock.now()).await.unwrap();
        let reads = asked(&house).await;
        house.work().await;
        assert_eq!(asked(&house).await - reads, 1, "an idle cycle costs one read");
        assert_eq!(changes(&house, connection).await.len(), before);
        assert_eq!(datasets(&house, connection).await.len(), runs, "an idle cycle writes no dataset");
    }

    async fn what_happens_at_stripe_arrives_with_the_next_sync(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let before = changes(&house, connection).await.len();
        let world = &house.simulator.world;
        for action in [
            r#"{"do":"charge"}"#,
            r#"{"do":"refund"}"#,
            r#"{"do":"dispute"}"#,
            r#"{"do":"payout_advance"}"#,
            r#"{"do":"edit_customer","name":"Another name"}"#,
            r#"{"do":"delete_customer"}"#,
            r#"{"do":"edit_product","name":"Another thing"}"#,
        ] {
            let action: Action = serde_json::from_str(action).unwrap();
            world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        }
        store::jobs::enqueue(&house.db, &tributary::task::Task::Sync { connection }, house.clock.now()).await.unwrap();
        house.work().await;
        compare(&house, connection, &account).await;
        let after = changes(&house, connection).await;
        assert!(after[before..].iter().any(|change| change.kind == Became::Deleted && change.data_type == DataType::Customers));
        assert!(after[before..].iter().any(|change| change.data_type == DataType::Payments));
        assert!(datasets(&house, connection).await.iter().all(|one| one.status == Status::Complete));
    }

    async fn every_finished_payout_adds_up_to_the_cent(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let payouts = payout::Entity::find().filter(payout::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap();
        let mut checked = 0;
        for one in payouts.iter().filter(|one| one.reconciliation == "completed") {
            let content = payout_content::Entity::find_by_id((connection, one.id.clone())).one(&house.db).await.unwrap();
            let content = content.unwrap_or_else(|| panic!("{} was not read", one.id));
            assert_eq!(content.net_minor, one.amount_minor, "{}", one.id);
            checked += 1;
        }
        assert!(checked > 10, "only {checked} payouts were finished");
    }

    async fn access_revoked_at_stripe_ends_the_connection_and_says_so(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let revoke = format!("{}/_simulator/accounts/{account}/revoke", house.simulator.url);
        crate::house::http().post(revoke).send().await.unwrap().error_for_status().unwrap();
        store::jobs::enqueue(&house.db, &tributary::task::Task::Sync { connection }, house.clock.now()).await.unwrap();
        house.work().await;
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert_eq!(row.status, entity::connection::Status::Deauthorized);
        assert_eq!(row.next_sync_at, None);
        compare(&house, connection, &account).await;
    }

    async fn a_run_that_lost_the_connection_writes_nothing_more(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        let head = store::sync_heads::take(&house.db, connection).await.unwrap();
        store::sync_heads::take(&house.db, connection).await.unwrap();
        let late = tributary::sync::keep::Page::begin(&house.db, connection, head.fence, house.clock.now()).await;
        assert!(matches!(late, Err(tributary::sync::error::Error::Fenced)), "{late:?}");
        assert_eq!(oracle::count_of_sources(&house, connection).await, 0);
    }

    async fn what_a_deleted_connection_left_is_erased(house: House) {
        let account = shop(&house);
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let task = tributary::task::Task::Erase { company, connection };
        store::connections::set_deleted(&house.db, connection, house.clock.now()).await.unwrap();
        store::jobs::enqueue(&house.db, &task, house.clock.now()).await.unwrap();
        house.work().await;
        assert_eq!(oracle::count_of_sources(&house, connection).await, 0);
        assert!(changes(&house, connection).await.is_empty());
        assert!(store::sync_heads::find(&house.db, connection).await.unwrap().is_none());
    }

    async fn after_a_month_without_events_everything_is_listed_anew(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        // Stripe forgets events after 30 days: what happens now cannot be followed later. Deletions do not show in lists;
        // finding them is the work of the reconciliation.
        for action in [r#"{"do":"refund"}"#, r#"{"do":"edit_customer","name":"Another name"}"#, r#"{"do":"charge"}"#] {
            let action: Action = serde_json::from_str(action).unwrap();
            house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        }
        let month = chrono::Duration::days(31);
        house.simulator.clock.advance(month.num_milliseconds());
        house.clock.advance(month);
        let (before, lists) = (datasets(&house, connection).await.len(), oracle::listing_reads(&house).await);
        house.work().await;
        let read = oracle::listing_reads(&house).await - lists;
        assert!(read >= oracle::pages(&house, &account), "only {read} list pages were read");
        compare(&house, connection, &account).await;
        let told = datasets(&house, connection).await;
        assert!(told.len() > before, "the gap is not told of");
        assert!(told.iter().all(|one| one.status == Status::Complete), "{told:?}");
    }

    async fn a_wrong_platform_key_stops_the_syncs_and_disconnects_nobody(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        let right = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
        let key = house.app.keys.installation(&house.db).await.unwrap();
        let sealed = key.seal(&Place::new("integration", right.id, "secret_key"), &"sk_test_rolled".to_owned().into());
        let wrong = entity::integration::Model { secret_key: Some(sealed), ..right.clone() };
        store::integrations::save(&house.db, wrong).await.unwrap();
        house.work().await;
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert_eq!(row.status, entity::connection::Status::Linked);
        let refused = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
        assert!(refused.refused_at.is_some());
        for one in datasets(&house, connection).await {
            assert!(one.completed_at.is_none(), "{:?} was given up", one.data_type);
            assert!(one.status_description.is_some_and(|why| why.contains("Stripe refuses the secret key of Stripe Test")));
        }
        house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
        house.clock.advance(chrono::Duration::hours(2));
        house.work().await;
        assert!(datasets(&house, connection).await.iter().all(|one| one.status == Status::Complete));
        compare(&house, connection, &account).await;
    }
}
