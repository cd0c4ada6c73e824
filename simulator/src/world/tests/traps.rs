//! What real data does and a toy does not: each can be met in the full shop.

use super::{NOW, account, all, filtered, number, options, text, world};
use crate::world::{Action, Kind, Query, Refusal, World, calendar::DAY};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

fn charges() -> Vec<Value> {
    all(world(), &account(world(), 0), Kind::Charge)
}

fn refunds() -> Vec<Value> {
    all(world(), &account(world(), 0), Kind::Refund)
}

fn disputes() -> Vec<Value> {
    all(world(), &account(world(), 0), Kind::Dispute)
}

fn get(kind: Kind, id: &Value) -> Value {
    world().get(&account(world(), 0), kind, id.as_str().expect("an id"), NOW).expect("an object")
}

fn entry(object: &Value, field: &str) -> Value {
    get(Kind::BalanceTransaction, &object[field])
}

fn page(world: &World, account: &str, kind: Kind, after: Option<String>, now: i64) -> Result<Vec<Value>, Refusal> {
    world.page(account, kind, &Query { after, limit: 10, now, ..Query::default() }).map(|page| page.data)
}

#[test]
fn trap_01_the_balance_transaction_comes_seconds_later() {
    let account = account(world(), 0);
    let fresh = &charges()[0];
    assert_eq!(fresh["status"], "succeeded");
    assert!(fresh["balance_transaction"].is_null());
    let later = world().get(&account, Kind::Charge, fresh["id"].as_str().expect("id"), NOW + 30).expect("the charge");
    assert!(later["balance_transaction"].is_string());
    let events = page(world(), &account, Kind::Event, None, NOW + 30).expect("events");
    let told =
        events.iter().find(|event| event["type"] == "charge.updated" && event["data"]["object"]["id"] == fresh["id"]);
    let previous = &told.expect("the event")["data"]["previous_attributes"];
    assert!(previous.as_object().expect("fields").contains_key("balance_transaction"), "{previous}");
}

#[test]
fn trap_02_failed_tries_are_charges_too() {
    let mut tries: HashMap<String, Vec<Value>> = HashMap::new();
    for charge in charges().into_iter().filter(|charge| charge["payment_intent"].is_string()) {
        tries.entry(text(&charge["payment_intent"])).or_default().push(charge);
    }
    let three: Vec<_> = tries.values().filter(|tries| tries.len() == 3).collect();
    assert!(three.len() >= 5);
    for tries in three {
        let statuses: Vec<_> = tries.iter().map(|charge| text(&charge["status"])).collect();
        assert_eq!(statuses, ["succeeded", "failed", "failed"]);
        assert!(tries[1]["failure_code"].is_string() && tries[1]["balance_transaction"].is_null());
        let intent = get(Kind::PaymentIntent, &tries[0]["payment_intent"]);
        assert_eq!(intent["latest_charge"], tries[0]["id"]);
        assert_eq!(intent["status"], "succeeded");
    }
}

#[test]
fn trap_03_an_authorization_expires() {
    let refund = refunds().into_iter().find(|refund| refund["reason"] == "expired_uncaptured_charge").expect("one");
    let charge = get(Kind::Charge, &refund["charge"]);
    assert_eq!((charge["captured"].clone(), charge["refunded"].clone()), (false.into(), true.into()));
    assert_eq!(charge["amount_captured"], 0);
    assert!(charge["balance_transaction"].is_null() && refund["balance_transaction"].is_null());
    assert_eq!(number(&refund["created"]) - number(&charge["created"]), 7 * DAY);
    assert!(
        charges().iter().any(|charge| charge["captured"] == false
            && charge["status"] == "succeeded"
            && charge["refunded"] == false)
    );
}

#[test]
fn trap_04_a_part_is_captured() {
    let part = charges().into_iter().find(|charge| {
        charge["captured"] == true
            && number(&charge["amount_captured"]) < number(&charge["amount"])
            && charge["status"] == "succeeded"
    });
    assert!(number(&part.expect("a charge")["amount_captured"]) > 0);
}

