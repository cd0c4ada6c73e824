//! Deliveries that go wrong on purpose.

use super::super::{DeliveryRule, Fault, Rule, Running, Twist, start};
use super::life::{Receiver, connect, control, names, options};
use serde_json::{Value, json};

/// A simulator with the shop connected and an endpoint that has heard of it.
struct Told {
    stripe: Running,
    receiver: Receiver,
    shop: String,
}

impl Told {
    async fn new() -> Self {
        let (receiver, endpoint) = Receiver::start(&[]).await;
        let stripe = start(options(Some(endpoint))).await.unwrap();
        // The shop's charges get their balance transactions meanwhile; of that nothing is to be heard.
        let types = ["customer.created", "account.application.authorized", "account.application.deauthorized"];
        stripe.webhooks.registered()[0].enabled_events = types.map(str::to_owned).to_vec();
        let shop = stripe.world.accounts()[0].id.clone();
        connect(&stripe, &shop).await;
        receiver.until(|events| events.len() == 1).await;
        receiver.got.lock().unwrap().clear();
        Self { stripe, receiver, shop }
    }

    fn twist(&self, twist: Twist) {
        self.stripe.webhooks.twists.add(DeliveryRule::new("customer.*", twist));
    }

    async fn customer(&self, name: &str) -> Value {
        let action = json!({ "do": "create_customer", "name": name });
        let (status, made) = control(&self.stripe, "POST", &format!("accounts/{}/actions", self.shop), action).await;
        assert_eq!(status, 200, "{made}");
        made["events"][0].clone()
    }

    /// The deliveries once there are so many, and none waits.
    async fn settled(&self, many: usize) -> Vec<Value> {
        let events = self.receiver.until(|events| events.len() >= many).await;
        assert_eq!(events.len(), many);
        events
    }

    /// The one delivery under a twist: signature header, body.
    async fn one(&self, twist: Twist) -> (String, String) {
        let label = DeliveryRule::new("*", twist.clone());
        self.receiver.got.lock().unwrap().clear();
        self.twist(twist);
        self.customer("Zoë").await;
        self.settled(1).await;
        assert_eq!(self.stripe.webhooks.twists.fired(&super::super::Scripted::label(&label)), 1);
        self.receiver.raw().remove(0)
    }
}

fn body_of(raw: &str) -> Value {
    serde_json::from_str(raw).unwrap()
}

