//! R43: a panic ends one try of one job, or one request. It is counted and shown, and nothing else stops.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::both;
use crate::house::House;
use crate::oracle::{compare, linked};
use crate::running::{completed, nothing_runs_alone, serve_until, until};

both! {
    async fn r43_a_panic_in_one_job_is_counted_and_shown_and_stops_no_other(house: House) {
        let accounts = house.accounts();
        let shops = [linked(&house, &accounts[0]).await, linked(&house, &accounts[1]).await];
        let key = house.api_key().await;
        let served = serve_until(&house, "panic:mid_write:5");
        served.says("a job ended in a panic").await;
        until("it is shown with the data that it concerns", async || {
            let mut shown = false;
            for (company, _) in shops {
                let (_, history) = house.get(&format!("/companies/{company}/data/history?pageSize=100"), &key).await;
                shown |= history.to_string().contains("A fault of ours ended try 1 of 8");
            }
            shown
        })
        .await;
        for (_, connection) in shops {
            completed(&house, connection).await;
        }
        assert_eq!(served.said("a job ended in a panic").len(), 1);
        nothing_runs_alone(&house).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success(), "the panic has ended the process");
        for ((_, connection), account) in shops.into_iter().zip(&accounts) {
            compare(&house, connection, account).await;
        }
    }

    async fn r43_a_panic_in_one_request_is_answered_and_counted_and_stops_no_other(house: House) {
        let key = house.api_key().await;
        let mut served = serve_until(&house, "panic:answering:2");
        let line = served.says("public_url").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        served.url = line["public_url"].as_str().unwrap().trim_end_matches('/').to_owned();
        let ask = async || {
            let asked = crate::house::http().get(format!("{}/companies", served.url)).bearer_auth(&key);
            asked.timeout(Duration::from_secs(30)).send().await.unwrap()
        };
        let answers = join_all((0..8).map(|_| ask())).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
        assert_eq!((good.len(), bad.len()), (7, 1));
        for answer in bad {
            assert_eq!(answer.status(), 500);
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            let body: Value = answer.json().await.unwrap();
            assert_eq!((&body["statusCode"], &body["correlationId"]), (&json!(500), &json!(id)));
            assert!(body["error"].as_str().unwrap().contains("in the log, under the correlationId"), "{body}");
            assert!(!body.to_string().contains("test.fault"), "what the panic said is not for callers: {body}");
            let line: Value = serde_json::from_str(&served.says("a request panicked").await).unwrap();
            assert!(line.to_string().contains(&id) && line["count"] == 1, "{line}");
        }
        assert_eq!(ask().await.status(), 200, "it does not go on");
        assert_eq!(served.said("a request panicked").len(), 1);
        served.signal("TERM").await;
        assert!(served.ended().await.success(), "the panic has ended the process");
    }
}
