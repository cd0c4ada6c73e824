//! Lists and objects: order, cursors, windows, filters, expansion, and every refusal.

use super::super::options::Options;
use super::{Answer, Stripe, fresh_world};
use serde_json::Value;
use std::collections::HashSet;

/// Every list that needs no parent.
const LISTS: [&str; 17] = [
    "charges",
    "refunds",
    "customers",
    "balance_transactions",
    "payouts",
    "disputes",
    "products",
    "prices",
    "payment_methods",
    "payment_intents",
    "invoices",
    "invoice_payments",
    "checkout/sessions",
    "application_fees",
    "transfers",
    "events",
    "subscriptions",
];

/// All ids of a list, page by page.
async fn all(stripe: &Stripe, path: &str, limit: usize) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let cursor =
            rows.last().map(|row| format!("&starting_after={}", row["id"].as_str().unwrap())).unwrap_or_default();
        let page = stripe.get(&format!("{path}{separator}limit={limit}{cursor}")).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let data = page.body["data"].as_array().unwrap();
        rows.extend(data.iter().cloned());
        if page.body["has_more"] == false {
            return rows;
        }
        assert_eq!(data.len(), limit, "{path}: has_more on a short page");
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_list_pages_to_its_end_newest_first_without_a_row_twice() {
    let stripe = Stripe::new();
    for list in LISTS {
        let rows = all(&stripe, &format!("/v1/{list}"), 100).await;
        let unique: HashSet<&str> = ids(&rows).into_iter().collect();
        assert_eq!(unique.len(), rows.len(), "{list}");
        let created: Vec<i64> = rows.iter().filter_map(|row| row["created"].as_i64()).collect();
        assert!(created.is_sorted_by(|newer, older| newer >= older), "{list}");
        if let Some(first) = rows.first() {
            let again = stripe.get(&format!("/v1/{list}/{}", first["id"].as_str().unwrap())).await;
            assert_eq!(&again.body, first, "{list}: retrieved as listed");
        }
        let missing = stripe.get(&format!("/v1/{list}/nothing_1")).await;
        assert_eq!(missing.error(), (404, "resource_missing", "id"), "{list}");
    }
}

#[tokio::test]
async fn a_page_has_stripes_form() {
    let stripe = Stripe::new();
    let page = stripe.get("/v1/charges").await;
    assert_eq!((&page.body["object"], &page.body["url"]), (&"list".into(), &"/v1/charges".into()));
    assert_eq!((page.ids().len(), &page.body["has_more"]), (10, &true.into()));
    assert!(page.body.get("total_count").is_none());
    assert_eq!(page.headers["content-type"], "application/json");
}

#[tokio::test]
async fn cursors_go_both_ways() {
    let stripe = Stripe::new();
    let first = stripe.get("/v1/charges?limit=30").await.ids();
    let after = stripe.get(&format!("/v1/charges?limit=10&starting_after={}", first[9])).await;
    assert_eq!(after.ids(), first[10..20]);
    let before = stripe.get(&format!("/v1/charges?limit=10&ending_before={}", first[25])).await;
    assert_eq!(before.ids(), first[15..25], "the rows just before, still newest first");
    assert_eq!(before.body["has_more"], true);
    let head = stripe.get(&format!("/v1/charges?limit=10&ending_before={}", first[5])).await;
    assert_eq!((head.ids().as_slice(), &head.body["has_more"]), (&first[..5], &false.into()));
}

#[tokio::test]
async fn trap_18_a_flash_sale_in_one_second_pages_without_loss() {
    let stripe = Stripe::new();
    let rows = all(&stripe, "/v1/charges", 100).await;
    let mut per_second = std::collections::HashMap::new();
    for row in &rows {
        *per_second.entry(row["created"].as_i64().unwrap()).or_insert(0_usize) += 1;
    }
    let (second, most) = per_second.into_iter().max_by_key(|(_, most)| *most).unwrap();
    assert_eq!(most, 250);
    assert_eq!(all(&stripe, &format!("/v1/charges?created={second}"), 100).await.len(), most);
    assert_eq!(all(&stripe, &format!("/v1/charges?created={second}"), 7).await.len(), most);
    assert_eq!(ids(&all(&stripe, "/v1/charges", 37).await), ids(&rows));
}