#[tokio::test]
async fn trap_22_an_event_comes_again_late_and_in_the_wrong_order() {
    let told = Told::new().await;
    told.twist(Twist::Again { times: 99, apart: 0 });
    let event = told.customer("Ada").await;
    let events = told.settled(100).await;
    assert!(events.iter().all(|again| again["id"] == event["id"]));
    told.receiver.got.lock().unwrap().clear();
    told.twist(Twist::Late { seconds: 2 * 86_400 });
    let late = told.customer("Bea").await;
    told.customer("Cleo").await;
    assert!(told.settled(1).await[0]["id"] != late["id"], "the later one comes first");
    told.stripe.clock.advance(2 * 86_400_000);
    let events = told.settled(2).await;
    assert_eq!(events[1]["id"], late["id"]);
    assert!(told.stripe.clock.seconds() - events[1]["created"].as_i64().unwrap() >= 2 * 86_400);
    told.receiver.got.lock().unwrap().clear();
    told.stripe.webhooks.twists.clear();
    let reversed = DeliveryRule::new("customer.*", Twist::Reversed { of: 3 }).for_ever();
    told.stripe.webhooks.twists.add(reversed);
    let mut made = Vec::new();
    for name in ["One", "Two", "Three", "Four"] {
        made.push(told.customer(name).await["id"].clone());
    }
    let events = told.settled(3).await;
    let order: Vec<&Value> = events.iter().map(|event| &event["id"]).collect();
    assert_eq!(order, [&made[2], &made[1], &made[0]]);
    told.receiver.until(|_| told.stripe.webhooks.tally().held == 1).await;
    told.stripe.webhooks.clear_twists();
    assert_eq!(told.settled(4).await[3]["id"], made[3], "what was held back comes when the rules go");
    let tally = told.stripe.webhooks.tally();
    assert_eq!((tally.again, tally.held, tally.lost), (99, 0, 0), "{tally:?}");
    told.stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_43_access_ends_in_the_middle_and_the_webhook_comes_late_or_never() {
    let told = Told::new().await;
    let never = DeliveryRule::new("account.application.deauthorized", Twist::Lost);
    let late = DeliveryRule::new("account.application.deauthorized", Twist::Late { seconds: 600 });
    told.stripe.webhooks.twists.add(never);
    told.stripe.webhooks.twists.add(late);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let read_seven = async || {
        let mut statuses = Vec::new();
        let mut cursor = String::new();
        for _ in 0..7 {
            let url = format!("{}/v1/charges?limit=10{cursor}", told.stripe.url);
            let request = client.get(url).bearer_auth(super::PLATFORM).header("stripe-account", &told.shop);
            let answer = request.send().await.unwrap();
            statuses.push(answer.status().as_u16());
            let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            match body["data"].as_array() {
                Some(rows) => cursor = format!("&starting_after={}", rows[9]["id"].as_str().unwrap()),
                None => assert_eq!(body["error"]["code"], "account_invalid"),
            }
        }
        statuses
    };
    for _ in 0..2 {
        told.stripe.faults.add(Rule::new("GET /v1/charges", Fault::Revoke).from(7));
        assert_eq!(read_seven().await, [200, 200, 200, 200, 200, 200, 403], "page 7");
        assert_eq!(told.stripe.faults.fired("revoke"), 1);
        told.stripe.faults.clear();
        told.receiver.until(|_| told.stripe.webhooks.tally().lost == 1).await;
        connect(&told.stripe, &told.shop).await;
        let events = told.receiver.until(|events| !events.is_empty()).await;
        assert_eq!(names(&events), ["account.application.authorized"]);
        told.receiver.got.lock().unwrap().clear();
    }
    told.stripe.clock.advance(600_000);
    let events = told.settled(1).await;
    assert_eq!(names(&events), ["account.application.deauthorized"], "of the second, ten minutes later");
    told.stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_49_events_that_are_not_for_us_or_not_known() {
    let told = Told::new().await;
    let (_, body) = told.one(Twist::OtherMode).await;
    assert_eq!(body_of(&body)["livemode"], true);
    let (_, body) = told.one(Twist::UnknownAccount).await;
    assert!(body_of(&body)["account"].as_str().unwrap().starts_with("acct_") && body_of(&body)["account"] != told.shop);
    let (_, body) = told.one(Twist::UnknownType).await;
    assert_eq!(body_of(&body)["type"], "orchard.harvest.finished");
    let (_, body) = told.one(Twist::Thin).await;
    let thin = body_of(&body);
    assert_eq!((&thin["object"], &thin["type"]), (&json!("v2.core.event"), &json!("v1.customer.created")));
    assert!(thin.get("data").is_none() && thin["related_object"]["id"].as_str().unwrap().starts_with("cus_"));
    told.receiver.got.lock().unwrap().clear();
    let made_up = json!({ "id": "evt_made_up", "type": "a.b", "account": "acct_x", "livemode": false, "data": {} });
    let body = json!({ "event": made_up, "times": 5 });
    assert_eq!(control(&told.stripe, "POST", "deliveries/send", body).await.0, 200);
    assert_eq!(told.settled(5).await[4]["id"], "evt_made_up");
    told.stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_50_signatures_during_a_roll_a_wrong_clock_and_escaped_bodies() {
    let told = Told::new().await;
    let (header, _) = told.one(Twist::TwoSignatures).await;
    let schemes: Vec<&str> = header.split(',').map(|part| part.split('=').next().unwrap()).collect();
    assert_eq!(schemes, ["t", "v1", "v1", "v0"]);
    told.receiver.signed_with(super::life::SECRET, 2);
    let right_is_second = header.split(',').nth(2).unwrap().to_owned();
    let (header, body) = told.one(Twist::ClockOff { seconds: -360 }).await;
    assert!(!header.contains(&right_is_second));
    let at: i64 = header.split(',').next().unwrap()[2..].parse().unwrap();
    assert!((told.stripe.clock.seconds() - at).abs_diff(360) < 60, "{header}");
    assert!(body.contains("Zoë"));
    told.receiver.signed_with(super::life::SECRET, 1);
    let (_, body) = told.one(Twist::Escaped).await;
    assert!(body.contains("Zo\\u00eb") && body_of(&body)["data"]["object"]["name"] == "Zoë");
    assert_ne!(format!("{:#}", body_of(&body)), body, "written again it is another body");
    told.receiver.signed_with(super::life::SECRET, 1);
    let (header, body) = told.one(Twist::WrongSignature).await;
    let (at, code) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_ne!(code, super::super::webhooks::code(super::life::SECRET, at.parse().unwrap(), &body));
    told.stripe.stop().await.unwrap();
}

#[tokio::test]
async fn rules_of_deliveries_are_set_over_http_and_checked() {
    let told = Told::new().await;
    let rules = json!([{ "event": "customer.*", "from": 2, "twist": { "kind": "lost" } }]);
    assert_eq!(control(&told.stripe, "POST", "deliveries", rules).await.0, 200);
    for name in ["One", "Two", "Three"] {
        told.customer(name).await;
    }
    let events = told.settled(2).await;
    assert!(events.iter().all(|event| event["data"]["object"]["name"] != "Two"));
    let (_, rules) = control(&told.stripe, "GET", "deliveries", Value::Null).await;
    assert_eq!((&rules[0]["label"], &rules[0]["matched"], &rules[0]["fired"]), (&json!("lost"), &json!(3), &json!(1)));
    for (bad, why) in [
        (json!([{ "twist": { "kind": "reversed", "of": 1 } }]), "begins at 2"),
        (json!([{ "every": 0, "twist": { "kind": "lost" } }]), "begin at 1"),
        (json!([{ "twist": { "kind": "eaten" } }]), "eaten"),
    ] {
        let (status, answer) = control(&told.stripe, "POST", "deliveries", bad).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(why), "{answer}");
    }
    assert_eq!(control(&told.stripe, "DELETE", "deliveries", Value::Null).await.0, 204);
    let (status, clock) = control(&told.stripe, "POST", "clock", json!({ "advance_seconds": 3_600 })).await;
    assert_eq!(status, 200);
    assert!(clock["now"].as_i64().unwrap().abs_diff(told.stripe.clock.seconds()) < 60);
    for hold in [true, false] {
        let (status, clock) = control(&told.stripe, "POST", "clock", json!({ "hold": hold })).await;
        assert_eq!((status, &clock["held"], told.stripe.clock.held()), (200, &json!(hold), hold));
    }
    for bad in [json!({}), json!({ "hold": "yes" }), json!({ "advance_seconds": -1 }), json!({ "stop": true })] {
        assert_eq!(control(&told.stripe, "POST", "clock", bad.clone()).await.0, 400, "{bad}");
    }
    told.stripe.stop().await.unwrap();
}
