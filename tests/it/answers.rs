//! What all answers have in common: tags of what was read, packing, and lists with nothing but some properties.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use reqwest::Response;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use serde_json::Value;
use simulator::world::Action;

use crate::both;
use crate::house::House;
use crate::oracle::linked;

/// An answer to a GET with one more header, as it came.
async fn asked(house: &House, path: &str, key: &str, header: (reqwest::header::HeaderName, &str)) -> Response {
    let client = crate::house::client().no_gzip().build().unwrap();
    client.get(format!("{}{path}", house.url)).bearer_auth(key).header(header.0, header.1).send().await.unwrap()
}

/// A house with the first account read, the data's address, and a key.
async fn read(house: &House) -> (String, String, String) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (company, connection) = linked(house, &account).await;
    house.work().await;
    (format!("/companies/{company}/connections/{connection}/data"), house.api_key().await, account)
}

both! {
    async fn what_is_known_is_not_sent_again(house: House) {
        let (data, key, account) = read(&house).await;
        let path = format!("{data}/commerce-customers?pageSize=5");
        let first = asked(&house, &path, &key, (IF_NONE_MATCH, "W/\"another\"")).await;
        assert_eq!(first.status(), 200);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        for known in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = asked(&house, &path, &key, (IF_NONE_MATCH, &known)).await;
            assert_eq!(again.status(), 304, "{known}");
            assert_eq!(again.headers()[ETAG], tag.as_str());
            assert!(again.headers().contains_key("x-request-id"));
            assert_eq!(again.bytes().await.unwrap().len(), 0);
        }
        // One who may not read is not told that nothing changed.
        assert_eq!(asked(&house, &path, "trb_none", (IF_NONE_MATCH, "*")).await.status(), 401);
        let action: Action = serde_json::from_str(r#"{"do":"delete_customer"}"#).unwrap();
        house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        let all = format!("{data}/commerce-customers?pageSize=5000");
        let before = asked(&house, &all, &key, (IF_NONE_MATCH, "\"none\"")).await.headers()[ETAG].to_str().unwrap().to_owned();
        house.ground.clock.advance(chrono::TimeDelta::hours(26));
        house.work().await;
        assert_eq!(asked(&house, &all, &key, (IF_NONE_MATCH, &before)).await.status(), 200, "a customer is gone");
    }

    async fn answers_are_packed_for_those_who_take_it(house: House) {
        let (data, key, _) = read(&house).await;
        let path = format!("{data}/commerce-payments");
        let plain = asked(&house, &path, &key, (ACCEPT_ENCODING, "identity")).await;
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        let plain = plain.bytes().await.unwrap();
        for way in ["gzip", "zstd"] {
            let packed = asked(&house, &path, &key, (ACCEPT_ENCODING, way)).await;
            assert_eq!(packed.headers()[CONTENT_ENCODING], way);
            let packed = packed.bytes().await.unwrap();
            assert!(packed.len() * 3 < plain.len(), "{way}: {} of {}", packed.len(), plain.len());
            if way == "zstd" {
                assert_eq!(zstd::stream::decode_all(&packed[..]).unwrap(), plain);
            }
        }
    }

    async fn lists_are_trimmed_to_the_properties_that_are_asked_for(house: House) {
        let (data, key, _) = read(&house).await;
        let path = format!("{data}/commerce-payments?pageSize=3");
        let (_, whole) = house.get(&path, &key).await;
        let (status, trimmed) = house.get(&format!("{path}&fields=id,%20amount"), &key).await;
        assert_eq!((status, &trimmed["totalResults"]), (200, &whole["totalResults"]));
        assert!(trimmed["_links"]["next"]["href"].as_str().unwrap().ends_with("&fields=id%2C%20amount"), "{trimmed}");
        for (one, all) in trimmed["results"].as_array().unwrap().iter().zip(whole["results"].as_array().unwrap()) {
            assert_eq!(one.as_object().unwrap().len(), 2);
            assert_eq!((&one["id"], &one["amount"]), (&all["id"], &all["amount"]));
        }
        assert_eq!(house.get(&format!("{path}&fields="), &key).await.1["results"], whole["results"]);
        let (status, refused) = house.get(&format!("{path}&fields=id,shoeSize"), &key).await;
        let said = refused["error"].as_str().unwrap();
        assert!(status == 400 && said.contains("`shoeSize`") && said.contains("amount"), "{refused}");
    }

    async fn each_record_shows_what_it_was_made_of(house: House) {
        let key = house.api_key().await;
        let described = house.get("/openapi.json", "").await.1;
        let mut seen = BTreeSet::new();
        let accounts: Vec<_> = house.simulator.world.accounts().iter().map(|one| one.id.clone()).collect();
        for account in accounts {
            let (company, connection) = linked(&house, &account).await;
            house.work().await;
            let data = format!("/companies/{company}/connections/{connection}/data");
            for (kind, schema) in [
                ("commerce-customers", "Customer"), ("commerce-payments", "Payment"), ("commerce-transactions", "Transaction"),
                ("commerce-payouts", "Payout"), ("commerce-disputes", "Dispute"), ("commerce-products", "Product"),
                ("commerce-orders", "Order"), ("commerce-subscriptions", "Subscription"), ("commerce-invoices", "Invoice"),
            ] {
                // Orders have parts that few of them have.
                let some = if matches!(kind, "commerce-orders" | "commerce-invoices") { 60 } else { 12 };
                let (_, page) = house.get(&format!("{data}/{kind}?pageSize=5000"), &key).await;
                let records = page["results"].as_array().into_iter().flatten().take(some);
                let asked = records.map(|record| record["id"].as_str().unwrap()).map(async |id| {
                    let encoded = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
                    (id, house.get(&format!("{data}/{kind}/{encoded}/source"), &key).await)
                });
                for (id, (status, origin)) in stream::iter(asked).buffered(8).collect::<Vec<_>>().await {
                    assert_eq!(status, 200, "{kind} {id}: {origin}");
                    is_whole(&origin, &described["components"]["schemas"][schema], &mut seen);
                    let own = &origin["objects"][0];
                    assert!(id.starts_with(own["id"].as_str().unwrap()) && own["body"]["id"] == own["id"], "{origin}");
                }
            }
            let (status, origin) = house.get(&format!("{data}/commerce-companyInfo/{account}/source"), &key).await;
            assert_eq!(status, 200, "{origin}");
            is_whole(&origin, &described["components"]["schemas"]["CompanyInfo"], &mut seen);
            assert_eq!(origin["objects"].as_array().unwrap().len(), 2, "the account and its balance");
            assert_eq!(house.get(&format!("{data}/commerce-payments/ch_none/source"), &key).await.0, 404);
            assert_eq!(house.get(&format!("{data}/commerce-paymentMethods/card/source"), &key).await.0, 404);
            assert_eq!(house.get(&format!("{data}/commerce-shoes/a/source"), &key).await.0, 404);
        }
        let met: BTreeSet<_> = seen.iter().filter(|(_, met)| *met).map(|(field, _)| field.as_str()).collect();
        let all: BTreeSet<_> = seen.iter().map(|(field, _)| field.as_str()).collect();
        let missing: Vec<_> = all.difference(&met).copied().collect();
        // Stripe has them; the simulated accounts are of people, and ship nothing on invoices.
        assert_eq!(missing, ["account.company.name", "invoice.shipping_cost.amount_total"]);
    }
}

/// Whether the origin tells of each property of the record's schema and of no other; which of Stripe's fields were met goes
/// into `seen`.
fn is_whole(origin: &Value, schema: &Value, seen: &mut BTreeSet<(String, bool)>) {
    let properties = origin["properties"].as_array().unwrap();
    let told: BTreeSet<&str> = properties.iter().map(|one| one["property"].as_str().unwrap()).collect();
    let described: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(told, described);
    for field in properties.iter().flat_map(|one| one["from"].as_array().unwrap()) {
        let field = field.as_str().unwrap();
        let met = origin["objects"].as_array().unwrap().iter().any(|object| {
            let name = object["object"].as_str().unwrap();
            field == name || field.strip_prefix(&format!("{name}.")).is_some_and(|path| leads(&object["body"], path))
        });
        seen.insert((field.to_owned(), met));
    }
}

/// Whether a path of names leads to something, through lists by their first element.
fn leads(value: &Value, path: &str) -> bool {
    path.split('.')
        .try_fold(value, |value, name| match value {
            Value::Array(all) => all.first()?.get(name),
            other => other.get(name),
        })
        .is_some()
}