#[tokio::test]
async fn windows_of_created_cut_exactly() {
    let stripe = Stripe::new();
    let rows = all(&stripe, "/v1/charges", 100).await;
    let at = |row: &Value| row["created"].as_i64().unwrap();
    let middle = at(&rows[rows.len() / 2]);
    for (comparison, kept) in [
        ("gt", (|row, middle| row > middle) as fn(i64, i64) -> bool),
        ("gte", |row, middle| row >= middle),
        ("lt", |row, middle| row < middle),
        ("lte", |row, middle| row <= middle),
    ] {
        let found = all(&stripe, &format!("/v1/charges?created[{comparison}]={middle}"), 100).await;
        let expected: Vec<Value> = rows.iter().filter(|row| kept(at(row), middle)).cloned().collect();
        assert_eq!(ids(&found), ids(&expected), "{comparison}");
    }
    let both = all(&stripe, &format!("/v1/charges?created[gte]={middle}&created[lt]={}", middle + 1), 100).await;
    assert_eq!(ids(&both), ids(&all(&stripe, &format!("/v1/charges?created={middle}"), 100).await));
    assert!(!both.is_empty());
}

#[tokio::test]
async fn a_cursor_outside_the_filtered_list_is_refused() {
    let stripe = Stripe::new();
    let first = &stripe.get("/v1/charges?limit=1").await;
    let (id, created) = (first.ids()[0].clone(), first.body["data"][0]["created"].as_i64().unwrap());
    let outside = stripe.get(&format!("/v1/charges?created[lt]={created}&starting_after={id}")).await;
    assert_eq!(outside.error(), (400, "resource_missing", "starting_after"));
    assert_eq!(outside.body["error"]["message"], format!("No such charge: '{id}'"));
    let never = stripe.get("/v1/customers?ending_before=cus_never").await;
    assert_eq!(never.error(), (400, "resource_missing", "ending_before"));
}

#[tokio::test]
async fn trap_17_a_customer_deleted_while_we_page_breaks_the_cursor() {
    let stripe = Stripe::of(fresh_world(), Options::default());
    let first = stripe.get("/v1/customers?limit=5").await.ids();
    let last = first.last().unwrap();
    let body = format!("{{\"do\": \"delete_customer\", \"customer\": \"{last}\"}}");
    let done = stripe.send("POST", &format!("/_simulator/accounts/{}/actions", stripe.shop()), &[], &body).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let next = stripe.get(&format!("/v1/customers?limit=5&starting_after={last}")).await;
    assert_eq!(next.error(), (400, "resource_missing", "starting_after"));
    let gone = stripe.get(&format!("/v1/customers/{last}")).await;
    assert_eq!((gone.status.as_u16(), &gone.body["deleted"]), (200, &true.into()));
}

