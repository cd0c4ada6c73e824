//! Faults on demand: what a client on a real socket sees of each, and that rules are counted.

use super::super::{Fault, NO_ANSWER, Options, Point, Refusal, Rule, Running, start};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const CHARGES: &str = "GET /v1/charges";

/// What a plain TCP client read, and how it ended.
struct Heard {
    head: String,
    body: Vec<u8>,
    end: std::io::Result<()>,
}

impl Heard {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    fn length(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        let rows = self.json();
        rows["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn stripe() -> Running {
    start(Options { charges: 300, ..Options::default() }).await.unwrap()
}

fn shop(stripe: &Running) -> String {
    stripe.world.accounts()[0].id.clone()
}

/// Asks with the shop's own key over a socket of its own.
async fn hear(stripe: &Running, path: &str) -> Heard {
    hear_with(stripe, path, "").await
}

async fn hear_with(stripe: &Running, path: &str, headers: &str) -> Heard {
    let mut socket = TcpStream::connect(stripe.addr).await.unwrap();
    let key = format!("sk_test_own_{}", shop(stripe).trim_start_matches("acct_"));
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n{headers}Connection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = timeout(Duration::from_secs(20), socket.read_to_end(&mut bytes)).await.expect("in time").map(|_| ());
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
    Heard { head, body: bytes.get(at + 4..).unwrap_or_default().to_vec(), end }
}

#[tokio::test]
async fn a_rule_begins_ends_and_counts() {
    let stripe = stripe().await;
    stripe.faults.add(Rule::new(CHARGES, Fault::status(500)).named("down").from(2).times(2));
    stripe.faults.add(Rule::new("*", Fault::status(503)).from(4).times(1));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(hear(&stripe, "/v1/charges").await.status());
    }
    assert_eq!(statuses, [200, 500, 500, 503, 200]);
    assert_eq!((stripe.faults.matched("down"), stripe.faults.fired("down"), stripe.faults.fired("status")), (5, 2, 1));
    stripe.faults.clear();
    stripe.faults.add(Rule::new("/v1/cha*", Fault::status(502)).every(2).for_ever().account(shop(&stripe)));
    stripe.faults.add(Rule::new("*", Fault::status(504)).for_ever().account("acct_other"));
    let mut statuses = Vec::new();
    for path in ["/v1/charges", "/v1/customers", "/v1/charges", "/v1/charges/ch_1", "/v1/charges"] {
        statuses.push(hear(&stripe, path).await.status());
    }
    assert_eq!(statuses, [502, 200, 200, 502, 200]);
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn rules_are_set_over_http_and_checked() {
    let stripe = stripe().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/_simulator/faults", stripe.url);
    let rules = json!([
        { "endpoint": "/v1/refunds", "fault": { "kind": "status", "status": 429, "reason": "global-rate", "retry_after": 7 } },
        { "name": "late", "endpoint": "GET /v1/refunds", "times": null, "fault": { "kind": "delay", "ms": 1 } },
    ]);
    let answer = client.post(&url).body(rules.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let limited = hear(&stripe, "/v1/refunds").await;
    assert_eq!((limited.status(), limited.header("retry-after")), (429, Some("7")));
    assert_eq!(limited.header("stripe-rate-limited-reason"), Some("global-rate"));
    assert_eq!(limited.json()["error"]["code"], "rate_limit");
    assert_eq!(hear(&stripe, "/v1/refunds").await.status(), 200);
    let told: Value = serde_json::from_slice(&client.get(&url).send().await.unwrap().bytes().await.unwrap()).unwrap();
    let counts = |at: usize| (told[at]["label"].clone(), told[at]["matched"].clone(), told[at]["fired"].clone());
    assert_eq!(counts(0), (json!("status"), json!(2), json!(1)));
    assert_eq!(counts(1), (json!("late"), json!(2), json!(1)));
    for (bad, why) in [
        (json!([{ "endpoint": "/v1/nonsense", "fault": { "kind": "empty" } }]), "none of the simulator's"),
        (json!([{ "fault": { "kind": "status", "status": 99 } }]), "no status 99"),
        (json!([{ "fault": { "kind": "status", "status": 429, "reason": "tired" } }]), "tired"),
        (json!([{ "from": 0, "fault": { "kind": "empty" } }]), "begin at 1"),
        (json!([{ "fault": { "kind": "gremlins" } }]), "gremlins"),
        (json!([{ "fault": { "kind": "empty" }, "often": 2 }]), "often"),
    ] {
        let answer = client.post(&url).body(bad.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(why), "{text}");
    }
    assert_eq!(stripe.faults.told().len(), 2, "a refused list leaves nothing behind");
    assert_eq!(client.delete(&url).send().await.unwrap().status(), 204);
    assert!(stripe.faults.told().is_empty());
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_42_a_refusal_of_one_resource_with_and_without_a_body() {
    let stripe = stripe().await;
    let refusal = Refusal::new(403).code("more_permissions_required_for_application");
    stripe.faults.add(Rule::new("/v1/disputes", Fault::Status(refusal)));
    stripe.faults.add(Rule::new("/v1/disputes", Fault::Status(Refusal::new(403).body(""))));
    let told = hear(&stripe, "/v1/disputes").await;
    assert_eq!(told.json()["error"]["code"], "more_permissions_required_for_application");
    assert_eq!(hear(&stripe, "/v1/charges").await.status(), 200, "the others are permitted");
    let silent = hear(&stripe, "/v1/disputes").await;
    assert_eq!((told.status(), silent.status(), silent.body.len()), (403, 403, 0));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_47_every_reason_of_a_limit_and_what_a_500_says_of_a_retry() {
    let stripe = stripe().await;
    for reason in super::super::REASONS {
        stripe.faults.add(Rule::new(CHARGES, Fault::Status(Refusal::limited(reason))));
        let heard = hear(&stripe, "/v1/charges").await;
        assert_eq!((heard.status(), heard.header("stripe-rate-limited-reason")), (429, Some(reason)));
    }
    stripe.faults.add(Rule::new(CHARGES, Fault::Status(Refusal::new(429).code("lock_timeout"))));
    let lock = hear(&stripe, "/v1/charges").await;
    assert_eq!((lock.status(), lock.json()["error"]["code"].clone()), (429, json!("lock_timeout")));
    assert_eq!(lock.header("stripe-rate-limited-reason"), None);
    stripe.faults.add(Rule::new(CHARGES, Fault::Status(Refusal::new(500).should_retry(false))));
    let final_one = hear(&stripe, "/v1/charges").await;
    assert_eq!((final_one.status(), final_one.header("stripe-should-retry")), (500, Some("false")));
    assert_eq!(final_one.json()["error"]["type"], "api_error");
    assert_eq!(stripe.faults.fired("status"), 7);
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_48_answers_that_are_none() {
    let stripe = stripe().await;
    let whole = hear(&stripe, "/v1/charges").await;
    let met = async |fault: Fault| {
        stripe.faults.add(Rule::new(CHARGES, fault));
        hear(&stripe, "/v1/charges").await
    };
    let html = met(Fault::Html { status: 502 }).await;
    assert_eq!((html.status(), html.header("content-type")), (502, Some("text/html")));
    assert!(html.body.starts_with(b"<html>"));
    let reset = met(Fault::Reset { after: Point::Nothing }).await;
    assert_eq!((reset.head.as_str(), reset.end.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
    let reset = met(Fault::Reset { after: Point::Headers }).await;
    assert_eq!((reset.status(), reset.body.len()), (200, whole.length() / 2));
    assert_eq!(reset.end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let cut = met(Fault::Cut).await;
    assert_eq!((cut.status(), cut.length(), cut.body.len()), (200, whole.length(), whole.length() / 2));
    assert!(cut.end.is_ok(), "closed, not reset");
    let short = met(Fault::WrongLength).await;
    assert_eq!((short.status(), short.length(), short.body.len()), (200, whole.length() / 2, whole.length() / 2));
    assert!(serde_json::from_slice::<Value>(&short.body).is_err());
    let zipped = met(Fault::Gzip).await;
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(zipped.body.as_slice()), &mut plain).unwrap();
    assert_eq!(plain, whole.body);
    assert!(serde_json::from_slice::<Value>(&met(Fault::Garbage).await.body).is_err());
    assert!(met(Fault::WrongShape).await.json()["data"].is_object());
    let empty = met(Fault::Empty).await;
    assert_eq!((empty.status(), empty.body.len()), (200, 0));
    let odd = met(Fault::OkError).await;
    assert_eq!((odd.status(), odd.json()["error"]["type"].clone()), (200, json!("api_error")));
    let huge = met(Fault::Huge { bytes: 1_000_000 }).await;
    assert!(huge.body.len() > 1_000_000 && huge.header("content-length").is_none());
    let statuses = &stripe.counters.served().endpoints[CHARGES];
    assert_eq!(statuses[&NO_ANSWER], 1, "the reset that nothing came before");
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn trap_48_silence_and_dripping_last_until_the_client_leaves() {
    let stripe = stripe().await;
    stripe.faults.add(Rule::new(CHARGES, Fault::Silence));
    stripe.faults.add(Rule::new("/v1/balance", Fault::Drip { ms: 50 }).for_ever());
    let quiet = async {
        let mut socket = TcpStream::connect(stripe.addr).await.unwrap();
        let key = format!("sk_test_own_{}", shop(&stripe).trim_start_matches("acct_"));
        let request = format!("GET /v1/charges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        timeout(Duration::from_millis(300), socket.read_u8()).await.is_err()
    };
    assert!(quiet.await, "no byte comes");
    assert_eq!(stripe.faults.fired("silence"), 1);
    let counted = timeout(Duration::from_secs(10), async {
        while stripe.counters.served().total < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    counted.await.expect("the request ends when the client has left");
    assert_eq!(stripe.counters.visits()[0].status, NO_ANSWER);
    let began = Instant::now();
    let dripping = hear(&stripe, "/v1/balance");
    let slow = timeout(Duration::from_millis(400), dripping).await;
    assert!(slow.is_err() && began.elapsed() >= Duration::from_millis(400));
    // One that is silent does not hold the simulator's end up.
    stripe.faults.add(Rule::new("/v1/refunds", Fault::Silence));
    let (addr, url) = (stripe.addr, stripe.url.clone());
    let hanging = tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{url}/v1/refunds")).send().await.is_err()
    });
    let silent = timeout(Duration::from_secs(10), async {
        while stripe.faults.fired("silence") < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    silent.await.expect("asked");
    timeout(Duration::from_secs(10), stripe.stop()).await.expect("stopped in time").unwrap();
    assert!(hanging.await.unwrap(), "{addr}");
}

#[tokio::test]
async fn trap_51_short_pages_and_cursors_that_vanish() {
    let stripe = stripe().await;
    let first = hear(&stripe, "/v1/charges?limit=100").await.ids();
    stripe.faults.add(Rule::new(CHARGES, Fault::ShortPage { rows: 37 }));
    let short = hear(&stripe, "/v1/charges?limit=100").await;
    assert_eq!((short.ids(), &short.json()["has_more"]), (first[..37].to_vec(), &json!(true)));
    stripe.faults.add(Rule::new(CHARGES, Fault::EmptyMore));
    let empty = hear(&stripe, "/v1/charges?limit=100").await;
    assert_eq!((empty.ids().len(), &empty.json()["has_more"]), (0, &json!(true)));
    stripe.faults.add(Rule::new(CHARGES, Fault::VanishedCursor));
    assert_eq!(hear(&stripe, "/v1/charges").await.status(), 200, "a first page has no cursor");
    let gone = hear(&stripe, &format!("/v1/charges?starting_after={}", first[9])).await;
    assert_eq!((gone.status(), gone.json()["error"]["code"].clone()), (400, json!("resource_missing")));
    assert_eq!(gone.json()["error"]["param"], "starting_after");
    assert_eq!(gone.json()["error"]["message"], format!("No such charge: '{}'", first[9]));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn pages_come_twice_never_or_in_another_order() {
    let stripe = stripe().await;
    let rows = hear(&stripe, "/v1/charges?limit=40").await.ids();
    let second = format!("/v1/charges?limit=10&starting_after={}", rows[9]);
    stripe.faults.add(Rule::new(CHARGES, Fault::DuplicatePage));
    assert_eq!(hear(&stripe, "/v1/charges?limit=10").await.ids(), rows[..10], "there is no page before the first");
    assert_eq!(hear(&stripe, &second).await.ids(), rows[..10]);
    stripe.faults.add(Rule::new(CHARGES, Fault::MissingPage));
    assert_eq!(hear(&stripe, &second).await.ids(), rows[20..30]);
    stripe.faults.add(Rule::new(CHARGES, Fault::Shuffled));
    let mut shuffled = hear(&stripe, &second).await.ids();
    assert!(shuffled.iter().zip(&rows[10..20]).all(|(one, other)| one != other));
    shuffled.sort_unstable();
    let mut expected = rows[10..20].to_vec();
    expected.sort_unstable();
    assert_eq!(shuffled, expected);
    // A page that nothing can be missing after is spared, and the rule waits.
    stripe.faults.add(Rule::new("/v1/disputes", Fault::MissingPage).named("spared"));
    assert_eq!(hear(&stripe, "/v1/disputes?limit=100").await.json()["has_more"], json!(false));
    assert_eq!((stripe.faults.matched("spared"), stripe.faults.fired("spared")), (1, 0));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn tokens_and_authorizations_meet_faults_too() {
    let stripe = stripe().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async || {
        let form = "grant_type=authorization_code&code=ac_none&client_secret=sk_test_simulator";
        client
            .post(format!("{}/oauth/token", stripe.url))
            .body(form)
            .send()
            .await
            .map(|answer| answer.status().as_u16())
    };
    assert_eq!(ask().await.unwrap(), 400, "such a code there never was");
    stripe.faults.add(Rule::new("POST /oauth/token", Fault::Html { status: 503 }));
    assert_eq!(ask().await.unwrap(), 503);
    stripe.faults.add(Rule::new("/oauth/*", Fault::Reset { after: Point::Nothing }));
    assert!(ask().await.is_err());
    assert_eq!((stripe.faults.fired("html"), stripe.faults.fired("reset")), (1, 1));
    let counted = &stripe.counters.served().endpoints["POST /oauth/token"];
    assert_eq!((counted[&400], counted[&503], counted[&NO_ANSWER]), (1, 1, 1));
    stripe.stop().await.unwrap();
}

#[tokio::test]
async fn requests_are_told_one_by_one_and_how_many_were_under_way_at_once() {
    let stripe = stripe().await;
    stripe.faults.add(Rule::new(CHARGES, Fault::Delay { ms: 300 }).for_ever());
    let (one, other) = tokio::join!(
        hear_with(&stripe, "/v1/charges?limit=1", "X-Request-Owner: worker-1\r\n"),
        hear_with(&stripe, "/v1/charges?limit=2", "X-Request-Owner: worker-2\r\n"),
    );
    assert_eq!((one.status(), other.status()), (200, 200));
    hear(&stripe, "/v1/charges/ch_none").await;
    let account = shop(&stripe);
    let most = &stripe.counters.served().at_once[&account];
    assert_eq!((most[CHARGES], most["GET /v1/charges/{id}"]), (2, 1));
    let visits = stripe.counters.visits();
    let mut owners: Vec<_> = visits[..2].iter().map(|visit| visit.owner.clone().unwrap()).collect();
    owners.sort_unstable();
    assert_eq!(owners, ["worker-1", "worker-2"]);
    assert!(visits[0].began < visits[1].ended && visits[1].began < visits[0].ended, "they overlap");
    assert!(visits[..2].iter().all(|visit| visit.ended - visit.began >= 300_000));
    assert_eq!((visits[2].path.as_str(), visits[2].status), ("/v1/charges/ch_none", 404));
    assert_eq!(visits[2].account.as_deref(), Some(account.as_str()));
    stripe.stop().await.unwrap();
}
