//! What happens on demand shows in the objects, in the events and in the balance.

use super::{NOW, account, all, filtered, number, options, text};
use crate::world::{Action, Kind, Options, Query, Refusal, World};
use serde_json::{Value, json};
use std::collections::HashMap;

struct Shop {
    world: World,
    id: String,
}

impl Shop {
    fn full() -> Self {
        let world = World::new(&options(400));
        let id = account(&world, 0);
        Self { world, id }
    }

    fn act(&self, action: Value) -> Vec<Value> {
        let action: Action = serde_json::from_value(action).expect("an action");
        let events = self.world.act(&self.id, action, NOW).expect("it happens");
        for event in &events {
            let found = self.world.get(&self.id, Kind::Event, event["id"].as_str().expect("id"), NOW + 60);
            assert_eq!(found.as_ref(), Some(event));
        }
        events
    }

    fn fails(&self, action: Value) -> String {
        let action: Action = serde_json::from_value(action).expect("an action");
        self.world.act(&self.id, action, NOW).expect_err("it cannot happen")
    }

    fn get(&self, kind: Kind, id: &Value) -> Value {
        self.world.get(&self.id, kind, id.as_str().expect("an id"), NOW).expect("an object")
    }

    fn balance(&self) -> HashMap<String, i64> {
        let balance = self.world.balance(&self.id, NOW).expect("a balance");
        let parts = ["available", "pending"].into_iter().flat_map(|name| balance[name].as_array().expect("parts"));
        parts.fold(HashMap::new(), |mut sums, part| {
            *sums.entry(text(&part["currency"])).or_default() += number(&part["amount"]);
            sums
        })
    }

    /// All that was ever booked is all that is on the balance.
    fn adds_up(&self) {
        let mut sums: HashMap<String, i64> = HashMap::new();
        for row in all(&self.world, &self.id, Kind::BalanceTransaction) {
            *sums.entry(text(&row["currency"])).or_default() += number(&row["net"]);
        }
        assert_eq!(self.balance(), sums);
    }
}

fn names(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(&event["type"])).collect()
}

fn object<'a>(events: &'a [Value], name: &str) -> &'a Value {
    &events.iter().find(|event| event["type"] == name).expect("the event")["data"]["object"]
}

#[test]
fn a_refund_of_an_old_charge() {
    let shop = Shop::full();
    let events = shop.act(json!({ "do": "refund" }));
    assert_eq!(names(&events), ["refund.created", "charge.refunded"]);
    let refund = object(&events, "refund.created");
    let charge = shop.get(Kind::Charge, &refund["charge"]);
    assert!(number(&charge["created"]) < NOW - 100 * 86_400);
    assert_eq!(charge["refunded"], true);
    assert_eq!(events[1]["data"]["previous_attributes"], json!({ "amount_refunded": 0, "refunded": false }));
    assert_eq!(&shop.get(Kind::Refund, &refund["id"]), refund);
    assert!(shop.fails(json!({ "do": "refund", "charge": refund["charge"] })).contains("can be refunded"));
    let failed = shop.act(json!({ "do": "fail_refund", "refund": refund["id"] }));
    assert!(names(&failed).contains(&"refund.failed".to_owned()));
    assert_eq!(shop.get(Kind::Charge, &refund["charge"])["amount_refunded"], 0);
    shop.adds_up();
}

#[test]
fn a_dispute_is_opened_and_won() {
    let shop = Shop::full();
    let events = shop.act(json!({ "do": "dispute" }));
    let dispute = object(&events, "charge.dispute.created").clone();
    assert_eq!(dispute["status"], "needs_response");
    assert_eq!(shop.get(Kind::Charge, &dispute["charge"])["disputed"], true);
    let closed = shop.act(json!({ "do": "close_dispute", "dispute": dispute["id"], "won": true }));
    assert_eq!(object(&closed, "charge.dispute.closed")["status"], "won");
    assert_eq!(shop.get(Kind::Dispute, &dispute["id"])["balance_transactions"].as_array().map(Vec::len), Some(2));
    shop.adds_up();
}

