//! What the platform's API serves beside companies and data: webhook consumers, access tokens, and pages of allowed
//! origins.

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::house::House;

/// A company with one connection: their ids.
async fn company(house: &House, key: &str) -> (String, String) {
    house.integrate(tributary::connect::integrations::Change { enabled: Some(true), ..Default::default() }).await;
    let (_, company) = house.post("/companies", key, &json!({ "name": "A shop" })).await;
    let id = company["id"].as_str().unwrap().to_owned();
    let asked = json!({ "platformKey": "yzth" });
    let (_, connection) = house.post(&format!("/companies/{id}/connections"), key, &asked).await;
    (id, connection["id"].as_str().unwrap().to_owned())
}

/// The status that a path answers with to an access token.
async fn shown(house: &House, method: Method, path: &str, token: &str) -> u16 {
    let request = crate::house::http().request(method.clone(), format!("{}{path}", house.url)).bearer_auth(token);
    let request = if method == Method::POST { request.json(&json!({ "platformKey": "yzth" })) } else { request };
    request.send().await.unwrap().status().as_u16()
}

both! {
    async fn webhook_consumers_are_made_listed_and_deleted(house: House) {
        let key = house.api_key().await;
        let asked = json!({
            "url": "https://example.com/hook", "eventTypes": ["read.completed"], "companyTags": ["region:uk"],
        });
        let (status, made) = house.post("/webhooks", &key, &asked).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(made["disabled"], false);
        assert!(!made.to_string().contains("whsec_"), "the secret is not shown");
        let (_, all) = house.get("/webhooks", &key).await;
        assert_eq!(all, json!({ "results": [made] }));
        for (part, bad) in [
            ("url", json!("http://example.com/hook")),
            ("url", json!("ftp://example.com")),
            ("url", json!("no address")),
            ("eventTypes", json!([])),
            ("eventTypes", json!(["with a blank"])),
            ("companyTags", json!(["notag"])),
            ("companyTags", json!(vec!["a:b"; 11])),
        ] {
            let mut body = asked.clone();
            body[part] = bad;
            let (status, refusal) = house.post("/webhooks", &key, &body).await;
            assert_eq!(status, 400, "{body}");
            assert!(refusal["error"].as_str().unwrap().contains(part), "{refusal}");
        }
        let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
        assert_eq!(house.send(Method::DELETE, &path, &key, None).await.0, 204);
        assert_eq!(house.send(Method::DELETE, &path, &key, None).await.0, 404);
        assert_eq!(house.send(Method::DELETE, "/webhooks/none", &key, None).await.0, 404);
        assert_eq!(house.get("/webhooks", &key).await.1, json!({ "results": [] }));
    }

    async fn an_access_token_opens_one_company_and_no_data(house: House) {
        let key = house.api_key().await;
        let (id, connection) = company(&house, &key).await;
        let (other, _) = company(&house, &key).await;
        let (status, body) = house.get(&format!("/companies/{id}/accessToken"), &key).await;
        assert_eq!((status, &body["tokenType"], &body["expiresIn"]), (200, &json!("Bearer"), &json!(86_400)), "{body}");
        let token = body["accessToken"].as_str().unwrap();
        for (method, path, expected) in [
            (Method::GET, format!("/companies/{id}"), 200),
            (Method::GET, format!("/companies/{id}/connections"), 200),
            (Method::GET, format!("/companies/{id}/connections/{connection}"), 200),
            (Method::POST, format!("/companies/{id}/connections"), 200),
            (Method::GET, format!("/companies/{id}/linkOptions"), 200),
            (Method::GET, format!("/companies/{other}/linkOptions"), 404),
            (Method::PATCH, format!("/companies/{other}/connections/{connection}"), 404),
            (Method::DELETE, format!("/companies/{id}/connections/{connection}"), 403),
            (Method::GET, "/integrations".to_owned(), 403),
            (Method::GET, format!("/companies/{other}"), 404),
            (Method::GET, format!("/companies/{id}/connections/{connection}/data/commerce-payments"), 403),
            (Method::GET, format!("/companies/{id}/accessToken"), 403),
            (Method::DELETE, format!("/companies/{id}"), 403),
            (Method::GET, "/companies".to_owned(), 403),
            (Method::GET, "/apiKeys".to_owned(), 403),
        ] {
            assert_eq!(shown(&house, method.clone(), &path, token).await, expected, "{method} {path}");
        }
        let forged = format!("{}x", &token[..token.len() - 1]);
        assert_eq!(shown(&house, Method::GET, &format!("/companies/{id}"), &forged).await, 401);
        house.clock.advance(chrono::Duration::hours(25));
        assert_eq!(shown(&house, Method::GET, &format!("/companies/{id}"), token).await, 401);
    }

    async fn only_pages_of_allowed_origins_may_ask(house: House) {
        let key = house.api_key().await;
        let allowed = |origin: &'static str| {
            let url = format!("{}/companies", house.url);
            async move {
                let asked = crate::house::http().request(Method::OPTIONS, url).header("Origin", origin);
                let asked = asked.header("Access-Control-Request-Method", "GET");
                let answer = asked.header("Access-Control-Request-Headers", "authorization").send().await.unwrap();
                let headers = answer.headers();
                assert!(!headers.contains_key("access-control-allow-credentials"));
                headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
            }
        };
        assert_eq!(house.get("/corsSettings", &key).await.1, json!({ "allowedOrigins": [] }));
        assert_eq!(allowed("https://app.example.com").await, None);
        let asked = json!({ "allowedOrigins": ["https://App.example.com/", "https://app.example.com"] });
        let (status, kept) = house.post("/corsSettings", &key, &asked).await;
        assert_eq!((status, &kept), (200, &json!({ "allowedOrigins": ["https://app.example.com"] })));
        assert_eq!(house.get("/corsSettings", &key).await.1, kept);
        assert_eq!(allowed("https://app.example.com").await.as_deref(), Some("https://app.example.com"));
        assert_eq!(allowed("https://evil.example.com").await, None);
        let (status, refusal) = house.post("/corsSettings", &key, &json!({ "allowedOrigins": ["*"] })).await;
        assert_eq!(status, 400, "{refusal}");
        assert_eq!(house.get("/corsSettings", &key).await.1, kept);
        let profile: Value = house.get("/profile", &key).await.1;
        assert_eq!(house.send(Method::PUT, "/profile", &key, Some(&profile)).await.0, 200);
        assert_eq!(house.get("/corsSettings", &key).await.1, kept, "the profile leaves the origins alone");
    }
}
