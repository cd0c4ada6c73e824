//! An account that was connected elsewhere becomes a connection here, and its owner is not asked again.

use reqwest::Method;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tributary::clock::Clock;
use tributary::connect::integrations::Change;

use crate::both;
use crate::house::House;
use crate::oracle::{compare, grant};

/// A connection that waits for its owner; returns its address.
async fn waiting(house: &House, key: &str, company: &str) -> String {
    let path = format!("/companies/{company}/connections");
    let (status, made) = house.post(&path, key, &json!({ "platformKey": "yzth" })).await;
    assert_eq!(status, 200, "{made}");
    format!("{path}/{}", made["id"].as_str().unwrap())
}

both! {
    async fn an_account_is_adopted_without_its_owner_and_read_when_it_is_asked_for(house: House) {
        house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
        let key = house.api_key().await;
        let company = house.post("/companies", &key, &json!({ "name": "Moved" })).await.1["id"].as_str().unwrap().to_owned();
        let account = house.simulator.world.accounts()[0].id.clone();
        let connection = waiting(&house, &key, &company).await;
        let path = format!("{connection}/authorization");
        let put = async |body: Value| house.send(Method::PUT, &path, &key, Some(&body)).await;

        let (status, refused) = put(json!({ "accountId": account })).await;
        assert_eq!(status, 400, "an account that is not connected to the application: {refused}");
        assert!(refused["error"].as_str().unwrap().contains("not connected"), "{refused}");
        for bad in [json!({}), json!({ "accountId": "acct" }), json!({ "account": account }), json!({ "accountId": 7 }),
            json!({ "accountId": account, "scope": "all" }), json!({ "accountId": account, "livemode": "true" })]
        {
            assert_eq!(put(bad.clone()).await.0, 400, "{bad}");
        }
        assert_eq!(house.get(&connection, &key).await.1["status"], "PendingAuth");

        grant(&house, &account).await;
        let stripe = json!({
            "stripe_user_id": account, "scope": "read_only", "livemode": "false", "token_type": "bearer",
            "access_token": "sk_test_of_before", "refresh_token": "rt_of_before", "stripe_publishable_key": "pk_test_x"
        });
        let (status, linked) = put(stripe.clone()).await;
        assert_eq!((status, &linked["status"]), (200, &json!("Linked")), "{linked}");
        assert_eq!(linked["connectionInfo"]["accountId"], account.as_str());
        assert!(linked["connectionInfo"]["accountName"].is_string(), "{linked}");
        let kept = entity::credential::Entity::find().one(&house.db).await.unwrap().unwrap();
        assert_eq!((kept.access_token, kept.refresh_token), (None, None), "a token that nobody needs is kept");
        assert_eq!(put(stripe).await.0, 200, "shown again it changes nothing");

        let id: entity::id::ConnectionId = linked["id"].as_str().unwrap().parse().unwrap();
        house.clock.advance(chrono::TimeDelta::days(3));
        assert_eq!(house.work().await, 0, "it is read although nobody asked");
        assert_eq!(house.post(&format!("/companies/{company}/data/all"), &key, &json!({})).await.0, 204);
        house.work().await;
        compare(&house, id, &account).await;
        let next = house.connection(id).await.next_sync_at;
        assert!(next.is_some_and(|at| at > house.clock.now()), "it is not read by its schedule from then on");

        // The same account again, in this company by another connection; and another account for this connection.
        let second = waiting(&house, &key, &company).await;
        let body = json!({ "accountId": account });
        assert_eq!(house.send(Method::PUT, &format!("{second}/authorization"), &key, Some(&body)).await.0, 409);
        assert_eq!(put(json!({ "accountId": "acct_another" })).await.0, 409);
    }

    async fn the_old_addresses_answer_like_the_new_ones(house: House) {
        let key = house.api_key().await;
        let origins = json!({ "allowedOrigins": ["https://app.example.com"] });
        assert_eq!(house.post("/connectionManagement/corsSettings", &key, &origins).await, (200, origins.clone()));
        assert_eq!(house.get("/connectionManagement/corsSettings", &key).await, (200, origins.clone()));
        assert_eq!(house.get("/corsSettings", &key).await, (200, origins));
        let company = house.post("/companies", &key, &json!({ "name": "Old" })).await.1["id"].as_str().unwrap().to_owned();
        let (status, token) = house.get(&format!("/companies/{company}/connectionManagement/accessToken"), &key).await;
        assert_eq!((status, token.as_object().unwrap().len()), (200, 1), "{token}");
        let page = crate::house::http().get(format!("{}/companies/{company}", house.url));
        let seen = page.bearer_auth(token["accessToken"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(seen.status(), 200);
    }
}