#[test]
fn trap_05_bank_debits_fail_late() {
    let debits: Vec<_> =
        charges().into_iter().filter(|charge| charge["payment_method_details"]["type"] == "us_bank_account").collect();
    assert!(debits.iter().any(|charge| charge["status"] == "pending" && charge["balance_transaction"].is_null()));
    assert!(debits.iter().any(|charge| charge["status"] == "failed" && charge["balance_transaction"].is_null()));
    let returned =
        debits.iter().find(|charge| charge["failure_balance_transaction"].is_string()).expect("a returned one");
    assert_eq!(returned["status"], "failed");
    let (there, back) = (entry(returned, "balance_transaction"), entry(returned, "failure_balance_transaction"));
    assert_eq!(back["type"], "payment_failure_refund");
    assert_eq!(number(&there["amount"]), -number(&back["amount"]));
}

#[test]
fn trap_06_refunds_add_up() {
    let mut of: HashMap<String, Vec<Value>> = HashMap::new();
    for refund in refunds().into_iter().filter(|refund| refund["status"] != "failed") {
        of.entry(text(&refund["charge"])).or_default().push(refund);
    }
    let (mut whole, mut part) = (0, 0);
    for (id, refunds) in &of {
        let charge = get(Kind::Charge, &Value::from(id.as_str()));
        let sum: i64 = refunds.iter().map(|refund| number(&refund["amount"])).sum();
        assert_eq!(sum, number(&charge["amount_refunded"]), "{id}");
        let all = if charge["captured"] == true { "amount_captured" } else { "amount" };
        assert_eq!(charge["refunded"], sum == number(&charge[all]), "{id}");
        whole += i32::from(refunds.len() == 3 && charge["refunded"] == true);
        part += i32::from(refunds.len() == 2 && charge["refunded"] == false);
    }
    assert!(whole >= 1 && part >= 1);
}

#[test]
fn trap_07_a_refund_fails_ten_days_later() {
    let refund = refunds().into_iter().find(|refund| refund["status"] == "failed").expect("a failed refund");
    let back = entry(&refund, "failure_balance_transaction");
    assert_eq!(back["type"], "refund_failure");
    assert_eq!(number(&back["amount"]), -number(&entry(&refund, "balance_transaction")["amount"]));
    assert_eq!((number(&back["created"]) - number(&refund["created"])) / DAY, 10);
    assert_eq!(get(Kind::Charge, &refund["charge"])["amount_refunded"], 0);
}

#[test]
fn trap_08_a_charge_is_refunded_half_a_year_later() {
    let age = |refund: &Value| number(&refund["created"]) - number(&get(Kind::Charge, &refund["charge"])["created"]);
    assert!(refunds().iter().any(|refund| age(refund) > 170 * DAY));
}

#[test]
fn trap_09_a_charge_is_refunded_and_disputed() {
    let both = disputes().into_iter().find(|dispute| {
        let charge = get(Kind::Charge, &dispute["charge"]);
        number(&charge["amount_refunded"]) > 0 && dispute["amount"] != charge["amount"]
    });
    assert!(both.is_some());
}

#[test]
fn trap_10_a_dispute_is_won_after_half_a_year() {
    let late = disputes().into_iter().find(|dispute| {
        let age = number(&dispute["created"]) - number(&get(Kind::Charge, &dispute["charge"])["created"]);
        age >= 110 * DAY && dispute["status"] == "won"
    });
    let late = late.expect("a late dispute");
    let rows = late["balance_transactions"].as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    assert_eq!(number(&rows[0]["amount"]), -number(&rows[1]["amount"]));
    assert!(number(&rows[1]["created"]) - number(&rows[0]["created"]) >= 59 * DAY);
}

