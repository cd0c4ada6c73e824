//! Webhook endpoints that the platform registers itself.

use super::super::options::Options;
use super::super::{Fault, Rule, Running, start};
use super::life::{Receiver, connect, control, names, options};
use super::{PLATFORM, Stripe};
use serde_json::{Value, json};

/// A form as the platform sends it.
async fn ask(stripe: &Running, method: &str, path: &str, form: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .request(method.parse().unwrap(), format!("{}/v1/{path}", stripe.url))
        .bearer_auth(PLATFORM)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

fn form(url: &str, types: &[&str]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("url", url).append_pair("connect", "true").append_pair("api_version", "2026-10-28.endive");
    form.append_pair("description", "ours").append_pair("metadata[by]", "us");
    for name in types {
        form.append_pair("enabled_events[]", name);
    }
    form.finish()
}

#[tokio::test]
async fn a_registered_endpoint_gets_the_types_it_named_signed_with_its_own_secret() {
    let (receiver, endpoint) = Receiver::start(&[]).await;
    let stripe = start(options(None)).await.unwrap();
    let shop = stripe.world.accounts()[0].id.clone();
    connect(&stripe, &shop).await;
    let wanted = ["customer.updated", "account.application.deauthorized"];
    let (status, made) = ask(&stripe, "POST", "webhook_endpoints", &form(endpoint.url.as_str(), &wanted)).await;
    assert_eq!(status, 200, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && made["id"].as_str().unwrap().starts_with("we_"));
    assert_eq!((&made["enabled_events"], &made["application"]), (&json!(wanted), &json!("ca_simulator")));
    assert_eq!((&made["status"], &made["metadata"]), (&json!("enabled"), &json!({ "by": "us" })));
    let path = format!("accounts/{shop}/actions");
    control(&stripe, "POST", &path, json!({ "do": "create_customer" })).await;
    control(&stripe, "POST", &path, json!({ "do": "edit_customer", "name": "N" })).await;
    let got = receiver.until(|events| !events.is_empty()).await;
    assert_eq!(names(&got), ["customer.updated"], "the creation is none of its types");
    assert_eq!((&got[0]["api_version"], &got[0]["account"]), (&json!("2026-10-28.endive"), &json!(shop)));
    receiver.signed_with(&secret, 1);
    let id = made["id"].as_str().unwrap();
    let one = format!("webhook_endpoints/{id}");
    let (_, shown) = ask(&stripe, "GET", &one, "").await;
    assert_eq!((&shown["id"], shown.get("secret")), (&json!(id), None), "only the making shows the secret");
    let (_, changed) = ask(&stripe, "POST", &one, "enabled_events[0]=customer.created&metadata[by]=").await;
    assert_eq!((&changed["enabled_events"], &changed["metadata"]), (&json!(["customer.created"]), &json!({})));
    control(&stripe, "POST", &path, json!({ "do": "create_customer" })).await;
    let got = receiver.until(|events| events.len() == 2).await;
    assert_eq!(names(&got)[1], "customer.created");
    assert_eq!(ask(&stripe, "DELETE", &one, "").await.1["deleted"], true);
    assert_eq!(ask(&stripe, "GET", &one, "").await.0, 404);
    let (_, list) = ask(&stripe, "GET", "webhook_endpoints", "").await;
    assert_eq!(list["data"], json!([]));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn a_making_that_is_refused_has_not_happened_and_one_whose_answer_is_lost_has() {
    let stripe = start(options(None)).await.unwrap();
    let made = async || ask(&stripe, "GET", "webhook_endpoints", "").await.1["data"].as_array().unwrap().len();
    let fine = form("http://127.0.0.1:1/", &["*"]);
    stripe.faults.add(Rule::new("POST /v1/webhook_endpoints", Fault::status(500)));
    assert_eq!(ask(&stripe, "POST", "webhook_endpoints", &fine).await.0, 500);
    assert_eq!(made().await, 0);
    stripe.faults.add(Rule::new("POST /v1/webhook_endpoints", Fault::Cut));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/webhook_endpoints", stripe.url);
    let answer = client.post(url).bearer_auth(PLATFORM).body(fine).send().await.unwrap();
    assert!(answer.bytes().await.is_err(), "its secret has not arrived");
    assert_eq!((stripe.faults.fired("cut"), made().await), (1, 1));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn a_secret_is_rolled_and_the_old_one_signs_for_a_while() {
    let (receiver, endpoint) = Receiver::start(&[]).await;
    let stripe = start(options(None)).await.unwrap();
    let shop = stripe.world.accounts()[0].id.clone();
    connect(&stripe, &shop).await;
    let (_, made) = ask(&stripe, "POST", "webhook_endpoints", &form(endpoint.url.as_str(), &["*"])).await;
    let (id, old) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let path = format!("webhook_endpoints/{id}/roll");
    let (status, rolled) = control(&stripe, "POST", &path, json!({ "old_lives_seconds": 3600 })).await;
    assert_eq!(status, 200, "{rolled}");
    let new = rolled["secret"].as_str().unwrap();
    let action = format!("accounts/{shop}/actions");
    control(&stripe, "POST", &action, json!({ "do": "edit_customer", "name": "One" })).await;
    receiver.until(|events| events.len() == 1).await;
    receiver.signed_with(new, 2);
    receiver.signed_with(old, 2);
    stripe.clock.advance(3_601_000);
    receiver.got.lock().unwrap().clear();
    control(&stripe, "POST", &action, json!({ "do": "edit_customer", "name": "Two" })).await;
    receiver.until(|events| !events.is_empty()).await;
    receiver.signed_with(new, 1);
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn endpoints_that_cannot_be_are_refused() {
    let stripe = Stripe::with(Options::default());
    let bearer = format!("Bearer {PLATFORM}");
    let post =
        async |form: &str| stripe.send("POST", "/v1/webhook_endpoints", &[("authorization", &bearer)], form).await;
    for (form, code, param) in [
        ("enabled_events[]=*", "parameter_missing", "url"),
        ("url=http://127.0.0.1/", "parameter_missing", "enabled_events"),
        ("url=nonsense&enabled_events[]=*", "", "url"),
        ("url=ftp://127.0.0.1/&enabled_events[]=*", "", "url"),
        ("url=http://127.0.0.1/&enabled_events[]=charge.exploded", "", "enabled_events[0]"),
        ("url=http://127.0.0.1/&enabled_events[]=charge.*", "", "enabled_events[0]"),
        ("url=http://127.0.0.1/&enabled_events[]=*&api_version=2099-01-01", "", "api_version"),
        ("url=http://127.0.0.1/&enabled_events[]=*&connect=perhaps", "", "connect"),
        ("url=http://127.0.0.1/&enabled_events[]=*&colour=red", "parameter_unknown", "colour"),
    ] {
        assert_eq!(post(form).await.error(), (400, code, param), "{form}");
    }
    for _ in 0..16 {
        assert_eq!(post("url=http://127.0.0.1/&enabled_events[]=*").await.status, 200);
    }
    assert_eq!(post("url=http://127.0.0.1/&enabled_events[]=*").await.status, 400, "there may be 16");
    let page = stripe.send("GET", "/v1/webhook_endpoints?limit=10", &[("authorization", &bearer)], "").await;
    let cursor = format!("/v1/webhook_endpoints?limit=10&starting_after={}", page.ids()[9]);
    let rest = stripe.send("GET", &cursor, &[("authorization", &bearer)], "").await;
    assert_eq!((page.body["has_more"].clone(), rest.ids().len()), (json!(true), 6));
    // A connection that may only read cannot make any, and an account's own are not simulated.
    stripe.connect(&stripe.shop(), "read_only").await;
    let shop = stripe.shop();
    let of_shop = [("authorization", bearer.as_str()), ("stripe-account", shop.as_str())];
    let refused = stripe.send("POST", "/v1/webhook_endpoints", &of_shop, "url=http://127.0.0.1/").await;
    assert_eq!(refused.error(), (403, "more_permissions_required_for_application", ""));
    assert_eq!(stripe.send("GET", "/v1/webhook_endpoints", &of_shop, "").await.status, 501);
}
