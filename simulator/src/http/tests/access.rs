//! Keys, accounts, scopes, versions, limits, counters, control.

use super::super::options::Options;
use super::super::shared::PLATFORM_ACCOUNT;
use super::{PLATFORM, Stripe, fresh_world};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[tokio::test]
async fn keys_are_taken_in_both_forms_and_wrong_ones_refused() {
    let stripe = Stripe::new();
    let basic = format!("Basic {}", STANDARD.encode(format!("{PLATFORM}:")));
    let answer = stripe.send("GET", "/v1/account", &[("authorization", &basic)], "").await;
    assert_eq!((answer.status.as_u16(), answer.body["id"].as_str()), (200, Some(PLATFORM_ACCOUNT)));
    let none = stripe.send("GET", "/v1/charges", &[], "").await;
    assert_eq!((none.status.as_u16(), none.body["error"]["type"].as_str()), (401, Some("invalid_request_error")));
    let wrong = stripe.send("GET", "/v1/charges", &[("authorization", "Bearer sk_test_whatabcd")], "").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.body["error"]["message"], "Invalid API Key provided: sk_test_****abcd");
    let unknown = stripe.send("GET", "/v1/nothing", &[], "").await;
    assert_eq!(unknown.error(), (404, "", ""));
    assert!(
        unknown.body["error"]["message"].as_str().unwrap().starts_with("Unrecognized request URL (GET: /v1/nothing).")
    );
}

#[tokio::test]
async fn a_key_reaches_its_own_accounts_alone() {
    let stripe = Stripe::new();
    let (shop, other) = (stripe.shop(), stripe.other());
    let refused = stripe.get_for(&shop, "/v1/charges").await;
    assert_eq!(refused.error(), (403, "account_invalid", ""));
    let text = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("does not have access to account") && text.contains("Application access may have been revoked.")
    );
    assert!(!text.contains(PLATFORM));
    stripe.connect(&shop, "read_only").await;
    assert_eq!(stripe.get_for(&shop, "/v1/account").await.body["id"], shop.as_str());
    assert_eq!(stripe.get_for(&other, "/v1/charges").await.status, 403);
    assert_eq!(stripe.get_for("acct_nobody", "/v1/charges").await.error(), (403, "account_invalid", ""));
    let own = format!("Bearer {}", stripe.shared.own_key(&other));
    let cross = stripe.send("GET", "/v1/charges", &[("authorization", &own), ("stripe-account", &shop)], "").await;
    assert_eq!(cross.error(), (403, "account_invalid", ""));
    let bearer = format!("Bearer {PLATFORM}");
    let by_path = async |account: &str| {
        stripe.send("GET", &format!("/v1/accounts/{account}"), &[("authorization", &bearer)], "").await
    };
    assert_eq!(by_path(&shop).await.body["id"], shop.as_str());
    assert_eq!(by_path(&other).await.error(), (403, "account_invalid", ""));
    assert_eq!(by_path(PLATFORM_ACCOUNT).await.status, 200);
}

#[tokio::test]
async fn the_platforms_own_account_is_empty() {
    let stripe = Stripe::new();
    let bearer = format!("Bearer {PLATFORM}");
    let ask = async |path: &str| stripe.send("GET", path, &[("authorization", &bearer)], "").await;
    let list = ask("/v1/charges").await;
    assert_eq!((list.ids().len(), &list.body["has_more"]), (0, &false.into()));
    assert_eq!(ask("/v1/charges?starting_after=ch_1").await.error(), (400, "resource_missing", "starting_after"));
    assert_eq!(ask("/v1/charges/ch_1").await.error(), (404, "resource_missing", "id"));
    assert_eq!(ask("/v1/balance").await.body["object"], "balance");
}

#[tokio::test]
async fn trap_42_a_read_only_connection_cannot_write() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    let bearer = format!("Bearer {PLATFORM}");
    let headers = [("authorization", bearer.as_str()), ("stripe-account", shop.as_str())];
    stripe.connect(&shop, "read_only").await;
    for (method, path) in [("POST", "/v1/refunds"), ("POST", "/v1/customers/cus_1"), ("DELETE", "/v1/customers/cus_1")]
    {
        let refused = stripe.send(method, path, &headers, "").await;
        assert_eq!(refused.error(), (403, "more_permissions_required_for_application", ""), "{method} {path}");
        assert!(refused.body["error"]["message"].as_str().unwrap().contains("'read_write' scope"));
    }
    stripe.connect(&shop, "read_write").await;
    let allowed = stripe.send("POST", "/v1/refunds", &headers, "").await;
    assert_eq!(allowed.status, 501);
    assert_eq!(allowed.headers["stripe-should-retry"], "false");
}

