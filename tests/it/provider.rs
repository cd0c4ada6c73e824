//! A Stripe that fails: whatever it answers, nothing is lost or kept half, and it is said what goes on.

use std::time::{Duration, Instant};

use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::id::ConnectionId;
use reqwest::Method;
use sea_orm::entity::prelude::*;
use serde_json::json;
use simulator::http::{Fault, Options, Point, Refusal, Rule};
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::store;
use tributary::stripe::client::{Gate, Settings};
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked};
use crate::running::{PATIENCE, until};

/// A house whose requests are given up soon, so that a silent Stripe costs little time.
struct Impatient(House);

impl Impatient {
    async fn on(kind: Kind) -> Self {
        let mut house = House::on(kind).await;
        house.worker.stripe =
            Gate::new(Settings { timeout: Duration::from_millis(1_500), ..house.gate.settings().clone() }).unwrap();
        Self(house)
    }
}

/// A house that asks at twice the pace that its Stripe allows, about a shop of some hundred pages. The paces are as high as a
/// busy machine can keep up with, since they are what such a sync waits for.
struct Hasty(House);

impl Hasty {
    async fn on(kind: Kind) -> Self {
        let stripe = Options { charges: 200, auto_approve: true, ..Options::default() };
        let mut house = House::beside(kind, stripe).await;
        let rates =
            Settings { rate_per_endpoint: Some(32), rate_per_account: Some(64), ..house.gate.settings().clone() };
        house.worker.stripe = Gate::new(rates).unwrap();
        Self(house)
    }
}

fn shop(house: &House) -> String {
    house.simulator.world.accounts()[0].id.clone()
}

async fn datasets(house: &House, connection: ConnectionId) -> Vec<dataset::Model> {
    dataset::Entity::find().filter(dataset::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap()
}

/// Works until the first sync is complete; between two tries of a job the clock is moved to the next.
async fn work_to_the_end(house: &House, connection: ConnectionId) {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        house.work().await;
        let head = store::sync_heads::find(&house.db, connection).await.unwrap();
        let open = store::datasets::unfinished(&house.db, connection).await.unwrap();
        if head.is_some_and(|head| head.first_done_at.is_some()) && open.is_empty() {
            return;
        }
        // A Stripe that counts as down is asked again by the machine's own time.
        tokio::time::sleep(Duration::from_millis(100)).await;
        house.clock.advance(chrono::Duration::minutes(2));
    }
    panic!("it does not come to its end: {:?}", datasets(house, connection).await);
}

async fn sync_again(house: &House, connection: ConnectionId) {
    store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
    house.work().await;
}

/// Every fault of an answer, each at another page of another list, so that one sync meets many.
fn faults() -> Vec<Rule> {
    let status = |status| Fault::status(status);
    let faults = [
        ("429 endpoint-rate", Fault::Status(Refusal::limited("endpoint-rate"))),
        ("429 global-rate", Fault::Status(Refusal::limited("global-rate"))),
        ("429 global-concurrency", Fault::Status(Refusal::limited("global-concurrency"))),
        ("429 with retry-after", Fault::Status(Refusal::limited("resource-specific").retry_after(1))),
        ("429 lock_timeout", Fault::Status(Refusal::new(429).code("lock_timeout"))),
        ("409", status(409)),
        ("500", status(500)),
        ("500, do not retry", Fault::Status(Refusal::new(500).should_retry(false))),
        ("502", Fault::Html { status: 502 }),
        ("503", status(503)),
        ("504", status(504)),
        ("silence", Fault::Silence),
        ("reset before the headers", Fault::Reset { after: Point::Nothing }),
        ("reset after the headers", Fault::Reset { after: Point::Headers }),
        ("cut body", Fault::Cut),
        ("wrong content length", Fault::WrongLength),
        ("no JSON", Fault::Garbage),
        ("JSON of another shape", Fault::WrongShape),
        ("HTML under 200", Fault::Html { status: 200 }),
        ("an error under 200", Fault::OkError),
        ("an empty body", Fault::Empty),
        ("a body without end", Fault::Huge { bytes: 1 << 30 }),
        ("a byte at a time", Fault::Drip { ms: 400 }),
        ("gzip", Fault::Gzip),
        ("the page before again", Fault::DuplicatePage),
        ("rows in another order", Fault::Shuffled),
        ("a short page", Fault::ShortPage { rows: 37 }),
        ("no rows and more", Fault::EmptyMore),
        ("the cursor is gone", Fault::VanishedCursor),
    ];
    let lists = ["charges", "balance_transactions", "customers"];
    let rule = |(at, (name, fault)): (usize, (&str, Fault))| {
        let cursor = matches!(fault, Fault::DuplicatePage | Fault::VanishedCursor);
        let list = if cursor { "charges" } else { lists[at % lists.len()] };
        // Balance transactions have most pages; whatever comes first on a list, the others follow on later requests.
        let from = if cursor { 1 } else { at as u64 / 3 + 1 };
        Rule::new(format!("GET /v1/{list}"), fault).from(from).named(name)
    };
    faults.into_iter().enumerate().map(rule).collect()
}

