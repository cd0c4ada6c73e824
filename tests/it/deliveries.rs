//! Webhooks out: what is told, how it is signed, and what becomes of it when receivers fail in each way.

use std::str::FromStr;

use chrono::TimeDelta;
use entity::delivery::{self, Status};
use entity::id::WebhookConsumerId;
use entity::{dataset, delivery_attempt, webhook_event};
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::connect::webhook_secrets;
use tributary::store;
use tributary::sync::told;

use crate::both;
use crate::house::House;
use crate::oracle::linked;
use crate::receiver::{Heard, Manner, Receiver, resetting, subscribe};
use crate::visitor::Visitor;

/// A new company: its id.
async fn company(house: &House, key: &str, body: &Value) -> String {
    let (status, made) = house.post("/companies", key, body).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn deliveries(house: &House) -> Vec<delivery::Model> {
    delivery::Entity::find().order_by_asc(delivery::Column::EventId).all(&house.db).await.unwrap()
}

async fn attempts(house: &House) -> Vec<delivery_attempt::Model> {
    delivery_attempt::Entity::find().order_by_asc(delivery_attempt::Column::Number).all(&house.db).await.unwrap()
}

fn kinds(heard: &[Heard]) -> Vec<String> {
    heard.iter().map(|one| one.json()["eventType"].as_str().unwrap().to_owned()).collect()
}

/// Moves the time to the next try of the only delivery.
async fn until_next_try(house: &House) {
    house.clock.set(deliveries(house).await[0].run_at);
}

/// Whether the published library believes what was heard, by this secret.
fn is_believed(heard: &Heard, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, heard.header(name).parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(&heard.body, &headers).is_ok()
}

async fn secrets(house: &House, id: &str) -> Vec<String> {
    let id = WebhookConsumerId::from_str(id).unwrap();
    let row = store::webhook_consumers::find(&house.db, id).await.unwrap().unwrap();
    let keys = house.ground.keys();
    let all = webhook_secrets::signing(&house.db, &keys, &row, house.clock.now()).await.unwrap();
    all.iter().map(|secret| secrecy::ExposeSecret::expose_secret(secret).to_owned()).collect()
}

both! {
    async fn companies_and_connections_tell_what_happens_to_them(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
        let made = json!({ "name": "A shop", "description": "Corner", "tags": { "region": "uk" } });
        let id = company(&house, &key, &made).await;
        // Several that are due at once may arrive in any order.
        house.tell().await;
        let path = format!("/companies/{id}/connections");
        let (_, connection) = house.post(&path, &key, &json!({ "platformKey": "yzth" })).await;
        house.tell().await;
        let heard = receiver.heard();
        assert_eq!(kinds(&heard), ["company.created", "connection.created"]);
        let told = heard[0].json();
        assert_eq!(told["payload"]["id"], id);
        assert_eq!(told["payload"]["tags"], json!({ "region": "uk" }));
        assert_eq!(told["payload"]["redirect"], format!("{}/link/companies/{id}/start", house.url));
        assert_eq!(told["id"], heard[0].header("webhook-id"));
        let told = heard[1].json();
        assert_eq!(told["payload"]["referenceCompany"]["name"], "A shop");
        assert_eq!(told["payload"]["referenceCompany"]["links"]["portal"], format!("{}/portal/companies/{id}", house.url));
        let mut shown = connection.clone();
        shown["linkUrl"] = shown["linkUrl"].as_str().unwrap().split('?').next().unwrap().into();
        assert_eq!(told["payload"]["connection"], shown, "as the API shows it, but for its Link URL's token");

        let connection = connection["id"].as_str().unwrap();
        assert_eq!(house.send(reqwest::Method::DELETE, &format!("{path}/{connection}"), &key, None).await.0, 200);
        house.tell().await;
        assert_eq!(house.send(reqwest::Method::DELETE, &format!("/companies/{id}"), &key, None).await.0, 204);
        house.tell().await;
        assert_eq!(kinds(&receiver.heard()[2..]), ["connection.deleted", "company.deleted"]);
        let left = webhook_event::Entity::find().all(&house.db).await.unwrap();
        assert!(left.iter().all(|event| event.is_brief), "what was told of it goes");
        store::retention::webhook_events(&house.db, None).await.unwrap();
        assert_eq!(webhook_event::Entity::find().count(&house.db).await.unwrap(), 0);
        assert!(deliveries(&house).await.is_empty() && attempts(&house).await.is_empty());
    }

    async fn a_read_tells_its_end_once_and_the_first_sync_its_own(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (id, connection) = linked(&house, &account).await;
        house.work().await;
        house.tell().await;
        house.tell().await;
        let heard = receiver.heard();
        let initial: Vec<_> = heard.iter().filter(|one| one.json()["eventType"] == "read.completed.initial").collect();
        assert_eq!(initial.len(), 1);
        let told = &initial[0].json()["payload"];
        assert_eq!(told["referenceCompany"]["id"], id.to_string());
        let types = told["dataTypes"].as_array().unwrap();
        assert!(types.len() > 5 && types.iter().all(|one| one["connectionId"] == connection.to_string()), "{told}");
        assert!(types.iter().any(|one| one["recordsModified"] == true && one["status"] == "Complete"), "{told}");
        // Each dataset's end is told by exactly one event.
        let mut ended: Vec<String> = Vec::new();
        for one in heard.iter().filter(|one| one.json()["eventType"] == "read.completed") {
            let told = one.json();
            let sets = told["payload"]["dataTypes"].as_array().unwrap().clone();
            ended.extend(sets.iter().map(|set| set["datasetId"].as_str().unwrap().to_owned()));
        }
        let mut datasets: Vec<String> = entity::dataset::Entity::find().all(&house.db).await.unwrap().iter()
            .filter(|row| row.status.is_final()).map(|row| row.id.to_string()).collect();
        ended.sort();
        datasets.sort();
        assert_eq!(ended, datasets);
    }

    async fn what_events_lead_to_is_there_and_opens_nothing(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
        let waiting = company(&house, &key, &json!({ "name": "A shop" })).await;
        house.post(&format!("/companies/{waiting}/connections"), &key, &json!({ "platformKey": "yzth" })).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (id, connection) = linked(&house, &account).await;
        assert_eq!(house.post(&format!("/companies/{id}/data/all"), &key, &json!({})).await.0, 204);
        let now = house.clock.now();
        told::end_all(&house.db, connection, dataset::Status::FetchError, "Stripe is away.", now).await.unwrap();
        house.tell().await;

        let heard: Vec<Value> = receiver.heard().iter().map(Heard::json).collect();
        assert!(heard.iter().all(|one| !one.to_string().contains("token=")), "{heard:?}");
        let told = |kind: &str| heard.iter().find(|one| one["eventType"] == kind).unwrap()["payload"].clone();
        for page in [&told("company.created")["redirect"], &told("connection.created")["connection"]["linkUrl"]] {
            Visitor::new().visit(&page.as_str().unwrap().parse().unwrap()).await.is(404).shows("It is not complete");
        }
        let read = told("read.completed");
        assert_eq!(read["referenceCompany"]["links"], json!({ "portal": format!("{}/portal/companies/{id}", house.url) }));
        let issue = &read["dataTypes"][0]["issues"][0];
        let path = |name: &str| issue["links"][name].as_str().unwrap().strip_prefix(&house.url).unwrap().to_owned();
        let (status, found) = house.get(&path("logs"), &key).await;
        assert_eq!((status, &found["errors"][0]["message"]), (200, &issue["message"]), "{found}");
        assert_eq!(house.get(&path("logs"), "").await.0, 401);
        assert_eq!(path("portal"), format!("/portal/companies/{id}/syncs"));
        let pages = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/frontend/src/router.tsx")).unwrap();
        for page in ["\"/companies/$companyId\"", "\"/companies/$companyId/syncs\""] {
            assert!(pages.contains(page), "the portal has no page {page}");
        }
        let (tag, operation) = ("Read%20data", "get-read-validation-results");
        assert_eq!(path("readMore"), format!("/docs#/{tag}/{operation}"));
        let (_, described) = house.get("/openapi.json", "").await;
        let described = &described["paths"]["/companies/{companyId}/sync/{datasetId}/validation"]["get"];
        assert_eq!((&described["operationId"], &described["tags"]), (&json!(operation), &json!([tag.replace("%20", " ")])));
    }

    async fn only_those_are_told_who_asked_for_the_kind_and_the_tag(house: House) {
        let (key, all, some, none) =
            (house.api_key().await, Receiver::start().await, Receiver::start().await, Receiver::start().await);
        let asked = |url: &str, kinds: &[&str], tags: &[&str]| {
            json!({ "url": url, "eventTypes": kinds, "companyTags": tags })
        };
        subscribe(&house, &key, &asked(&all.url, &["company.created"], &[])).await;
        subscribe(&house, &key, &asked(&some.url, &["company.*"], &["region:uk", "plan:a"])).await;
        subscribe(&house, &key, &asked(&none.url, &["connection.created"], &[])).await;
        company(&house, &key, &json!({ "name": "Told to one" })).await;
        company(&house, &key, &json!({ "name": "Told to two", "tags": { "plan": "a" } })).await;
        house.tell().await;
        assert_eq!((all.count(), some.count(), none.count()), (2, 1, 0));
    }

    async fn s30_the_published_library_believes_what_is_sent_also_while_the_secret_changes(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        let send = async || {
            company(&house, &key, &json!({ "name": "A shop" })).await;
            house.tell().await;
            receiver.heard().pop().unwrap()
        };
        let old = secrets(&house, &id).await.remove(0);
        let heard = send().await;
        assert!(is_believed(&heard, &old));
        let mut forged = heard.clone();
        forged.body = format!("{} ", String::from_utf8_lossy(&heard.body)).into();
        assert!(!is_believed(&forged, &old), "a body that was changed");
        let key_bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &old["whsec_".len()..]).unwrap();
        assert!(key_bytes.len() >= 24);

        let consumer = WebhookConsumerId::from_str(&id).unwrap();
        let until = house.clock.now() + TimeDelta::hours(24);
        let new = webhook_secrets::rotate(&house.db, &house.ground.keys(), consumer, until).await.unwrap().unwrap();
        let new = secrecy::ExposeSecret::expose_secret(&new).to_owned();
        let heard = send().await;
        assert!(is_believed(&heard, &old) && is_believed(&heard, &new), "both sign for a day");
        assert_eq!(heard.header("webhook-signature").split(' ').count(), 2);
        house.clock.advance(TimeDelta::hours(25));
        assert_eq!(secrets(&house, &id).await, [new], "then one does");
        let sealed = store::webhook_consumers::find(&house.db, consumer).await.unwrap().unwrap();
        assert!(!format!("{sealed:?}").contains(&old));
    }

    async fn r38_each_failure_is_tried_again_under_the_same_id(house: House) {
        let key = house.api_key().await;
        let elsewhere = Receiver::start().await;
        let to = format!("{}/elsewhere", elsewhere.url);
        for (manner, error) in [
            (Manner::status(500), "answered 500"),
            (Manner::status(404), "answered 404"),
            (Manner::Says(302, vec![("location", to.clone())], Vec::new()), "redirect"),
            (Manner::Says(307, vec![("location", to.clone())], Vec::new()), "redirect"),
            (Manner::Hangs, "no answer"),
        ] {
            let receiver = Receiver::start().await;
            let id = receiver.subscribe(&house, &key).await;
            receiver.answer(manner.clone());
            company(&house, &key, &json!({ "name": "A shop" })).await;
            house.tell().await;
            assert_eq!(receiver.count(), 1, "{manner:?} happened");
            let last = attempts(&house).await.pop().unwrap();
            assert!(last.error.as_deref().unwrap().contains(error), "{last:?}");
            receiver.answer(Manner::status(204));
            house.tell().await;
            assert_eq!(receiver.count(), 1, "not before its time");
            until_next_try(&house).await;
            house.tell().await;
            let heard = receiver.heard();
            assert_eq!(heard.len(), 2);
            assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
            assert_eq!(heard[0].body, heard[1].body);
            assert_ne!(heard[0].header("webhook-timestamp"), heard[1].header("webhook-timestamp"));
            assert_eq!(deliveries(&house).await[0].status, Status::Delivered);
            assert_eq!(house.send(reqwest::Method::DELETE, &format!("/webhooks/{id}"), &key, None).await.0, 204);
            house.tell().await;
            assert!(deliveries(&house).await.is_empty(), "a consumer's deliveries go with it");
        }
        assert_eq!(elsewhere.count(), 0, "a redirect is never followed");
    }

    async fn r38_a_broken_connection_and_a_closed_port_are_tried_again(house: House) {
        let key = house.api_key().await;
        let (url, broken) = resetting().await;
        let closed = { Receiver::start().await.url.clone() };
        for url in [url, closed] {
            subscribe(&house, &key, &json!({ "url": url, "eventTypes": ["*"] })).await;
        }
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        assert!(*broken.lock().unwrap() >= 1, "it was broken off");
        let all = attempts(&house).await;
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|one| one.status_code.is_none() && one.error.is_some()), "{all:?}");
        assert!(deliveries(&house).await.iter().all(|one| one.status == Status::Waiting && one.failures == 1));
    }

    async fn r38_a_receiver_that_was_down_for_two_days_gets_everything(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        receiver.answer(Manner::status(503));
        company(&house, &key, &json!({ "name": "A shop" })).await;
        let up = house.clock.now() + TimeDelta::hours(48);
        house.tell().await;
        while deliveries(&house).await[0].run_at < up {
            until_next_try(&house).await;
            house.tell().await;
        }
        let failures = receiver.count();
        assert!(failures >= 9, "{failures} tries failed");
        receiver.answer(Manner::status(200));
        until_next_try(&house).await;
        house.tell().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), failures + 1);
        assert!(heard.iter().all(|one| one.header("webhook-id") == heard[0].header("webhook-id")));
        assert_eq!(deliveries(&house).await[0].status, Status::Delivered);
        assert_eq!(attempts(&house).await.len(), heard.len());
    }

    async fn r38_what_asks_to_be_left_alone_is(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        receiver.answer(Manner::Says(429, vec![("retry-after", "7200".to_owned())], Vec::new()));
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        company(&house, &key, &json!({ "name": "Another" })).await;
        receiver.answer(Manner::status(200));
        house.clock.advance(TimeDelta::seconds(7_100));
        house.tell().await;
        assert_eq!(receiver.count(), 1, "nothing is sent while it is to be left alone, new events neither");
        house.clock.advance(TimeDelta::seconds(200));
        house.tell().await;
        assert_eq!(receiver.count(), 3);
        assert!(deliveries(&house).await.iter().all(|one| one.status == Status::Delivered));
    }

    async fn r38_a_receiver_that_is_gone_is_told_nothing_more(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        receiver.answer(Manner::status(410));
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        let row = store::webhook_consumers::find(&house.db, WebhookConsumerId::from_str(&id).unwrap()).await.unwrap();
        let row = row.unwrap();
        assert!(row.disabled && row.disabled_reason.unwrap().contains("410"));
        receiver.answer(Manner::status(200));
        company(&house, &key, &json!({ "name": "Another" })).await;
        house.clock.advance(TimeDelta::days(2));
        house.tell().await;
        assert_eq!(receiver.count(), 1);
    }

    async fn r38_a_dead_receiver_delays_nobody(house: House) {
        let (key, dead, alive) = (house.api_key().await, Receiver::start().await, Receiver::start().await);
        dead.answer(Manner::Hangs);
        dead.subscribe(&house, &key).await;
        alive.subscribe(&house, &key).await;
        for number in 0..30 {
            company(&house, &key, &json!({ "name": format!("Shop {number}") })).await;
        }
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        let lane = || house.worker.tell(CancellationToken::new());
        let (mut one, mut other) = (Box::pin(lane()), Box::pin(lane()));
        // Whichever of the two lanes has the dead one still waits when the other is done.
        tokio::select! {
            done = &mut one => assert!(done.unwrap()),
            done = &mut other => assert!(done.unwrap()),
        }
        assert_eq!(alive.count(), 30);
        assert!((1..=8).contains(&dead.count()), "{} were on their way to the dead one", dead.count());
    }

    async fn s24_an_address_that_is_not_open_is_refused_when_it_is_set(house: House) {
        let key = house.api_key().await;
        house.names.set("inside.example.com", &["10.0.0.7"]);
        house.names.set("both.example.com", &["93.184.216.34", "192.168.0.1"]);
        house.names.set("mapped.example.com", &["::ffff:10.0.0.1"]);
        house.names.set("nat64.example.com", &["64:ff9b::a00:1"]);
        for url in [
            "https://10.0.0.1/", "https://169.254.169.254/", "https://100.64.1.1/", "https://[fd00::1]/",
            "https://0xA000001/", "https://[::ffff:10.0.0.1]/", "https://inside.example.com/",
            "https://both.example.com/", "https://mapped.example.com/", "https://nat64.example.com/",
            "https://user:pass@example.com/", "ftp://example.com/", "http://93.184.216.34/",
            "https://93.184.216.34:25/",
        ] {
            let (status, refusal) = house.post("/webhooks", &key, &json!({ "url": url, "eventTypes": ["*"] })).await;
            assert_eq!(status, 400, "{url}");
            assert!(refusal["error"].as_str().unwrap().contains("url"), "{refusal}");
        }
        assert_eq!(house.get("/webhooks", &key).await.1, json!({ "results": [] }), "nothing is kept");
    }

    async fn s25_the_address_is_judged_at_every_send_and_the_judged_one_is_dialled(house: House) {
        let mut house = house;
        let key = house.api_key().await;
        let inside = Receiver::start().await;
        let port = inside.url.rsplit(':').next().unwrap().to_owned();
        let allowed = Receiver::at(format!("127.0.0.2:{port}").parse().unwrap()).await;
        // Only this one address is allowed now: it stands for the open Internet, and 127.0.0.1 for what is private.
        house.worker.courier = house.names.courier("127.0.0.2");
        house.names.set("hook.example.com", &["127.0.0.2"]);
        let url = format!("http://hook.example.com:{port}/");
        subscribe(&house, &key, &json!({ "url": url, "eventTypes": ["*"] })).await;
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        assert_eq!((allowed.count(), inside.count()), (1, 0));
        for rebound in [&["127.0.0.1"][..], &["127.0.0.2", "127.0.0.1"], &["127.0.0.1", "127.0.0.2"]] {
            house.names.set("hook.example.com", rebound);
            company(&house, &key, &json!({ "name": "A shop" })).await;
            house.tell().await;
            assert_eq!((allowed.count(), inside.count()), (1, 0), "{rebound:?}");
            let mut refused = attempts(&house).await.into_iter().filter_map(|one| one.error);
            assert!(refused.next_back().unwrap().contains("private"), "{rebound:?}");
        }
        house.names.set("hook.example.com", &["127.0.0.2"]);
        house.clock.advance(TimeDelta::seconds(30));
        house.tell().await;
        assert_eq!((allowed.count(), inside.count()), (4, 0), "what was refused waits for its next try");
    }

    async fn s26_of_an_answer_only_its_beginning_is_read_and_kept_as_text(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        receiver.subscribe(&house, &key).await;
        receiver.answer(Manner::Endless);
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        let one = attempts(&house).await.pop().unwrap();
        assert_eq!((one.status_code, one.error.as_deref(), one.reply_is_cut), (Some(200), None, true));
        assert_eq!(one.reply.unwrap().len(), 4 << 10);
        let hostile = b"<script>alert(1)</script>\0\xff".to_vec();
        receiver.answer(Manner::Says(400, Vec::new(), hostile));
        company(&house, &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        let all = attempts(&house).await;
        let one = all.iter().find(|one| one.status_code == Some(400)).unwrap();
        assert_eq!(one.reply.as_deref(), Some("<script>alert(1)</script>\u{fffd}\u{fffd}"));
        assert!(!one.reply_is_cut);
    }
}
