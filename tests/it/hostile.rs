//! R42: whatever comes from outside, no reader of it panics or hangs. A corpus that is kept, changed at random.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use entity::id::ConnectionId;
use serde_json::{Value, json};
use simulator::world::{Kind, Options, Query, World};
use tributary::config::Config;
use tributary::query;
use tributary::stripe::{signature, wire};
use tributary::sync::map::{self, Source};
use tributary::sync::prepare::Prepared;
use tributary::vault::{DataKey, MasterKey, Place};

use crate::both;
use crate::house::House;
use crate::oracle::linked;
use crate::running::{Dice, rounds, seed};

/// A reader may take this long, however odd its input is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads an input; fails when the reader panics or takes too long. What takes too long is read once more, and again: a
/// machine is busy now and then, a reader that is slow is slow each time.
fn read(what: &str, input: &str, reader: impl Fn(&str)) {
    let shown: String = input.chars().take(2_000).collect();
    let is_soon = || {
        let began = Instant::now();
        assert!(catch_unwind(AssertUnwindSafe(|| reader(input))).is_ok(), "the reader of {what} panics at:\n{shown}");
        began.elapsed() < PATIENCE
    };
    assert!((0..4).any(|_| is_soon()), "the reader of {what} takes more than {PATIENCE:?} for:\n{shown}");
}

/// The inputs that are kept for a reader, one a line.
fn corpus(name: &str) -> Vec<String> {
    let file = format!("{}/tests/corpus/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).unwrap().lines().map(|line| line.replace("\\n", "\n")).collect()
}

fn pick<'a, T>(dice: &mut Dice, all: &'a [T]) -> &'a T {
    &all[usize::try_from(dice.roll(all.len() as u64)).unwrap()]
}

/// An input like those that are kept: pieces of two of them, with characters changed, repeated and put in.
fn mutant(dice: &mut Dice, all: &[String]) -> String {
    const ODD: [&str; 16] = [
        "\0",
        "\u{fffd}",
        "\"",
        "'",
        "\\",
        "(((((((((",
        "&&",
        "=",
        "%",
        "{}",
        "[",
        "\u{202e}",
        "\u{1f600}",
        "99999999999999999999",
        "-",
        "\n",
    ];
    let mut text: Vec<char> = pick(dice, all).chars().collect();
    for _ in 0..=dice.roll(4) {
        let at = usize::try_from(dice.roll(text.len() as u64 + 1)).unwrap();
        match dice.roll(5) {
            0 => text.truncate(at),
            1 => text.splice(at..at, pick(dice, all).chars()).for_each(drop),
            2 => text.splice(at..at, pick(dice, &ODD).chars()).for_each(drop),
            3 if at < text.len() => drop(text.remove(at)),
            _ => {
                let piece: Vec<char> = text[at..].iter().take(20).copied().collect();
                let times = usize::try_from(dice.roll(200)).unwrap();
                text.splice(at..at, piece.repeat(times)).for_each(drop);
            }
        }
    }
    text.into_iter().collect()
}

/// Reads all that is kept, and mutants of it.
fn try_all(what: &str, cases: u64, reader: impl Fn(&str)) {
    let (mut dice, all) = (Dice(seed()), corpus(what));
    for input in &all {
        read(what, input, &reader);
    }
    for _ in 0..rounds(1) * cases {
        read(what, &mutant(&mut dice, &all), &reader);
    }
}

#[test]
fn r42_no_query_breaks_its_parser() {
    try_all("query", 20_000, |text| drop(query::parse(text)));
}

#[test]
fn r42_no_config_file_breaks_its_reader() {
    let file = tempfile::NamedTempFile::new().unwrap();
    try_all("config", 2_000, |text| {
        std::fs::write(file.path(), text).unwrap();
        if let Ok(config) = Config::load(Some(file.path()), [], []) {
            drop(config.master_key());
        }
    });
}

#[test]
fn r42_no_sealed_text_breaks_the_vault() {
    let (key, place) = (DataKey::generate(), Place::new("credential", "x", "access_token"));
    let mut all = corpus("sealed");
    all.push(key.seal(&place, &"secret".to_owned().into()));
    let mut dice = Dice(seed());
    for _ in 0..5_000 {
        read("sealed", &mutant(&mut dice, &all), |text| {
            drop(key.open(&place, text));
            drop(MasterKey::parse(&text.to_owned().into()));
        });
    }
}

#[test]
fn r42_no_signature_breaks_its_check() {
    let secrets = ["whsec_one".to_owned().into(), "whsec_two".to_owned().into()];
    try_all("signature", 20_000, |text| {
        let refused = signature::verify(text.as_bytes(), b"{}", &secrets, 1_795_260_000, 300);
        assert!(refused.is_err(), "it believes {text}");
    });
}

#[test]
fn r42_no_event_breaks_its_reader() {
    try_all("event", 20_000, |text| {
        drop(serde_json::from_str::<wire::Event>(text));
        drop(serde_json::from_str::<wire::List<'_>>(text));
    });
}

/// Every place in an object, as a JSON pointer.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                all.push(at.clone());
                places(value, &at, all);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate().take(2) {
                let at = format!("{at}/{index}");
                all.push(at.clone());
                places(value, &at, all);
            }
        }
        _ => {}
    }
}