#[tokio::test]
async fn every_answer_has_its_own_request_id_and_echoes_the_version() {
    let stripe = Stripe::new();
    let one = stripe.get("/v1/charges?limit=1").await;
    let other = stripe.get("/v1/charges?limit=1").await;
    let id = |answer: &super::Answer| answer.headers["request-id"].to_str().unwrap().to_owned();
    assert!(id(&one).starts_with("req_") && id(&one) != id(&other));
    assert_eq!(one.headers["stripe-version"], "2026-10-28.endive");
    let bearer = format!("Bearer {}", stripe.shared.own_key(&stripe.shop()));
    let ask = async |version: &str| {
        let headers = [("authorization", bearer.as_str()), ("stripe-version", version)];
        stripe.send("GET", "/v1/charges?limit=1", &headers, "").await
    };
    assert_eq!(ask("2025-03-31.basil").await.headers["stripe-version"], "2025-03-31.basil");
    let refused = ask("2099-01-01.zinnia").await;
    assert_eq!(
        (refused.status.as_u16(), refused.headers["stripe-version"].to_str().unwrap()),
        (400, "2026-10-28.endive")
    );
    let log = stripe.get("/v1/charges?nonsense=1").await;
    assert!(log.body["error"]["request_log_url"].as_str().unwrap().ends_with(&id(&log)));
    assert_eq!(log.body["error"]["doc_url"], "https://stripe.com/docs/error-codes/parameter-unknown");
}

#[tokio::test]
async fn limits_hold_when_they_are_switched_on() {
    let calls = async |stripe: &Stripe, path: &str, times: usize| {
        let mut passed = 0;
        let mut reason = String::new();
        for _ in 0..times {
            let answer = stripe.get(path).await;
            passed += usize::from(answer.status == 200);
            if answer.status == 429 {
                assert_eq!(answer.error(), (429, "rate_limit", ""));
                answer.headers["stripe-rate-limited-reason"].to_str().unwrap().clone_into(&mut reason);
            }
        }
        (passed, reason)
    };
    let free = Stripe::new();
    assert_eq!(calls(&free, "/v1/account", 60).await.0, 60);
    let limited = Stripe::with(Options { rate_limit: true, ..Options::default() });
    let (passed, reason) = calls(&limited, "/v1/account", 200).await;
    // While the requests run real time passes too, which lets a few more through.
    assert!((25..200).contains(&passed), "{passed}");
    assert_eq!(reason, "endpoint-rate");
    assert_eq!(calls(&limited, "/v1/balance", 1).await.1, "global-rate");
    limited.shared.clock.advance(1000);
    assert_eq!(calls(&limited, "/v1/balance", 25).await.0, 25);
}

