//! Stripe's webhooks in: what is believed, what is kept, what follows, and what the copy is like afterwards.

use chrono::Duration;
use entity::connection::Status;
use entity::id::ConnectionId;
use entity::stripe_event::{self, Reason, State};
use entity::{change, credential, customer, stripe_hint};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::world::Action;
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{self, compare, linked};

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
        let house = House::on(kind).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        // The simulated Stripe is ten minutes on; it signs and tells with that clock.
        house.clock.advance(Duration::minutes(10));
        house.integrate(Change { webhook_secret: Some(SECRET.to_owned().into()), ..Change::default() }).await;
        house.work().await;
        Self { house, account, connection }
    }

    /// Makes something happen at Stripe, and returns its events.
    pub fn act(&self, action: &str) -> Vec<Value> {
        let action: Action = serde_json::from_str(action).unwrap();
        self.simulator.world.act(&self.account, action, self.simulator.clock.seconds()).unwrap()
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
        let mut request = reqwest::Client::new().post(format!("{}/stripe/webhooks/yzth", self.url)).body(body);
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
        let key = self.api_key().await;
        self.get("/integrations/yzth", &key).await.1["settings"]["webhook"]["today"].clone()
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
        hooked.clock.advance(Duration::hours(23));
        store::connections::reschedule(&hooked.db, hooked.connection, Some(hooked.clock.now()), None).await.unwrap();
        hooked.work().await;
        assert_eq!(hooked.asked("GET /v1/events").await, polls + 1);
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
        blocked.rollback().await.unwrap();
        assert_eq!(delivery.await, 200);
        assert_eq!(hooked.inbox().await.len(), 1);
    }

    async fn r12_one_event_delivered_a_hundred_times_at_once_has_one_effect(hooked: Hooked) {
        let before = hooked.changes().await.len();
        let event = hooked.act(r#"{"do":"edit_customer","name":"Once"}"#).remove(0);
        let statuses = futures::future::join_all((0..100).map(|_| hooked.deliver(&event))).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        let inbox = hooked.inbox().await;
        assert_eq!((inbox.len(), inbox[0].deliveries), (1, 100));
        let reads = hooked.asked("GET /v1/customers/{id}").await;
        hooked.follow().await;
        assert_eq!(hooked.asked("GET /v1/customers/{id}").await - reads, 1, "one delivery of a hundred is read");
        assert_eq!(hooked.changes().await.len() - before, 1, "one effect");
        assert_eq!(hooked.deliver(&event).await, 200, "days later it is taken again");
        assert_eq!(hooked.follow().await, 0, "and changes nothing");
        assert_eq!(hooked.today().await["duplicates"], 100);
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