#[tokio::test]
async fn parameters_are_checked_and_named() {
    let stripe = Stripe::new();
    for (query, code, param) in [
        ("limit=0", "parameter_invalid_integer", "limit"),
        ("limit=101", "parameter_invalid_integer", "limit"),
        ("limit=-1", "parameter_invalid_integer", "limit"),
        ("limit=ten", "parameter_invalid_integer", "limit"),
        ("limit=99999999999999999999", "parameter_invalid_integer", "limit"),
        ("colour=red", "parameter_unknown", "colour"),
        ("offset=10", "parameter_unknown", "offset"),
        ("created[after]=1", "parameter_unknown", "created[after]"),
        ("created=yesterday", "parameter_invalid_integer", "created"),
        ("created[gte]=1.5", "parameter_invalid_integer", "created[gte]"),
        ("starting_after=", "parameter_invalid_empty", "starting_after"),
        ("starting_after=a&ending_before=b", "", ""),
        ("expand[]=customer", "", "expand"),
        ("expand[]=data.nonsense", "", "expand"),
        ("expand[]=data.customer.default_source.a.b", "", "expand"),
        ("expand=data.customer", "", "expand"),
        ("customer=cus_none", "resource_missing", "customer"),
        ("payment_intent=pi_none", "resource_missing", "payment_intent"),
    ] {
        assert_eq!(stripe.get(&format!("/v1/charges?{query}")).await.error(), (400, code, param), "{query}");
    }
    for (path, code, param) in [
        ("/v1/payment_methods?created[gte]=1", "parameter_unknown", "created"),
        ("/v1/payouts?status=lost", "", "status"),
        ("/v1/payouts?arrival_date=1", "", "arrival_date"),
        ("/v1/prices?active=yes", "", "active"),
        ("/v1/events?type=a&types[]=b", "", ""),
        ("/v1/balance_transactions?payout=po_none", "resource_missing", "payout"),
        ("/v1/account?expand[]=settings", "", "expand"),
        ("/v1/account?limit=1", "parameter_unknown", "limit"),
        ("/v1/charges/ch_1?limit=1", "parameter_unknown", "limit"),
    ] {
        assert_eq!(stripe.get(path).await.error(), (400, code, param), "{path}");
    }
    let both = stripe.get("/v1/charges?a=1&b=2&a=3").await;
    assert_eq!(both.body["error"]["message"], "Received unknown parameters: a, b");
}

#[tokio::test]
async fn filters_keep_what_they_say() {
    let stripe = Stripe::new();
    let charges = all(&stripe, "/v1/charges", 100).await;
    let with_customer = charges.iter().find(|charge| charge["customer"].is_string()).unwrap();
    let customer = with_customer["customer"].as_str().unwrap();
    let expected: Vec<&Value> = charges.iter().filter(|charge| charge["customer"] == customer).collect();
    assert_eq!(all(&stripe, &format!("/v1/charges?customer={customer}"), 2).await.len(), expected.len());
    let refund = &all(&stripe, "/v1/refunds", 100).await[0];
    let of_charge = all(&stripe, &format!("/v1/refunds?charge={}", refund["charge"].as_str().unwrap()), 100).await;
    assert!(ids(&of_charge).contains(&refund["id"].as_str().unwrap()));
    assert!(of_charge.iter().all(|other| other["charge"] == refund["charge"]));
    let sub_list = all(&stripe, &format!("/v1/charges/{}/refunds", refund["charge"].as_str().unwrap()), 100).await;
    assert_eq!(ids(&sub_list), ids(&of_charge));
    let transactions = all(&stripe, "/v1/balance_transactions?type=refund", 100).await;
    assert!(!transactions.is_empty() && transactions.iter().all(|row| row["type"] == "refund"));
    let of_source =
        all(&stripe, &format!("/v1/balance_transactions?source={}", refund["id"].as_str().unwrap()), 100).await;
    assert!(of_source.iter().all(|row| row["source"] == refund["id"]));
    let products = all(&stripe, "/v1/products", 100).await;
    let two = [ids(&products)[0], ids(&products)[1]];
    let chosen = all(&stripe, &format!("/v1/products?ids[]={}&ids[]={}", two[0], two[1]), 100).await;
    assert_eq!(ids(&chosen), two);
}

#[tokio::test]
async fn what_a_payout_is_made_of_adds_up() {
    let stripe = Stripe::new();
    let payouts = all(&stripe, "/v1/payouts", 100).await;
    let automatic = payouts.iter().filter(|payout| payout["automatic"] == true && payout["status"] == "paid");
    let mut checked = 0;
    for payout in automatic.skip(2).take(5) {
        let rows =
            all(&stripe, &format!("/v1/balance_transactions?payout={}", payout["id"].as_str().unwrap()), 100).await;
        let net: i64 = rows.iter().filter(|row| row["type"] != "payout").map(|row| row["net"].as_i64().unwrap()).sum();
        assert_eq!(net, payout["amount"].as_i64().unwrap(), "{}", payout["id"]);
        checked += 1;
    }
    assert_eq!(checked, 5);
}

