//! What the store must hold: everything that the simulated account has, object by object and to the cent.

use std::collections::BTreeMap;

use entity::id::{CompanyId, ConnectionId};
use entity::shape::TextMap;
use entity::{company, payment, source_object, transaction};
use sea_orm::entity::prelude::*;
use serde_json::Value;
use simulator::http::{DEFAULT_CLIENT_ID, DEFAULT_SECRET_KEY};
use simulator::world::{Kind, Query, World};
use tributary::clock::Clock;
use tributary::connect::integrations::Change;
use tributary::store;
use url::Url;

use crate::house::House;

/// The kinds that are listed and kept, with Stripe's `object` for each.
pub const KEPT: [(Kind, &str); 11] = [
    (Kind::Customer, "customer"),
    (Kind::Charge, "charge"),
    (Kind::Refund, "refund"),
    (Kind::BalanceTransaction, "balance_transaction"),
    (Kind::Payout, "payout"),
    (Kind::Dispute, "dispute"),
    (Kind::Price, "price"),
    (Kind::Product, "product"),
    (Kind::CheckoutSession, "checkout.session"),
    (Kind::Invoice, "invoice"),
    (Kind::Subscription, "subscription"),
];

/// Everything that a simulated account lists of a kind, by id.
pub fn listed(world: &World, account: &str, kind: Kind, now: i64) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut query = Query { limit: 100, now, ..Query::default() };
    // 52: left alone, the list shows only those that have not ended.
    if kind == Kind::Subscription {
        query.filters.push(("status".to_owned(), "all".to_owned()));
    }
    loop {
        let page = world.page(account, kind, &query).unwrap();
        for object in page.data {
            let id = object["id"].as_str().unwrap().to_owned();
            query.after = Some(id.clone());
            assert!(all.insert(id, object).is_none(), "the simulator lists an object twice");
        }
        if !page.has_more {
            return all;
        }
    }
}

/// Compares the store with the account: every object, and the money per currency.
pub async fn compare(house: &House, connection: ConnectionId, account: &str) {
    let (world, now) = (&house.simulator.world, house.simulator.clock.seconds());
    let (mut paid, mut moved) = (Vec::new(), Vec::new());
    for (kind, object) in KEPT {
        let theirs = listed(world, account, kind, now);
        let ours = kept(house, connection, object).await;
        let (missing, extra): (Vec<_>, Vec<_>) = (
            theirs.keys().filter(|id| !ours.contains_key(*id)).collect(),
            ours.keys().filter(|id| !theirs.contains_key(*id)).collect(),
        );
        assert!(missing.is_empty() && extra.is_empty(), "{object}: missing {missing:?}, extra {extra:?}");
        for (id, object) in &theirs {
            same(object, &ours[id], id);
            match kind {
                Kind::Charge => paid.push(money(object, taken(object), 1)),
                Kind::Refund => paid.push(money(object, "amount", -1)),
                Kind::BalanceTransaction => moved.extend(with_fees(object)),
                _ => {}
            }
        }
    }
    assert_eq!(payments(house, connection).await, sums(paid.into_iter()), "payments per currency");
    assert_eq!(transactions(house, connection).await, sums(moved.into_iter()), "transactions");
    assert!(store::quarantine::of(&house.db, connection).await.unwrap().is_empty(), "something is in quarantine");
}

/// Every field that Stripe lists is kept as it is; what was expanded on the way is more.
fn same(theirs: &Value, ours: &Value, id: &str) {
    for (field, value) in theirs.as_object().unwrap() {
        let expanded = matches!(field.as_str(), "line_items" | "payments");
        assert!(expanded || &ours[field] == value, "{id}.{field}: ours {} theirs {value}", ours[field]);
    }
}

async fn kept(house: &House, connection: ConnectionId, object: &str) -> BTreeMap<String, Value> {
    let rows = store::source_objects::of_kind(&house.db, connection, object).await.unwrap();
    rows.into_iter().map(|row| (row.id, serde_json::from_slice(&row.body).unwrap())).collect()
}

async fn payments(house: &House, connection: ConnectionId) -> BTreeMap<String, (i64, i64)> {
    let rows = payment::Entity::find()
        .filter(payment::Column::ConnectionId.eq(connection))
        .filter(payment::Column::DeletedAt.is_null())
        .all(&house.db)
        .await;
    sums(rows.unwrap().into_iter().map(|row| (row.currency, row.amount_minor)))
}

async fn transactions(house: &House, connection: ConnectionId) -> BTreeMap<String, (i64, i64)> {
    let rows = transaction::Entity::find()
        .filter(transaction::Column::ConnectionId.eq(connection))
        .filter(transaction::Column::DeletedAt.is_null())
        .all(&house.db)
        .await;
    sums(rows.unwrap().into_iter().map(|row| (row.currency, row.total_minor)))
}

