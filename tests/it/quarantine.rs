//! A poison object harms nothing but itself, says why, and is stored once it is right.

use entity::id::{CompanyId, ConnectionId};
use entity::{quarantined, source_object};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::world::{Action, Kind, Query};
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind as Database};
use crate::oracle::{compare, linked};

/// A shop with poison in its lists, not synced yet.
struct Poisoned {
    house: House,
    account: String,
    company: CompanyId,
    connection: ConnectionId,
    /// The poison: an amount that no integer holds, a time beyond all years, a currency that is none, an object instead of
    /// a text.
    ids: [String; 4],
}

impl Poisoned {
    async fn on(kind: Database) -> Self {
        let house = House::on(kind).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        let ids = [Kind::Charge, Kind::Payout, Kind::Refund, Kind::Customer].map(|kind| first(&house, &account, kind));
        let mut poisoned = Self { house, account, company, connection, ids };
        poisoned.patch(0, json!({"amount": 99_999_999_999_999_999_999_u128.to_string(), "amount_captured": 1.5}));
        poisoned.patch(1, json!({"arrival_date": 999_999_999_999_999_i64}));
        poisoned.patch(2, json!({"currency": "€"}));
        poisoned.patch(3, json!({"name": {"first": "Ada"}}));
        poisoned
    }

    fn patch(&mut self, which: usize, fields: Value) {
        let Value::Object(fields) = fields else { panic!("fields") };
        let action = Action::Patch { id: self.ids[which].clone(), fields };
        self.house.simulator.world.act(&self.account, action, self.house.simulator.clock.seconds()).unwrap();
    }

    fn path(&self, rest: &str) -> String {
        format!("/companies/{}/connections/{}/quarantine{rest}", self.company, self.connection)
    }

    async fn sync(&self) {
        let task = Task::Sync { connection: self.connection };
        store::jobs::enqueue(&self.house.db, &task, self.house.clock.now()).await.unwrap();
        self.house.work().await;
    }

    async fn rows(&self) -> Vec<quarantined::Model> {
        store::quarantine::of(&self.house.db, self.connection).await.unwrap()
    }

    async fn asked(&self) -> u64 {
        let url = format!("{}/_simulator/requests", self.house.simulator.url);
        let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        counts["total"].as_u64().unwrap()
    }
}

/// The object in the middle of the first page of a list.
fn first(house: &House, account: &str, kind: Kind) -> String {
    let query = Query { limit: 9, now: house.simulator.clock.seconds(), ..Query::default() };
    let page = house.simulator.world.page(account, kind, &query).unwrap();
    page.data[page.data.len() / 2]["id"].as_str().unwrap().to_owned()
}

