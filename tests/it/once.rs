//! `Idempotency-Key`: one effect, however often and in whatever way a request is sent again.

use std::collections::BTreeSet;

use entity::{api_key, company, idempotency_key};
use futures::future::join_all;
use reqwest::Response;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tributary::clock::Clock;

use crate::both;
use crate::house::House;
use crate::running::serve_until;

/// A POST of JSON under a key of its own.
async fn post(url: &str, path: &str, key: &str, name: &str, body: &Value) -> Response {
    let request = crate::house::http().post(format!("{url}{path}")).bearer_auth(key).header("idempotency-key", name);
    request.json(body).send().await.unwrap()
}

async fn json_of(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

async fn companies(house: &House) -> u64 {
    company::Entity::find().count(&house.db).await.unwrap()
}

both! {
    async fn s45_sent_again_it_has_no_second_effect_and_is_answered_as_before(house: House) {
        let key = house.api_key().await;
        let body = json!({ "name": "Once" });
        let first = post(&house.url, "/companies", &key, "k-1", &body).await;
        assert!(!first.headers().contains_key("idempotent-replayed"));
        let (status, first) = json_of(first).await;
        assert_eq!(status, 200, "{first}");
        // With another key of the same client, too.
        for key in [key.clone(), house.api_key().await] {
            let again = post(&house.url, "/companies", &key, "k-1", &body).await;
            assert_eq!(again.headers()["idempotent-replayed"], "true");
            assert_eq!(json_of(again).await, (200, first.clone()));
        }
        assert_eq!(companies(&house).await, 1);
        // Another body and another path are other requests.
        let (status, refused) = json_of(post(&house.url, "/companies", &key, "k-1", &json!({ "name": "Two" })).await).await;
        assert_eq!((status, refused["statusCode"].as_i64()), (400, Some(400)), "{refused}");
        let path = format!("/companies/{}/connections", first["id"].as_str().unwrap());
        assert_eq!(post(&house.url, &path, &key, "k-1", &body).await.status(), 400);
        assert_eq!(companies(&house).await, 1);
        // After a day it is forgotten.
        house.clock.advance(chrono::TimeDelta::hours(25));
        assert_eq!(tributary::store::idempotency::forget(&house.db, house.clock.now() - chrono::TimeDelta::days(1)).await.unwrap(), 1);
        assert_eq!(post(&house.url, "/companies", &key, "k-1", &body).await.status(), 200);
        assert_eq!(companies(&house).await, 2);
    }

    async fn s45_sent_many_times_at_once_it_is_done_once(house: House) {
        let key = house.api_key().await;
        let body = json!({ "name": "Once" });
        let answers = join_all((0..30).map(|_| post(&house.url, "/companies", &key, "k-2", &body))).await;
        let mut ids = BTreeSet::new();
        for answer in answers {
            match json_of(answer).await {
                (200, made) => { ids.insert(made["id"].to_string()); }
                (409, told) => assert!(told["error"].as_str().unwrap().contains("still being done"), "{told}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((ids.len(), companies(&house).await), (1, 1));
    }

    async fn s45_a_refusal_leaves_the_key_free_and_a_bad_key_is_refused(house: House) {
        let key = house.api_key().await;
        assert_eq!(post(&house.url, "/companies", &key, "k-3", &json!({ "name": 7 })).await.status(), 400);
        assert_eq!(idempotency_key::Entity::find().count(&house.db).await.unwrap(), 0);
        assert_eq!(post(&house.url, "/companies", &key, "k-3", &json!({ "name": "Right" })).await.status(), 200);
        for bad in ["", " ", &"k".repeat(256)] {
            assert_eq!(post(&house.url, "/companies", &key, bad, &json!({ "name": "No" })).await.status(), 400, "{bad:?}");
        }
        // Who is not known leaves nothing behind.
        assert_eq!(post(&house.url, "/companies", "trb_none", "k-4", &json!({ "name": "No" })).await.status(), 401);
        assert_eq!(idempotency_key::Entity::find().count(&house.db).await.unwrap(), 1);
        assert_eq!(companies(&house).await, 1);
    }

    async fn s45_a_secret_that_is_shown_once_is_kept_sealed_and_shown_again(house: House) {
        let key = house.api_key().await;
        let before = api_key::Entity::find().count(&house.db).await.unwrap();
        let (status, made) = json_of(post(&house.url, "/apiKeys", &key, "k-5", &json!({ "name": "new" })).await).await;
        assert_eq!(status, 201, "{made}");
        let secret = made["apiKey"].as_str().unwrap();
        let row = idempotency_key::Entity::find().one(&house.db).await.unwrap().unwrap();
        assert!(!row.answer.unwrap().contains(secret), "a secret lies open");
        let again = json_of(post(&house.url, "/apiKeys", &key, "k-5", &json!({ "name": "new" })).await).await;
        assert_eq!(again, (201, made));
        assert_eq!(api_key::Entity::find().count(&house.db).await.unwrap(), before + 1);
    }

    async fn s45_killed_before_its_answer_is_kept_it_is_not_done_again_and_told_so(house: House) {
        let key = house.api_key().await;
        let company = json_of(post(&house.url, "/companies", &key, "k-6", &json!({ "name": "A" })).await).await.1;
        let path = format!("/companies/{}/connections", company["id"].as_str().unwrap());
        // A caller is recognised twice: for the key, and by the route. At the second time the process ends.
        let served = serve_until(&house, "abort:answering:2");
        let line: Value = serde_json::from_str(&served.says("public_url").await).unwrap();
        let url = line["public_url"].as_str().unwrap().trim_end_matches('/').to_owned();
        let sent = crate::house::http().post(format!("{url}{path}")).bearer_auth(&key).header("idempotency-key", "k-7");
        assert!(sent.json(&json!({ "platformKey": "yzth" })).send().await.is_err(), "it was answered");
        assert!(!served.ended().await.success());
        let again = async || json_of(post(&house.url, &path, &key, "k-7", &json!({ "platformKey": "yzth" })).await).await;
        let (status, told) = again().await;
        assert_eq!(status, 409);
        assert!(told["error"].as_str().unwrap().contains("still being done"), "{told}");
        house.clock.advance(chrono::TimeDelta::minutes(10));
        let (status, told) = again().await;
        assert_eq!(status, 409);
        assert!(told["error"].as_str().unwrap().contains("cut off"), "{told}");
        assert_eq!(entity::connection::Entity::find().count(&house.db).await.unwrap(), 0);
    }
}
