//! The data of a connection from outside: exact amounts, what is listed, and what is not there yet.

use entity::connection::Status;
use entity::data_type::DataType;
use entity::dataset;
use entity::{payout_content, payout_transaction};
use serde_json::{Value, json};

use crate::both;
use crate::house::House;
use crate::rows;

/// A house with one linked connection of which `kind` was read; the path of its data, and a key.
async fn shelf(house: &House, kinds: &[DataType]) -> (entity::connection::Model, String, String) {
    let company = rows::company(house, "One", &[]).await;
    let connection = rows::connection(house, &company, Status::Linked).await;
    for kind in kinds {
        rows::dataset(house, connection.id, *kind, dataset::Status::Complete).await;
    }
    let path = format!("/companies/{}/connections/{}/data", company.id, connection.id);
    (connection, path, house.api_key().await)
}

fn ids(page: &Value) -> Vec<&str> {
    page["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

both! {
    async fn amounts_are_exact_in_every_currency(house: House) {
        let (connection, path, key) = shelf(&house, &[DataType::Payments]).await;
        for (id, minor, currency) in [("ch_a", 1230, "USD"), ("ch_b", 500, "JPY"), ("ch_c", -1, "KWD"), ("ch_d", 9_007_199_254_740_993, "KWD")] {
            rows::put(&house, rows::payment(connection.id, id, minor, currency)).await;
        }
        let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &key);
        let request = crate::house::http().get(format!("{}{path}/commerce-payments?orderBy=id", house.url));
        let text = request.header("authorization", format!("Basic {basic}")).send().await.unwrap().text().await.unwrap();
        for amount in ["12.3", "500", "-0.001", "9007199254740.993"] {
            assert!(text.contains(&format!("\"amount\":{amount},")), "{amount} in {text}");
        }
        for (query, found) in [
            ("amount=12.30", vec!["ch_a"]),
            ("amount>9007199254740.992", vec!["ch_d"]),
            ("amount>=12.3000001", vec!["ch_d", "ch_b"]),
            ("amount<0", vec!["ch_c"]),
            ("amount=-0.0010000001", vec![]),
        ] {
            let (_, page) = house.get(&format!("{path}/commerce-payments?query={query}"), &key).await;
            assert_eq!(ids(&page), found, "{query}");
        }
    }

    async fn records_are_listed_newest_first_and_deleted_ones_are_not(house: House) {
        let (connection, path, key) = shelf(&house, &[DataType::Payments]).await;
        for (id, day) in [("ch_a", 1), ("ch_c", 2), ("ch_b", 2), ("ch_gone", 3)] {
            let mut row = rows::payment(connection.id, id, 100, "EUR");
            row.created_at = rows::at(&format!("2026-01-0{day}T00:00:00Z"));
            row.deleted_at = (id == "ch_gone").then_some(row.modified_at);
            rows::put(&house, row).await;
        }
        let (_, page) = house.get(&format!("{path}/commerce-payments"), &key).await;
        assert_eq!((ids(&page), &page["totalResults"]), (vec!["ch_c", "ch_b", "ch_a"], &json!(3)));
        let row = &page["results"][2];
        assert_eq!((row["createdDate"].as_str(), row["modifiedDate"].as_str()), (Some("2026-01-01T00:00:00Z"), Some("2026-02-01T00:00:00.123456Z")));
        assert_eq!(house.get(&format!("{path}/commerce-payments/ch_a"), &key).await.1, *row);
        assert_eq!(house.get(&format!("{path}/commerce-payments/ch_gone"), &key).await.0, 404);
        assert_eq!(house.get(&format!("{path}/commerce-payments/%00"), &key).await.0, 404);
        assert_eq!(house.get(&format!("{path}/commerce-payments/%FF"), &key).await.0, 404);
        let (_, cursor) = house.get(&format!("{path}/commerce-payments?query=modifiedDate>=2026-02-01T00:00:00.1234561Z"), &key).await;
        assert_eq!(cursor["totalResults"], 0);
    }

    async fn a_fee_is_found_by_its_id_with_blanks_and_a_colon(house: House) {
        let (connection, path, key) = shelf(&house, &[DataType::Transactions]).await;
        let mut fee = rows::transaction(connection.id, "txn_1:Stripe processing fees", -59, "USD");
        fee.r#type = entity::transaction::Type::PaymentFee;
        rows::put(&house, fee).await;
        let (status, row) = house.get(&format!("{path}/commerce-transactions/txn_1:Stripe%20processing%20fees"), &key).await;
        assert_eq!((status, row["type"].as_str(), row["totalAmount"].to_string()), (200, Some("PaymentFee"), "-0.59".to_owned()));
        assert_eq!(row["transactionSourceRef"], json!({ "id": "ch_1", "type": "Payment" }));
        let (_, page) = house.get(&format!("{path}/commerce-transactions?query=id=txn_1:Stripe+processing+fees"), &key).await;
        assert_eq!(page["totalResults"], 1);
    }

    async fn what_was_never_read_is_told_from_what_is_empty(house: House) {
        let (connection, path, key) = shelf(&house, &[DataType::Products]).await;
        assert_eq!(house.get(&format!("{path}/commerce-products"), &key).await.1["results"], json!([]));
        let (status, body) = house.get(&format!("{path}/commerce-orders"), &key).await;
        assert!(status == 409 && body["error"].as_str().unwrap().starts_with("The data set has not been requested"), "{body}");
        rows::dataset(&house, connection.id, DataType::Disputes, dataset::Status::Fetching).await;
        assert_eq!(house.get(&format!("{path}/commerce-disputes"), &key).await.0, 409);
        let failed = rows::dataset(&house, connection.id, DataType::Customers, dataset::Status::PermissionsError).await;
        let (status, body) = house.get(&format!("{path}/commerce-customers/cus_1"), &key).await;
        assert!(status == 404 && body["error"].as_str().unwrap().contains("PermissionsError"), "{failed:?} {body}");
        rows::dataset(&house, connection.id, DataType::Products, dataset::Status::FetchError).await;
        assert_eq!(house.get(&format!("{path}/commerce-products"), &key).await.0, 200, "what was read stays readable");
        assert_eq!(house.get(&format!("{path}/commerce-info"), &key).await.0, 409);
        for kind in ["commerce-locations", "commerce-taxComponents/1", "commerce-productCategories"] {
            let (status, body) = house.get(&format!("{path}/{kind}"), &key).await;
            let name = kind.split('/').next().unwrap();
            assert_eq!((status, body["error"].as_str().unwrap()), (404, format!("Datatype {name} not supported by platform(s) Stripe").as_str()));
        }
    }

    async fn data_is_read_after_the_connection_has_ended(house: House) {
        let company = rows::company(&house, "One", &[]).await;
        let key = house.api_key().await;
        for status in [Status::Unlinked, Status::Deauthorized] {
            let connection = rows::connection(&house, &company, status).await;
            rows::dataset(&house, connection.id, DataType::Payments, dataset::Status::Complete).await;
            rows::put(&house, rows::payment(connection.id, "ch_1", 100, "EUR")).await;
            let path = format!("/companies/{}/connections/{}/data/commerce-payments", company.id, connection.id);
            assert_eq!(house.get(&path, &key).await.1["totalResults"], 1, "{status:?}");
        }
    }

    async fn a_payout_says_what_it_is_made_of_and_whether_it_adds_up(house: House) {
        let (connection, path, key) = shelf(&house, &[DataType::Payouts, DataType::Transactions]).await;
        for (id, net, state) in [
            ("po_good", Some(1000), payout_content::State::Complete),
            ("po_bad", Some(900), payout_content::State::Complete),
            ("po_manual", Some(0), payout_content::State::Unavailable),
            ("po_new", None, payout_content::State::Pending),
        ] {
            rows::put(&house, rows::payout(connection.id, id, 1000, "USD")).await;
            let Some(net_minor) = net else { continue };
            let content = payout_content::Model {
                connection_id: connection.id,
                payout_id: id.to_owned(),
                state,
                count: 2,
                net_minor,
                read_no: 1,
                read_at: rows::at("2026-02-01T00:00:00Z"),
            };
            rows::put(&house, content).await;
        }
        for (id, minor) in [("txn_a", 1100), ("txn_b", -100), ("txn_other", 5)] {
            rows::put(&house, rows::transaction(connection.id, id, minor, "USD")).await;
            if id != "txn_other" {
                let part = payout_transaction::Model {
                    connection_id: connection.id,
                    payout_id: "po_good".to_owned(),
                    transaction_id: id.to_owned(),
                };
                rows::put(&house, part).await;
            }
        }
        let (_, page) = house.get(&format!("{path}/commerce-payouts?orderBy=id"), &key).await;
        assert_eq!(ids(&page), ["po_bad", "po_good", "po_manual", "po_new"]);
        for (id, state, adds_up, difference) in [
            ("po_good", "complete", json!(true), "0"),
            ("po_bad", "complete", json!(false), "1"),
            ("po_manual", "unavailable", Value::Null, "null"),
            ("po_new", "pending", Value::Null, "null"),
        ] {
            let (_, row) = house.get(&format!("{path}/commerce-payouts/{id}"), &key).await;
            let content = &row["content"];
            assert_eq!((content["state"].as_str(), &content["addsUp"]), (Some(state), &adds_up), "{row}");
            assert_eq!(content["difference"].to_string(), difference);
            assert_eq!(content["reason"].is_null(), id == "po_good");
        }
        let (_, parts) = house.get(&format!("{path}/commerce-payouts/po_good/transactions?orderBy=-totalAmount&pageSize=1"), &key).await;
        assert_eq!((ids(&parts), &parts["totalResults"]), (vec!["txn_a"], &json!(2)));
        assert_eq!(parts["_links"]["self"]["href"], format!("{path}/commerce-payouts/po_good/transactions"));
        assert_eq!(house.get(&format!("{path}/commerce-payouts/po_none/transactions"), &key).await.0, 404);
    }
}
