//! The daily quota: what is left is told with every answer, what is beyond it is refused, and all processes count together.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use entity::connection::Status;
use entity::webhook_event;
use futures::future::join_all;
use reqwest::Response;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tributary::clock::{Clock, day_of};
use tributary::connect::quota;
use tributary::store;
use tributary::web;

use crate::both;
use crate::house::House;
use crate::receiver::Receiver;
use crate::rows;

/// A process of its own on the house's database, with this many requests for each: what it counts, others learn from the
/// database alone.
struct Process {
    url: String,
    serving: JoinHandle<()>,
}

impl Process {
    async fn beside(house: &House, daily_quota: u32) -> Self {
        let house_app = &house.app;
        let app = web::App::new(web::Inner {
            db: house_app.db.clone(),
            clock: house_app.clock.clone(),
            keys: house.ground.keys(),
            stripe: house_app.stripe.clone(),
            courier: house_app.courier.clone(),
            settings: web::Settings { daily_quota, ..house_app.settings.clone() },
            trouble: house_app.trouble.clone(),
            draining: house_app.draining.clone(),
            portal_file: portal::file,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, web::router(app)).await.unwrap() });
        Self { url, serving }
    }

    async fn ask(&self, key: &str) -> Response {
        crate::house::http().get(format!("{}/companies", self.url)).bearer_auth(key).send().await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Status, limit, remaining and reset of an answer.
fn told(answer: &Response) -> (u16, i64, i64, i64) {
    let of = |name: &str| answer.headers()[name].to_str().unwrap().parse().unwrap();
    let [limit, remaining, reset] = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"].map(of);
    (answer.status().as_u16(), limit, remaining, reset)
}

/// Waits until the day's row holds so many requests.
async fn until_counted(house: &House, calls: i64) {
    let day = day_of(house.clock.now());
    let counted = async {
        while store::quota_days::find(&house.db, day).await.unwrap().is_none_or(|row| row.calls != calls) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), counted).await.expect("the requests are not counted");
}

/// What was told of the quota: kinds and payloads, in order.
async fn events(house: &House) -> Vec<(String, Value)> {
    let rows = webhook_event::Entity::find().order_by_asc(webhook_event::Column::CreatedAt);
    let rows = rows.filter(webhook_event::Column::EventType.starts_with("client.")).all(&house.db).await.unwrap();
    let body = |row: webhook_event::Model| serde_json::from_str::<Value>(&row.body).unwrap()["payload"].take();
    rows.into_iter().map(|row| (row.event_type.clone(), body(row))).collect()
}

/// Noon of a day, so that no test meets midnight by chance.
fn noon(house: &House) -> chrono::DateTime<Utc> {
    let noon = (house.clock.now() + TimeDelta::days(1)).date_naive().and_hms_opt(12, 0, 0).unwrap().and_utc();
    house.clock.set(noon);
    noon
}