/// What is put in a place.
fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(""),
        json!("\0\u{202e}"),
        json!("x".repeat(5_000)),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.5),
        json!(true),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "object": "list", "data": [null], "has_more": true }),
        deep,
    ]
}

/// Every mapper, whatever the object is.
fn map_all(raw: &str) {
    let source = Source { connection_id: ConnectionId::new() };
    let mut prepared = Prepared::default();
    prepared.add(source.connection_id, raw, None);
    if let Ok(product) = map::read::<wire::Product>(raw) {
        drop(map::product::product(source, &product, &[]));
    }
    if let Ok(price) = map::read::<wire::Price>(raw) {
        let product = json!({ "id": "prod_1", "object": "product" }).to_string();
        if let Ok(product) = map::read::<wire::Product>(&product) {
            drop(map::product::product(source, &product, &[price]));
        }
    }
    if let Ok(session) = map::read::<wire::Session>(raw) {
        drop(map::order::session(source, &session, &[], &[]));
    }
    if let Ok(invoice) = map::read::<wire::Invoice>(raw) {
        drop(map::order::invoice(source, &invoice, &[], &[]));
        drop(map::invoice::invoice(source, &invoice, &[], &[]));
    }
    if let Ok(subscription) = map::read::<wire::Subscription>(raw) {
        drop(map::subscription::subscription(source, &subscription));
    }
    if let Ok(account) = map::read::<wire::Account>(raw) {
        drop(map::company_info::company_info(source, &account, map::read::<wire::Balance>(raw).ok().as_ref()));
    }
}

#[test]
fn r42_no_object_of_stripes_breaks_its_mapper() {
    const NOW: i64 = 1_795_260_000;
    let world = World::new(&Options { seed: 7, charges: 200, accounts: 5, now: NOW });
    let account = world.accounts()[0].id.clone();
    let mut cases = 0_u64;
    for kind in [
        Kind::Customer,
        Kind::Charge,
        Kind::Refund,
        Kind::BalanceTransaction,
        Kind::Payout,
        Kind::Dispute,
        Kind::Price,
        Kind::Product,
        Kind::CheckoutSession,
        Kind::Invoice,
    ] {
        let page = world.page(&account, kind, &Query { limit: 1, now: NOW, ..Query::default() }).unwrap();
        assert!(!page.data.is_empty(), "{kind:?}");
        for object in page.data {
            read("object", &object.to_string(), map_all);
            let mut all = Vec::new();
            places(&object, "", &mut all);
            for place in all {
                for odd in odd_values() {
                    let mut changed = object.clone();
                    *changed.pointer_mut(&place).unwrap() = odd;
                    read("object", &changed.to_string(), map_all);
                    cases += 1;
                }
            }
        }
    }
    println!("{cases} objects");
    assert!(cases > 3_000, "only {cases} objects");
}

both! {
    async fn r42_no_cursor_of_the_feed_is_answered_as_a_fault_of_ours(house: House) {
        let (company, connection) = linked(&house, &house.accounts()[0].clone()).await;
        house.work().await;
        let key = house.api_key().await;
        let paths = [format!("/companies/{company}/connections/{connection}/changes"), "/changes".to_owned()];
        let mut dice = Dice(seed());
        for path in paths {
            let (status, page) = house.get(&format!("{path}?limit=2"), &key).await;
            assert_eq!(status, 200, "{page}");
            let mut all = corpus("cursor");
            all.push(page["next"].as_str().unwrap().to_owned());
            for _ in 0..rounds(1) * 100 {
                let mut url: url::Url = format!("{}{path}", house.url).parse().unwrap();
                let text: String = mutant(&mut dice, &all).chars().take(2_000).collect();
                url.query_pairs_mut().append_pair("after", &text);
                let asked = format!("{path}?{}", url.query().unwrap());
                let (status, body) = house.get(&asked, &key).await;
                assert!(status < 500, "{status} {text:?} {body}");
            }
        }
    }

    async fn r42_no_callback_and_no_query_is_answered_as_a_fault_of_ours(house: House) {
        house.set_up().await;
        let key = house.api_key().await;
        let mut dice = Dice(seed());
        let http = crate::house::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (callbacks, queries) = (corpus("callback"), corpus("query"));
        for number in 0..rounds(1) * 150 {
            let text = if number < callbacks.len() as u64 {
                callbacks[usize::try_from(number).unwrap()].clone()
            } else {
                mutant(&mut dice, &callbacks)
            };
            let mut url: url::Url = format!("{}/oauth/callback", house.url).parse().unwrap();
            url.set_query(Some(&text.chars().take(8_000).collect::<String>()));
            let answer = http.get(url.clone()).timeout(Duration::from_secs(10)).send().await.unwrap();
            assert!(answer.status().as_u16() < 500, "{} {url}", answer.status());

            let mut url: url::Url = format!("{}/companies", house.url).parse().unwrap();
            let text: String = mutant(&mut dice, &queries).chars().take(4_000).collect();
            url.query_pairs_mut().append_pair("query", &text);
            let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &key);
            let asked = http.get(url.clone()).header("authorization", format!("Basic {basic}"));
            let answer = asked.timeout(Duration::from_secs(10)).send().await.unwrap();
            assert!(answer.status().as_u16() < 500, "{} {text:?}", answer.status());
        }
    }
}