#[test]
fn payouts_move_on_fail_and_are_made_anew() {
    let shop = Shop::full();
    let advance = || serde_json::from_value(json!({ "do": "payout_advance" })).expect("an action");
    while shop.world.act(&shop.id, advance(), NOW).is_ok() {}
    assert_eq!(shop.fails(json!({ "do": "payout_advance" })), "Nothing is available to be paid out.");
    let failed = shop.act(json!({ "do": "payout_fail" }));
    assert_eq!(object(&failed, "payout.failed")["status"], "failed");
    let events = shop.act(json!({ "do": "payout_advance" }));
    let payout = object(&events, "payout.created");
    let id = payout["id"].clone();
    for expected in ["in_transit", "paid"] {
        shop.act(json!({ "do": "payout_advance", "payout": id }));
        assert_eq!(shop.get(Kind::Payout, &id)["status"], expected);
    }
    assert_eq!(shop.get(Kind::Payout, &id)["reconciliation_status"], "completed");
    let rows = filtered(&shop.world, &shop.id, Kind::BalanceTransaction, "payout", id.as_str().expect("id"));
    let others: i64 = rows.iter().filter(|row| row["source"] != id).map(|row| number(&row["net"])).sum();
    assert_eq!(others, number(&payout["amount"]));
    shop.adds_up();
    let story: Vec<_> = all(&shop.world, &shop.id, Kind::Event)
        .into_iter()
        .filter(|event| event["data"]["object"]["id"] == id)
        .map(|event| text(&event["type"]))
        .collect();
    assert_eq!(story.len(), 4, "{story:?}");
}

#[test]
fn an_authorization_is_captured() {
    let shop = Shop::full();
    let events = shop.act(json!({ "do": "capture_charge" }));
    let charge = object(&events, "charge.captured");
    assert_eq!(charge["captured"], true);
    let later = shop.world.get(&shop.id, Kind::Charge, charge["id"].as_str().expect("id"), NOW + 30).expect("it");
    assert!(later["balance_transaction"].is_string());
    assert!(names(&events).contains(&"charge.updated".to_owned()));
}

#[test]
fn records_change_and_go() {
    let shop = Shop::full();
    let made = shop.act(json!({ "do": "create_customer", "name": "New Name", "email": "first@example.com" }));
    let id = object(&made, "customer.created")["id"].clone();
    let edited = shop.act(json!({ "do": "edit_customer", "customer": id, "email": "second@example.com" }));
    assert_eq!(edited[0]["data"]["previous_attributes"], json!({ "email": "first@example.com" }));
    assert_eq!(filtered(&shop.world, &shop.id, Kind::Customer, "email", "second@example.com").len(), 1);
    assert!(filtered(&shop.world, &shop.id, Kind::Customer, "email", "first@example.com").is_empty());
    let gone = shop.act(json!({ "do": "delete_customer", "customer": id }));
    assert_eq!(names(&gone), ["customer.deleted", "payment_method.detached"]);
    assert_eq!(shop.get(Kind::Customer, &id), json!({ "id": id, "object": "customer", "deleted": true }));

    let product = object(&shop.act(json!({ "do": "create_product", "name": "Lantern" })), "product.created").clone();
    assert_eq!(product["name"], "Lantern");
    shop.act(json!({ "do": "edit_product", "product": product["id"], "active": false }));
    let inactive = filtered(&shop.world, &shop.id, Kind::Product, "active", "false");
    assert!(inactive.iter().any(|row| row["id"] == product["id"]));
    let gone = shop.act(json!({ "do": "delete_product", "product": product["id"] }));
    assert_eq!(names(&gone), ["price.deleted", "product.deleted"]);
    assert!(shop.fails(json!({ "do": "edit_product", "product": product["id"], "name": "x" })).contains("There is no"));
    assert!(shop.fails(json!({ "do": "edit_price" })).contains("Say what is to change"));
    let price = shop.act(json!({ "do": "edit_price", "nickname": "sale" }));
    assert_eq!(price[0]["data"]["object"]["nickname"], "sale");
    let detached = shop.act(json!({ "do": "detach_payment_method" }));
    assert!(detached[0]["data"]["object"]["customer"].is_null());
}