both! {
    async fn s44_each_answer_says_what_is_left_and_beyond_it_is_refused_until_midnight(house: House) {
        let noon = noon(&house);
        let midnight = (noon + TimeDelta::hours(12)).timestamp();
        let key = house.api_key().await;
        let process = Process::beside(&house, 3).await;
        assert_eq!(told(&process.ask(&key).await), (200, 3, 2, midnight));
        // A refusal of another kind is a request, too, and one with an unknown key is none.
        let lost = crate::house::http().get(format!("{}/companies/none", process.url)).bearer_auth(&key).send().await.unwrap();
        assert_eq!(told(&lost), (404, 3, 1, midnight));
        let unknown = process.ask("trb_unknown").await;
        assert_eq!((unknown.status().as_u16(), unknown.headers().get("x-rate-limit-limit")), (401, None));
        assert_eq!(told(&process.ask(&key).await), (200, 3, 0, midnight));
        let refused = crate::house::http().post(format!("{}/companies", process.url)).bearer_auth(&key);
        let refused = refused.json(&json!({ "name": "No" })).send().await.unwrap();
        assert_eq!(told(&refused), (429, 3, 0, midnight));
        assert_eq!(refused.headers()["retry-after"], (12 * 3600 + 1).to_string());
        let body: Value = refused.json().await.unwrap();
        assert_eq!((&body["statusCode"], &body["canBeRetried"]), (&json!(429), &json!("True")), "{body}");
        assert!(body["error"].as_str().unwrap().contains("daily quota of 3 requests"), "{body}");
        // What is refused does not count, and was not done.
        until_counted(&house, 3).await;
        assert_eq!(entity::company::Entity::find().count(&house.db).await.unwrap(), 0);
        // An active company brings its share; a company that is not linked brings none.
        let company = rows::company(&house, "A shop", &[]).await;
        rows::connection(&house, &company, Status::PendingAuth).await;
        let fresh = Process::beside(&house, 3).await;
        assert_eq!(told(&fresh.ask(&key).await), (429, 3, 0, midnight));
        rows::connection(&house, &company, Status::Linked).await;
        let fresh = Process::beside(&house, 3).await;
        assert_eq!(told(&fresh.ask(&key).await), (200, 6, 2, midnight));
        // The next day begins anew, without a restart.
        house.clock.set(noon + TimeDelta::hours(12));
        assert_eq!(told(&process.ask(&key).await), (200, 6, 5, midnight + 86_400));
    }

    async fn s44_what_several_processes_take_at_once_is_counted_to_the_last_request(house: House) {
        noon(&house);
        let key = house.api_key().await;
        let processes = [Process::beside(&house, 200).await, Process::beside(&house, 200).await];
        let answers = join_all((0..100).map(|n| processes[n % 2].ask(&key))).await;
        assert!(answers.iter().all(|answer| told(answer).0 == 200));
        until_counted(&house, 100).await;
        // Each learns of the other's within a second of being asked.
        let mut left = 100;
        let learned = async {
            for process in &processes {
                loop {
                    let (_, _, remaining, _) = told(&process.ask(&key).await);
                    left -= 1;
                    if remaining == left {
                        break;
                    }
                    until_counted(&house, 200 - left).await;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), learned).await.expect("one never learned of the other's requests");
    }

    async fn what_is_reached_and_reset_is_told_to_consumers_once(house: House) {
        let noon = noon(&house);
        let key = house.api_key().await;
        let receiver = Receiver::start().await;
        receiver.subscribe(&house, &key).await;
        let process = Process::beside(&house, 2).await;
        for status in [200, 200, 429, 429] {
            assert_eq!(told(&process.ask(&key).await).0, status);
        }
        until_counted(&house, 2).await;
        let midnight = noon + TimeDelta::hours(12);
        let reached = json!({ "dailyQuota": 2, "quotaRemaining": 0, "expiryDate": midnight });
        assert_eq!(events(&house).await, [("client.rateLimit.reached".to_owned(), reached.clone())]);
        // Refusals go on telling nothing; a larger quota that is used up, too, is told.
        let company = rows::company(&house, "A shop", &[]).await;
        rows::connection(&house, &company, Status::Linked).await;
        let day = day_of(noon);
        quota::add(&house.db, 2, day, 1, noon).await.unwrap();
        quota::add(&house.db, 2, day, 1, noon + TimeDelta::seconds(1)).await.unwrap();
        quota::add(&house.db, 2, day, 0, noon + TimeDelta::seconds(2)).await.unwrap();
        let again = json!({ "dailyQuota": 4, "quotaRemaining": 0, "expiryDate": midnight });
        assert_eq!(events(&house).await[1..], [("client.rateLimit.reached".to_owned(), again)]);
        // The day is not over for anybody before midnight; afterwards one of several workers tells it.
        quota::reset(&house.db, 2, midnight - TimeDelta::microseconds(1)).await.unwrap();
        assert_eq!(events(&house).await.len(), 2);
        house.clock.set(midnight);
        let both = join_all((0..2).map(|_| quota::reset(&house.db, 2, midnight))).await;
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        let reset = json!({ "dailyQuota": 4, "quotaRemaining": 4, "expiryDate": midnight + TimeDelta::days(1) });
        assert_eq!(events(&house).await[2..], [("client.rateLimit.reset".to_owned(), reset)]);
        house.tell().await;
        // What waits together arrives in any order.
        let told: Vec<_> = receiver.heard().iter().map(|one| one.json()["payload"].clone()).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.contains(&reached), "{told:?}");
        // A day without an end of its quota is forgotten silently.
        quota::reset(&house.db, 2, midnight + TimeDelta::days(1)).await.unwrap();
        assert_eq!(events(&house).await.len(), 3);
    }

    async fn without_a_quota_nothing_is_counted_or_refused_and_any_number_is_left(house: House) {
        let key = house.api_key().await;
        let answer = crate::house::http().get(format!("{}/companies", house.url)).bearer_auth(&key).send().await.unwrap();
        let midnight = (house.clock.now().date_naive() + TimeDelta::days(1)).and_time(chrono::NaiveTime::MIN).and_utc();
        assert_eq!(told(&answer), (200, i64::from(i32::MAX), i64::from(i32::MAX), midnight.timestamp()));
        assert_eq!(entity::quota_day::Entity::find().count(&house.db).await.unwrap(), 0);
    }
}
