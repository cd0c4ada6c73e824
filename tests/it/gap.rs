//! A gap in what Stripe tells: what it did not show once is no end, and is read as soon as it can be.

use std::time::Duration;

use chrono::TimeDelta;
use entity::dataset::Status;
use entity::id::ConnectionId;
use entity::{payout, payout_content};
use sea_orm::entity::prelude::*;
use simulator::http::{Fault, Refusal, Rule};
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::House;
use crate::oracle::{compare, linked};

/// A shop that was read, and its account.
async fn shop(house: &House) -> (String, ConnectionId) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(house, &account).await;
    house.work().await;
    (account, connection)
}

fn act(house: &House, account: &str, action: &str) {
    let action = serde_json::from_str(action).unwrap();
    house.simulator.world.act(account, action, house.simulator.clock.seconds()).unwrap();
}

async fn sync(house: &House, connection: ConnectionId) {
    store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
    house.work().await;
}

/// How the data types ended last; none while one is on its way.
async fn ended(house: &House, connection: ConnectionId) -> Vec<Status> {
    let states = store::datasets_read::states(&house.db, &[connection]).await.unwrap();
    states.into_values().map(|state| state.latest.status).collect()
}

/// After a month without a sync everything is to be listed anew, and Stripe does not answer until that was given up.
async fn a_gap_and_an_outage(house: &House, endpoint: &str) {
    let (account, connection) = shop(house).await;
    for action in [r#"{"do":"refund"}"#, r#"{"do":"edit_customer","name":"Another name"}"#, r#"{"do":"charge"}"#] {
        act(house, &account, action);
    }
    let month = TimeDelta::days(31);
    house.simulator.clock.advance(month.num_milliseconds());
    house.clock.advance(month);
    let down = Fault::Status(Refusal::new(503).should_retry(false));
    house.simulator.faults.add(Rule::new(endpoint, down).account(&account).for_ever());
    house.work().await;
    let mut tries = 1;
    while !ended(house, connection).await.contains(&Status::FetchError) {
        house.clock.advance(TimeDelta::minutes(10));
        house.work().await;
        tries += 1;
        assert!(tries < 60, "it is never given up");
    }
    house.clock.advance(TimeDelta::minutes(10));
    house.work().await;
    house.simulator.faults.clear();
    act(house, &account, r#"{"do":"charge"}"#);
    house.simulator.clock.advance(600_000);
    for _ in 0..40 {
        house.clock.advance(TimeDelta::minutes(2));
        house.work().await;
        if ended(house, connection).await.iter().all(|status| *status == Status::Complete) {
            break;
        }
        // A Stripe that counts as down is asked again by the machine's own time.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = ended(house, connection).await;
    assert!(ended.iter().all(|status| *status == Status::Complete), "{ended:?}");
    compare(house, connection, &account).await;
}

both! {
    async fn r15_a_gap_that_meets_an_outage_of_one_list_is_healed_when_it_is_over(house: House) {
        a_gap_and_an_outage(&house, "GET /v1/charges").await;
    }

    async fn r15_a_gap_that_meets_a_stripe_that_is_down_is_healed_when_it_is_back(house: House) {
        a_gap_and_an_outage(&house, "*").await;
    }

    async fn r19_a_page_without_rows_that_says_more_is_no_end(house: House) {
        let (account, connection) = shop(&house).await;
        for endpoint in ["GET /v1/events", "GET /v1/balance_transactions"] {
            act(&house, &account, r#"{"do":"charge"}"#);
            house.simulator.clock.advance(600_000);
            house.simulator.faults.add(Rule::new(endpoint, Fault::EmptyMore).named(endpoint));
            sync(&house, connection).await;
            assert_eq!(house.simulator.faults.fired(endpoint), 1, "{endpoint}");
            let again = store::jobs::exists(&house.db, &Task::Sync { connection }).await.unwrap();
            assert!(again, "{endpoint}: it was taken for the end");
            house.clock.advance(TimeDelta::minutes(10));
            house.work().await;
            compare(&house, connection, &account).await;
        }
    }

    async fn r19_what_a_payout_is_made_of_is_not_cut_by_a_page_without_rows(house: House) {
        let (account, connection) = shop(&house).await;
        let read = payout_content::Entity::find()
            .filter(payout_content::Column::ConnectionId.eq(connection))
            .filter(payout_content::Column::State.eq(payout_content::State::Complete))
            .filter(payout_content::Column::Count.gt(0));
        let read = read.one(&house.db).await.unwrap().unwrap();
        let tx = store::write(&house.db).await.unwrap();
        store::payout_contents::forget(&tx, connection, &read.payout_id).await.unwrap();
        tx.commit().await.unwrap();
        house.simulator.faults.add(Rule::new("GET /v1/balance_transactions", Fault::EmptyMore).named("cut"));
        act(&house, &account, r#"{"do":"edit_customer","name":"Another name"}"#);
        sync(&house, connection).await;
        assert_eq!(house.simulator.faults.fired("cut"), 1);
        act(&house, &account, r#"{"do":"edit_customer","name":"A third name"}"#);
        sync(&house, connection).await;
        let key = (connection, read.payout_id);
        let paid = payout::Entity::find_by_id(key.clone()).one(&house.db).await.unwrap().unwrap();
        let content = payout_content::Entity::find_by_id(key).one(&house.db).await.unwrap().unwrap();
        assert_eq!((content.net_minor, content.count), (paid.amount_minor, read.count));
    }
}
