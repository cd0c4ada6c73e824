//! Stripe's own published fixtures, object for object, through the mappers.
//!
//! `STRIPE_FIXTURES` names the file that Stripe publishes beside its API description: JSON with one object of each kind under
//! `resources`. Without it a small page of our own is mapped instead.

use std::collections::BTreeMap;

use entity::id::ConnectionId;
use serde_json::{Value, json};
use tributary::stripe::wire;
use tributary::sync::map::{self, Source, Unmapped};

/// Every kind of object that is mapped.
const KINDS: [&str; 13] = [
    "account",
    "balance",
    "balance_transaction",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "invoice",
    "payout",
    "price",
    "product",
    "refund",
    "subscription",
];

/// What Stripe's fixtures show of a kind that is only a part of another record.
const PARTS: [&str; 3] = ["event", "invoice_payment", "item"];

/// How many records an object gave, or what stood in the way; none for an object of a kind that is not read.
fn map_one(body: &Value, whole: &BTreeMap<String, Value>) -> Option<Result<usize, Unmapped>> {
    let source = Source { connection_id: ConnectionId::new() };
    let text = body.to_string();
    let json = text.as_str();
    let count = match body["object"].as_str()? {
        "account" => {
            map::read(json).and_then(|account| map::company_info::company_info(source, &account, None)).map(|_| 1)
        }
        "balance" => with_account(source, json, whole),
        "balance_transaction" => {
            map::read(json).and_then(|moved| map::transaction::transactions(source, &moved)).map(|all| all.len())
        }
        "charge" => map::read(json).and_then(|charge: wire::Charge| {
            let method = map::payment_method::of_charge(source, &charge);
            map::payment::charge(source, &charge).map(|_| 1 + usize::from(method.is_some()))
        }),
        "refund" => map::read(json).and_then(|refund| map::payment::refund(source, &refund)).map(|_| 1),
        "customer" => map::read(json).and_then(|customer| map::customer::customer(source, &customer)).map(|_| 1),
        "dispute" => map::read(json).and_then(|dispute| map::dispute::dispute(source, &dispute)).map(|_| 1),
        "payout" => map::read(json).and_then(|payout| map::payout::payout(source, &payout)).map(|_| 1),
        "product" => map::read(json).and_then(|product| map::product::product(source, &product, &[])).map(|_| 1),
        "subscription" => {
            map::read(json).and_then(|one| map::subscription::subscription(source, &one)).map(|one| one.items.len())
        }
        "price" => with_product(source, json),
        "invoice" => paid_invoice(source, body),
        "checkout.session" => paid_session(source, body, whole.get("item")),
        "event" => map::read::<wire::Event>(json).map(|event| usize::from(event.created.is_some())),
        "invoice_payment" => {
            map::read::<wire::InvoicePayment>(json).map(|payment| usize::from(payment.invoice.is_some()))
        }
        "item" => map::read::<wire::LineItem>(json).map(|item| usize::from(item.amount_total.is_some())),
        _ => return None,
    };
    Some(count)
}

fn with_account(source: Source, json: &str, whole: &BTreeMap<String, Value>) -> Result<usize, Unmapped> {
    let balance: wire::Balance = map::read(json)?;
    let account = whole.get("account").cloned().unwrap_or_else(|| json!({"id": "acct_1"})).to_string();
    let account: wire::Account = map::read(&account)?;
    map::company_info::company_info(source, &account, Some(&balance)).map(|info| info.balances.len())
}