both! {
    async fn r19_every_fault_of_an_answer_is_survived(house: Impatient) {
        let house = house.0;
        let account = shop(&house);
        for (round, some) in faults().chunks(5).enumerate() {
            house.simulator.faults.clear();
            for rule in some {
                house.simulator.faults.add(Rule { from: 1, ..rule.clone() });
            }
            let (_, connection) = linked(&house, &account).await;
            work_to_the_end(&house, connection).await;
            for rule in some {
                let name = rule.name.as_deref().unwrap();
                assert!(house.simulator.faults.fired(name) > 0, "round {round}: `{name}` did not happen");
            }
            compare(&house, connection, &account).await;
        }
    }

    async fn r20_a_storm_of_refusals_slows_us_down_and_passes(house: House) {
        let account = shop(&house);
        let storm = Rule::new("*", Fault::Status(Refusal::limited("endpoint-rate"))).account(&account).named("storm");
        let (_, connection) = linked(&house, &account).await;
        house.simulator.faults.add(storm.for_ever());
        let stop = CancellationToken::new();
        tributary::work::tick::tick(&house.db, house.clock.now()).await.unwrap();
        let knocks = async { while !stop.is_cancelled() && house.worker.step(stop.clone()).await.unwrap() {} };
        let passes = async {
            until("it is refused again and again", async || house.simulator.faults.fired("storm") >= 5).await;
            stop.cancel();
        };
        tokio::join!(knocks, passes);
        let visits = house.simulator.counters.visits();
        let refused: Vec<_> = visits.iter().filter(|visit| visit.status == 429).map(|visit| (visit.began, &visit.endpoint)).collect();
        assert!((5..40).contains(&refused.len()), "{refused:?}");
        // Without a pace the tries would follow each other within milliseconds. Pauses are of chance, but that four of them
        // are together as short as this is not met in a million storms; a busy machine only makes them longer.
        assert!(refused[4].0 - refused[0].0 > 100_000, "microseconds of requests in a storm: {refused:?}");
        house.simulator.faults.clear();
        house.simulator.counters.reset();
        house.clock.advance(chrono::Duration::minutes(20));
        work_to_the_end(&house, connection).await;
        compare(&house, connection, &account).await;
    }

    async fn r20_under_a_limit_below_ours_hardly_a_request_is_wasted(house: Hasty) {
        let house = house.0;
        let account = shop(&house);
        house.simulator.switch(|settings| {
            settings.rate_limit = true;
            (settings.per_endpoint, settings.per_account) = (16, 32);
        });
        let (_, connection) = linked(&house, &account).await;
        house.simulator.counters.reset();
        work_to_the_end(&house, connection).await;
        let served = house.simulator.counters.served();
        let asked = |refused: bool| -> u64 {
            let answers = served.accounts[&account].values().flatten();
            answers.filter(|(status, _)| (**status == 429) == refused).map(|(_, count)| count).sum()
        };
        let (useful, refused) = (asked(false), asked(true));
        println!("{useful} requests were of use, {refused} were too much");
        assert!(refused > 0, "the limit was never met: nothing is tested");
        assert!(useful > 60, "only {useful} requests: too few for a share");
        assert!(refused * 5 <= useful, "{refused} of {useful} requests were sent in vain");
        compare(&house, connection, &account).await;
    }

    async fn r20_who_is_slowed_down_is_told_so_and_when_it_goes_on(house: House) {
        let account = shop(&house);
        let (company, connection) = linked(&house, &account).await;
        let limited = Refusal::limited("endpoint-rate").should_retry(false);
        house.simulator.faults.add(Rule::new("GET /v1/charges", Fault::Status(limited)).for_ever().named("limited"));
        house.work().await;
        assert!(house.simulator.faults.fired("limited") > 0);
        let key = house.api_key().await;
        let jobs = entity::job::Entity::find().all(&house.db).await.unwrap();
        let [job] = &jobs[..] else { panic!("{jobs:?}") };
        assert!(job.run_at > house.clock.now());
        let next = job.run_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (_, history) = house.get(&format!("/companies/{company}/data/history?pageSize=100"), &key).await;
        let waiting: Vec<_> = history["results"].as_array().unwrap().iter().filter(|one| one["status"] == "Queued").collect();
        assert!(!waiting.is_empty(), "{history}");
        for one in waiting {
            let said = one["statusDescription"].as_str().unwrap_or_default();
            assert!(said.contains("Rate limited") && said.contains(&format!("Next try at {next}")), "{one}");
        }
        house.simulator.faults.clear();
        work_to_the_end(&house, connection).await;
        compare(&house, connection, &account).await;
    }

    async fn r20_a_connection_that_nobody_asks_of_says_itself_why_it_waits(house: House) {
        let account = shop(&house);
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let key = house.api_key().await;
        let path = format!("/companies/{company}/connections/{connection}");
        let limited = Refusal::limited("endpoint-rate").should_retry(false);
        for (fault, code, word) in
            [(Fault::Status(limited), "429", "Rate limited"), (Fault::Status(Refusal::new(503)), "502", "did not answer")]
        {
            house.simulator.faults.add(Rule::new("GET /v1/events", fault).for_ever().named("hindered"));
            sync_again(&house, connection).await;
            assert!(house.simulator.faults.fired("hindered") > 0);
            let (_, shown) = house.get(&path, &key).await;
            let active = |one: &&serde_json::Value| one["status"] == "Active";
            let said: Vec<_> = shown["dataConnectionErrors"].as_array().unwrap().iter().filter(active).collect();
            let [said] = &said[..] else { panic!("{shown}") };
            let message = said["errorMessage"].as_str().unwrap();
            assert!(said["statusCode"] == code && message.contains(word) && message.contains("Next try at"), "{said}");
            house.simulator.faults.clear();
            // A Stripe that counts as down is asked again by the machine's own time.
            until("it is told that all is well again", async || {
                house.clock.advance(chrono::Duration::minutes(2));
                house.work().await;
                let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
                row.errors.iter().all(|fault| fault.resolved_at.is_some())
            })
            .await;
            let (_, shown) = house.get(&path, &key).await;
            assert!(shown["dataConnectionErrors"].as_array().unwrap().iter().all(|one| one["status"] == "Resolved"), "{shown}");
        }
        let limited = Refusal::limited("endpoint-rate").should_retry(false);
        house.simulator.faults.add(Rule::new("GET /v1/events", Fault::Status(limited)).for_ever());
        sync_again(&house, connection).await;
        let (status, shown) = house.send(Method::PATCH, &path, &key, Some(&json!({ "status": "Unlinked" }))).await;
        assert_eq!((status, &shown["status"]), (200, &json!("Unlinked")));
        let errors = shown["dataConnectionErrors"].as_array().unwrap();
        assert!(errors.iter().all(|one| one["status"] == "Resolved"), "what has ended waits for nothing: {shown}");
    }

    async fn r21_access_that_ends_in_a_listing_ends_the_connection_at_once(house: House) {
        let (account, other) = (shop(&house), house.simulator.world.accounts()[1].id.clone());
        let (_, healthy) = linked(&house, &other).await;
        let (_, connection) = linked(&house, &account).await;
        house.simulator.faults.add(Rule::new("GET /v1/balance_transactions", Fault::Revoke).account(&account).from(3));
        house.work().await;
        assert_eq!(house.simulator.faults.fired("revoke"), 1);
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert_eq!(row.status, entity::connection::Status::Deauthorized);
        assert_eq!(row.next_sync_at, None, "its schedule stops");
        let served = house.simulator.counters.served();
        let refused: u64 =
            served.accounts[&account].values().filter_map(|by_status| by_status.get(&403)).sum();
        // Those on their way when the first came back cannot be called back; none is sent after it.
        assert!(refused <= 12, "{refused} calls were refused");
        for one in datasets(&house, connection).await {
            assert!(one.status.is_final(), "{:?} is {:?}", one.data_type, one.status);
        }
        compare(&house, healthy, &other).await;
        house.clock.advance(chrono::Duration::days(2));
        house.work().await;
        let later = house.simulator.counters.served();
        let again: u64 = later.accounts[&account].values().filter_map(|by_status| by_status.get(&403)).sum();
        assert_eq!(again, refused, "it is not asked again");
    }

    async fn r21_access_that_ended_meanwhile_costs_three_calls_at_most(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        house.simulator.faults.add(Rule::new("*", Fault::Revoke).account(&account));
        house.simulator.counters.reset();
        sync_again(&house, connection).await;
        assert_eq!(house.simulator.faults.fired("revoke"), 1);
        let served = house.simulator.counters.served();
        let calls: u64 = served.accounts[&account].values().flat_map(|by_status| by_status.values()).sum();
        assert!(calls <= 3, "{calls} calls");
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert_eq!(row.status, entity::connection::Status::Deauthorized);
    }

    async fn r22_a_list_that_is_not_permitted_says_so_and_the_others_are_read(house: House) {
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        let refused = Fault::Status(Refusal::new(403).code("more_permissions_required_for_application"));
        house.simulator.faults.add(Rule::new("GET /v1/disputes", refused).for_ever().named("forbidden"));
        let unknown = Refusal::new(404).body(r#"{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}"#);
        house.simulator.faults.add(Rule::new("GET /v1/products", Fault::Status(unknown)).for_ever().named("unknown"));
        house.work().await;
        assert!(house.simulator.faults.fired("forbidden") > 0 && house.simulator.faults.fired("unknown") > 0);
        for one in datasets(&house, connection).await {
            let why = one.error_message.unwrap_or_default();
            match one.data_type {
                DataType::Disputes => {
                    assert_eq!(one.status, Status::PermissionsError);
                    assert!(why.contains("does not permit reading disputes") && why.contains("link again"), "{why}");
                }
                DataType::Products => {
                    assert_eq!(one.status, Status::NotSupported);
                    assert!(why.contains("has no products"), "{why}");
                }
                _ => assert_eq!(one.status, Status::Complete, "{:?}: {why}", one.data_type),
            }
        }
    }

    async fn r25_an_account_that_gets_no_answer_keeps_no_other_waiting(house: Impatient) {
        let house = house.0;
        let accounts: Vec<String> = house.simulator.world.accounts().iter().take(2).map(|one| one.id.clone()).collect();
        let (_, silent) = linked(&house, &accounts[0]).await;
        let (_, other) = linked(&house, &accounts[1]).await;
        house.work().await;
        let down = Fault::Status(Refusal::new(503).should_retry(false));
        house.simulator.faults.add(Rule::new("*", down).account(&accounts[0]).for_ever().named("down"));
        let sync = async |connection| {
            store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
            house.work().await;
        };
        for hour in 0..48 {
            // All that fails in a row is the silent one's.
            sync(silent).await;
            house.clock.advance(chrono::Duration::hours(1));
            let is_open = house.simulator.faults.fired("down") >= 15;
            assert!(hour < 47 || is_open, "its breaker is not open: nothing is tested");
        }
        let action = serde_json::from_str(r#"{"do":"charge"}"#).unwrap();
        house.simulator.world.act(&accounts[1], action, house.simulator.clock.seconds()).unwrap();
        house.simulator.clock.advance(600_000);
        sync(other).await;
        compare(&house, other, &accounts[1]).await;
        let knocks = house.simulator.faults.fired("down");
        assert!(knocks < 60, "{knocks} requests in two days of silence");
    }

    async fn r25_a_stripe_that_is_down_is_left_in_peace_and_all_is_well_when_it_is_back(house: Impatient) {
        let house = house.0;
        let account = shop(&house);
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let kept = datasets(&house, connection).await.len();
        let down = Fault::Reset { after: Point::Nothing };
        house.simulator.faults.add(Rule::new("*", down).for_ever().named("down"));
        store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
        // Tries of a job are soon further apart than this.
        for _ in 0..24 * 15 {
            house.clock.advance(chrono::Duration::minutes(4));
            house.work().await;
        }
        let knocks = house.simulator.faults.fired("down");
        assert!((15..60).contains(&knocks), "{knocks} requests in a day of silence");
        let told = datasets(&house, connection).await.len() - kept;
        assert!(told <= 40, "{told} datasets tell of one outage");
        let row = store::connections::by_id(&house.db, connection).await.unwrap().unwrap();
        assert_eq!(row.status, entity::connection::Status::Linked, "nobody is disconnected");
        house.simulator.faults.clear();
        let action = serde_json::from_str(r#"{"do":"charge"}"#).unwrap();
        house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        house.simulator.clock.advance(600_000);
        let mut cycles = 0;
        while store::jobs::exists(&house.db, &Task::Sync { connection }).await.unwrap() {
            house.clock.advance(chrono::Duration::minutes(2));
            house.work().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            cycles += 1;
            assert!(cycles < 300, "it does not recover");
        }
        compare(&house, connection, &account).await;
    }
}