/// Of a charge captured in part only that part is paid.
fn taken(charge: &Value) -> &'static str {
    match charge["amount_captured"].as_i64() {
        Some(1..) => "amount_captured",
        _ => "amount",
    }
}

/// A balance transaction's gross amount and, as transactions of their own, its fees.
fn with_fees(one: &Value) -> Vec<(String, i64)> {
    let fees = one["fee_details"].as_array().unwrap().iter().map(|fee| money(fee, "amount", -1));
    std::iter::once(money(one, "amount", 1)).chain(fees).collect()
}

fn money(object: &Value, field: &str, sign: i64) -> (String, i64) {
    (object["currency"].as_str().unwrap().to_uppercase(), sign * object[field].as_i64().unwrap())
}

/// Count and sum per currency.
fn sums(rows: impl Iterator<Item = (String, i64)>) -> BTreeMap<String, (i64, i64)> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (currency, amount) in rows {
        let sum = sums.entry(currency).or_default();
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    sums
}

/// A company whose connection is Linked to a simulated account, due at once.
pub async fn linked(house: &House, account: &str) -> (CompanyId, ConnectionId) {
    // What is fresh at Stripe changes by itself within seconds (a charge gets its balance transaction): past that, the
    // account stands still while it is read.
    house.simulator.clock.advance(600_000);
    house.integrate(Change { enabled: Some(true), ..Change::default() }).await;
    grant(house, account).await;
    let (company, now) = (CompanyId::new(), house.clock.now());
    let row = company::Model {
        id: company,
        name: "A shop".to_owned(),
        name_folded: "a shop".to_owned(),
        description: None,
        tags: TextMap::default(),
        link_serial: 0,
        overrides_sync: false,
        created_at: now,
        last_sync_at: None,
        deleted_at: None,
    };
    store::companies::insert(&house.db, row).await.unwrap();
    let integration = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
    let connection = store::connections::create(&house.db, company, integration.id, now).await.unwrap().id;
    let granted = store::connections::Granted {
        account_id: account.to_owned(),
        account_name: None,
        livemode: false,
        scope: "read_only".to_owned(),
    };
    store::connections::set_linked(&house.db, connection, granted, now).await.unwrap();
    (company, connection)
}

/// Lets the simulated account grant access to the platform.
pub async fn grant(house: &House, account: &str) {
    let http = crate::house::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let query = [("client_id", DEFAULT_CLIENT_ID), ("response_type", "code"), ("scope", "read_only")];
    let query = query.into_iter().chain([("redirect_uri", "http://127.0.0.1:9/")]);
    let authorize = Url::parse_with_params(&format!("{}/oauth/authorize", house.simulator.url), query).unwrap();
    let answer = http.post(authorize).form(&[("decision", "approve"), ("account", account)]).send().await.unwrap();
    let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let exchange =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("client_secret", DEFAULT_SECRET_KEY)];
    let answer = http.post(format!("{}/oauth/token", house.simulator.url)).form(&exchange).send().await.unwrap();
    answer.error_for_status().unwrap();
}

/// How many source objects there are.
pub async fn count_of_sources(house: &House, connection: ConnectionId) -> u64 {
    source_object::Entity::find()
        .filter(source_object::Column::ConnectionId.eq(connection))
        .count(&house.db)
        .await
        .unwrap()
}

/// List pages that the simulated Stripe was asked for, without balance transactions: those are listed for payouts, too.
pub async fn listing_reads(house: &House) -> u64 {
    let url = format!("{}/_simulator/requests", house.simulator.url);
    let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let lists = KEPT.iter().filter(|(kind, _)| *kind != Kind::BalanceTransaction);
    let reads = |object: &str| {
        let plural = format!("{}s", object.replace('.', "/"));
        counts["endpoints"][format!("GET /v1/{plural}")]
            .as_object()
            .map_or(0, |by_status| by_status.values().filter_map(Value::as_u64).sum::<u64>())
    };
    lists.map(|(_, object)| reads(object)).sum()
}

/// List pages that a first sync needs, counted as [`listing_reads`] does.
pub fn pages(house: &House, account: &str) -> u64 {
    let now = house.simulator.clock.seconds();
    let lists = KEPT.iter().filter(|(kind, _)| *kind != Kind::BalanceTransaction);
    let count = |kind| listed(&house.simulator.world, account, kind, now).len().div_ceil(100).max(1) as u64;
    lists.map(|(kind, _)| count(*kind)).sum()
}
