//! What Stripe does not permit ends its own data type alone, wherever it is read, and is tried again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::ConnectionId;
use simulator::http::{Fault, Refusal, Rule};
use simulator::world::Kind;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::House;
use crate::oracle::{compare, linked, listed};

fn shop(house: &House) -> String {
    house.simulator.world.accounts()[0].id.clone()
}

/// From now on an endpoint is not permitted; it counts by its own name.
fn forbid(house: &House, endpoint: &str) {
    let refused = Fault::Status(Refusal::new(403).code("more_permissions_required_for_application"));
    house.simulator.faults.add(Rule::new(endpoint, refused).for_ever().named(endpoint));
}

/// Something happens at Stripe, and past what changes by itself afterwards.
fn act(house: &House, account: &str, action: &str) {
    let action = serde_json::from_str(action).unwrap();
    house.simulator.world.act(account, action, house.simulator.clock.seconds()).unwrap();
    house.simulator.clock.advance(600_000);
}

async fn sync(house: &House, connection: ConnectionId) {
    store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
    house.work().await;
}

async fn a_day_later(house: &House) {
    house.clock.advance(TimeDelta::days(1));
    house.work().await;
}

/// The data types that did not end well, each with how and why.
async fn ended_badly(house: &House, connection: ConnectionId) -> BTreeMap<DataType, (Status, String)> {
    let states = store::datasets_read::states(&house.db, &[connection]).await.unwrap();
    assert_eq!(states.len(), DataType::ALL.len());
    let states = states.into_iter().map(|(kind, state)| (kind, state.latest));
    let bad = states.filter(|(_, latest)| latest.status != Status::Complete);
    bad.map(|(kind, latest)| (kind, (latest.status, latest.error_message.unwrap_or_default()))).collect()
}

/// These data types are not permitted, and all others ended well.
async fn not_permitted(house: &House, connection: ConnectionId, kinds: &[DataType]) {
    let bad = ended_badly(house, connection).await;
    assert_eq!(bad.keys().collect::<BTreeSet<_>>(), kinds.iter().collect(), "{bad:?}");
    for (kind, (status, why)) in bad {
        assert_eq!(status, Status::PermissionsError, "{kind:?}: {why}");
        assert!(why.contains("does not permit reading") && why.contains("link again"), "{kind:?}: {why}");
    }
}

/// Every charge of the account is here.
async fn has_all_charges(house: &House, connection: ConnectionId, account: &str) {
    let theirs = listed(&house.simulator.world, account, Kind::Charge, house.simulator.clock.seconds());
    let ours = store::source_objects::of_kind(&house.db, connection, "charge").await.unwrap();
    assert_eq!(ours.into_iter().map(|row| row.id).collect::<BTreeSet<_>>(), theirs.into_keys().collect());
}

both! {
    async fn r22_objects_that_are_not_permitted_any_more_stop_their_own_data_type_alone(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let endpoint = "GET /v1/customers/{id}";
        forbid(&house, endpoint);
        act(&house, &account, r#"{"do":"edit_customer","name":"Another name"}"#);
        act(&house, &account, r#"{"do":"charge"}"#);
        sync(&house, connection).await;
        not_permitted(&house, connection, &[DataType::Customers]).await;
        has_all_charges(&house, connection, &account).await;
        let fired = house.simulator.faults.fired(endpoint);
        act(&house, &account, r#"{"do":"edit_customer","name":"A third name"}"#);
        sync(&house, connection).await;
        assert_eq!(house.simulator.faults.fired(endpoint), fired, "it is asked for again at once");
        house.simulator.faults.clear();
        a_day_later(&house).await;
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
    }

    async fn r22_without_the_balance_everything_is_read(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        forbid(&house, "GET /v1/balance");
        house.work().await;
        assert!(house.simulator.faults.fired("GET /v1/balance") > 0);
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
    }

    async fn r22_without_the_account_only_the_company_is_not_read(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        forbid(&house, "GET /v1/account");
        house.work().await;
        not_permitted(&house, connection, &[DataType::CompanyInfo]).await;
        act(&house, &account, r#"{"do":"charge"}"#);
        sync(&house, connection).await;
        compare(&house, connection, &account).await;
        a_day_later(&house).await;
        not_permitted(&house, connection, &[DataType::CompanyInfo]).await;
        house.simulator.faults.clear();
        a_day_later(&house).await;
        not_permitted(&house, connection, &[]).await;
    }

    async fn r22_without_balance_transactions_all_else_is_read_and_followed(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        forbid(&house, "GET /v1/balance_transactions");
        house.work().await;
        not_permitted(&house, connection, &[DataType::Transactions]).await;
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert!(row.errors.is_empty() && row.next_sync_at.is_some_and(|at| at > house.clock.now()), "{row:?}");
        act(&house, &account, r#"{"do":"charge"}"#);
        sync(&house, connection).await;
        has_all_charges(&house, connection, &account).await;
        assert!(!store::jobs::exists(&house.db, &Task::Sync { connection }).await.unwrap(), "it goes on and on");
        // They are read once the owner has linked again, without waiting for a day.
        house.simulator.faults.clear();
        house.clock.advance(TimeDelta::minutes(1));
        let granted = store::connections::Granted {
            account_id: account.clone(),
            account_name: None,
            livemode: false,
            scope: "read_write".to_owned(),
        };
        store::connections::set_linked(&house.db, connection, granted, house.clock.now()).await.unwrap();
        house.work().await;
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
        assert!(store::payout_contents::unread(&house.db, connection, 1).await.unwrap().is_empty());
    }

    async fn r22_balance_transactions_that_are_not_permitted_any_more_stop_their_own_data_type_alone(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        forbid(&house, "GET /v1/balance_transactions");
        act(&house, &account, r#"{"do":"charge"}"#);
        sync(&house, connection).await;
        not_permitted(&house, connection, &[DataType::Transactions]).await;
        has_all_charges(&house, connection, &account).await;
        house.simulator.faults.clear();
        a_day_later(&house).await;
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
    }

    async fn r22_what_is_not_permitted_is_tried_again_once_a_day(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        let endpoint = "GET /v1/disputes";
        forbid(&house, endpoint);
        house.work().await;
        let fired = house.simulator.faults.fired(endpoint);
        for _ in 0..3 {
            house.clock.advance(TimeDelta::hours(1));
            sync(&house, connection).await;
        }
        assert_eq!(house.simulator.faults.fired(endpoint), fired, "it is asked for all the time");
        a_day_later(&house).await;
        assert!(house.simulator.faults.fired(endpoint) > fired, "it is never asked for again");
        not_permitted(&house, connection, &[DataType::Disputes]).await;
        house.simulator.faults.clear();
        a_day_later(&house).await;
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
    }

    async fn r22_a_list_that_is_refused_stops_its_own_data_types_alone_and_is_tried_again(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.simulator.faults.add(Rule::new("GET /v1/charges", Fault::status(400)).for_ever());
        house.work().await;
        let bad = ended_badly(&house, connection).await;
        assert_eq!(bad.keys().collect::<Vec<_>>(), [&DataType::Payments, &DataType::PaymentMethods], "{bad:?}");
        for (status, why) in bad.values() {
            assert!(*status == Status::FetchError && why.contains("refuses to give charges (400)"), "{why}");
        }
        house.simulator.faults.clear();
        a_day_later(&house).await;
        not_permitted(&house, connection, &[]).await;
        compare(&house, connection, &account).await;
    }
}