both! {
    async fn r23_what_nobody_has_heard_of_is_kept_as_it_is_and_stops_nothing(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let ids = [Kind::Charge, Kind::Payout, Kind::Customer].map(|kind| first(&house, &account, kind));
        let beyond = (1_i64 << 53) + 1;
        // Words, fields and a currency that are new, a number that no float holds, and nothing where there was something.
        let odd = [
            json!({"status": "settled_in_part", "lunar": {"phase": [1, null]}, "payment_method_details": null}),
            json!({"status": "in_orbit", "currency": "qqq", "amount": beyond, "method": null, "automatic": null}),
            json!({"name": null, "email": null, "metadata": null, "lunar": true}),
        ];
        for (id, fields) in ids.iter().zip(odd) {
            let Value::Object(fields) = fields else { panic!("fields") };
            let action = Action::Patch { id: id.clone(), fields };
            house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        }
        house.work().await;
        // Each object is kept as Stripe shows it, and nothing is set aside.
        compare(&house, connection, &account).await;
        let head = store::sync_heads::find(&house.db, connection).await.unwrap().unwrap();
        assert!(head.first_done_at.is_some(), "the first sync did not come to its end");
        let [charge, payout, customer] = ids.map(|id| (connection, id));
        let charge = entity::payment::Entity::find_by_id(charge).one(&house.db).await.unwrap().unwrap();
        assert_eq!(charge.status, entity::payment::Status::Unknown);
        let payout = entity::payout::Entity::find_by_id(payout).one(&house.db).await.unwrap().unwrap();
        assert_eq!((payout.status, payout.amount_minor), (entity::payout::Status::Unknown, beyond));
        assert_eq!(payout.currency, "QQQ");
        let customer = entity::customer::Entity::find_by_id(customer).one(&house.db).await.unwrap().unwrap();
        assert_eq!((customer.name, customer.email), (None, None));
    }

    async fn r24_poison_is_set_aside_with_its_reason_and_the_rest_of_its_page_is_stored(poisoned: Poisoned) {
        poisoned.house.work().await;
        let rows = poisoned.rows().await;
        let mut ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut expected: Vec<&str> = poisoned.ids.iter().map(String::as_str).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        let head = store::sync_heads::find(&poisoned.house.db, poisoned.connection).await.unwrap().unwrap();
        assert!(head.first_done_at.is_some(), "the poison blocked the first sync");
        let charges = entity::payment::Entity::find().filter(entity::payment::Column::Kind.eq("charge"));
        let charges = charges.count(&poisoned.house.db).await.unwrap();
        let theirs = poisoned.house.simulator.world.accounts()[0].charges;
        assert_eq!(charges, theirs - 1, "all but the poison");

        let key = poisoned.house.api_key().await;
        let (status, page) = poisoned.house.get(&poisoned.path(""), &key).await;
        assert_eq!((status, page["totalResults"].as_u64()), (200, Some(4)), "{page}");
        let (status, one) = poisoned.house.get(&poisoned.path(&format!("/{}", poisoned.ids[1])), &key).await;
        assert_eq!(status, 200, "{one}");
        assert_eq!(one["raw"]["arrival_date"], 999_999_999_999_999_i64);
        assert_eq!((&one["attempts"], &one["mapperVersion"]), (&json!(1), &json!(tributary::sync::map::MAPPER_VERSION)));
        assert!(one["reason"].as_str().unwrap().contains("`arrival_date`"), "{one}");
        assert_eq!(poisoned.house.get(&poisoned.path("/po_none"), &key).await.0, 404);
    }

    async fn r24_replay_stores_what_is_right_now_without_asking_stripe(poisoned: Poisoned) {
        poisoned.house.work().await;
        // The fix: the kept body of the payout is made right, the others stay as they are.
        let key = (poisoned.connection, "payout".to_owned(), poisoned.ids[1].clone());
        let row = source_object::Entity::find_by_id(key).one(&poisoned.house.db).await.unwrap().unwrap();
        let raw = store::source_objects::unpack(&row.body, row.codec).unwrap();
        let mut body: Value = serde_json::from_slice(&raw).unwrap();
        body["arrival_date"] = body["created"].clone();
        let (packed, codec) = store::source_objects::pack(body.to_string().as_bytes());
        let mut fixed = row.into_active_model();
        fixed.body = sea_orm::Set(packed);
        fixed.codec = sea_orm::Set(codec);
        source_object::Entity::update(fixed).exec(&poisoned.house.db).await.unwrap();

        let key = poisoned.house.api_key().await;
        let replay = poisoned.path("/replay");
        assert_eq!(poisoned.house.post(&replay, &key, &json!({"id": "po_none"})).await.0, 404);
        let (status, asked) = poisoned.house.post(&replay, &key, &json!({"id": poisoned.ids[1]})).await;
        assert_eq!((status, &asked["asked"]), (202, &json!(1)));
        let before = poisoned.asked().await;
        poisoned.house.work().await;
        assert_eq!(poisoned.asked().await - before, 1, "the run's own look at the events, and nothing for the replay");
        let rows = poisoned.rows().await;
        assert_eq!(rows.len(), 3, "{rows:?}");
        let payout = (poisoned.connection, poisoned.ids[1].clone());
        assert!(entity::payout::Entity::find_by_id(payout).one(&poisoned.house.db).await.unwrap().is_some());

        // All of them: three stay, each with one more try.
        let (status, asked) = poisoned.house.post(&replay, &key, &json!({})).await;
        assert_eq!((status, &asked["asked"]), (202, &json!(3)));
        poisoned.house.work().await;
        let rows = poisoned.rows().await;
        assert!(rows.len() == 3 && rows.iter().all(|row| row.attempts == 2 && row.replay_at.is_none()), "{rows:?}");
    }

    async fn r24_what_stripe_corrects_is_stored_and_leaves(poisoned: Poisoned) {
        let mut poisoned = poisoned;
        poisoned.house.work().await;
        let name = json!({"name": "Ada"});
        poisoned.patch(3, name);
        let edit = Action::EditCustomer {
            customer: Some(poisoned.ids[3].clone()),
            name: Some("Ada Lovelace".to_owned()),
            email: None,
        };
        poisoned.house.simulator.world.act(&poisoned.account, edit, poisoned.house.simulator.clock.seconds()).unwrap();
        poisoned.sync().await;
        assert!(poisoned.rows().await.iter().all(|row| row.id != poisoned.ids[3]));
        let customer = (poisoned.connection, poisoned.ids[3].clone());
        let row = entity::customer::Entity::find_by_id(customer).one(&poisoned.house.db).await.unwrap().unwrap();
        assert_eq!(row.name.as_deref(), Some("Ada Lovelace"));
    }

    async fn r24_an_object_that_crashed_the_mapper_three_times_waits_for_somebody(poisoned: Poisoned) {
        let mut poisoned = poisoned;
        poisoned.house.work().await;
        // The mapper of this version crashes on nothing that is known; that it did is written here.
        let row = poisoned.rows().await.into_iter().find(|row| row.id == poisoned.ids[3]).unwrap();
        let mut crashed = row.into_active_model();
        crashed.crashes = sea_orm::Set(Some(store::quarantine::CRASHES));
        quarantined::Entity::update(crashed).exec(&poisoned.house.db).await.unwrap();
        poisoned.patch(3, json!({"name": "Ada"}));
        let edit = Action::EditCustomer {
            customer: Some(poisoned.ids[3].clone()),
            name: Some("Ada Lovelace".to_owned()),
            email: None,
        };
        poisoned.house.simulator.world.act(&poisoned.account, edit, poisoned.house.simulator.clock.seconds()).unwrap();
        poisoned.sync().await;
        let customer = (poisoned.connection, poisoned.ids[3].clone());
        let kept = entity::customer::Entity::find_by_id(customer.clone()).one(&poisoned.house.db).await.unwrap();
        assert!(kept.is_none(), "it was tried by itself");
        assert_eq!(poisoned.rows().await.len(), 4, "it stays where it is");
        let key = poisoned.house.api_key().await;
        let (status, _) = poisoned.house.post(&poisoned.path("/replay"), &key, &json!({"id": poisoned.ids[3]})).await;
        assert_eq!(status, 202);
        poisoned.house.work().await;
        assert_eq!(poisoned.rows().await.len(), 3);
        let row = entity::customer::Entity::find_by_id(customer).one(&poisoned.house.db).await.unwrap().unwrap();
        assert_eq!(row.name.as_deref(), Some("Ada Lovelace"));
    }

    async fn r24_what_is_deleted_at_stripe_leaves_and_no_replay_brings_it_back(poisoned: Poisoned) {
        poisoned.house.work().await;
        let db = &poisoned.house.db;
        let row = poisoned.rows().await.into_iter().find(|row| row.id == poisoned.ids[3]).unwrap();
        let delete = Action::DeleteCustomer { customer: Some(poisoned.ids[3].clone()) };
        poisoned.house.simulator.world.act(&poisoned.account, delete, poisoned.house.simulator.clock.seconds()).unwrap();
        poisoned.sync().await;
        assert!(poisoned.rows().await.iter().all(|row| row.id != poisoned.ids[3]), "it is gone, and still set aside");
        // An older version left it there, and now it could be mapped.
        let (body, codec) = store::source_objects::pack(json!({"id": row.id, "object": "customer", "created": 1_700_000_000, "name": "Ada"}).to_string().as_bytes());
        let left = quarantined::Model { body, codec, ..row }.into_active_model();
        quarantined::Entity::insert(left).exec_without_returning(db).await.unwrap();
        let key = poisoned.house.api_key().await;
        let (status, _) = poisoned.house.post(&poisoned.path("/replay"), &key, &json!({"id": poisoned.ids[3]})).await;
        assert_eq!(status, 202);
        poisoned.house.work().await;
        assert!(poisoned.rows().await.iter().all(|row| row.id != poisoned.ids[3]));
        let customer = (poisoned.connection, poisoned.ids[3].clone());
        assert!(entity::customer::Entity::find_by_id(customer).one(db).await.unwrap().is_none());
        assert!(store::source_objects::is_gone(db, poisoned.connection, "customer", &poisoned.ids[3]).await.unwrap());
    }

    async fn r24_an_untouched_shop_has_no_quarantine(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        compare(&house, connection, &account).await;
        let key = house.api_key().await;
        let path = format!("/companies/{company}/connections/{connection}/quarantine");
        let (status, page) = house.get(&path, &key).await;
        assert_eq!((status, page["totalResults"].as_u64()), (200, Some(0)));
    }
}
