//! Payouts, refunds and their money as a platform reads them: each can be followed to what it is made of.

use std::collections::BTreeMap;

use entity::change::Kind;
use entity::id::ConnectionId;
use serde_json::Value;
use tributary::store;

use crate::both;
use crate::house::House;
use crate::metrics::minor;
use crate::oracle::linked;

/// A synced shop: where its data is, an API key, and the connection.
async fn shop(house: &House) -> (String, String, ConnectionId) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (company, connection) = linked(house, &account).await;
    house.work().await;
    (format!("/companies/{company}/connections/{connection}/data"), house.api_key().await, connection)
}

/// The rows of a list, all of them.
async fn rows(house: &House, list: &str, key: &str) -> Vec<Value> {
    let (status, page) = house.get(list, key).await;
    let rows = page["results"].as_array().unwrap_or_else(|| panic!("{status} {page}")).clone();
    assert_eq!(page["totalResults"], rows.len(), "{list} has more than a page");
    rows
}

both! {
    async fn what_a_payout_is_made_of_adds_up_to_it_and_its_fees_are_there(house: House) {
        let (data, key, _) = shop(&house).await;
        let payouts = rows(&house, &format!("{data}/commerce-payouts?query=content.proof=proven&pageSize=5000"), &key).await;
        assert!(payouts.len() > 10, "{} payouts are proven", payouts.len());
        let mut fees = 0;
        for payout in payouts {
            let list = format!("{data}/commerce-payouts/{}/transactions?pageSize=5000", payout["id"].as_str().unwrap());
            let parts = rows(&house, &list, &key).await;
            let currency = payout["currency"].as_str().unwrap();
            let sum: i128 = parts.iter().map(|part| minor(&part["totalAmount"], currency)).sum();
            assert_eq!(sum, minor(&payout["amount"], currency), "{payout}");
            let whole = parts.iter().filter(|part| part["id"] == part["parentId"]).count();
            assert_eq!(payout["content"]["count"], whole, "{payout}");
            fees += parts.len() - whole;
        }
        assert!(fees > 10, "{fees} fees");
    }

    async fn a_payout_that_is_proven_is_told_in_the_feed_and_has_changed(house: House) {
        let (data, key, connection) = shop(&house).await;
        let mut told: BTreeMap<String, Vec<(Kind, _)>> = BTreeMap::new();
        for change in store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap() {
            told.entry(change.record_id).or_default().push((change.kind, change.at));
        }
        let proven = rows(&house, &format!("{data}/commerce-payouts?query=content.state=complete&pageSize=5000"), &key).await;
        assert!(!proven.is_empty());
        for payout in proven {
            let told = &told[payout["id"].as_str().unwrap()];
            let kinds: Vec<Kind> = told.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds, [Kind::Created, Kind::Updated], "{payout}");
            let modified: chrono::DateTime<chrono::Utc> = payout["modifiedDate"].as_str().unwrap().parse().unwrap();
            assert_eq!(modified, told[1].1, "{payout}");
        }
        // What is read again and is the same as before is no change.
        let before = store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap().len();
        house.work().await;
        assert_eq!(store::feed::after(&house.db, connection, 0, 1_000_000).await.unwrap().len(), before);
    }

    async fn a_refund_leads_to_its_charge_and_that_to_its_customer(house: House) {
        let (data, key, _) = shop(&house).await;
        let refunds = rows(&house, &format!("{data}/commerce-payments?query=kind=refund&pageSize=5000"), &key).await;
        let with_customer = format!("{data}/commerce-payments?query=kind=charge&pageSize=5000");
        let charges: BTreeMap<String, Value> =
            rows(&house, &with_customer, &key).await.into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect();
        assert!(refunds.len() > 5 && charges.values().any(|row| row["customerRef"]["id"].is_string()));
        for refund in refunds {
            assert!(refund["amount"].to_string().starts_with('-'), "{refund}");
            let charge = &charges[refund["chargeRef"]["id"].as_str().unwrap()];
            assert_eq!((&charge["kind"], &charge["chargeRef"]["id"]), (&"charge".into(), &charge["id"]));
            let of_it = format!("{data}/commerce-payments?query=chargeRef.id={}", charge["id"].as_str().unwrap());
            let of_it = rows(&house, &of_it, &key).await;
            assert!(of_it.contains(&refund) && of_it.contains(charge), "{of_it:?}");
        }
    }
}
