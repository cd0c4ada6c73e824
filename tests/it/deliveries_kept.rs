//! R39, R40: what is committed is told, whatever is killed in between; and what a receiver missed can be told again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;

use chrono::TimeDelta;
use entity::data_type::DataType;
use entity::dataset::Status as DatasetStatus;
use entity::id::{CompanyId, WebhookEventId};
use entity::shape::{TextMap, Texts};
use entity::{company, dataset, delivery, webhook_event};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::http::Options;
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::connect::events::{self, Kind as Told};
use tributary::store;
use tributary::sync::told;
use tributary::work::relay::relay;
use url::Url;

use crate::both;
use crate::house::{Ground, House, Kind};
use crate::oracle::linked;
use crate::process::Served;
use crate::receiver::{Manner, Receiver};
use crate::running::{Dice, command, end_leases, is_complete, nothing_runs_alone, rounds, until};

/// What `abort` ends a process with.
const ABORTED: i32 = 6;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn events_of(ground: &Ground) -> Vec<webhook_event::Model> {
    webhook_event::Entity::find().all(&ground.db).await.unwrap()
}

/// The datasets that events tell the end of, each as often as it is told.
fn told_datasets(events: &[webhook_event::Model]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for event in events.iter().filter(|event| event.event_type == told::COMPLETED) {
        let body: Value = serde_json::from_str(&event.body).unwrap();
        all.extend(body["payload"]["dataTypes"].as_array().unwrap().iter().map(|one| text(&one["datasetId"])));
    }
    all.sort();
    all
}