#[tokio::test]
async fn trap_47_limits_of_what_is_under_way_at_once_are_switched_while_it_runs() {
    let stripe = super::super::start(Options { charges: 200, ..Options::default() }).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let shop = stripe.world.accounts()[0].id.clone();
    let key = format!("sk_test_own_{}", shop.trim_start_matches("acct_"));
    let ask = async |path: &str| {
        let answer = client.get(format!("{}/v1/{path}?limit=1", stripe.url)).bearer_auth(&key).send().await.unwrap();
        let reason = answer.headers().get("stripe-rate-limited-reason");
        (answer.status().as_u16(), reason.map(|reason| reason.to_str().unwrap().to_owned()))
    };
    let refused = |reason: &str| (429, Some(reason.to_owned()));
    stripe.switch(|settings| {
        (settings.rate_limit, settings.latency_ms, settings.endpoint_at_once) = (true, 300, 1);
    });
    let (one, other, elsewhere) = tokio::join!(ask("charges"), ask("charges"), ask("refunds"));
    let mut both = [one, other];
    both.sort_unstable();
    assert_eq!(both, [(200, None), refused("endpoint-concurrency")]);
    assert_eq!(elsewhere.0, 200);
    stripe.switch(|settings| (settings.endpoint_at_once, settings.account_at_once) = (9, 1));
    let (one, other) = tokio::join!(ask("charges"), ask("refunds"));
    let mut both = [one, other];
    both.sort_unstable();
    assert_eq!(both, [(200, None), refused("global-concurrency")]);
    stripe.switch(|settings| settings.rate_limit = false);
    let (one, other) = tokio::join!(ask("charges"), ask("charges"));
    assert_eq!((one.0, other.0), (200, 200));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn settings_are_switched_over_http_and_checked() {
    let stripe = Stripe::new();
    let set = async |body: &str| stripe.send("POST", "/_simulator/settings", &[], body).await;
    let before = stripe.send("GET", "/_simulator/settings", &[], "").await.body;
    assert_eq!((&before["rate_limit"], &before["per_endpoint"]), (&false.into(), &25.into()));
    let answer = set("{\"rate_limit\": true, \"per_account\": 3}").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["per_account"], &answer.body["per_endpoint"]),
        (200, &3.into(), &25.into())
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(stripe.get("/v1/balance").await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    for (bad, why) in [
        ("{\"per_endpoint\": 0}", "at least 1"),
        ("{\"late_seconds\": [90, 30]}", "least and then the most"),
        ("{\"colour\": 1}", "colour"),
        ("{\"live_per_minute\": 7000}", "6000"),
    ] {
        let answer = set(bad).await;
        assert!(answer.status == 400 && answer.text.contains(why), "{}", answer.text);
    }
    assert_eq!(stripe.send("GET", "/_simulator/settings", &[], "").await.body, answer.body);
}

#[tokio::test]
async fn requests_are_counted_by_endpoint_account_and_status() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    stripe.get("/v1/charges?limit=1").await;
    stripe.get("/v1/charges?limit=1").await;
    stripe.get("/v1/charges/ch_none").await;
    stripe.send("GET", "/v1/charges", &[], "").await;
    stripe.send("GET", "/v1/nothing/at/all", &[], "").await;
    stripe.token("").await;
    let served = stripe.send("GET", "/_simulator/requests", &[], "").await.body;
    assert_eq!(served["total"], 6);
    assert_eq!(served["endpoints"]["GET /v1/charges"], serde_json::json!({ "200": 2, "401": 1 }));
    assert_eq!(served["endpoints"]["GET unknown"]["404"], 1);
    assert_eq!(served["endpoints"]["POST /oauth/token"]["400"], 1);
    assert_eq!(served["accounts"][&shop]["GET /v1/charges"], serde_json::json!({ "200": 2 }));
    assert_eq!(served["accounts"][&shop]["GET /v1/charges/{id}"]["404"], 1);
    assert_eq!(stripe.send("DELETE", "/_simulator/requests", &[], "").await.status, 204);
    assert_eq!(stripe.send("GET", "/_simulator/requests", &[], "").await.body["total"], 0);
}

#[tokio::test]
async fn trap_43_the_dashboard_can_take_access_away() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    stripe.connect(&shop, "read_only").await;
    let first = stripe.get_for(&shop, "/v1/charges?limit=1").await;
    let revoke = format!("/_simulator/accounts/{shop}/revoke");
    assert_eq!(stripe.send("POST", &revoke, &[], "").await.body["was_connected"], true);
    let cursor = format!("/v1/charges?limit=1&starting_after={}", first.ids()[0]);
    assert_eq!(stripe.get_for(&shop, &cursor).await.error(), (403, "account_invalid", ""));
    assert_eq!(stripe.send("POST", &revoke, &[], "").await.body["was_connected"], false);
    assert_eq!(stripe.send("POST", "/_simulator/accounts/acct_nobody/revoke", &[], "").await.status, 404);
    let accounts = stripe.send("GET", "/_simulator/accounts", &[], "").await.body;
    assert!(accounts["accounts"].as_array().unwrap().iter().all(|account| account["connected"].is_null()));
}