#[test]
fn trap_11_an_inquiry_becomes_a_dispute() {
    let taken_later = |dispute: &Value| {
        let rows = dispute["balance_transactions"].as_array().expect("rows");
        rows.first().is_some_and(|row| number(&row["created"]) > number(&dispute["created"]))
    };
    let escalated = disputes().into_iter().find(taken_later).expect("an inquiry that escalated");
    assert_eq!(escalated["payment_method_details"]["card"]["case_type"], "inquiry");
    assert!(disputes().iter().any(
        |dispute| dispute["status"] == "warning_closed" && dispute["balance_transactions"] == serde_json::json!([])
    ));
}

#[test]
fn disputes_are_in_every_state() {
    let found: HashSet<String> = disputes().iter().map(|dispute| text(&dispute["status"])).collect();
    for status in ["won", "lost", "needs_response", "under_review", "warning_needs_response", "warning_closed"] {
        assert!(found.contains(status), "{status}");
    }
}

#[test]
fn trap_12_other_payments_have_other_ids_and_types() {
    let refund = refunds().into_iter().find(|refund| text(&refund["id"]).starts_with("pyr_")).expect("a refund");
    let charge = get(Kind::Charge, &refund["charge"]);
    assert!(text(&charge["id"]).starts_with("py_"));
    assert_eq!(entry(&charge, "balance_transaction")["type"], "payment");
    assert_eq!(entry(&refund, "balance_transaction")["type"], "payment_refund");
}

#[test]
fn trap_13_older_and_unknown_payment_methods() {
    let all = charges();
    let with = |start: &str| {
        all.iter().find(|charge| charge["payment_method"].as_str().is_some_and(|id| id.starts_with(start)))
    };
    for start in ["card_", "src_"] {
        let charge = with(start).expect("a legacy charge");
        assert_eq!(charge["source"]["id"], charge["payment_method"]);
        assert!(charge["payment_intent"].is_null());
    }
    let details = |charge: &Value| charge["payment_method_details"].clone();
    let unknown = all.iter().map(details).find(|details| details["type"] == "orchard_pay").expect("an unknown type");
    assert!(unknown["orchard_pay"].is_object());
}

#[test]
fn trap_14_guests() {
    let guests: Vec<_> = charges().into_iter().filter(|charge| charge["customer"].is_null()).collect();
    let email = |charge: &Value| charge["billing_details"]["email"].is_string();
    assert!(guests.iter().any(email));
    assert!(guests.iter().any(|charge| !email(charge) && charge["receipt_email"].is_string()));
    assert!(guests.iter().any(|charge| !email(charge) && charge["receipt_email"].is_null()));
}

#[test]
fn trap_15_odd_texts() {
    let account = account(world(), 0);
    assert_eq!(filtered(world(), &account, Kind::Customer, "email", "ana.sousa@example.com").len(), 2);
    let customers = all(world(), &account, Kind::Customer);
    let any = |field: &str, text: &str| {
        customers.iter().any(|row| row[field].as_str().is_some_and(|value| value.contains(text)))
    };
    assert!(any("email", "Ana.Sousa@Example.COM"));
    assert!(any("name", "山田") && any("name", "🦊") && any("name", "DROP TABLE") && any("email", "<script>"));
    let odd =
        charges().into_iter().find(|charge| charge["metadata"].as_object().expect("map").len() == 50).expect("one");
    assert_eq!(text(&odd["description"]).chars().count(), 5_000);
}

#[test]
fn trap_16_a_deleted_customer_is_still_named() {
    let account = account(world(), 0);
    let listed: HashSet<String> = all(world(), &account, Kind::Customer).iter().map(|row| text(&row["id"])).collect();
    let charge =
        charges().into_iter().find(|charge| charge["customer"].as_str().is_some_and(|id| !listed.contains(id)));
    let gone = get(Kind::Customer, &charge.expect("a charge of a deleted customer")["customer"]);
    assert_eq!(gone["deleted"], true);
    assert_eq!(gone.as_object().expect("fields").len(), 3);
}

