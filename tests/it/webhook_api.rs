//! What the API tells of webhooks out, and what it lets a developer do with them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::house::House;
use crate::receiver::{Manner, Receiver, subscribe};

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

both! {
    async fn a_delivery_is_shown_with_what_was_sent_and_what_came_back_and_is_sent_again(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        receiver.answer(Manner::Says(500, Vec::new(), b"out of order".to_vec()));
        house.post("/companies", &key, &json!({ "name": "A shop" })).await;
        house.tell().await;
        let path = format!("/webhooks/{id}/deliveries");
        let (status, page) = house.get(&path, &key).await;
        assert_eq!((status, &page["totalResults"]), (200, &json!(1)), "{page}");
        let row = &page["results"][0];
        assert_eq!((&row["eventType"], &row["status"], &row["attempts"]), (&json!("company.created"), &json!("Waiting"), &json!(1)));
        assert!(row["nextAttempt"].is_string());
        let one = format!("{path}/{}", text(&row["id"]));
        let (status, whole) = house.get(&one, &key).await;
        assert_eq!(status, 200, "{whole}");
        assert_eq!(whole["body"], receiver.heard()[0].json());
        assert_eq!(whole["tries"][0]["statusCode"], 500);
        assert_eq!(whole["tries"][0]["reply"], "out of order");
        assert_eq!(whole["tries"][0]["error"], "answered 500");

        receiver.answer(Manner::status(200));
        let (status, again) = house.post(&format!("{one}/resend"), &key, &Value::Null).await;
        assert_eq!((status, &again["status"]), (202, &json!("Waiting")), "{again}");
        house.tell().await;
        let (_, whole) = house.get(&one, &key).await;
        assert_eq!((&whole["status"], whole["tries"].as_array().unwrap().len()), (&json!("Delivered"), 2), "{whole}");
        let (status, _) = house.post(&format!("{one}/resend"), &key, &Value::Null).await;
        assert_eq!(status, 202, "also what was delivered");
        house.tell().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|one| one.header("webhook-id") == heard[0].header("webhook-id")));
        let (_, found) = house.get(&format!("{path}?query=status%3DDelivered"), &key).await;
        assert_eq!(found["totalResults"], 1);
        let (_, found) = house.get(&format!("{path}?query=status%3DFailed"), &key).await;
        assert_eq!(found["totalResults"], 0);
        let other = receiver.subscribe(&house, &key).await;
        let foreign = one.replace(&id, &other);
        assert_eq!(house.get(&foreign, &key).await.0, 404, "another consumer's is the same as none");
        assert_eq!(house.get(&format!("{path}/none"), &key).await.0, 404);
        assert_eq!(house.get("/webhooks/none/deliveries", &key).await.0, 404);
    }

    async fn a_test_goes_to_its_consumer_alone_and_not_while_it_is_disabled(house: House) {
        let (key, one, other) = (house.api_key().await, Receiver::start().await, Receiver::start().await);
        let asked = json!({ "url": one.url, "eventTypes": ["company.deleted"], "companyTags": ["none:such"] });
        let id = subscribe(&house, &key, &asked).await;
        other.subscribe(&house, &key).await;
        let (status, made) = house.post(&format!("/webhooks/{id}/test"), &key, &Value::Null).await;
        assert_eq!((status, &made["eventType"]), (202, &json!("webhook.test")), "{made}");
        house.tell().await;
        assert_eq!((one.count(), other.count()), (1, 0));
        assert_eq!(one.heard()[0].json()["id"], made["eventId"]);
        let path = format!("/webhooks/{id}");
        let (status, now) = house.send(Method::PATCH, &path, &key, Some(&json!({ "disabled": true }))).await;
        assert_eq!((status, &now["disabled"]), (200, &json!(true)), "{now}");
        assert!(now["disabledReason"].is_null() && now["disabledDate"].is_string(), "{now}");
        let (status, refusal) = house.post(&format!("{path}/test"), &key, &Value::Null).await;
        assert_eq!(status, 409, "{refusal}");
        assert!(text(&refusal["error"]).contains("Enable it"), "{refusal}");
    }

    async fn s30_a_secret_is_shown_once_and_the_one_before_signs_for_a_while(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        let path = format!("/webhooks/{id}/secret");
        let (status, first) = house.post(&path, &key, &json!({ "overlapHours": 0 })).await;
        assert_eq!(status, 200, "{first}");
        let (_, second) = house.post(&path, &key, &json!({})).await;
        let (first, second) = (text(&first["secret"]), text(&second["secret"]));
        assert!(first.starts_with("whsec_") && second.starts_with("whsec_") && first != second);
        house.post(&format!("/webhooks/{id}/test"), &key, &Value::Null).await;
        house.tell().await;
        let heard = receiver.heard().remove(0);
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, heard.header(name).parse().unwrap());
        }
        for secret in [&first, &second] {
            standardwebhooks::Webhook::new(secret).unwrap().verify(&heard.body, &headers).unwrap();
        }
        for shown in [format!("/webhooks/{id}"), "/webhooks".to_owned(), format!("/webhooks/{id}/deliveries")] {
            assert!(!house.get(&shown, &key).await.1.to_string().contains("whsec_"), "{shown}");
        }
        let (status, refusal) = house.post(&path, &key, &json!({ "overlapHours": 721 })).await;
        assert_eq!(status, 400, "{refusal}");
    }

    async fn a_consumer_is_changed_in_part_and_bad_input_changes_nothing(house: House) {
        let (key, receiver) = (house.api_key().await, Receiver::start().await);
        let id = receiver.subscribe(&house, &key).await;
        let path = format!("/webhooks/{id}");
        let (_, before) = house.get(&path, &key).await;
        for bad in [
            json!({ "url": "https://10.0.0.1/" }),
            json!({ "eventTypes": [] }),
            json!({ "companyTags": ["none"] }),
            json!({ "disabled": "yes" }),
            json!({ "url": "https://example.com/", "eventTypes": ["a b"] }),
        ] {
            let (status, refusal) = house.send(Method::PATCH, &path, &key, Some(&bad)).await;
            assert_eq!(status, 400, "{bad}: {refusal}");
        }
        assert_eq!(house.get(&path, &key).await.1, before);
        let change = json!({ "eventTypes": ["company.*"], "companyTags": ["plan:a"] });
        let (status, after) = house.send(Method::PATCH, &path, &key, Some(&change)).await;
        assert_eq!((status, &after["eventTypes"], &after["companyTags"]), (200, &json!(["company.*"]), &json!(["plan:a"])));
        assert_eq!(after["url"], before["url"]);
        for (part, body) in [
            ("recover", json!({})),
            ("recover", json!({ "since": "yesterday" })),
            ("recover", json!({ "since": "2999-01-01T00:00:00Z" })),
            ("replays", json!({ "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" })),
        ] {
            let (status, refusal) = house.post(&format!("{path}/{part}"), &key, &body).await;
            assert_eq!(status, 400, "{part} {body}: {refusal}");
        }
        for gone in ["replays/none", "replays/00000000-0000-0000-0000-000000000000"] {
            assert_eq!(house.get(&format!("{path}/{gone}"), &key).await.0, 404);
        }
    }
}
