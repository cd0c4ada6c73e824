//! Life and webhooks, on real sockets.

use super::super::webhooks::Endpoint;
use super::super::{Options, Running, start};
use crate::world::{Action, Kind, Query};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

pub const SECRET: &str = "whsec_under_test";

/// What takes the webhooks.
#[derive(Clone, Default)]
pub struct Receiver {
    /// Header and body of each.
    pub got: Arc<Mutex<Vec<(String, String)>>>,
    /// The next answers; 200 when there are none left.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub async fn start(answers: &[u16]) -> (Self, Endpoint) {
        let receiver = Self { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Self::default() };
        let app = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        let endpoint =
            Endpoint { first_wait: Duration::from_millis(20), ..Endpoint::new(url.parse().unwrap(), SECRET) };
        (receiver, endpoint)
    }

    pub fn events(&self) -> Vec<Value> {
        self.got.lock().unwrap().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }

    /// Each delivery has so many signatures, and one of them is of this secret.
    pub fn signed_with(&self, secret: &str, signatures: usize) {
        for (header, body) in self.got.lock().unwrap().iter() {
            let parts: Vec<(&str, &str)> = header.split(',').map(|part| part.split_once('=').unwrap()).collect();
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(format!("{}.{body}", parts[0].1).as_bytes());
            let expected = hex::encode(mac.finalize().into_bytes());
            assert_eq!(parts.iter().filter(|(scheme, _)| *scheme == "v1").count(), signatures, "{header}");
            assert!(parts.contains(&("v1", expected.as_str())), "{header}");
        }
    }

    /// What the body of each delivery was, byte for byte, and its signature header.
    pub fn raw(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap().clone()
    }

    /// The deliveries once there are as many as that.
    pub async fn until(&self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let waited = timeout(Duration::from_secs(30), async {
            loop {
                let events = self.events();
                if enough(&events) {
                    return events;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("not in time: {:?}", names(&self.events())))
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    receiver.got.lock().unwrap().push((signature, body));
    let answer = receiver.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(answer.unwrap_or(200)).unwrap()
}

pub fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// A client of the control endpoint.
pub async fn control(stripe: &Running, method: &str, path: &str, body: Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/_simulator/{path}", stripe.url);
    let request = client.request(method.parse().unwrap(), url).body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

pub async fn connect(stripe: &Running, account: &str) {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!(
        "{}/oauth/authorize?response_type=code&client_id=ca_simulator&scope=read_only&account={account}&redirect_uri=http://127.0.0.1/cb",
        stripe.url
    );
    let back = client.get(url).send().await.unwrap();
    let location = back.headers()["location"].to_str().unwrap().to_owned();
    let code = location.split_once("code=").unwrap().1.to_owned();
    let form = format!("grant_type=authorization_code&code={code}&client_secret=sk_test_simulator");
    let token = client.post(format!("{}/oauth/token", stripe.url)).body(form).send().await.unwrap();
    assert_eq!(token.status(), 200);
}

pub fn options(webhook: Option<Endpoint>) -> Options {
    Options { charges: 300, auto_approve: true, webhook, ..Options::default() }
}

pub fn account(stripe: &Running, number: usize) -> String {
    stripe.world.accounts()[number].id.clone()
}

#[tokio::test]
async fn an_action_is_delivered_signed_and_again_until_the_answer_is_2xx() {
    let (receiver, endpoint) = Receiver::start(&[200, 500, 302, 404]).await;
    let stripe = start(options(Some(endpoint))).await.unwrap();
    let (shop, other) = (account(&stripe, 0), account(&stripe, 1));
    connect(&stripe, &shop).await;
    let first = receiver.until(|events| events.len() == 1).await;
    assert_eq!(names(&first), ["account.application.authorized"]);
    // Nobody hears of an account that is not connected.
    control(&stripe, "POST", &format!("accounts/{other}/actions"), json!({ "do": "charge" })).await;
    let (status, made) =
        control(&stripe, "POST", &format!("accounts/{shop}/actions"), json!({ "do": "edit_customer", "name": "N" }))
            .await;
    assert_eq!(status, 200);
    let events = receiver.until(|events| events.len() == 5).await;
    assert_eq!(names(&events[1..]), ["customer.updated"; 4], "one event, four tries");
    let expected = &made["events"][0];
    for event in &events[1..] {
        assert_eq!(
            (&event["id"], &event["account"], &event["data"]),
            (&expected["id"], &json!(shop), &expected["data"])
        );
        assert_eq!(event["pending_webhooks"], 1);
    }
    for (header, body) in receiver.got.lock().unwrap().iter() {
        let (at, signature) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{at}.{body}").as_bytes());
        assert_eq!(hex::encode(mac.finalize().into_bytes()), signature);
        assert!(at.parse::<i64>().unwrap().abs_diff(stripe.clock.seconds()) < 60);
    }
    let (_, tally) = control(&stripe, "GET", "webhooks", Value::Null).await;
    let counted =
        ["events", "delivered", "waiting", "given_up", "tries", "failed_tries"].map(|name| tally[name].as_i64());
    assert_eq!(counted, [2, 2, 0, 0, 5, 3].map(Some), "{tally}");
    assert!(tally["last_failure"].as_str().unwrap().contains("404"), "{tally}");
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn an_event_is_delivered_when_its_second_comes() {
    let (receiver, endpoint) = Receiver::start(&[]).await;
    let stripe = start(options(Some(endpoint))).await.unwrap();
    let shop = account(&stripe, 0);
    connect(&stripe, &shop).await;
    let path = format!("accounts/{shop}/actions");
    let (_, made) = control(&stripe, "POST", &path, json!({ "do": "charge", "amount": 4_242 })).await;
    let charge = made["events"][2]["data"]["object"]["id"].clone();
    let of_charge = |events: &[Value], name: &str| {
        events.iter().any(|event| event["type"] == name && event["data"]["object"]["id"] == charge)
    };
    let early = receiver.until(|events| of_charge(events, "charge.succeeded")).await;
    assert!(!of_charge(&early, "charge.updated"), "its balance transaction comes seconds later (trap 1)");
    stripe.clock.advance(60_000);
    receiver.until(|events| of_charge(events, "charge.updated")).await;
    control(&stripe, "POST", &format!("accounts/{shop}/revoke"), Value::Null).await;
    let events = receiver.until(|events| names(events).contains(&"account.application.deauthorized")).await;
    let last = events.iter().find(|event| event["type"] == "account.application.deauthorized").unwrap();
    assert_eq!((&last["account"], &last["data"]["object"]["id"]), (&json!(shop), &json!("ca_simulator")));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn a_deaf_endpoint_is_given_up_and_holds_nothing_up() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let endpoint = Endpoint { first_wait: Duration::from_micros(50), ..Endpoint::new(url.parse().unwrap(), SECRET) };
    let stripe = start(Options { live_per_minute: 600, ..options(Some(endpoint)) }).await.unwrap();
    connect(&stripe, &account(&stripe, 0)).await;
    let tried = timeout(Duration::from_secs(30), async {
        loop {
            let (status, tally) = control(&stripe, "GET", "webhooks", Value::Null).await;
            assert_eq!((status, &tally["delivered"]), (200, &json!(0)));
            if tally["given_up"].as_u64() > Some(3) {
                return tally;
            }
        }
    });
    let tally = tried.await.expect("given up in time");
    assert!(tally["last_failure"].is_string());
    timeout(Duration::from_secs(10), stripe.stop()).await.expect("stopped in time").unwrap();
}

#[tokio::test]
async fn things_happen_by_themselves_in_accounts_that_sell() {
    let (receiver, endpoint) = Receiver::start(&[]).await;
    let stripe = start(Options { live_per_minute: 3_000, ..options(Some(endpoint)) }).await.unwrap();
    let shop = account(&stripe, 0);
    connect(&stripe, &shop).await;
    let wanted = ["charge.succeeded", "charge.refunded", "customer.updated", "customer.created", "product.updated"];
    let events =
        receiver.until(|events| events.len() > 200 && wanted.iter().all(|name| names(events).contains(name))).await;
    assert!(events.iter().all(|event| event["account"] == shop.as_str()));
    let now = stripe.clock.seconds();
    for event in events.iter().filter(|event| event["type"] == "charge.succeeded") {
        let id = event["data"]["object"]["id"].as_str().unwrap();
        assert_eq!(stripe.world.get(&shop, Kind::Charge, id, now).unwrap()["id"], id);
    }
    let empty = stripe.world.page(&account(&stripe, 2), Kind::Charge, &Query { limit: 1, now, ..Query::default() });
    assert!(empty.unwrap().data.is_empty(), "an account that has not begun stays empty");
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn a_journal_takes_it_up_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Some(folder.path().join("journal"));
    let options = || Options { journal: journal.clone(), ..options(None) };
    let first = start(options()).await.unwrap();
    let shop = account(&first, 0);
    for action in [
        json!({ "do": "charge", "amount": 777 }),
        json!({ "do": "refund" }),
        json!({ "do": "edit_customer", "name": "Newly named" }),
        json!({ "do": "payout_advance" }),
    ] {
        let (status, answer) = control(&first, "POST", &format!("accounts/{shop}/actions"), action).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (status, _) =
        control(&first, "POST", &format!("accounts/{shop}/actions"), json!({ "do": "charge", "amount": -1 })).await;
    assert_eq!(status, 409);
    let now = first.clock.seconds() + 60;
    let lists = |stripe: &Running| {
        [Kind::Charge, Kind::Refund, Kind::Customer, Kind::Payout, Kind::BalanceTransaction, Kind::Event]
            .map(|kind| stripe.world.page(&shop, kind, &Query { limit: 100, now, ..Query::default() }).unwrap().data)
    };
    let before = lists(&first);
    first.stop().await.unwrap();
    // As after a crash in the middle of a line.
    let path = journal.clone().unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"at\": 17")).unwrap();
    let again = start(options()).await.unwrap();
    assert_eq!(lists(&again), before);
    again.stop().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    let other = start(Options { seed: 8, ..options() }).await.err().expect("another world");
    assert!(other.to_string().contains("another world"), "{other}");
}

#[tokio::test]
async fn a_life_keeps_the_books() {
    let stripe = start(Options { charges: 600, now: Some(1_795_260_000), ..Options::default() }).await.unwrap();
    let shop = account(&stripe, 0);
    let mut now = 1_795_260_000;
    for step in 0..400 {
        now += 700;
        let happened = stripe
            .world
            .next_in_life(&shop, step, now)
            .into_iter()
            .any(|action: Action| stripe.world.act(&shop, action, now).is_ok());
        assert!(happened, "{step}");
    }
    let mut nets = 0;
    let mut after = None;
    loop {
        let query = Query { limit: 100, now, after, ..Query::default() };
        let page = stripe.world.page(&shop, Kind::BalanceTransaction, &query).unwrap();
        nets += page.data.iter().map(|row| row["net"].as_i64().unwrap()).sum::<i64>();
        after = page.data.last().map(|row| row["id"].as_str().unwrap().to_owned());
        if !page.has_more {
            break;
        }
    }
    let balance = stripe.world.balance(&shop, now).unwrap();
    let parts = ["available", "pending"].map(|name| balance[name].as_array().unwrap().clone()).concat();
    assert_eq!(parts.iter().map(|part| part["amount"].as_i64().unwrap()).sum::<i64>(), nets);
    stripe.stop().await.unwrap();
}

#[test]
fn options_of_life_are_checked() {
    let with = |url: &str, secret: &str| options(Some(Endpoint::new(url.parse().unwrap(), secret))).check();
    assert!(with("http://127.0.0.1:1/x", SECRET).is_ok());
    assert!(with("ftp://127.0.0.1:1/x", SECRET).is_err());
    for secret in ["", "whsec_", "sk_test_1"] {
        assert!(with("http://127.0.0.1:1/x", secret).is_err(), "{secret}");
    }
    assert!(Options { live_per_minute: 6_001, ..options(None) }.check().is_err());
}