#[test]
fn trap_17_a_cursor_is_deleted_between_two_pages() {
    let world = World::new(&options(300));
    let account = account(&world, 0);
    let first = page(&world, &account, Kind::Customer, None, NOW).expect("a page");
    let cursor = text(&first[9]["id"]);
    world.act(&account, Action::DeleteCustomer { customer: Some(cursor.clone()) }, NOW).expect("deleted");
    let refusal = page(&world, &account, Kind::Customer, Some(cursor.clone()), NOW).expect_err("refused");
    assert!(matches!(refusal, Refusal::NoSuchCursor { param: "starting_after", id } if id == cursor));
}

#[test]
fn trap_18_a_flash_sale_within_one_second() {
    let mut seconds: HashMap<i64, usize> = HashMap::new();
    for charge in charges() {
        *seconds.entry(number(&charge["created"])).or_default() += 1;
    }
    assert!(seconds.values().any(|count| *count >= 250));
}

#[test]
fn trap_19_rows_are_made_while_one_pages() {
    let world = World::new(&options(300));
    let account = account(&world, 0);
    let before = all(&world, &account, Kind::Charge);
    let mut paged = page(&world, &account, Kind::Charge, None, NOW).expect("a page");
    let charge =
        Action::Charge { amount: Some(700), currency: None, customer: None, created: None, visible_after: None };
    world.act(&account, charge, NOW).expect("a charge");
    paged.extend(page(&world, &account, Kind::Charge, Some(text(&paged[9]["id"])), NOW).expect("a page"));
    assert_eq!(paged, before[..20]);
    assert_eq!(all(&world, &account, Kind::Charge)[0]["amount"], 700);
}

#[test]
fn trap_20_rows_become_visible_late() {
    let world = World::new(&options(300));
    let account = account(&world, 0);
    let rows = |kind, now| page(&world, &account, kind, None, now).expect("a page");
    let late = Action::Charge {
        amount: Some(900),
        currency: Some("eur".to_owned()),
        customer: None,
        created: Some(NOW),
        visible_after: Some(NOW + 60),
    };
    let events = world.act(&account, late, NOW).expect("a charge");
    let named = |event: &&Value| event["type"] == "charge.succeeded";
    let id = text(&events.iter().find(named).expect("its event")["data"]["object"]["id"]);
    let there = |now| rows(Kind::Charge, now).iter().any(|row| row["id"] == id.as_str());
    assert!(!there(NOW + 59) && there(NOW + 60));
    assert!(world.get(&account, Kind::Charge, &id, NOW + 59).is_none());
    let told = |now| rows(Kind::Event, now).iter().any(|row| row["data"]["object"]["id"] == id.as_str());
    assert!(!told(NOW + 59) && told(NOW + 60));
    let booked = |now| rows(Kind::BalanceTransaction, now).iter().any(|row| row["source"] == id.as_str());
    assert!(!booked(NOW + 59) && booked(NOW + 60));
}

#[test]
fn trap_20_lists_are_late_while_objects_can_be_retrieved() {
    let world = World::new(&options(300));
    let account = account(&world, 0);
    world.set_late((30, 90));
    let mut waits = Vec::new();
    for _ in 0..12 {
        let action = Action::CreateCustomer { name: None, email: None };
        let events = world.act(&account, action, NOW).expect("a customer");
        let (event, customer) = (text(&events[0]["id"]), text(&events[0]["data"]["object"]["id"]));
        assert!(world.get(&account, Kind::Customer, &customer, NOW).is_some());
        for (kind, id) in [(Kind::Customer, customer), (Kind::Event, event)] {
            let listed =
                |now| page(&world, &account, kind, None, now).expect("a page").iter().any(|row| row["id"] == id);
            let wait = (0..=90).find(|wait| listed(NOW + wait)).expect("listed after 90 seconds");
            assert!(wait >= 30, "{wait}");
            waits.push(wait);
        }
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 5, "each has its own wait: {waits:?}");
    world.set_late((0, 0));
    let at_once = Action::CreateCustomer { name: None, email: None };
    let made = world.act(&account, at_once, NOW + 100).expect("a customer");
    let newest = page(&world, &account, Kind::Customer, None, NOW + 100).expect("a page");
    assert_eq!(newest[0]["id"], made[0]["data"]["object"]["id"]);
}

