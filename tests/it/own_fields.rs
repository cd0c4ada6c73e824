//! Supplemental data and custom data types, against what the simulated Stripe says of the same objects.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use simulator::world::Kind;

use crate::both;
use crate::house::House;
use crate::oracle::{linked, listed};

/// A house with the first account read, the data's address, a key, and the account.
async fn read(house: &House) -> (String, String, String) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (company, connection) = linked(house, &account).await;
    house.work().await;
    (format!("/companies/{company}/connections/{connection}/data"), house.api_key().await, account)
}

/// What Stripe has of a kind, by id.
fn at_stripe(house: &House, account: &str, kind: Kind) -> BTreeMap<String, Value> {
    listed(&house.simulator.world, account, kind, house.simulator.clock.seconds())
}

async fn rows(house: &House, path: &str, key: &str) -> Vec<Value> {
    let (status, page) = house.get(path, key).await;
    assert_eq!(status, 200, "{page}");
    page["results"].as_array().unwrap().clone()
}

both! {
    async fn fields_of_stripe_are_served_with_the_records_once_they_are_configured(house: House) {
        let (data, key, account) = read(&house).await;
        let path = "/integrations/yzth/dataTypes/commerce-payments/supplementalDataConfig";
        assert_eq!(house.get(path, &key).await, (200, json!({})));
        let config = json!({ "supplementalDataConfig": {
            "charge": { "dataSource": "/v1/charges", "pullData": {
                "country": "billing_details.address.country", "outcome": "$.outcome.type", "nothing": "no.such.field"
            } },
            "refund": { "dataSource": "refunds", "pullData": { "why": "reason", "of": "charge" } }
        } });
        assert_eq!(house.send(Method::PUT, path, &key, Some(&config)).await, (200, Value::Null));
        assert_eq!(house.get(path, &key).await, (200, config.clone()));

        let (charges, refunds) = (at_stripe(&house, &account, Kind::Charge), at_stripe(&house, &account, Kind::Refund));
        let (mut of_charges, mut of_refunds) = (0, 0);
        for row in rows(&house, &format!("{data}/commerce-payments?pageSize=5000"), &key).await {
            let id = row["id"].as_str().unwrap();
            let wanted = if let Some(charge) = charges.get(id) {
                of_charges += 1;
                json!({ "charge": { "country": charge["billing_details"]["address"]["country"],
                    "outcome": charge["outcome"]["type"], "nothing": null } })
            } else {
                of_refunds += 1;
                json!({ "refund": { "why": refunds[id]["reason"], "of": refunds[id]["charge"] } })
            };
            assert_eq!(row["supplementalData"]["content"], wanted, "{id}");
            let one = house.get(&format!("{data}/commerce-payments/{id}"), &key).await.1;
            assert_eq!(one["supplementalData"]["content"], wanted);
            if of_charges > 60 && of_refunds > 0 { break; }
        }
        assert!(of_charges > 10 && of_refunds > 0, "{of_charges} {of_refunds}");
        // Fees hang on the balance transaction that they are part of.
        let path_of_fees = "/integrations/yzth/dataTypes/commerce-transactions/supplementalDataConfig";
        let fees = json!({ "supplementalDataConfig": { "txn": { "dataSource": "/v1/balance_transactions", "pullData": { "net": "net" } } } });
        assert_eq!(house.send(Method::PUT, path_of_fees, &key, Some(&fees)).await.0, 200);
        let money = at_stripe(&house, &account, Kind::BalanceTransaction);
        for row in rows(&house, &format!("{data}/commerce-transactions?pageSize=50"), &key).await {
            let id = row["id"].as_str().unwrap().split(':').next().unwrap();
            assert_eq!(row["supplementalData"]["content"]["txn"]["net"], money[id]["net"]);
        }

        assert_eq!(house.send(Method::PUT, path, &key, Some(&json!({}))).await.0, 200);
        assert_eq!(house.get(path, &key).await, (200, json!({})));
        let plain = rows(&house, &format!("{data}/commerce-payments?pageSize=5"), &key).await;
        assert!(plain.iter().all(|row| row.get("supplementalData").is_none()), "{plain:?}");
    }

    async fn every_page_from_either_end_carries_what_the_whole_list_does(house: House) {
        let (data, key, _) = read(&house).await;
        for (kind, list, field) in [("payouts", "payouts", "arrival_date"), ("transactions", "balance_transactions", "available_on")] {
            let path = format!("/integrations/yzth/dataTypes/commerce-{kind}/supplementalDataConfig");
            let own = json!({ "supplementalDataConfig": { "own": { "dataSource": list, "pullData": { "id": "id", "when": field } } } });
            assert_eq!(house.send(Method::PUT, &path, &key, Some(&own)).await.0, 200);
            let list = format!("{data}/commerce-{kind}?orderBy=currency");
            let whole = rows(&house, &format!("{list}&pageSize=5000"), &key).await;
            for row in &whole {
                let id = row["id"].as_str().unwrap().split(':').next().unwrap();
                assert_eq!(row["supplementalData"]["content"]["own"]["id"], id);
                assert!(row["supplementalData"]["content"]["own"]["when"].is_i64(), "{row}");
                assert!(kind == "transactions" || row["content"]["state"].is_string(), "{row}");
            }
            let size = whole.len() / 5 + 1;
            for (number, wanted) in (1..).zip(whole.chunks(size)) {
                let page = rows(&house, &format!("{list}&pageSize={size}&page={number}"), &key).await;
                assert_eq!(page, wanted, "page {number} of {kind}");
            }
        }
    }

    async fn a_configuration_that_cannot_work_is_refused_and_changes_nothing(house: House) {
        let key = house.api_key().await;
        let of = |kind: &str| format!("/integrations/yzth/dataTypes/{kind}/supplementalDataConfig");
        let config = |source: Value| json!({ "supplementalDataConfig": { "x": source } });
        for (path, body, status) in [
            (of("commerce-payments"), config(json!({ "dataSource": "/v1/customers", "pullData": { "a": "id" } })), 400),
            (of("commerce-payments"), config(json!({ "dataSource": "/v1/charges", "pullData": { "a": "a[" } })), 400),
            (of("commerce-payments"), config(json!({ "dataSource": "/v1/charges", "pullData": {} })), 400),
            (of("commerce-payments"), config(json!({ "dataSource": "/v1/charges", "pullData": { "a": "id" }, "pushData": { "a": "b" } })), 400),
            (of("commerce-payments"), json!({ "supplementalData": {} }), 400),
            (of("commerce-companyInfo"), json!({}), 400),
            (of("invoices"), json!({}), 404),
            ("/integrations/none/dataTypes/commerce-payments/supplementalDataConfig".to_owned(), json!({}), 404),
            ("/integrations/yzth/dataTypes/custom/c".to_owned(), json!({ "dataSource": "/v1/accounts", "requiredData": { "a": "b" }, "keyBy": ["id"] }), 400),
            ("/integrations/yzth/dataTypes/custom/c".to_owned(), json!({ "dataSource": "/v1/charges", "requiredData": {}, "keyBy": ["id"] }), 400),
            ("/integrations/yzth/dataTypes/custom/c".to_owned(), json!({ "dataSource": "/v1/charges", "requiredData": { "a": "b" }, "keyBy": [] }), 400),
            ("/integrations/yzth/dataTypes/custom/c".to_owned(), json!({ "dataSource": "/v1/charges", "requiredData": { "a": "b" }, "keyBy": ["$["] }), 400),
        ] {
            let (told, said) = house.send(Method::PUT, &path, &key, Some(&body)).await;
            assert_eq!((told, said["statusCode"].as_u64()), (status, Some(u64::from(status))), "{path} {body}: {said}");
        }
        assert_eq!(house.get(&of("commerce-payments"), &key).await, (200, json!({})));
        assert_eq!(house.get("/integrations/yzth/dataTypes/custom/c", &key).await.0, 404);
    }

    async fn a_custom_data_type_has_a_record_for_each_object_of_its_list(house: House) {
        let (data, key, account) = read(&house).await;
        let path = "/integrations/yzth/dataTypes/custom/disputed-evidence";
        let config = json!({
            "dataSource": "/v1/disputes",
            "requiredData": { "due": "$[*].evidence_details.due_by", "reason": "$.reason", "charge": "charge" },
            "keyBy": ["$[*].id"], "sourceModifiedDate": ["created"]
        });
        assert_eq!(house.send(Method::PUT, path, &key, Some(&config)).await, (200, config.clone()));
        assert_eq!(house.get(path, &key).await, (200, config));
        let disputes = at_stripe(&house, &account, Kind::Dispute);
        assert!(disputes.len() > 3, "there is nothing to page through");
        let mut found = BTreeMap::new();
        let list = format!("{data}/custom/disputed-evidence");
        let mut next = Some(format!("{list}?page=1&pageSize=2"));
        while let Some(path) = next {
            let (status, page) = house.get(&path, &key).await;
            assert_eq!((status, page["totalResults"].as_u64()), (200, Some(disputes.len() as u64)), "{page}");
            for row in page["results"].as_array().unwrap() {
                assert!(row["modifiedDate"]["modifiedDate"].is_string() && row["modifiedDate"]["sourceModifiedDate"].is_string());
                found.insert(row["id"].as_str().unwrap().to_owned(), row["content"].clone());
            }
            next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
        }
        let wanted: BTreeMap<String, Value> = disputes.into_iter().map(|(id, dispute)| {
            let content = json!({ "due": dispute["evidence_details"]["due_by"], "reason": dispute["reason"], "charge": dispute["charge"] });
            (id, content)
        }).collect();
        assert_eq!(found, wanted);
        // A path that finds nothing names no record: each keeps the id of its object.
        let lost = json!({ "dataSource": "/v1/disputes", "requiredData": { "reason": "reason" }, "keyBy": ["reason", "nope"] });
        assert_eq!(house.send(Method::PUT, path, &key, Some(&lost)).await.0, 200);
        let named = rows(&house, &format!("{list}?pageSize=5000"), &key).await;
        assert!(named.iter().map(|row| row["id"].as_str().unwrap()).eq(wanted.keys()), "{named:?}");
        assert_eq!(house.get(&format!("{list}?query=id=7"), &key).await.0, 400);
        assert_eq!(house.get(&format!("{data}/custom/none"), &key).await.0, 404);
        let (status, queued) = house.post(&format!("{data}/queue/custom/disputed-evidence"), &key, &json!({})).await;
        assert_eq!((status, &queued["dataType"]), (200, &json!("commerce-disputes")), "{queued}");
    }
}
