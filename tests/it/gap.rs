//! A gap in what Stripe tells: what it did not show once is no end, and is read as soon as it can be.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::ConnectionId;
use entity::reconciliation::{Pass, State};
use entity::{payout, payout_content};
use sea_orm::entity::prelude::*;
use simulator::http::{Fault, Refusal, Rule};
use simulator::world::Kind;
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::House;
use crate::oracle::{compare, linked, listed};
use crate::running::PATIENCE;

/// A shop that was read, and its account.
async fn shop(house: &House) -> (String, ConnectionId) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(house, &account).await;
    house.work().await;
    (account, connection)
}

/// The same without a schedule, so that no pass of the reconciliation comes by itself and mends what is missed.
async fn uncompared(house: &House) -> (String, ConnectionId) {
    house.integrate(Change { sync: Some("once".to_owned()), ..Change::default() }).await;
    shop(house).await
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
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
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

/// Lets time go by, here and at Stripe.
fn wait(house: &House, time: TimeDelta) {
    house.simulator.clock.advance(time.num_milliseconds());
    house.clock.advance(time);
}

/// The second up to which a data type is said to be complete.
async fn complete_until(house: &House, connection: ConnectionId, data_type: DataType) -> Option<i64> {
    let row = house.connection(connection).await;
    let all = tributary::sync::complete::of(&house.db, connection, row.quiet_until).await.unwrap();
    all.into_iter().find(|one| one.data_type == data_type).unwrap().until.map(|until| until.timestamp())
}

/// The transactions that Stripe lists, were made up to this second, and are not here.
async fn missing_until(house: &House, account: &str, connection: ConnectionId, until: i64) -> Vec<String> {
    let theirs = listed(&house.simulator.world, account, Kind::BalanceTransaction, house.simulator.clock.seconds());
    let ours = store::source_objects::of_kind(&house.db, connection, "balance_transaction").await.unwrap();
    let ours: BTreeSet<String> = ours.into_iter().map(|row| row.id).collect();
    let missing =
        theirs.into_iter().filter(|(id, one)| one["created"].as_i64().unwrap() <= until && !ours.contains(id));
    missing.map(|(id, _)| id).collect()
}

both! {
    async fn r15_what_was_deleted_within_a_gap_is_found_right_after_it(house: House) {
        let (account, connection) = uncompared(&house).await;
        act(&house, &account, r#"{"do":"delete_customer"}"#);
        act(&house, &account, r#"{"do":"delete_product"}"#);
        wait(&house, TimeDelta::days(31));
        sync(&house, connection).await;
        compare(&house, connection, &account).await;
        let passes = store::reconciliations::latest(&house.db, connection, 10).await.unwrap();
        let full = passes.iter().filter(|row| row.pass == Pass::Full).collect::<Vec<_>>();
        assert!(matches!(full[..], [row] if row.state == State::Complete), "{passes:?}");
    }

    async fn r19_a_list_that_does_not_come_holds_up_no_other(house: House) {
        let (account, connection) = shop(&house).await;
        wait(&house, TimeDelta::days(31));
        let down = Fault::Status(Refusal::new(503).should_retry(false));
        house.simulator.faults.add(Rule::new("GET /v1/charges", down).for_ever());
        sync(&house, connection).await;
        for hour in 0..12 {
            act(&house, &account, &format!(r#"{{"do":"create_customer","name":"Hour {hour}"}}"#));
            act(&house, &account, r#"{"do":"charge"}"#);
            wait(&house, TimeDelta::hours(1));
            house.work().await;
            let customers = listed(&house.simulator.world, &account, Kind::Customer, house.simulator.clock.seconds());
            let ours = store::source_objects::of_kind(&house.db, connection, "customer").await.unwrap();
            assert_eq!(ours.len(), customers.len(), "hour {hour}: what happens is not followed");
        }
        let states = store::datasets_read::states(&house.db, &[connection]).await.unwrap();
        let bad = states.iter().filter(|(_, state)| state.latest.status != Status::Complete).map(|(kind, _)| *kind);
        assert_eq!(bad.collect::<Vec<_>>(), [DataType::Payments, DataType::PaymentMethods]);
        let why = states[&DataType::Payments].latest.error_message.clone().unwrap();
        assert!(why.contains("charges") && why.contains("Everything else is read"), "{why}");
        assert_eq!(complete_until(&house, connection, DataType::Payments).await, None);
        assert!(house.connection(connection).await.errors.iter().any(|fault| fault.resolved_at.is_none()));
        house.simulator.faults.clear();
        wait(&house, TimeDelta::hours(1));
        house.work().await;
        compare(&house, connection, &account).await;
    }

    async fn r19_a_list_of_transactions_that_was_cut_leaves_no_hole(house: House) {
        let (account, connection) = uncompared(&house).await;
        // Nothing is pending any more that would lead back to where it was left.
        for _ in 0..3 {
            wait(&house, TimeDelta::days(10));
            sync(&house, connection).await;
        }
        wait(&house, TimeDelta::hours(60));
        (0..30).for_each(|_| act(&house, &account, r#"{"do":"charge"}"#));
        wait(&house, TimeDelta::hours(84));
        (0..130).for_each(|_| act(&house, &account, r#"{"do":"charge"}"#));
        wait(&house, TimeDelta::minutes(10));
        let down = Fault::Status(Refusal::new(503).should_retry(false));
        let cut = Rule::new("GET /v1/balance_transactions", down).from(2).times(1).named("cut");
        house.simulator.faults.add(cut);
        sync(&house, connection).await;
        assert_eq!(house.simulator.faults.fired("cut"), 1);
        for _ in 0..2 {
            let until = complete_until(&house, connection, DataType::Transactions).await.unwrap();
            assert_eq!(missing_until(&house, &account, connection, until).await, Vec::<String>::new());
            wait(&house, TimeDelta::minutes(20));
            sync(&house, connection).await;
        }
        compare(&house, connection, &account).await;
    }

    async fn what_a_payout_is_made_of_is_read_when_stripe_is_back(house: House) {
        let (account, connection) = shop(&house).await;
        let read = payout_content::Entity::find().filter(payout_content::Column::ConnectionId.eq(connection));
        let read = read.one(&house.db).await.unwrap().unwrap();
        let tx = store::write(&house.db).await.unwrap();
        store::payout_contents::forget(&tx, connection, &read.payout_id).await.unwrap();
        tx.commit().await.unwrap();
        let down = Fault::Status(Refusal::new(503).should_retry(false));
        house.simulator.faults.add(Rule::new("GET /v1/balance_transactions", down).times(1).named("down"));
        act(&house, &account, r#"{"do":"edit_customer","name":"Another name"}"#);
        sync(&house, connection).await;
        assert_eq!(house.simulator.faults.fired("down"), 1);
        // Nothing happens any more: the try that comes by itself reads it.
        house.clock.advance(TimeDelta::minutes(10));
        house.work().await;
        let content = payout_content::Entity::find_by_id((connection, read.payout_id)).one(&house.db).await.unwrap();
        assert!(content.is_some(), "it waits until something happens");
    }

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