#[test]
fn trap_21_events_of_one_second_come_in_the_wrong_order() {
    let events = all(world(), &account(world(), 0), Kind::Event);
    let wrong = events.windows(2).any(|pair| {
        let [newer, older] = pair else { return false };
        newer["created"] == older["created"]
            && newer["data"]["object"]["id"] == older["data"]["object"]["id"]
            && newer["type"] == "payment_intent.created"
            && older["type"] == "payment_intent.succeeded"
    });
    assert!(wrong);
}

#[test]
fn trap_24_bodies_of_older_events_have_an_older_shape() {
    let events = filtered(world(), &account(world(), 0), Kind::Event, "type", "charge.*");
    let (old, new): (Vec<_>, Vec<_>) = events.iter().partition(|event| event["api_version"] == "2022-08-01");
    assert!(!old.is_empty() && !new.is_empty());
    let succeeded = |event: &&&Value| event["type"] == "charge.succeeded";
    let charge = &old.iter().find(succeeded).expect("an old event")["data"]["object"];
    assert!(charge.get("invoice").is_some() && charge["refunds"]["object"] == "list");
    assert!(new.iter().find(succeeded).expect("a new event")["data"]["object"].get("invoice").is_none());
}

#[test]
fn trap_23_events_are_gone_after_30_days() {
    let account = account(world(), 0);
    let told = |now: i64| {
        let query = Query { limit: 100, now, ..Query::default() };
        world().page(&account, Kind::Event, &query).expect("events").data
    };
    let rows = all(world(), &account, Kind::Event);
    let oldest = rows.last().expect("an event");
    assert!(number(&oldest["created"]) >= NOW - 30 * DAY && number(&rows[0]["created"]) <= NOW);
    // Asleep for 45 days: of what was told before, nothing is left.
    let later = NOW + 45 * DAY;
    assert!(told(later).iter().all(|event| number(&event["created"]) >= later - 30 * DAY));
    let gone = world().get(&account, Kind::Event, oldest["id"].as_str().expect("id"), later);
    assert!(gone.is_none(), "nor can it be retrieved");
}

#[test]
fn trap_26_a_charge_in_euros_settles_in_dollars_and_its_refund_at_another_rate() {
    let entry_of = |object: &Value| entry(object, "balance_transaction");
    let refund = refunds().into_iter().find(|refund| {
        let charge = get(Kind::Charge, &refund["charge"]);
        let whole = refund["currency"] == "eur"
            && refund["amount"] == charge["amount"]
            && refund["balance_transaction"].is_string();
        whole && number(&entry_of(refund)["amount"]) != -number(&entry_of(&charge)["amount"])
    });
    let refund = refund.expect("a whole refund of another amount");
    let rate = entry_of(&refund)["exchange_rate"].clone();
    assert_ne!(rate, entry_of(&get(Kind::Charge, &refund["charge"]))["exchange_rate"]);
    assert!(rate.to_string().split_once('.').is_some_and(|(_, digits)| digits.len() <= 6), "{rate}");
}

#[test]
fn trap_27_a_rate_between_yen_and_dollars_is_of_minor_units() {
    let yen =
        charges().into_iter().find(|charge| charge["currency"] == "jpy" && charge["balance_transaction"].is_string());
    let booked = entry(&yen.expect("a charge in yen"), "balance_transaction");
    assert_eq!(booked["currency"], "usd");
    let rate = booked["exchange_rate"].as_f64().expect("a rate");
    assert!((0.6..0.75).contains(&rate), "{rate}");
}