fn with_product(source: Source, json: &str) -> Result<usize, Unmapped> {
    let price: wire::Price = map::read(json)?;
    let product: wire::Product = map::read(r#"{"id":"prod_1","created":1}"#)?;
    map::product::product(source, &product, &[price]).map(|product| product.variants.len())
}

/// Stripe's fixture is a draft, which is no order; as a paid one it must be.
fn paid_invoice(source: Source, body: &Value) -> Result<usize, Unmapped> {
    let draft: wire::Invoice = map::read(&body.to_string())?;
    let orders = usize::from(map::order::invoice(source, &draft, &[], &[])?.is_some());
    let paid = wire::Invoice { status: Some("paid".to_owned()), ..draft };
    let order = map::order::invoice(source, &paid, &[], &[])?.expect("a paid invoice is an order");
    assert_eq!(map::invoice::invoice(source, &paid, &[], &[])?.total_minor, order.total_minor);
    Ok(orders + order.lines.len())
}

/// Stripe's fixture is open and has no amounts yet; complete and with an amount it must be an order.
fn paid_session(source: Source, body: &Value, item: Option<&Value>) -> Result<usize, Unmapped> {
    let open: wire::Session = map::read(&body.to_string())?;
    let orders = usize::from(map::order::session(source, &open, &[], &[])?.is_some());
    let item: Option<wire::LineItem> = item.map(|item| map::read(&item.to_string())).transpose()?;
    let complete = wire::Session {
        status: Some("complete".to_owned()),
        payment_status: Some("paid".to_owned()),
        amount_total: open.amount_total.or(Some(1000)),
        currency: open.currency.clone().or_else(|| Some("usd".to_owned())),
        ..open
    };
    let items: Vec<_> = item.into_iter().collect();
    let order = map::order::session(source, &complete, &items, &[])?.expect("a paid session is an order");
    Ok(orders + order.payments.len() + order.lines.len())
}

fn embedded() -> BTreeMap<String, Value> {
    let charge = json!({"object": "charge", "id": "ch_1", "amount": 100, "currency": "usd", "created": 1,
        "status": "succeeded", "captured": true, "payment_method_details": {"type": "card"}});
    let moved = json!({"object": "balance_transaction", "id": "txn_1", "amount": 100, "currency": "usd", "created": 1,
        "type": "charge", "source": "ch_1", "fee": 3, "net": 97,
        "fee_details": [{"amount": 3, "currency": "usd", "type": "stripe_fee", "description": "Fee"}]});
    let customer = json!({"object": "customer", "id": "cus_1", "created": 1, "email": null});
    let unread = json!({"object": "mandate", "id": "mandate_1"});
    [charge, moved, customer, unread].map(|body| (body["object"].as_str().unwrap().to_owned(), body)).into()
}

#[test]
fn published_fixtures_map_without_quarantine() {
    let Ok(path) = std::env::var("STRIPE_FIXTURES") else {
        println!("STRIPE_FIXTURES is not set: a page of our own is mapped instead of Stripe's.");
        let page = embedded();
        let counts: Vec<_> = page.values().map(|body| map_one(body, &page).transpose().unwrap()).collect();
        assert_eq!(counts, [Some(2), Some(2), Some(1), None]);
        return;
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("STRIPE_FIXTURES {path}: {error}"));
    let mut file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("STRIPE_FIXTURES {path}: {error}"));
    let resources: BTreeMap<String, Value> = serde_json::from_value(file["resources"].take())
        .unwrap_or_else(|error| panic!("`resources` of {path}: {error}"));
    let (mut mapped, mut unmapped) = (BTreeMap::new(), Vec::new());
    for body in resources.values().filter(|body| body["deleted"] != true) {
        match map_one(body, &resources) {
            Some(Ok(records)) => *mapped.entry(body["object"].as_str().unwrap()).or_insert(0) += records,
            Some(Err(error)) => unmapped.push(error.to_string()),
            None => {}
        }
    }
    println!("mapped, with the records that each kind gave: {mapped:#?}");
    assert!(unmapped.is_empty(), "unmapped: {unmapped:#?}");
    let missing: Vec<_> = KINDS.iter().filter(|kind| mapped.get(**kind).copied().unwrap_or_default() == 0).collect();
    assert!(missing.is_empty(), "no record came of {missing:?}");
    let absent: Vec<_> =
        PARTS.iter().filter(|kind| resources.contains_key(**kind) && !mapped.contains_key(**kind)).collect();
    assert!(absent.is_empty(), "not read: {absent:?}");
}
