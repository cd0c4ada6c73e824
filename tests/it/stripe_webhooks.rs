//! Stripe's webhooks in: what is believed, what is kept, what follows, and what the copy is like afterwards.

use chrono::Duration;
use entity::connection::Status;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::stripe_event::{self, Reason, State};
use entity::{change, credential, customer, stripe_hint};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::http::Options;
use simulator::world::Action;
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store::{self, connections::Next};

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked};
use crate::process::{answer, output, tributary};

/// What the endpoint's deliveries are signed with.
pub const SECRET: &str = "whsec_0123456789abcdef";

/// A house whose one connection is synced, with an endpoint for webhooks.
pub struct Hooked {
    /// The house.
    pub house: House,
    /// The account at Stripe.
    pub account: String,
    /// Its connection.
    pub connection: ConnectionId,
    key: tokio::sync::OnceCell<String>,
}

impl std::ops::Deref for Hooked {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

impl Hooked {
    /// With a database of this kind.
    pub async fn on(kind: Kind) -> Self {
        let house = House::beside(kind, Options { charges: 60, auto_approve: true, ..Options::default() }).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        // The simulated Stripe is ten minutes on; it signs and tells with that clock.
        house.clock.advance(Duration::minutes(10));
        house.integrate(Change { webhook_secret: Some(SECRET.to_owned().into()), ..Change::default() }).await;
        house.work().await;
        Self { house, account, connection, key: tokio::sync::OnceCell::new() }
    }

    /// Makes something happen at Stripe, and returns its events; those that come by themselves, later, are not among them.
    pub fn act(&self, action: &str) -> Vec<Value> {
        self.try_act(action).unwrap()
    }

    fn try_act(&self, action: &str) -> Result<Vec<Value>, String> {
        let (action, now) = (serde_json::from_str::<Action>(action).unwrap(), self.simulator.clock.seconds());
        let mut events = self.simulator.world.act(&self.account, action, now)?;
        events.retain(|event| event["created"].as_i64().unwrap() <= now);
        Ok(events)
    }

    /// Delivers an event as Stripe does.
    pub async fn deliver(&self, event: &Value) -> u16 {
        self.deliver_text(&format!("{event:#}")).await
    }

    async fn deliver_text(&self, body: &str) -> u16 {
        let header = self.signature(body, SECRET);
        self.post(&[("stripe-signature", &header)], body.as_bytes().to_vec()).await.0
    }

    fn signature(&self, body: &str, secret: &str) -> String {
        let second = self.clock.now().timestamp();
        format!("t={second},v1={}", digest(second, body, secret))
    }

