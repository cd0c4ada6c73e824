//! R43: a panic ends one try of one job. It is counted and shown, and nothing else stops.

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
}