#[test]
fn a_charge_goes_to_its_place() {
    let shop = Shop::full();
    let customer = all(&shop.world, &shop.id, Kind::Customer)[0]["id"].clone();
    let created = NOW - 400 * 86_400;
    let events = shop
        .act(json!({ "do": "charge", "amount": 1_230, "currency": "kwd", "customer": customer, "created": created }));
    let id = object(&events, "charge.succeeded")["id"].clone();
    let rows = all(&shop.world, &shop.id, Kind::Charge);
    assert!(rows.is_sorted_by(|newer, older| number(&newer["created"]) >= number(&older["created"])));
    assert!(rows.iter().any(|row| row["id"] == id));
    let of_customer = filtered(&shop.world, &shop.id, Kind::Charge, "customer", customer.as_str().expect("id"));
    assert!(of_customer.iter().any(|row| row["id"] == id));
    shop.adds_up();
    assert!(shop.fails(json!({ "do": "charge", "amount": 1_231, "currency": "kwd" })).contains("multiple of 10"));
    assert!(shop.fails(json!({ "do": "charge", "currency": "xyz" })).contains("xyz"));
}

#[test]
fn an_empty_account_takes_its_first_charge() {
    let world = World::new(&options(300));
    let id = account(&world, 2);
    let nothing: Action = serde_json::from_value(json!({ "do": "refund" })).expect("an action");
    assert!(world.act(&id, nothing, NOW).is_err());
    let charge: Action = serde_json::from_value(json!({ "do": "charge", "amount": 500 })).expect("an action");
    world.act(&id, charge, NOW).expect("a charge");
    assert_eq!(all(&world, &id, Kind::Charge).len(), 1);
    assert_eq!(world.account_object(&id).expect("the account")["charges_enabled"], true);
}

#[test]
fn a_subscription_that_ends_between_two_pages_breaks_the_short_list_and_not_the_whole_one() {
    let world = World::new(&Options { accounts: 4, ..options(400) });
    let id = account(&world, 3);
    let shop = Shop { world, id };
    let page = |all: bool, after: Option<String>| {
        let filters = if all { vec![("status".to_owned(), "all".to_owned())] } else { Vec::new() };
        shop.world.page(&shop.id, Kind::Subscription, &Query { filters, after, limit: 7, now: NOW, ..Query::default() })
    };
    let last = text(&page(false, None).expect("a page").data[6]["id"]);
    let events = shop.act(json!({"do": "cancel_subscription", "subscription": last}));
    assert_eq!(names(&events), ["customer.subscription.deleted"]);
    assert!(matches!(page(false, Some(last.clone())), Err(Refusal::NoSuchCursor { param: "starting_after", .. })));
    let next = page(true, Some(last.clone())).expect("the cursor is in the list of all");
    assert!(!next.data.is_empty() && next.data.iter().all(|row| row["id"] != last.as_str()));
    assert_eq!(shop.get(Kind::Subscription, &last.into())["status"], "canceled");
    let events = shop.act(json!({"do": "edit_subscription", "cancel_at_period_end": true}));
    assert_eq!(events[0]["data"]["previous_attributes"], json!({"cancel_at_period_end": false}));
}

#[test]
fn only_a_draft_can_be_deleted() {
    let shop = Shop::full();
    let draft = shop.act(json!({"do": "create_invoice"}))[0]["data"]["object"]["id"].clone();
    assert_eq!(shop.get(Kind::Invoice, &draft)["status"], "draft");
    let events = shop.act(json!({"do": "delete_invoice", "invoice": draft}));
    assert_eq!((names(&events), &events[0]["data"]["object"]["id"]), (vec!["invoice.deleted".to_owned()], &draft));
    assert_eq!(shop.world.get(&shop.id, Kind::Invoice, draft.as_str().expect("an id"), NOW), None);
    assert!(all(&shop.world, &shop.id, Kind::Invoice).iter().all(|row| row["id"] != draft));
    let paid = filtered(&shop.world, &shop.id, Kind::Invoice, "status", "paid")[0]["id"].clone();
    assert!(shop.fails(json!({"do": "delete_invoice", "invoice": paid})).contains("only a draft"));
}