#[tokio::test]
async fn an_action_changes_the_account_and_says_its_events() {
    let stripe = Stripe::of(fresh_world(), Options::default());
    let path = format!("/_simulator/accounts/{}/actions", stripe.shop());
    let made = stripe.send("POST", &path, &[], "{\"do\": \"charge\", \"amount\": 1234}").await;
    assert_eq!(made.status, 200, "{}", made.text);
    let event = made.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "charge.succeeded")
        .unwrap()
        .clone();
    let id = event["data"]["object"]["id"].as_str().unwrap();
    assert_eq!(stripe.get(&format!("/v1/charges/{id}")).await.body["amount"], 1234);
    assert!(
        stripe
            .get("/v1/events?type=charge.succeeded&limit=100")
            .await
            .ids()
            .contains(&event["id"].as_str().unwrap().to_owned())
    );
    for bad in ["", "{}", "{\"do\": \"dance\"}", "{\"do\": \"charge\", \"colour\": 1}"] {
        assert_eq!(stripe.send("POST", &path, &[], bad).await.status, 400, "{bad}");
    }
    let impossible = stripe.send("POST", &path, &[], "{\"do\": \"refund\", \"charge\": \"ch_none\"}").await;
    assert_eq!(impossible.status, 409);
    assert!(impossible.body["error"].as_str().is_some_and(|text| !text.is_empty()));
}

#[tokio::test]
async fn a_live_key_makes_a_live_stripe() {
    let stripe = Stripe::with(Options { secret_key: "sk_live_x".to_owned(), ..Options::default() });
    assert!(stripe.shared.own_key(&stripe.shop()).starts_with("sk_live_own_"));
    for path in ["/v1/charges?limit=100&expand[]=data.customer", "/v1/events", "/v1/balance"] {
        let answer = stripe.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("\"livemode\":true") && !answer.text.contains("\"livemode\":false"), "{path}");
    }
    let test_key = stripe.send("GET", "/v1/charges", &[("authorization", "Bearer sk_test_simulator")], "").await;
    assert_eq!(test_key.status, 401);
}

#[tokio::test]
async fn the_front_page_shows_lines_that_work() {
    let stripe = Stripe::new();
    let page = stripe.send("GET", "/", &[("host", "127.0.0.1:12111")], "").await;
    let line = format!("curl -u {}: http://127.0.0.1:12111/v1/charges?limit=1", stripe.shared.own_key(&stripe.shop()));
    assert!(page.status == 200 && page.text.contains(&line));
}

#[tokio::test]
async fn latency_is_added_to_answers() {
    let latency = std::time::Duration::from_millis(30);
    let stripe = Stripe::with(Options { latency, ..Options::default() });
    for path in ["/v1/account", "/v1/nothing"] {
        let begun = std::time::Instant::now();
        stripe.get(path).await;
        assert!(begun.elapsed() >= latency, "{path}");
    }
}

#[tokio::test]
async fn trap_60_the_platforms_key_is_rolled_and_its_accounts_stay_connected() {
    let stripe = Stripe::new();
    let (shop, other) = (stripe.shop(), stripe.other());
    for account in [&shop, &other] {
        stripe.connect(account, "read_only").await;
        assert_eq!(stripe.get_for(account, "/v1/account").await.status, 200);
    }
    let roll = async |key: &str| {
        let body = format!("{{\"secret_key\": \"{key}\"}}");
        stripe.send("POST", "/_simulator/platform-key", &[], &body).await.status.as_u16()
    };
    assert_eq!((roll("pk_test_no").await, roll("sk_live_other_mode").await), (400, 400));
    assert_eq!(roll("sk_test_rolled").await, 200);
    for account in [&shop, &other] {
        assert_eq!(stripe.get_for(account, "/v1/account").await.error(), (401, "api_key_expired", ""));
        let with_new = [("authorization", "Bearer sk_test_rolled"), ("stripe-account", account.as_str())];
        assert_eq!(stripe.send("GET", "/v1/account", &with_new, "").await.status, 200, "nobody was disconnected");
    }
    let form = "grant_type=authorization_code&code=ac_unknown&client_secret=";
    let exchange =
        async |key: &str| stripe.send("POST", "/oauth/token", &[], &format!("{form}{key}")).await.status.as_u16();
    assert_eq!((exchange(PLATFORM).await, exchange("sk_test_rolled").await), (401, 400));
}