    /// Posts bytes to the endpoint.
    async fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Value) {
        let mut request = crate::house::http().post(format!("{}/stripe/webhooks/yzth", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Does what webhooks asked for.
    async fn follow(&self) -> usize {
        self.clock.advance(Duration::seconds(2));
        self.work().await
    }

    /// The inbox.
    pub async fn inbox(&self) -> Vec<stripe_event::Model> {
        stripe_event::Entity::find().all(&self.db).await.unwrap()
    }

    async fn changes(&self) -> Vec<change::Model> {
        store::feed::after(&self.db, self.connection, 0, 1_000_000).await.unwrap()
    }

    /// How often the simulated Stripe was asked at an endpoint, such as `GET /v1/events`.
    async fn asked(&self, endpoint: &str) -> u64 {
        let url = format!("{}/_simulator/requests", self.simulator.url);
        let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        counts["endpoints"][endpoint]
            .as_object()
            .map_or(0, |statuses| statuses.values().filter_map(Value::as_u64).sum())
    }

    async fn status(&self) -> Status {
        store::connections::by_id(&self.db, self.connection).await.unwrap().unwrap().status
    }

    /// What webhooks of today became, as the API tells it.
    async fn today(&self) -> Value {
        // Tests ask until something is so, and there are only so many keys.
        let key = self.key.get_or_init(|| self.api_key()).await;
        self.get("/integrations/yzth", key).await.1["settings"]["webhook"]["today"].clone()
    }

    /// The event that an owner's ending of the access makes at Stripe, at this second.
    fn deauthorized(&self, created: i64) -> Value {
        json!({
            "id": format!("evt_ended_{created}"), "object": "event", "account": self.account, "created": created,
            "livemode": false, "type": "account.application.deauthorized", "api_version": "2026-10-28.endive",
            "data": { "object": { "id": "ca_simulator", "object": "application", "name": "The platform" } },
        })
    }
}

fn digest(second: i64, body: &str, secret: &str) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(format!("{second}.{body}")).finalize().into_bytes())
}

both! {
    async fn r28_an_event_makes_its_connection_fresh_within_seconds_and_without_a_poll(hooked: Hooked) {
        let polls = hooked.asked("GET /v1/events").await;
        let schedule = store::connections::by_id(&hooked.db, hooked.connection).await.unwrap().unwrap().next_sync_at;
        let events = hooked.act(r#"{"do":"edit_customer","name":"Another name"}"#);
        assert!(!events.is_empty());
        for event in &events {
            assert_eq!(hooked.deliver(event).await, 200);
        }
        assert!(hooked.inbox().await.iter().all(|row| row.state == State::Pending && row.deliveries == 1));
        hooked.follow().await;
        let inbox = hooked.inbox().await;
        assert_eq!(inbox.len(), events.len());
        assert!(inbox.iter().all(|row| row.state == State::Done && row.done_at.is_some()), "{inbox:?}");
        compare(&hooked, hooked.connection, &hooked.account).await;
        assert_eq!(hooked.asked("GET /v1/events").await, polls, "a hint is followed without looking at all events");
        let row = store::connections::by_id(&hooked.db, hooked.connection).await.unwrap().unwrap();
        assert_eq!(row.next_sync_at, schedule, "correctness comes from the schedule, which stays");
        // The next look at the events knows that they were followed.
        let reads = hooked.asked("GET /v1/customers/{id}").await;
        look(&hooked).await;
        assert!(hooked.asked("GET /v1/events").await > polls);
        assert_eq!(hooked.asked("GET /v1/customers/{id}").await, reads, "what was followed is not read again");
    }

    async fn r28_a_webhook_is_answered_only_when_it_is_kept_and_503_when_it_cannot_be(hooked: Hooked) {
        let event = hooked.act(r#"{"do":"create_customer"}"#).remove(0);
        let blocked = store::write(&hooked.db).await.unwrap();
        store::stripe_events::count(&blocked, lock_of_counts(&hooked).await, hooked.clock.now()).await.unwrap();
        let delivery = hooked.deliver(&event);
        tokio::pin!(delivery);
        // The row that counts it is held: whatever is done, the commit cannot be over, and there must be no answer.
        tokio::select! {
            status = &mut delivery => panic!("answered {status} before it was kept"),
            () = until_waiting(&hooked) => {}
        }
        assert!(hooked.inbox().await.is_empty());
        drop(blocked);
        assert_eq!(delivery.await, 200);
        assert_eq!(hooked.inbox().await.len(), 1);
        // A database that does not take it: Stripe is told so, and delivers it again.
        let later = hooked.act(r#"{"do":"create_customer"}"#).remove(0);
        hooked.db.execute_unprepared("ALTER TABLE stripe_event RENAME TO stripe_event_away").await.unwrap();
        assert_eq!(hooked.deliver(&later).await, 503);
        hooked.db.execute_unprepared("ALTER TABLE stripe_event_away RENAME TO stripe_event").await.unwrap();
        assert_eq!(hooked.deliver(&later).await, 200);
        assert_eq!(hooked.inbox().await.len(), 2);
    }

    async fn r12_one_event_delivered_a_hundred_times_at_once_has_one_effect(hooked: Hooked) {
        let before = hooked.changes().await.len();
        let event = hooked.act(r#"{"do":"edit_customer","name":"Once"}"#).remove(0);
        let statuses = futures::future::join_all((0..100).map(|_| hooked.deliver(&event))).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        let inbox = hooked.inbox().await;
        assert_eq!((inbox.len(), inbox[0].deliveries), (1, 100));
        // Asked for while the clock stands still: the next second may be another day's.
        assert_eq!(hooked.today().await["duplicates"], 99);
        let reads = hooked.asked("GET /v1/customers/{id}").await;
        hooked.follow().await;
        assert_eq!(hooked.asked("GET /v1/customers/{id}").await - reads, 1, "one delivery of a hundred is read");
        assert_eq!(hooked.changes().await.len() - before, 1, "one effect");
        assert_eq!(hooked.deliver(&event).await, 200, "days later it is taken again");
        assert_eq!(hooked.follow().await, 0, "and changes nothing");
        assert_eq!(hooked.inbox().await[0].deliveries, 101);
    }
}

/// A count of nothing under the outcome that a taken event adds to: whoever holds its row holds up the commit.
async fn lock_of_counts(hooked: &Hooked) -> store::stripe_events::Counts {
    let integration = store::integrations::by_key(&hooked.db, "yzth").await.unwrap().unwrap();
    [((integration.id, "received".to_owned()), 0)].into()
}

/// Until the delivery's transaction waits for the one that holds the row.
async fn until_waiting(hooked: &Hooked) {
    if hooked.db.get_database_backend() == sea_orm::DbBackend::Sqlite {
        // SQLite tells nobody who waits: the delivery gets ten times as long as it needs.
        return tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%stripe_event_count%'";
    let waits = || sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    while hooked.db.query_one_raw(waits()).await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

both! {
    async fn s28_what_is_not_signed_as_it_should_be_is_refused_and_nothing_of_it_is_kept(hooked: Hooked) {
        let body = format!("{:#}", hooked.act(r#"{"do":"create_customer"}"#)[0]);
        let now = hooked.clock.now().timestamp();
        let of = |second: i64, secret: &str| format!("t={second},v1={}", digest(second, &body, secret));
        let good = of(now, SECRET);
        let zeros = "0".repeat(64);
        let tab = body.replace("  ", "\t");
        let cases: Vec<(&str, Option<String>, &str)> = vec![
            ("no_signature", None, &body),
            ("wrong_signature", Some(of(now, "whsec_another")), &body),
            ("wrong_signature", Some(good.clone()), &tab),
            ("wrong_signature", Some(good.replace(&now.to_string(), &(now + 1).to_string())), &body),
            ("too_old", Some(of(now - 301, SECRET)), &body),
            ("too_new", Some(of(now + 301, SECRET)), &body),
            ("unknown_scheme", Some(format!("t={now},v0={zeros}")), &body),
            ("malformed_signature", Some("nonsense".to_owned()), &body),
            ("malformed_signature", Some(format!("{good},{}", "x=y,".repeat(2_000))), &body),
        ];
        for (reason, header, body) in &cases {
            let headers: Vec<_> = header.iter().map(|header| ("stripe-signature", header.as_str())).collect();
            let (status, said) = hooked.post(&headers, body.as_bytes().to_vec()).await;
            assert_eq!(status, 400, "{reason}: {said}");
            assert!(said["error"].as_str().unwrap().starts_with("Not taken: "), "{said}");
        }
        let twice = hooked.post(&[("stripe-signature", &good), ("stripe-signature", &good)], body.clone().into()).await;
        assert_eq!(twice.0, 400);
        let huge = vec![b' '; (1 << 20) + 1];
        assert_eq!(hooked.post(&[("stripe-signature", &good)], huge).await.0, 413);
        assert!(hooked.inbox().await.is_empty());
        // Refusals are counted together, a second at a time.
        let counted = async {
            loop {
                let refused = hooked.today().await["refused"].clone();
                if refused["malformed_signature"] == 3 {
                    return refused;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        let refused = tokio::time::timeout(std::time::Duration::from_mins(1), counted).await.expect("they are not counted");
        assert_eq!(refused["wrong_signature"], 3);
        assert_eq!(hooked.post(&[("stripe-signature", &format!("{good},v1={zeros},v0=x"))], body.clone().into()).await.0, 200);
        assert_eq!(hooked.inbox().await.len(), 1);
    }

    async fn s28_a_header_of_a_mebibyte_is_refused_before_anything_is_read(hooked: Hooked) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut socket = tokio::net::TcpStream::connect(hooked.url.trim_start_matches("http://")).await.unwrap();
        let head = format!("POST /stripe/webhooks/yzth HTTP/1.1\r\nhost: x\r\nstripe-signature: {}", "a".repeat(1 << 20));
        // The server hangs up within it: that the rest cannot be written is what is asked for.
        let _ = socket.write_all(format!("{head}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert!(hooked.inbox().await.is_empty());
    }

    async fn trap_50_during_a_roll_both_secrets_count_and_after_a_day_the_new_one_alone(hooked: Hooked) {
        let new = "whsec_fedcba9876543210";
        hooked.integrate(Change { webhook_secret: Some(new.to_owned().into()), ..Change::default() }).await;
        // Escaped as another serializer would write it: re-encoded it would be other bytes.
        let event = hooked.act(r#"{"do":"create_customer","name":"Zo\u00eb"}"#).remove(0);
        let body = event.to_string().replace('ë', "\\u00eb").replace(':', " : ");
        assert!(body.contains("\\u00eb"));
        for secret in [SECRET, new] {
            let header = hooked.signature(&body, secret);
            assert_eq!(hooked.post(&[("stripe-signature", &header)], body.clone().into()).await.0, 200, "{secret}");
        }
        let both = format!("{},v1={}", hooked.signature(&body, "whsec_wrong"), digest(hooked.clock.now().timestamp(), &body, new));
        assert_eq!(hooked.post(&[("stripe-signature", &both)], body.clone().into()).await.0, 200, "the wrong one first");
        hooked.clock.advance(Duration::hours(24));
        for (secret, status) in [(SECRET, 400), (new, 200)] {
            let header = hooked.signature(&body, secret);
            assert_eq!(hooked.post(&[("stripe-signature", &header)], body.clone().into()).await.0, status, "{secret}");
        }
        assert_eq!(hooked.inbox().await[0].deliveries, 4);
    }

    async fn s29_what_is_of_no_use_here_is_taken_counted_and_changes_nothing(hooked: Hooked) {
        let before = hooked.changes().await.len();
        let event = hooked.act(r#"{"do":"edit_customer","name":"Unseen"}"#).remove(0);
        let with = |id: &str, field: &str, value: Value| {
            let mut event = event.clone();
            event["id"] = id.into();
            event[field] = value;
            event
        };
        let mut unknown = with("evt_4", "type", "payment_intent.created".into());
        unknown["data"]["object"]["object"] = "payment_intent".into();
        let mut other = hooked.deauthorized(hooked.simulator.clock.seconds());
        other["data"]["object"]["id"] = "ca_another".into();
        let cases = [
            (with("evt_1", "account", "acct_nobody".into()), Reason::UnknownAccount),
            (with("evt_2", "account", Value::Null), Reason::NoAccount),
            (with("evt_3", "livemode", true.into()), Reason::WrongMode),
            (unknown, Reason::UnknownType),
            (other, Reason::OtherApplication),
        ];
        for (event, reason) in cases {
            assert_eq!(hooked.deliver(&event).await, 200, "{reason:?}");
            let row = hooked.inbox().await.into_iter().find(|row| row.id == event["id"].as_str().unwrap()).unwrap();
            assert_eq!((row.state, row.reason), (State::Ignored, Some(reason)));
            assert_eq!(hooked.today().await["ignored"][reason.as_str()], 1);
        }
        let integration = store::integrations::by_key(&hooked.db, "yzth").await.unwrap().unwrap();
        let (account, now) = (hooked.connection, hooked.clock.now());
        let tx = store::write(&hooked.db).await.unwrap();
        assert!(store::connections::set_ended(&tx, account, Status::Unlinked, now).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(hooked.deliver(&with("evt_5", "livemode", false.into())).await, 200);
        let row = hooked.inbox().await.into_iter().find(|row| row.id == "evt_5").unwrap();
        assert_eq!((row.state, row.reason), (State::Ignored, Some(Reason::Disconnected)));
        let thin = r#"{"object":"v2.core.event","id":"evt_6","type":"v2.x","created":"2026-01-01T00:00:00.000Z"}"#;
        assert_eq!(hooked.deliver_text(thin).await, 400, "a thin event is refused, and said so");
        assert_eq!(hooked.deliver_text("[]").await, 400);
        assert_eq!(hooked.deliver_text(&with("evt_\u{0}", "livemode", false.into()).to_string()).await, 400);
        assert_eq!(hooked.follow().await, 0, "nobody was woken");
        assert_eq!(hooked.changes().await.len(), before);
        assert_eq!(hooked.inbox().await.len(), 6);
        assert!(hooked.inbox().await.iter().all(|row| row.integration_id == integration.id));
    }

    async fn r28_an_owner_who_ends_the_access_ends_the_connection_at_once_but_not_a_later_one(hooked: Hooked) {
        let linked_at = hooked.clock.now().timestamp();
        let row = store::connections::by_id(&hooked.db, hooked.connection).await.unwrap().unwrap();
        let granted = store::connections::Granted {
            account_id: hooked.account.clone(),
            account_name: None,
            livemode: false,
            scope: "read_only".to_owned(),
        };
        store::connections::set_linked(&hooked.db, row.id, granted, hooked.clock.now()).await.unwrap();
        // Of an access that was granted anew since: Stripe is asked, and lets us in.
        for created in [linked_at - 3_600, linked_at] {
            assert_eq!(hooked.deliver(&hooked.deauthorized(created)).await, 200);
            assert!(hooked.follow().await > 0, "Stripe is asked");
            assert_eq!(hooked.status().await, Status::Linked, "{}", created - linked_at);
        }
        assert_eq!(hooked.deliver(&hooked.deauthorized(linked_at + 1)).await, 200);
        assert_eq!(hooked.status().await, Status::Deauthorized, "it ends with the answer, before any job runs");
        assert!(credential::Entity::find_by_id(hooked.connection).one(&hooked.db).await.unwrap().is_none());
        let states: Vec<_> = hooked.inbox().await.into_iter().map(|row| (row.created - linked_at, row.state)).collect();
        assert!(states.contains(&(1, State::Done)) && states.contains(&(0, State::Ignored)), "{states:?}");
        // What was told before it ended has nobody to follow it.
        hooked.follow().await;
        assert!(stripe_hint::Entity::find().all(&hooked.db).await.unwrap().is_empty());
    }

    async fn r13_an_event_of_an_object_whose_parent_is_unknown_is_kept_and_linked_when_the_parent_arrives(hooked: Hooked) {
        let customer = hooked.act(r#"{"do":"create_customer","name":"Late","email":"late@example.com"}"#).remove(0);
        let id = customer["data"]["object"]["id"].as_str().unwrap().to_owned();
        let charge = hooked.act(&json!({ "do": "charge", "customer": id }).to_string());
        for event in &charge {
            assert_eq!(hooked.deliver(event).await, 200);
        }
        hooked.follow().await;
        let of_customer = |row: &entity::payment::Model| row.customer_id.as_deref() == Some(id.as_str());
        let payments = entity::payment::Entity::find().filter(entity::payment::Column::ConnectionId.eq(hooked.connection));
        let payments = payments.all(&hooked.db).await.unwrap();
        assert_eq!(payments.iter().filter(|row| of_customer(row)).count(), 1, "the payment is kept, and names its customer");
        let there = || customer::Entity::find_by_id((hooked.connection, id.clone())).one(&hooked.db);
        assert!(there().await.unwrap().is_none());
        assert_eq!(hooked.deliver(&customer).await, 200);
        hooked.follow().await;
        assert!(there().await.unwrap().is_some());
        compare(&hooked, hooked.connection, &hooked.account).await;
    }

    async fn r14_a_late_update_of_a_deleted_object_leaves_it_deleted(hooked: Hooked) {
        let update = hooked.act(r#"{"do":"edit_customer","name":"Before the end"}"#).remove(0);
        let id = update["data"]["object"]["id"].as_str().unwrap().to_owned();
        let delete = hooked.act(&json!({ "do": "delete_customer", "customer": id }).to_string());
        let before = hooked.changes().await.len();
        for event in delete.iter().chain([&update]) {
            assert_eq!(hooked.deliver(event).await, 200);
            hooked.follow().await;
        }
        let row = customer::Entity::find_by_id((hooked.connection, id.clone())).one(&hooked.db).await.unwrap().unwrap();
        assert!(row.deleted_at.is_some(), "a tombstone with its time");
        let told = hooked.changes().await;
        let told: Vec<_> = told[before..].iter().filter(|change| change.record_id == id).map(|change| change.kind).collect();
        assert_eq!(told, [change::Kind::Deleted], "the feed shows the end once, and nothing after it");
        compare(&hooked, hooked.connection, &hooked.account).await;
    }
}

/// Lets time pass, at Stripe too.
fn wait(hooked: &Hooked, time: Duration) {
    hooked.simulator.clock.advance(time.num_milliseconds());
    hooked.clock.advance(time);
}

/// A look at the events now, as the schedule asks for it.
async fn look(hooked: &Hooked) {
    let now = Next { sync: Some(hooked.clock.now()), pass: None };
    store::connections::reschedule(&hooked.db, hooked.connection, now).await.unwrap();
    hooked.work().await;
}

/// What can happen in a shop.
const ACTIONS: [&str; 8] = [
    r#"{"do":"charge"}"#,
    r#"{"do":"refund"}"#,
    r#"{"do":"dispute"}"#,
    r#"{"do":"create_customer"}"#,
    r#"{"do":"edit_customer","name":"Another name"}"#,
    r#"{"do":"delete_customer"}"#,
    r#"{"do":"edit_product","name":"Another thing"}"#,
    r#"{"do":"payout_advance"}"#,
];

both! {
    async fn r11_shuffled_doubled_late_and_lost_webhooks_between_looks_end_with_what_stripe_has(hooked: Hooked) {
        use rand::seq::SliceRandom;
        use rand::{RngExt, SeedableRng};
        let seed: u64 = rand::random();
        eprintln!("seed {seed}");
        let mut random = rand::rngs::StdRng::seed_from_u64(seed);
        let mut under_way: Vec<Value> = Vec::new();
        for _ in 0..3 {
            for _ in 0..6 {
                // Several within one second: the simulated clock goes on by itself, slowly.
                for _ in 0..random.random_range(1..4) {
                    // What does not fit the shop as it stands does not happen.
                    let action = ACTIONS[random.random_range(0..ACTIONS.len())];
                    under_way.extend(hooked.try_act(action).unwrap_or_default());
                }
                under_way.shuffle(&mut random);
                let arrive = random.random_range(0..=under_way.len());
                for event in under_way.split_off(under_way.len() - arrive) {
                    for _ in 0..random.random_range(0..3) {
                        assert_eq!(hooked.deliver(&event).await, 200);
                    }
                }
                hooked.follow().await;
            }
            look(&hooked).await;
            wait(&hooked, Duration::seconds(100));
        }
        look(&hooked).await;
        compare(&hooked, hooked.connection, &hooked.account).await;
    }

    async fn r16_an_event_that_the_list_shows_late_is_not_missed(hooked: Hooked) {
        // Late enough for the cursor to pass its other event by, too: the one of its balance transaction, a while after it.
        let now = hooked.simulator.clock.seconds();
        let late = hooked.act(&json!({ "do": "charge", "created": now, "visible_after": now + 300 }).to_string());
        let charge = late.iter().map(|event| &event["data"]["object"]).find(|object| object["object"] == "charge");
        let id = charge.unwrap()["id"].as_str().unwrap().to_owned();
        wait(&hooked, Duration::seconds(290));
        hooked.act(r#"{"do":"create_customer"}"#);
        look(&hooked).await;
        let charges = async || store::source_objects::of_kind(&hooked.db, hooked.connection, "charge").await.unwrap();
        assert!(charges().await.iter().all(|row| row.id != id), "it could be seen before its time: nothing is tested");
        wait(&hooked, Duration::seconds(30));
        look(&hooked).await;
        assert!(charges().await.iter().any(|row| row.id == id), "the cursor has passed it by");
        compare(&hooked, hooked.connection, &hooked.account).await;
    }

    async fn r16_an_event_that_is_quicker_than_its_object_is_come_back_to(hooked: Hooked) {
        let now = hooked.simulator.clock.seconds();
        let early = hooked.act(&json!({ "do": "charge", "created": now, "visible_after": now + 120 }).to_string());
        let event = early.iter().find(|event| event["data"]["object"]["object"] == "charge").unwrap();
        assert_eq!(hooked.deliver(event).await, 200);
        // The schedule's own look follows it, not the webhook alone.
        look(&hooked).await;
        let id = event["id"].as_str().unwrap();
        let seen = store::seen_events::among(&hooked.db, hooked.connection, &[id]).await.unwrap();
        assert!(seen.is_empty(), "the event of a charge that is not there yet counts as followed");
        wait(&hooked, Duration::minutes(3));
        look(&hooked).await;
        compare(&hooked, hooked.connection, &hooked.account).await;
    }

    async fn r15_an_event_behind_two_thousand_that_are_known_is_found(hooked: Hooked) {
        let lost = hooked.act(r#"{"do":"edit_customer","name":"An edit whose webhook was lost"}"#).remove(0);
        wait(&hooked, Duration::minutes(1));
        let mut known = Vec::new();
        while known.len() < 2_050 {
            known.extend(hooked.act(r#"{"do":"edit_product","name":"Another name"}"#));
        }
        // All of them name one product: its last webhook is enough for it to be read.
        assert_eq!(hooked.deliver(known.last().unwrap()).await, 200);
        hooked.follow().await;
        wait(&hooked, Duration::hours(1));
        let known = known.iter().map(|event| (event["id"].as_str().unwrap(), event["created"].as_i64().unwrap()));
        let known: Vec<(String, i64)> = known.map(|(id, created)| (id.to_owned(), created)).collect();
        let tx = store::write(&hooked.db).await.unwrap();
        store::seen_events::note(&tx, hooked.connection, &known, 0).await.unwrap();
        tx.commit().await.unwrap();
        let pages = hooked.asked("GET /v1/events").await;
        look(&hooked).await;
        let row = hooked.house.connection(hooked.connection).await;
        let complete = tributary::sync::complete::of(&hooked.db, hooked.connection, row.quiet_until).await.unwrap();
        let customers = complete.into_iter().find(|one| one.data_type == DataType::Customers).unwrap();
        assert!(customers.until.is_some_and(|until| until.timestamp() > lost["created"].as_i64().unwrap()));
        assert!(hooked.asked("GET /v1/events").await - pages > 20, "the older pages were not asked for");
        compare(&hooked, hooked.connection, &hooked.account).await;
    }

    async fn r15_an_endpoint_that_was_off_for_an_hour_a_month_or_longer_costs_nothing_but_time(hooked: Hooked) {
        // Stripe keeps events for 30 days; the last of them is not counted on.
        let times = [(Duration::hours(1), false), (Duration::days(28), false)];
        for (off, is_gap) in times.into_iter().chain([29, 31].map(|days| (Duration::days(days), true))) {
            for action in [ACTIONS[0], ACTIONS[1], ACTIONS[4]] {
                hooked.act(action);
            }
            wait(&hooked, off);
            let begins = async || store::sync_heads::find(&hooked.db, hooked.connection).await.unwrap().unwrap().events_from;
            let (before, lists) = (begins().await, crate::oracle::listing_reads(&hooked).await);
            look(&hooked).await;
            // Events are followed from a new beginning only after everything was listed anew.
            assert_eq!(begins().await != before, is_gap, "{off}");
            let read = crate::oracle::listing_reads(&hooked).await - lists;
            assert!(!is_gap || read >= crate::oracle::pages(&hooked, &hooked.account), "{off}: {read} list pages");
            compare(&hooked, hooked.connection, &hooked.account).await;
        }
    }

    async fn r15_after_many_events_it_follows_them_in_parts_and_goes_on_where_it_was_left(hooked: Hooked) {
        // Two thousand events are followed together. A customer makes two: here are more.
        const CUSTOMERS: u64 = 1_075;
        for _ in 0..CUSTOMERS {
            hooked.act(r#"{"do":"create_customer"}"#);
        }
        hooked.act(r#"{"do":"charge"}"#);
        wait(&hooked, Duration::hours(1));
        let fails = json!({
            "name": "later page", "endpoint": "GET /v1/events", "from": 21,
            "fault": { "kind": "status", "status": 500, "should_retry": false }
        });
        hooked.simulator.faults.add(serde_json::from_value(fails).unwrap());
        let cursor = async || {
            let rows = store::checkpoints::of(&hooked.db, hooked.connection).await.unwrap();
            rows.into_iter().find(|row| row.stream == store::checkpoints::EVENTS).unwrap().cursor
        };
        let before = cursor().await;
        let read = async || hooked.asked("GET /v1/customers/{id}").await;
        look(&hooked).await;
        assert_eq!(hooked.simulator.faults.fired("later page"), 1, "the second part was not asked for");
        let first = read().await;
        assert!(first > CUSTOMERS - 300, "{first} customers were read");
        assert_eq!(cursor().await, before, "the cursor has passed by what was not followed");
        wait(&hooked, Duration::hours(1));
        look(&hooked).await;
        let second = read().await - first;
        assert!(second >= CUSTOMERS - first && second < 300, "{second} customers were read when it went on");
        assert_ne!(cursor().await, before);
        compare(&hooked, hooked.connection, &hooked.account).await;
    }
}

/// The webhook endpoints that the platform has at the simulated Stripe.
async fn endpoints(hooked: &Hooked) -> Vec<Value> {
    let url = format!("{}/v1/webhook_endpoints", hooked.simulator.url);
    let answer = crate::house::http().get(url).bearer_auth(simulator::http::DEFAULT_SECRET_KEY).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"].as_array().unwrap().clone()
}

/// Waits until an event that happens now has arrived by itself.
async fn hears(hooked: &Hooked) {
    let id = hooked.act(r#"{"do":"create_customer"}"#)[0]["id"].clone();
    let arrived = async {
        while !hooked.inbox().await.iter().any(|row| row.id == id) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), arrived).await.expect("it does not arrive");
}

both! {
    async fn r28_an_endpoint_is_registered_at_stripe_hears_and_is_rolled_without_losing_anything(hooked: Hooked) {
        let key = hooked.api_key().await;
        let (status, said) = hooked.house.post("/integrations/yzth/webhook", &key, &json!({})).await;
        assert_eq!(status, 200, "{said}");
        let webhook = &said["settings"]["webhook"];
        let url = format!("{}/stripe/webhooks/yzth", hooked.url);
        assert_eq!(webhook["url"], url.as_str());
        assert_eq!(webhook["lastReceivedAt"], Value::Null);
        let made = endpoints(&hooked).await;
        assert_eq!((made.len(), &made[0]["url"], &made[0]["id"]), (1, &url.into(), &webhook["endpointId"]));
        assert_eq!(made[0]["api_version"], "2026-10-28.endive");
        hears(&hooked).await;

        // The installation moves to another address: the endpoint there takes the place of the first one.
        let moved = format!("{}/stripe/webhooks/yzth?moved", hooked.url);
        let environment = [
            ("TRIBUTARY_MASTER_KEY", secrecy::ExposeSecret::expose_secret(&hooked.ground.master.to_text()).to_owned()),
            ("TRIBUTARY_STRIPE_API_BASE", hooked.simulator.url.clone()),
            ("TRIBUTARY_DATABASE_URL", hooked.ground.url.clone()),
        ];
        let mut command = tributary(&["integration", "set", "yzth", "--register-webhook", &moved]);
        let said = answer(command.envs(environment.clone())).await;
        assert!(said.contains(&format!("posts to {moved}")), "{said}");
        let now = endpoints(&hooked).await;
        assert_eq!((now.len(), &now[0]["url"]), (1, &moved.into()));
        assert_ne!(now[0]["id"], made[0]["id"]);
        hears(&hooked).await;
        let today = hooked.get("/integrations/yzth", &key).await.1["settings"]["webhook"].clone();
        assert_eq!(today["today"]["refused"], json!({}), "{today}");
        assert!(today["previousSecretUntil"].is_string() && today["lastReceivedAt"].is_string(), "{today}");
        let doctor = String::from_utf8(output(tributary(&["doctor"]).envs(environment)).await.stdout).unwrap();
        let line = doctor.lines().find(|line| line.contains("webhooks of Stripe Test (yzth)")).expect("doctor says nothing");
        assert!(line.starts_with("ok ") && line.contains("?moved"), "{line}");
    }

    async fn r28_an_endpoint_that_stripe_could_not_reach_is_refused_and_nothing_is_saved(hooked: Hooked) {
        let key = hooked.api_key().await;
        for (integration, body, part) in [
            ("exgd", json!({ "url": "http://localhost:8080" }), "must be https"),
            ("exgd", json!({ "url": "https://127.0.0.1" }), "where Stripe's live events do not come"),
            ("exgd", json!({ "url": "https://data.example.com" }), "no secret key yet"),
            ("yzth", json!({ "url": "nowhere" }), "url is no address"),
            ("yzth", json!({ "uri": "https://data.example.com" }), "uri"),
        ] {
            let path = format!("/integrations/{integration}/webhook");
            let (status, said) = hooked.house.post(&path, &key, &body).await;
            assert!(status == 400 && said["error"].as_str().unwrap().contains(part), "{status} {said}");
        }
        assert_eq!(hooked.house.post("/integrations/none/webhook", &key, &json!({})).await.0, 404);
        assert_eq!(hooked.house.post("/integrations/yzth/webhook", "", &json!({})).await.0, 401);
        assert!(endpoints(&hooked).await.is_empty());
        let rows = store::integrations::all(&hooked.db).await.unwrap();
        assert!(rows.iter().all(|row| row.webhook_endpoint_id.is_none()));
    }
}