async fn ended_datasets(ground: &Ground) -> Vec<String> {
    let rows = dataset::Entity::find().all(&ground.db).await.unwrap();
    let mut ids: Vec<String> = rows.iter().filter(|row| row.status.is_final()).map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

fn serving(house: &House) -> tokio::process::Command {
    let mut command = command(house, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("TRIBUTARY_WEBHOOKS_NETWORKS", "127.0.0.0/8");
    command
}

/// A house beside a small shop.
struct Small(House);

impl Small {
    async fn on(kind: Kind) -> Self {
        Self(House::beside(kind, Options { charges: 60, ..Options::default() }).await)
    }
}

async fn everything_is_delivered(house: &House) -> bool {
    let head = store::outbox::unrelayed(&house.db, 1).await.is_ok_and(|heads| heads.is_empty());
    let waits = delivery::Entity::find().filter(delivery::Column::Status.eq(delivery::Status::Waiting));
    head && waits.count(&house.db).await.is_ok_and(|waiting| waiting == 0)
}

async fn killed_at(house: &House, point: &str) {
    let (key, receiver) = (house.api_key().await, Receiver::start().await);
    receiver.subscribe(house, &key).await;
    let account = house.simulator.world.accounts()[0].id.clone();
    let (_, connection) = linked(house, &account).await;
    let killed = Served::spawn(serving(house).env("TRIBUTARY_TEST_FAULT", format!("abort:{point}:2")));
    assert_eq!(killed.ended().await.signal(), Some(ABORTED), "{point} was reached");
    end_leases(&house.db).await;

    let served = Served::of(&mut serving(house)).await;
    until("the first sync is complete and told", async || {
        is_complete(house, connection).await && everything_is_delivered(house).await
    })
    .await;
    served.signal("TERM").await;
    assert!(served.ended().await.success());
    nothing_runs_alone(house).await;
    let kept = events_of(house).await;
    assert_eq!(told_datasets(&kept), ended_datasets(house).await, "{point}: each end is told by one event");
    let mut heard: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for one in receiver.heard() {
        heard.entry(one.header("webhook-id").to_owned()).or_default().insert(one.body.to_vec());
    }
    let ids: BTreeSet<String> = kept.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(heard.keys().cloned().collect::<BTreeSet<_>>(), ids, "{point}: every event arrived, and no other");
    assert!(heard.values().all(|bodies| bodies.len() == 1), "{point}: under one id there is one body");
    if point == "after_send" {
        assert!(receiver.count() > ids.len(), "what was sent and not noted is sent again");
    }
}

both! {
    async fn r39_killed_before_the_relay_every_event_arrives(small: Small) {
        killed_at(&small.0, "before_relay").await;
    }

    async fn r39_killed_after_the_relay_no_event_is_invented(small: Small) {
        killed_at(&small.0, "after_relay").await;
    }

    async fn r39_killed_before_a_send_every_event_arrives(small: Small) {
        killed_at(&small.0, "before_send").await;
    }

    async fn r39_killed_after_a_send_it_is_sent_again_under_the_same_id(small: Small) {
        killed_at(&small.0, "after_send").await;
    }
}

/// The address that the outside knows us by.
fn address() -> Url {
    "https://tributary.example.com".parse().unwrap()
}

/// A company in a transaction that is committed, or cut off.
async fn makes_a_company(ground: &Ground, commits: bool) -> CompanyId {
    let now = ground.clock.now();
    let row = company::Model {
        id: CompanyId::new(),
        name: "A shop".to_owned(),
        name_folded: "a shop".to_owned(),
        description: None,
        tags: TextMap::default(),
        link_serial: 0,
        overrides_sync: false,
        created_at: now,
        last_sync_at: None,
        deleted_at: None,
    };
    let tx = store::write(&ground.db).await.unwrap();
    store::companies::insert(&tx, row.clone()).await.unwrap();
    events::company(&tx, &address(), Told::CompanyCreated, &row, now).await.unwrap();
    if commits {
        tx.commit().await.unwrap();
    }
    row.id
}

/// Datasets of a connection end in a transaction that is committed, or cut off.
async fn ends_datasets(ground: &Ground, dice: &mut Dice, connection: entity::id::ConnectionId) {
    let now = ground.clock.now();
    let kinds = [DataType::Payments, DataType::Customers, DataType::Orders];
    let kinds = &kinds[..=usize::try_from(dice.roll(3)).unwrap()];
    let tx = store::write(&ground.db).await.unwrap();
    let made = store::datasets::queue(&tx, connection, kinds, false, now).await.unwrap();
    tx.commit().await.unwrap();
    let tx = store::write(&ground.db).await.unwrap();
    let mut ended = Vec::new();
    for one in &made {
        let (id, word) = (one.id, DatasetStatus::Complete);
        if store::datasets::finish(&tx, connection, id, word, None, now).await.unwrap() {
            ended.push(id);
        }
    }
    told::tell(&tx, connection, told::COMPLETED, &ended, now).await.unwrap();
    if dice.roll(3) > 0 {
        tx.commit().await.unwrap();
    }
}

/// Relays, and is cut off somewhere on the way: after so many of its own steps.
async fn relays(ground: &Ground, steps: u64) {
    let at = address();
    let mut relaying = Box::pin(relay(&ground.db, &at));
    for _ in 0..steps {
        tokio::select! {
            biased;
            done = &mut relaying => {
                done.unwrap();
                return;
            }
            () = tokio::task::yield_now() => {}
        }
    }
}

both! {
    async fn r39_of_many_seeds_none_has_a_change_without_its_event_or_an_event_without_its_change(ground: Ground) {
        let integration = store::integrations::by_key(&ground.db, "yzth").await.unwrap().unwrap();
        let owner = makes_a_company(&ground, true).await;
        let connection = store::connections::create(&ground.db, owner, integration.id, ground.clock.now()).await.unwrap();
        store::sync_heads::take(&ground.db, connection.id).await.unwrap();
        let mut cut = 0;
        for seed in 0..rounds(500) {
            let mut dice = Dice(seed);
            for _ in 0..=dice.roll(3) {
                match dice.roll(3) {
                    0 => {
                        let commits = dice.roll(3) > 0;
                        cut += u64::from(!commits);
                        makes_a_company(&ground, commits).await;
                    }
                    1 => ends_datasets(&ground, &mut dice, connection.id).await,
                    _ => relays(&ground, dice.roll(60)).await,
                }
            }
        }
        assert!(cut > 0, "transactions were cut off");
        relay(&ground.db, &address()).await.unwrap();
        let kept = events_of(&ground).await;
        assert_eq!(told_datasets(&kept), ended_datasets(&ground).await);
        let told: Vec<_> = kept.iter().filter(|one| one.event_type == "company.created").map(|one| one.company_id.unwrap()).collect();
        let made: BTreeSet<CompanyId> = company::Entity::find().all(&ground.db).await.unwrap().iter().map(|row| row.id).collect();
        assert_eq!(told.len(), made.len());
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), made);
    }

    async fn r40_failing_for_five_days_it_is_disabled_and_recovers_everything(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        let path = format!("/webhooks/{id}");
        let since = house.clock.now();
        let make = async |name: &str| {
            let (status, made) = house.post("/companies", &key, &json!({ "name": name })).await;
            assert_eq!(status, 200, "{made}");
        };
        make("Taken").await;
        house.tell().await;
        assert_eq!(receiver.count(), 1);
        receiver.answer(Manner::status(500));
        for day in 0..5 {
            assert_eq!(house.get(&path, &key).await.1["disabled"], false, "day {day}");
            make(&format!("Missed on day {day}")).await;
            for _ in 0..4 {
                house.tell().await;
                house.clock.advance(TimeDelta::hours(6));
            }
        }
        make("Missed on the last").await;
        house.tell().await;
        let (_, told) = house.get(&path, &key).await;
        assert_eq!(told["disabled"], true, "{told}");
        assert!(text(&told["disabledReason"]).contains("recover"), "whose turn it is is told: {told}");
        assert!(told["disabledDate"].is_string() && told["failingSince"].is_string());
        let failures = receiver.count();
        make("Missed while it was disabled").await;
        house.clock.advance(TimeDelta::days(1));
        house.tell().await;
        assert_eq!(receiver.count(), failures, "nothing is sent while it is disabled");
        let recover = json!({ "since": since });
        assert_eq!(house.post(&format!("{path}/recover"), &key, &recover).await.0, 409);

        receiver.answer(Manner::status(200));
        let (status, _) = house.send(reqwest::Method::PATCH, &path, &key, Some(&json!({ "disabled": false }))).await;
        assert_eq!(status, 200);
        let (status, asked) = house.post(&format!("{path}/recover"), &key, &recover).await;
        assert_eq!(status, 202, "{asked}");
        house.tell().await;
        house.tell().await;
        let heard: BTreeSet<String> =
            receiver.heard()[failures..].iter().map(|one| text(&one.json()["payload"]["name"])).collect();
        assert_eq!(heard.len(), 7, "all that was missed, and not what was taken: {heard:?}");
        assert!(!heard.contains("Taken"));
        let (_, replay) = house.get(&format!("{path}/replays/{}", text(&asked["id"])), &key).await;
        assert_eq!((&replay["status"], &replay["events"]), (&json!("Queued"), &json!(8)), "{replay}");
        assert_eq!(house.get(&path, &key).await.1["failingSince"], Value::Null);
    }

    async fn r40_a_replay_of_many_events_is_watched_and_cancelled(house: House) {
        const EVENTS: u64 = 50_000;
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        let since = house.clock.now();
        let rows: Vec<_> = (0..EVENTS).map(|_| event(since)).collect();
        for rows in rows.chunks(500) {
            let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
            webhook_event::Entity::insert_many(rows).exec_without_returning(&house.db).await.unwrap();
        }
        house.clock.advance(TimeDelta::hours(1));
        let path = format!("/webhooks/{id}/replays");
        let ask = async || {
            let (status, asked) = house.post(&path, &key, &json!({ "since": since })).await;
            assert_eq!((status, &asked["events"], &asked["status"]), (202, &json!(EVENTS), &json!("Running")), "{asked}");
            format!("{path}/{}", text(&asked["id"]))
        };
        let cancel = async |path: &str| {
            let (status, stopped) = house.send(reqwest::Method::DELETE, path, &key, None).await;
            assert_eq!((status, &stopped["status"]), (200, &json!("Cancelled")), "{stopped}");
            stopped
        };
        let first = ask().await;
        let watched = async {
            until("it is on its way", async || house.get(&first, &key).await.1["lookedAt"].as_u64() > Some(0)).await;
            cancel(&first).await
        };
        let (done, stopped) = tokio::join!(house.worker.tell(CancellationToken::new()), watched);
        assert!(done.unwrap());
        let looked_at = stopped["lookedAt"].as_u64().unwrap();
        assert!(looked_at > 0 && looked_at < EVENTS, "it was stopped on its way: {stopped}");
        assert_eq!(stopped["cancelled"], stopped["queued"], "{stopped}");

        let second = ask().await;
        assert!(house.worker.tell(CancellationToken::new()).await.unwrap());
        let (_, whole) = house.get(&second, &key).await;
        assert_eq!((&whole["status"], &whole["queued"], &whole["waiting"]), (&json!("Queued"), &json!(EVENTS), &json!(EVENTS)));
        assert_eq!(cancel(&second).await["cancelled"], EVENTS);
        house.tell().await;
        assert_eq!(receiver.count(), 0, "what was cancelled is not sent");
    }
}

fn event(at: chrono::DateTime<chrono::Utc>) -> webhook_event::Model {
    let id = WebhookEventId::new();
    webhook_event::Model {
        id,
        event_type: "company.created".to_owned(),
        company_id: None,
        connection_id: None,
        consumer_id: None,
        company_tags: Texts::default(),
        body: json!({ "id": id }).to_string(),
        is_brief: false,
        created_at: at,
    }
}
