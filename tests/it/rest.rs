//! The API from outside: keys, errors, envelopes, and the platform's own resources.

use entity::connection::Status;
use entity::data_type::DataType;
use entity::dataset;
use entity::id::CompanyId;
use reqwest::Method;
use serde_json::{Value, json};
use tributary::connect::integrations::Change;

use crate::both;
use crate::house::House;
use crate::rows;

/// Asserts the contract's error body.
fn refused(answer: &(u16, Value), status: u16) {
    let (given, body) = answer;
    assert_eq!((*given, body["statusCode"].as_u64()), (status, Some(u64::from(status))), "{body}");
    assert_eq!(body["service"], "PublicApi");
    assert!(!body["error"].as_str().unwrap().is_empty());
    let id = body["correlationId"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert!(body["canBeRetried"].is_string() && body["detailedErrorCode"] == 0);
}

both! {
    async fn every_refusal_has_the_contracts_body(house: House) {
        let key = house.api_key().await;
        let wrong = format!("{}x", &key[..key.len() - 1]);
        let nil = "00000000-0000-4000-8000-000000000000";
        for (method, path, key, body, status) in [
            (Method::GET, "/companies", "", None, 401),
            (Method::GET, "/companies", "not-a-key", None, 401),
            (Method::GET, "/companies", wrong.as_str(), None, 401),
            (Method::GET, "/nowhere", &key, None, 404),
            (Method::GET, "/nothing", &key, None, 404),
            (Method::GET, "/nothing/at/all", &key, None, 404),
            (Method::PUT, "/companies", &key, None, 405),
            (Method::POST, "/companies", &key, None, 415),
            (Method::POST, "/companies", &key, Some(json!({})), 400),
            (Method::POST, "/companies", &key, Some(json!({ "name": "[]" })), 400),
            (Method::POST, "/companies", &key, Some(json!({ "name": 7 })), 400),
            (Method::POST, "/companies", &key, Some(json!({ "name": "x", "description": "a\u{0}b" })), 400),
            (Method::POST, "/companies", &key, Some(json!({ "name": "x", "tags": { "": "y" } })), 400),
            (Method::POST, "/companies", &key, Some(json!({ "name": "x".repeat(2 << 20) })), 413),
            (Method::GET, "/companies?page=0", &key, None, 400),
            (Method::GET, "/companies?page=two", &key, None, 400),
            (Method::GET, "/companies?page=-1", &key, None, 400),
            (Method::GET, "/companies?pageSize=5001", &key, None, 400),
            (Method::GET, "/companies?query=name%3E%3E%26%26", &key, None, 400),
            (Method::GET, "/companies?query=nothing=1", &key, None, 400),
            (Method::GET, "/companies?orderBy=nothing", &key, None, 400),
            (Method::GET, "/companies?tags=a%3E1", &key, None, 400),
            (Method::GET, "/companies?query=name=%00", &key, None, 400),
            (Method::GET, "/companies/not-an-id", &key, None, 404),
            (Method::GET, "/companies/%00", &key, None, 404),
            (Method::GET, &format!("/companies/{nil}"), &key, None, 404),
            (Method::GET, &format!("/companies/{nil}/dataStatus"), &key, None, 404),
            (Method::GET, "/integrations/zzzz", &key, None, 404),
            (Method::GET, "/integrations/%00", &key, None, 404),
            (Method::DELETE, &format!("/apiKeys/{nil}"), &key, None, 404),
        ] {
            let answer = house.send(method.clone(), path, key, body.as_ref()).await;
            refused(&answer, status);
        }
    }

    async fn what_is_wrong_with_a_request_is_said_with_what_would_be_right(house: House) {
        house.integrate(Change::default()).await;
        let key = house.api_key().await;
        let company = rows::company(&house, "One", &[]).await;
        let path = format!("/companies/{}/connections", company.id);
        let (_, made) = house.post(&path, &key, &json!({ "platformKey": "yzth" })).await;
        let feed = format!("{path}/{}/changes?dataType=bogus", made["id"].as_str().unwrap());
        let types = format!("dataType must be one of {}.", DataType::ALL.map(DataType::as_str).join(", "));
        for (path, said) in [
            (feed.as_str(), types.as_str()),
            ("/changes?dataType=bogus", &types),
            ("/changes?limit=-1", "limit must be a whole number from 1 to 1000."),
            ("/changes?after=a&after=b", "after stands in the query more than once; send it once."),
            ("/companies?page=0", "page must be a whole number from 1 to 4294967295."),
            ("/companies?page=-1", "page must be a whole number from 1 to 4294967295."),
            ("/companies?pageSize=two", "pageSize must be a whole number from 1 to 5000."),
            ("/companies?page=1&page=2", "page stands in the query more than once; send it once."),
            ("/companies?tags=a%3D1&tags=b%3D1", "tags stands in the query more than once; send it once."),
        ] {
            let answer = house.get(path, &key).await;
            refused(&answer, 400);
            assert_eq!(answer.1["error"], said, "{path}");
        }
        for body in [json!([]), json!(["A shop", null, null]), json!("A shop")] {
            let answer = house.post("/companies", &key, &body).await;
            refused(&answer, 400);
            assert_eq!(answer.1["error"], "The body must be a JSON object: properties within braces.", "{body}");
        }
    }

    async fn errors_of_queries_say_what_to_change(house: House) {
        let key = house.api_key().await;
        let (_, body) = house.get("/companies?query=created>>", &key).await;
        assert_eq!(body["error"], "Error parsing query - Malformed query.");
        assert!(body["validation"]["errors"][0]["message"].as_str().unwrap().contains("a date"), "{body}");
        let (_, body) = house.get("/companies?query=lineItems.x=1", &key).await;
        assert_eq!(body["error"], "Error parsing query - Could not resolve property lineItems.x on Company");
    }

    async fn every_answer_carries_its_id_and_is_not_kept(house: House) {
        let answer = reqwest::get(format!("{}/companies", house.url)).await.unwrap();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let (id, kind) = (header("x-request-id"), header("content-type"));
        assert_eq!((header("cache-control").as_str(), header("x-content-type-options").as_str()), ("no-store", "nosniff"));
        assert!(kind.starts_with("application/json"), "{kind}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["correlationId"], id);
        for path in ["/healthz", "/readyz", "/openapi.json", "/assets/stripe.svg"] {
            assert_eq!(reqwest::get(format!("{}{path}", house.url)).await.unwrap().status().as_u16(), 200, "{path}");
        }
    }

    async fn a_process_on_its_way_out_is_not_ready_and_still_answers(house: House) {
        let key = house.api_key().await;
        house.app.draining.cancel();
        refused(&house.get("/readyz", "").await, 503);
        assert_eq!(house.get("/companies", &key).await.0, 200);
        assert_eq!(house.get("/healthz", "").await.0, 200);
    }

    async fn keys_are_shown_once_counted_and_refused_when_gone(house: House) {
        let first = house.api_key().await;
        let (status, made) = house.post("/apiKeys", &first, &json!({ "name": "billing" })).await;
        assert_eq!(status, 201);
        let second = made["apiKey"].as_str().unwrap().to_owned();
        assert!(second.starts_with("trb_") && second.len() == 50, "{second}");
        assert_eq!(house.get("/companies", &second).await.0, 200);
        let bearer = crate::house::http().get(format!("{}/companies", house.url)).bearer_auth(&second).send().await;
        assert_eq!(bearer.unwrap().status().as_u16(), 200);
        let (_, list) = house.get("/apiKeys", &first).await;
        assert!(!list.to_string().contains(&second) && !list.to_string().contains(&first), "{list}");
        assert!(list["results"].as_array().unwrap().iter().all(|key| key["lastUsedDate"].is_string()), "{list}");
        let long = json!({ "name": "x".repeat(51) });
        refused(&house.post("/apiKeys", &first, &long).await, 400);
        for _ in 2..10 {
            assert_eq!(house.post("/apiKeys", &first, &json!({})).await.0, 201);
        }
        refused(&house.post("/apiKeys", &first, &json!({})).await, 409);
        let (_, list) = house.get("/apiKeys", &first).await;
        let ids: Vec<&str> = list["results"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
        for id in &ids[1..] {
            assert_eq!(house.send(Method::DELETE, &format!("/apiKeys/{id}"), &first, None).await.0, 204);
        }
        refused(&house.get("/companies", &second).await, 401);
        refused(&house.send(Method::DELETE, &format!("/apiKeys/{}", ids[0]), &first, None).await, 409);
    }

    async fn companies_are_made_changed_replaced_and_deleted(house: House) {
        let key = house.api_key().await;
        let body = json!({ "name": " Company (Codat[1]) é ", "description": "d", "tags": { "region": "uk" } });
        let (status, made) = house.post("/companies", &key, &body).await;
        assert_eq!((status, made["name"].as_str()), (200, Some("Company Codat1 é")), "{made}");
        let id = made["id"].as_str().unwrap();
        let path = format!("/companies/{id}");
        assert!(made["redirect"].as_str().unwrap().contains(id) && made["dataConnections"] == json!([]));
        assert!(made.get("lastSync").is_none() && made["tags"]["region"] == "uk");
        let (_, changed) = house.send(Method::PATCH, &path, &key, Some(&json!({ "description": "e", "name": null }))).await;
        assert_eq!((&changed["name"], &changed["description"], &changed["tags"]["region"]), (&made["name"], &json!("e"), &json!("uk")));
        let (_, replaced) = house.send(Method::PUT, &path, &key, Some(&json!({ "name": "New" }))).await;
        assert_eq!((replaced["name"].as_str(), replaced.get("description"), &replaced["tags"]), (Some("New"), None, &json!({})));
        let (_, found) = house.get("/companies?query=name=new%26%26dataConnections.status!=Linked", &key).await;
        assert_eq!(found["totalResults"], 1);
        assert_eq!(house.send(Method::DELETE, &path, &key, None).await, (204, Value::Null));
        refused(&house.get(&path, &key).await, 404);
        refused(&house.send(Method::DELETE, &path, &key, None).await, 404);
        assert_eq!(house.get("/companies", &key).await.1["totalResults"], 0);
    }

    async fn pages_have_the_contracts_envelope(house: House) {
        let key = house.api_key().await;
        for number in 0..5 {
            house.clock.advance(chrono::Duration::seconds(1));
            rows::company(&house, &format!("Shop {number}"), &[("kind", "a b&c")]).await;
        }
        let ask = "/companies?page=2&pageSize=2&query=name~shop%20&orderBy=-name&tags=kind+%3D+a+b";
        refused(&house.get(&format!("{ask}%26%26"), &key).await, 400);
        let (status, page) = house.get("/companies?page=2&pageSize=2&query=name~shop&orderBy=-name&tags=kind+~+a+b", &key).await;
        assert_eq!(status, 200, "{page}");
        let names: Vec<&str> = page["results"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Shop 2", "Shop 1"]);
        assert_eq!((&page["pageNumber"], &page["pageSize"], &page["totalResults"]), (&json!(2), &json!(2), &json!(5)));
        let kept = "query=name~shop&orderBy=-name&tags=kind%20~%20a%20b";
        assert_eq!(page["_links"]["self"]["href"], "/companies");
        assert_eq!(page["_links"]["current"]["href"], format!("/companies?page=2&pageSize=2&{kept}"));
        let next = page["_links"]["next"]["href"].as_str().unwrap();
        assert_eq!(next, format!("/companies?page=3&pageSize=2&{kept}"));
        let (_, last) = house.get(next, &key).await;
        assert_eq!(last["results"].as_array().unwrap().len(), 1);
        assert!(last["_links"].get("next").is_none() && last["_links"]["previous"]["href"].is_string());
        let (status, past) = house.get("/companies?page=4294967295&pageSize=5000", &key).await;
        assert_eq!((status, &past["results"]), (200, &json!([])));
    }

    async fn connections_are_made_listed_and_deleted(house: House) {
        house.integrate(Change::default()).await;
        let key = house.api_key().await;
        let company = rows::company(&house, "One", &[]).await;
        let other = rows::company(&house, "Two", &[]).await;
        let path = format!("/companies/{}/connections", company.id);
        refused(&house.post(&path, &key, &json!({ "platformKey": "zzzz" })).await, 404);
        refused(&house.post(&path, &key, &json!({ "platformKey": "exgd" })).await, 409);
        let (status, made) = house.post(&path, &key, &json!({ "platformKey": "yzth" })).await;
        assert_eq!((status, made["status"].as_str(), made["platformName"].as_str()), (200, Some("PendingAuth"), Some("Stripe Test")));
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        assert_eq!(house.get(&one, &key).await.1["id"], made["id"]);
        let elsewhere = one.replace(&company.id.to_string(), &other.id.to_string());
        refused(&house.get(&elsewhere, &key).await, 404);
        refused(&house.get(&format!("{elsewhere}/data/commerce-payments"), &key).await, 404);
        refused(&house.send(Method::PATCH, &one, &key, Some(&json!({ "status": "Unlinked" }))).await, 409);
        refused(&house.send(Method::PATCH, &one, &key, Some(&json!({ "status": "Linked" }))).await, 400);
        refused(&house.send(Method::PATCH, &one, &key, Some(&json!({ "status": "Dancing" }))).await, 400);
        for (query, count) in [("status=pendingauth", 1), ("status!=Linked", 1), ("platformName~test", 1), ("lastSync!=2026-01-01", 1), ("sourceType=Banking", 0)] {
            let (_, found) = house.get(&format!("{path}?query={query}"), &key).await;
            assert_eq!(found["totalResults"], count, "{query}: {found}");
        }
        for (query, count) in [("dataConnections.status=pendingAuth", 1), ("dataConnections.status!=PendingAuth", 1), ("dataConnections.status=Linked", 0)] {
            assert_eq!(house.get(&format!("/companies?query={query}"), &key).await.1["totalResults"], count, "{query}");
        }
        assert_eq!(house.send(Method::DELETE, &one, &key, None).await, (200, Value::Null));
        refused(&house.get(&one, &key).await, 404);
        assert_eq!(house.get(&path, &key).await.1["results"], json!([]));
        house.work().await;
    }

    async fn integrations_are_listed_without_their_secrets(house: House) {
        house.integrate(Change { webhook_secret: Some("whsec_abcdefghijklmnop".to_owned().into()), ..Change::default() }).await;
        let key = house.api_key().await;
        let (_, page) = house.get("/integrations?query=sourceType=Commerce%26%26enabled=true", &key).await;
        assert_eq!((&page["totalResults"], &page["results"][0]["key"]), (&json!(1), &json!("yzth")), "{page}");
        assert_eq!(house.get("/integrations?orderBy=-name", &key).await.1["results"][0]["name"], "Stripe Test");
        let text = page.to_string();
        assert!(!text.contains("abcdefghijklmnop") && !text.contains(simulator::http::DEFAULT_SECRET_KEY), "{text}");
        for own in ["commerce-payouts", "commerce-subscriptions", "commerce-invoices"] {
            assert!(!text.contains(own), "{own} is none of the contract's");
        }
        let (_, branding) = house.get("/integrations/yzth/branding", &key).await;
        let logo = reqwest::get(branding["logo"]["full"]["image"]["src"].as_str().unwrap()).await.unwrap();
        assert_eq!(logo.headers()["content-type"], "image/svg+xml");
        let (status, set) = house.send(Method::PUT, "/integrations/yzth", &key, Some(&json!({ "sync": "hourly" }))).await;
        assert_eq!((status, set["settings"]["sync"].as_str()), (200, Some("hourly")), "{set}");
        for bad in [json!({ "sync": "often" }), json!({ "secretKey": "sk_live_1" }), json!({ "secret_key": "x" })] {
            refused(&house.send(Method::PUT, "/integrations/yzth", &key, Some(&bad)).await, 400);
        }
        refused(&house.send(Method::PUT, "/integrations/zzzz", &key, Some(&json!({}))).await, 404);
    }

    async fn settings_of_a_company_are_laid_over_those_for_all(house: House) {
        let key = house.api_key().await;
        let company = rows::company(&house, "One", &[]).await;
        let path = format!("/companies/{}/syncSettings", company.id);
        let setting = |kind: &str, hours: i32| json!({ "dataType": kind, "fetchOnFirstLink": false, "syncSchedule": hours, "syncOrder": 3 });
        let of = |body: &Value, kind: &str| body["settings"].as_array().unwrap().iter().find(|one| one["dataType"] == kind).cloned();
        let (status, _) = house.post("/profile/syncSettings", &key, &json!({ "settings": [setting("commerce-payments", 168)] })).await;
        assert_eq!(status, 204);
        let (_, body) = house.get(&path, &key).await;
        assert_eq!((&body["overridesDefaults"], &of(&body, "commerce-payments").unwrap()["syncSchedule"]), (&json!(false), &json!(168)));
        let mut own = setting("commerce-transactions", 24);
        own["syncFromUtc"] = json!("2022-01-01T12:00:00.000Z");
        assert_eq!(house.post(&path, &key, &json!({ "overridesDefaults": true, "settings": [own] })).await.0, 204);
        let (_, body) = house.get(&path, &key).await;
        assert_eq!(of(&body, "commerce-transactions").unwrap()["syncFromUtc"], "2022-01-01T12:00:00Z");
        assert_eq!(of(&body, "commerce-payments").unwrap()["syncSchedule"], 168);
        assert_eq!(of(&body, "commerce-payouts"), None);
        let all = tributary::store::sync_settings::of(&house.db, company.id.0).await.unwrap();
        let payouts = all.iter().find(|one| one.data_type == DataType::Payouts).unwrap();
        assert_eq!((payouts.sync_schedule, payouts.fetch_on_first_link), (24, false), "payouts follow transactions");
        let invoices = all.iter().find(|one| one.data_type == DataType::Invoices).unwrap();
        assert!(invoices.fetch_on_first_link, "nobody has switched orders off");
        for bad in [setting("commerce-payments", 7), setting("commerce-payouts", 24), setting("commerce-subscriptions", 24), setting("invoices", 24)] {
            refused(&house.post(&path, &key, &json!({ "settings": [bad] })).await, 400);
        }
        let (_, profile) = house.get("/profile", &key).await;
        let changed = json!({ "name": "Books & Co", "redirectUrl": "https://x.example/{companyId}?s={statusCode}" });
        let (status, now) = house.send(Method::PUT, "/profile", &key, Some(&changed)).await;
        assert_eq!((status, &now["name"], profile["name"].is_string()), (200, &changed["name"], true), "{now}");
        assert_eq!(house.get("/profile", &key).await.1["redirectUrl"], changed["redirectUrl"]);
        for (bad, why) in [
            ("javascript:alert(1)", "no https address"),
            ("http://app.example.com/done", "neither https nor on this machine"),
            ("https://{companyId}.x.com", "a reserved name"),
            ("https://{region}.x.com/a", "whiteListUrls"),
        ] {
            let profile = json!({ "name": "x", "redirectUrl": bad });
            let answer = house.send(Method::PUT, "/profile", &key, Some(&profile)).await;
            refused(&answer, 400);
            assert!(answer.1["error"].as_str().unwrap().contains(why), "{}", answer.1);
            assert_eq!(answer.1["validation"]["errors"][0]["itemId"], "redirectUrl");
        }
        assert_eq!(house.get("/profile", &key).await.1["redirectUrl"], changed["redirectUrl"], "nothing was kept");
        let white = json!(["https://eu.x.com"]);
        let good = json!({ "name": "x", "redirectUrl": "https://{region}.x.com/a", "whiteListUrls": white });
        assert_eq!(house.send(Method::PUT, "/profile", &key, Some(&good)).await.0, 200);
        let local = json!({ "name": "x", "redirectUrl": "http://127.0.0.1:3000/done?c={companyId}" });
        assert_eq!(house.send(Method::PUT, "/profile", &key, Some(&local)).await.0, 200);
    }

    async fn a_refresh_writes_the_dataset_and_asks_for_the_work(house: House) {
        house.integrate(Change::default()).await;
        let key = house.api_key().await;
        let company = rows::company(&house, "One", &[]).await;
        let of = |path: &str| format!("/companies/{}{path}", company.id);
        refused(&house.post(&of("/data/all"), &key, &json!({})).await, 400);
        let connection = rows::connection(&house, &company, Status::Linked).await;
        rows::dataset(&house, connection.id, DataType::Customers, dataset::Status::Complete).await;
        house.clock.advance(chrono::Duration::minutes(1));
        refused(&house.post(&of("/data/queue/commerce-locations"), &key, &json!({})).await, 404);
        let nobody = CompanyId::new();
        refused(&house.post(&of(&format!("/data/queue/commerce-customers?connectionId={nobody}")), &key, &json!({})).await, 404);
        let queue = of(&format!("/data/queue/commerce-customers?connectionId={}", connection.id));
        let (status, operation) = house.post(&queue, &key, &json!({})).await;
        assert_eq!((status, operation["status"].as_str(), operation["progress"].as_i64()), (200, Some("Queued"), Some(0)), "{operation}");
        assert!(operation.get("completed").is_none() && operation["isCompleted"] == false);
        let again = house.post(&queue, &key, &json!({})).await;
        refused(&again, 409);
        assert!(again.1["error"].as_str().unwrap().contains("DatasetAlreadyInProgressException"));
        assert_eq!(tributary::store::jobs::count(&house.db).await.unwrap(), 1);
        let (_, status) = house.get(&of("/dataStatus"), &key).await;
        let customers = &status["commerce-customers"];
        assert_eq!((customers["currentStatus"].as_str(), &customers["latestSyncId"]), (Some("Queued"), &operation["id"]));
        assert!(customers["latestSuccessfulSyncId"].is_string() && customers["latestSuccessfulSyncId"] != operation["id"]);
        assert_eq!(house.post(&of("/data/all"), &key, &json!({})).await, (204, Value::Null));
        let (_, history) = house.get(&of("/data/history?query=status=queued&orderBy=dataType"), &key).await;
        assert_eq!(history["totalResults"], DataType::ALL.len(), "{history}");
        let id = operation["id"].as_str().unwrap();
        assert_eq!(house.get(&of(&format!("/data/history/{id}")), &key).await.1, operation);
        assert_eq!(house.get(&of(&format!("/sync/{id}/validation")), &key).await.1, json!({ "errors": [], "warnings": [] }));
        refused(&house.get(&of("/data/history?query=isCompleted=true"), &key).await, 400);
        refused(&house.get(&of(&format!("/data/history/{nobody}")), &key).await, 404);
        let stranger = rows::company(&house, "Two", &[]).await;
        refused(&house.get(&format!("/companies/{}/data/history/{id}", stranger.id), &key).await, 404);
    }
}