async fn expanded(stripe: &Stripe, path: &str) -> Answer {
    let answer = stripe.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

#[tokio::test]
async fn expansion_puts_objects_in_place_of_ids() {
    let stripe = Stripe::new();
    let plain = all(&stripe, "/v1/charges", 100).await;
    let charge = plain
        .iter()
        .find(|charge| charge["customer"].is_string() && charge["balance_transaction"].is_string())
        .unwrap();
    let id = charge["id"].as_str().unwrap();
    let one = expanded(&stripe, &format!("/v1/charges/{id}?expand[]=balance_transaction&expand[]=customer")).await.body;
    assert_eq!(one["balance_transaction"]["id"], charge["balance_transaction"]);
    assert_eq!(one["balance_transaction"]["source"], id);
    assert_eq!(one["customer"]["id"], charge["customer"]);
    let deep = expanded(&stripe, "/v1/charges?limit=100&expand[0]=data.balance_transaction.source.customer").await.body;
    let deep = deep["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|charge| charge["balance_transaction"].is_object())
        .unwrap()
        .clone();
    assert_eq!(deep["balance_transaction"]["source"]["id"], deep["id"]);
    let session = expanded(&stripe, "/v1/checkout/sessions?limit=100&expand[]=data.line_items").await.body;
    let rows = session["data"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(row["line_items"]["object"], "list");
        assert_eq!(
            row["line_items"]["url"],
            format!("/v1/checkout/sessions/{}/line_items", row["id"].as_str().unwrap())
        );
    }
    let refunded = plain.iter().find(|charge| charge["amount_refunded"].as_i64() > Some(0)).unwrap()["id"].clone();
    let refunds = expanded(&stripe, &format!("/v1/charges/{}?expand[]=refunds", refunded.as_str().unwrap())).await.body;
    assert!(refunds["refunds"]["data"][0]["charge"] == refunded);
}

#[tokio::test]
async fn trap_16_a_deleted_customer_expands_to_what_is_left() {
    let stripe = Stripe::of(fresh_world(), Options::default());
    let charges = all(&stripe, "/v1/charges", 100).await;
    let customer = charges.iter().find_map(|charge| charge["customer"].as_str()).unwrap().to_owned();
    let body = format!("{{\"do\": \"delete_customer\", \"customer\": \"{customer}\"}}");
    stripe.send("POST", &format!("/_simulator/accounts/{}/actions", stripe.shop()), &[], &body).await;
    let page = expanded(&stripe, &format!("/v1/charges?customer={customer}&expand[]=data.customer")).await;
    let left = &page.body["data"][0]["customer"];
    assert_eq!(*left, serde_json::json!({ "id": customer, "object": "customer", "deleted": true }));
    let methods = stripe.get(&format!("/v1/customers/{customer}/payment_methods")).await;
    assert_eq!(methods.error(), (404, "resource_missing", "customer"));
}

#[tokio::test]
async fn sub_lists_belong_to_their_parent() {
    let stripe = Stripe::new();
    for (parents, sub_list) in
        [("checkout/sessions", "line_items"), ("invoices", "lines"), ("customers", "payment_methods")]
    {
        let mut found = 0;
        for parent in stripe.get(&format!("/v1/{parents}?limit=40")).await.ids() {
            let path = format!("/v1/{parents}/{parent}/{sub_list}");
            let page = stripe.get(&path).await;
            assert_eq!(page.body["url"], path);
            found += page.ids().len();
        }
        assert!(found > 0, "{sub_list}");
        let orphan = stripe.get(&format!("/v1/{parents}/none_1/{sub_list}")).await;
        assert_eq!(orphan.error().0, 404, "{sub_list}");
    }
}
