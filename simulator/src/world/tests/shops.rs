//! What the subscription business and the old account are for: each trap can be met in one of them.

use super::{NOW, account, all, all_by, filtered, number, text};
use crate::world::{Kind, Options, Query, Refusal, World, calendar::DAY};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// A world with the new accounts, that tests share and do not change.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::new(&Options { seed: 7, charges: 1_000, accounts: 5, now: NOW }))
}

fn store() -> String {
    account(world(), 0)
}

fn software() -> String {
    account(world(), 3)
}

fn bazaar() -> String {
    account(world(), 4)
}

fn get(account: &str, kind: Kind, id: &Value) -> Value {
    world().get(account, kind, id.as_str().expect("an id"), NOW).expect("an object")
}

fn find(account: &str, kind: Kind, fits: impl Fn(&Value) -> bool) -> Value {
    all(world(), account, kind).into_iter().find(fits).expect("an object")
}

fn content(account: &str, payout: &Value) -> Vec<Value> {
    filtered(world(), account, Kind::BalanceTransaction, "payout", payout["id"].as_str().expect("an id"))
}

fn sum(rows: &[Value], field: &str) -> i64 {
    rows.iter().map(|row| number(&row[field])).sum()
}

#[test]
fn the_order_of_the_accounts() {
    let names: Vec<String> = world().accounts().into_iter().map(|account| account.description).collect();
    let expected = [
        "multi-currency store",
        "café",
        "empty brand-new account",
        "subscription business",
        "old account with odd objects",
    ];
    assert_eq!(names, expected);
}

#[test]
fn trap_25_currencies_with_rules_of_their_own() {
    let charges = all(world(), &bazaar(), Kind::Charge);
    for (currency, step) in [("jpy", 1), ("krw", 1), ("kwd", 10), ("isk", 100), ("ugx", 100), ("huf", 1), ("twd", 1)] {
        let amounts: Vec<i64> =
            charges.iter().filter(|row| row["currency"] == currency).map(|row| number(&row["amount"])).collect();
        assert!(!amounts.is_empty() && amounts.iter().all(|amount| amount % step == 0), "{currency}");
    }
    let payouts = all(world(), &bazaar(), Kind::Payout);
    let forints: Vec<&Value> = payouts.iter().filter(|row| row["currency"] == "huf").collect();
    assert!(forints.len() > 50 && forints.iter().all(|row| number(&row["amount"]) % 100 == 0));
    let kept = find(&bazaar(), Kind::BalanceTransaction, |row| row["type"] == "payout_minimum_balance_hold");
    assert!((1..100).contains(&-number(&kept["amount"])));
}

#[test]
fn trap_28_fees_have_several_parts_and_can_be_below_nothing() {
    let rows = all(world(), &store(), Kind::BalanceTransaction);
    let parts: HashSet<String> = rows
        .iter()
        .flat_map(|row| row["fee_details"].as_array().expect("parts").clone())
        .map(|part| text(&part["type"]))
        .collect();
    assert!(parts.contains("stripe_fee") && parts.contains("application_fee"), "{parts:?}");
    assert!(
        all(world(), &account(world(), 1), Kind::BalanceTransaction).iter().any(|row| row["fee_details"]
            .as_array()
            .is_some_and(|parts| parts.iter().any(|part| part["type"] == "tax")))
    );
    assert!(rows.iter().any(|row| number(&row["fee"]) < 0), "the fee of a dispute that was won comes back");
}

#[test]
fn trap_29_stripe_bills_by_the_month() {
    let billed = filtered(world(), &software(), Kind::BalanceTransaction, "type", "stripe_fee");
    assert!(billed.len() >= 10);
    assert!(billed.iter().all(|row| row["source"].is_null() && number(&row["amount"]) < 0));
}

#[test]
fn trap_30_what_costs_nothing() {
    let free = find(&software(), Kind::Invoice, |row| row["total"] == 0 && row["status"] == "paid");
    assert!(number(&free["subtotal"]) > 0 && free["payments"]["data"] == serde_json::json!([]));
    assert_eq!((&free["amount_paid"], &free["billing_reason"]), (&0.into(), &"subscription_create".into()));
    let sessions = all(world(), &software(), Kind::CheckoutSession);
    let of = |mode: &str| {
        sessions.iter().find(|row| row["mode"] == mode && row["payment_status"] == "no_payment_required").expect("one")
    };
    let gift = of("payment");
    assert_eq!((&gift["amount_total"], &gift["status"]), (&0.into(), &"complete".into()));
    let lines = filtered(world(), &software(), Kind::SessionLineItem, "session", gift["id"].as_str().expect("an id"));
    assert!(!lines.is_empty() && sum(&lines, "amount_total") == 0);
    assert!(of("setup")["setup_intent"].is_string() && of("setup")["amount_total"].is_null());
}

#[test]
fn trap_31_what_is_pending_becomes_available_without_an_event() {
    let pending = find(&store(), Kind::BalanceTransaction, |row| row["status"] == "pending");
    let (id, at) = (text(&pending["id"]), number(&pending["available_on"]));
    let later = world().get(&store(), Kind::BalanceTransaction, &id, at).expect("the same");
    assert_eq!(later["status"], "available");
    let events = Query { limit: 100, from: Some(at), until: Some(at + 1), now: at, ..Query::default() };
    let told = world().page(&store(), Kind::Event, &events).expect("a page").data;
    assert!(told.iter().all(|event| event["data"]["object"]["id"] != id.as_str()));
}

#[test]
fn trap_32_payouts_of_nothing_to_be_listed_of_one_row_and_of_1200() {
    let payouts = all(world(), &bazaar(), Kind::Payout);
    let automatic: Vec<&Value> = payouts.iter().filter(|row| row["automatic"] == true).collect();
    let sizes: Vec<usize> = automatic.iter().map(|payout| content(&bazaar(), payout).len()).collect();
    // The payout's own row is in its list.
    assert!(sizes.contains(&0) && sizes.contains(&2), "{sizes:?}");
    assert!(sizes.iter().any(|size| *size > 1_200), "{:?}", sizes.iter().max());
}

#[test]
fn trap_33_manual_and_instant_payouts_cannot_be_listed() {
    for method in ["standard", "instant"] {
        let by_hand = |row: &Value| row["automatic"] == false && row["method"] == method;
        let mut found = [store(), account(world(), 1), bazaar()].into_iter().filter_map(|account| {
            let payout = all(world(), &account, Kind::Payout).into_iter().find(by_hand)?;
            Some((account, payout))
        });
        let (account, payout) = found.next().expect("one made by hand");
        assert_eq!(payout["reconciliation_status"], "not_applicable");
        let filters = vec![("payout".to_owned(), text(&payout["id"]))];
        let query = Query { filters, limit: 10, now: NOW, ..Query::default() };
        let refusal = world().page(&account, Kind::BalanceTransaction, &query).expect_err("refused");
        assert!(matches!(refusal, Refusal::Invalid(_)));
    }
}

#[test]
fn trap_34_a_payout_fails_after_it_was_paid_and_its_money_leaves_again() {
    let failed = find(&store(), Kind::Payout, |row| row["status"] == "failed");
    let back = get(&store(), Kind::BalanceTransaction, &failed["failure_balance_transaction"]);
    assert_eq!((&back["type"], number(&back["amount"])), (&"payout_failure".into(), number(&failed["amount"])));
    let again = all(world(), &store(), Kind::Payout)
        .into_iter()
        .filter(|row| row["automatic"] == true && number(&row["created"]) > number(&back["created"]))
        .min_by_key(|row| number(&row["created"]))
        .expect("a later payout");
    assert!(number(&again["created"]) - number(&back["created"]) < 3 * DAY);
}

#[test]
fn trap_35_a_payout_takes_from_the_bank_account() {
    let debit = find(&bazaar(), Kind::Payout, |row| number(&row["amount"]) < 0);
    let (own, others): (Vec<Value>, Vec<Value>) =
        content(&bazaar(), &debit).into_iter().partition(|row| row["source"] == debit["id"]);
    assert_eq!(sum(&others, "net"), number(&debit["amount"]));
    assert_eq!(number(&own[0]["amount"]), -number(&debit["amount"]));
}

#[test]
fn trap_36_payouts_in_two_currencies_on_one_day() {
    for account in [store(), bazaar()] {
        let mut days: HashMap<i64, HashSet<String>> = HashMap::new();
        for row in all(world(), &account, Kind::Payout) {
            days.entry(number(&row["created"]) / DAY).or_default().insert(text(&row["currency"]));
        }
        assert!(days.values().any(|currencies| currencies.len() == 2));
    }
}

#[test]
fn trap_37_money_that_moves_without_a_sale() {
    let rows = all(world(), &bazaar(), Kind::BalanceTransaction);
    let paid_out: HashSet<String> = all(world(), &bazaar(), Kind::Payout)
        .iter()
        .filter(|row| row["reconciliation_status"] == "completed")
        .flat_map(|payout| content(&bazaar(), payout))
        .map(|row| text(&row["id"]))
        .collect();
    for kind in [
        "reserve_hold",
        "reserve_release",
        "payout_minimum_balance_hold",
        "payout_minimum_balance_release",
        "anticipation_repayment",
        "topup",
        "contribution",
    ] {
        let row = rows.iter().find(|row| row["type"] == kind && paid_out.contains(row["id"].as_str().unwrap_or("")));
        let row = row.unwrap_or_else(|| panic!("no {kind} in a payout"));
        assert_eq!(row["source"].is_string(), kind == "topup");
    }
}

#[test]
fn trap_38_a_payout_of_today_lists_a_part() {
    let opened = find(&store(), Kind::Payout, |row| row["reconciliation_status"] == "in_progress");
    let id = text(&opened["id"]);
    let at = |now| {
        let filters = vec![("payout".to_owned(), id.clone())];
        let query = Query { filters, limit: 100, now, ..Query::default() };
        world().page(&store(), Kind::BalanceTransaction, &query).expect("a page").data.len()
    };
    assert!(at(NOW) < at(NOW + 3 * DAY), "{} {}", at(NOW), at(NOW + 3 * DAY));
}

#[test]
fn trap_39_days_are_not_the_same_everywhere() {
    for payout in all(world(), &store(), Kind::Payout).iter().filter(|row| row["method"] == "standard") {
        // 1970-01-01 was a Thursday: no bank takes money on a Saturday or Sunday.
        let weekday = (number(&payout["arrival_date"]) / DAY + 3) % 7;
        assert!(weekday < 5, "{payout}");
    }
    let charges = all(world(), &bazaar(), Kind::Charge);
    let made = |fits: &dyn Fn(i64) -> bool| charges.iter().any(|row| fits(number(&row["created"])));
    assert!(made(&|at| at % DAY == DAY - 1), "the last second of a day in UTC");
    // In Budapest both are 02:30 on 26 October 2025.
    assert!(made(&|at| at == 1_761_440_400 - 1_800) && made(&|at| at == 1_761_440_400 + 1_800));
    // And nothing is between 02:00 and 03:00 on 30 March 2025.
    assert!(made(&|at| at == 1_743_296_400 - 1) && made(&|at| at == 1_743_296_400));
}

#[test]
fn trap_40_history_from_before_payment_intents() {
    let charges = all(world(), &bazaar(), Kind::Charge);
    let oldest = charges.last().expect("charges");
    assert!(number(&oldest["created"]) < 1_388_534_400, "of 2013");
    assert!(oldest["payment_intent"].is_null() && oldest["payment_method_details"].is_null());
    assert!(charges.iter().all(|row| number(&row["created"]) >= 1_514_764_800 || row["payment_intent"].is_null()));
    let payouts = all(world(), &bazaar(), Kind::Payout);
    let (before, after): (Vec<&Value>, Vec<&Value>) =
        payouts.iter().partition(|row| number(&row["created"]) < 1_491_436_800);
    assert!(before.len() > 20 && before.iter().all(|row| text(&row["id"]).starts_with("tr_")));
    assert!(after.iter().all(|row| text(&row["id"]).starts_with("po_")));
    assert_eq!(&get(&bazaar(), Kind::Payout, &before[0]["id"]), before[0]);
}

#[test]
fn trap_41_an_account_that_has_not_begun() {
    let account = world().account_object(&account(world(), 2)).expect("the account");
    assert_eq!((&account["charges_enabled"], &account["default_currency"]), (&false.into(), &"eur".into()));
    assert!(all(world(), &text(&account["id"]), Kind::BalanceTransaction).is_empty());
}

#[test]
fn trap_52_what_has_ended_is_in_no_list_unless_it_is_asked_for() {
    let ids = |rows: Vec<Value>| rows.iter().map(|row| text(&row["id"])).collect::<HashSet<String>>();
    let status = |wanted: &str| ids(filtered(world(), &software(), Kind::Subscription, "status", wanted));
    let listed = ids(all(world(), &software(), Kind::Subscription));
    let (every, canceled) = (status("all"), status("canceled"));
    assert!(!canceled.is_empty() && !listed.is_empty() && listed.is_disjoint(&canceled));
    assert_eq!(listed.union(&canceled).count(), every.len());
    assert_eq!(status("ended"), canceled);
    let in_sevens = all_by(world(), &software(), Kind::Subscription, &Query::default(), 7);
    assert_eq!((in_sevens.len(), ids(in_sevens)), (listed.len(), listed.clone()));
    let gone = get(&software(), Kind::Subscription, &canceled.iter().next().expect("one").as_str().into());
    assert!(gone["ended_at"].is_i64() && gone["status"] == "canceled");
    let invoice = find(&software(), Kind::Invoice, |row| {
        let of = row["parent"]["subscription_details"]["subscription"].as_str();
        of.is_some_and(|of| canceled.contains(of))
    });
    let active = |account: &str, kind, flag: &str| filtered(world(), account, kind, "active", flag).len();
    assert!(invoice["customer"].is_string(), "its invoices are still there");
    // Prices that are no longer sold at stay in the list; a product that is deleted leaves it, and its prices name it.
    assert!(active(&store(), Kind::Price, "false") > 0 && active(&store(), Kind::Price, "true") > 0);
    let products = ids(all(world(), &store(), Kind::Product));
    let sold = all(world(), &store(), Kind::Event).into_iter().find(|event| event["type"] == "product.deleted");
    let deleted = sold.map(|event| event["data"]["object"]["id"].clone());
    let deleted = deleted.unwrap_or_else(|| {
        let known = all(world(), &store(), Kind::Price).into_iter().map(|price| price["product"].clone());
        known.into_iter().find(|product| !products.contains(product.as_str().expect("id"))).expect("a deleted product")
    });
    assert_eq!(get(&store(), Kind::Product, &deleted)["deleted"], true);
    assert!(!products.contains(deleted.as_str().expect("id")));
}

#[test]
fn trap_53_orders_with_more_lines_than_an_object_shows() {
    let lines = |row: &Value| row["lines"]["data"].as_array().expect("lines").len();
    let invoice = all(world(), &software(), Kind::Invoice)
        .into_iter()
        .find(|row| filtered(world(), &software(), Kind::InvoiceLine, "invoice", &text(&row["id"])).len() == 300)
        .expect("an invoice of 300 lines");
    assert_eq!((lines(&invoice), &invoice["lines"]["has_more"]), (10, &true.into()));
    assert_eq!(invoice["status"], "paid");
    let whole = filtered(world(), &software(), Kind::InvoiceLine, "invoice", &text(&invoice["id"]));
    let ids: HashSet<String> = whole.iter().map(|row| text(&row["id"])).collect();
    assert_eq!((ids.len(), sum(&whole, "amount")), (300, number(&invoice["total"])));
    let items = |row: &Value| filtered(world(), &software(), Kind::SessionLineItem, "session", &text(&row["id"]));
    let session = find(&software(), Kind::CheckoutSession, |row| items(row).len() == 100);
    assert_eq!(sum(&items(&session), "amount_total"), number(&session["amount_total"]));
    assert_eq!(session["payment_status"], "paid");
}

#[test]
fn trap_54_invoices_that_are_paid_without_a_charge() {
    let outside = find(&software(), Kind::Invoice, |row| number(&row["amount_paid_off_stripe"]) > 0);
    let credit = find(&software(), Kind::Invoice, |row| number(&row["starting_balance"]) < 0);
    for invoice in [&outside, &credit] {
        assert_eq!((&invoice["status"], &invoice["amount_remaining"]), (&"paid".into(), &0.into()), "{invoice}");
        let id = invoice["id"].as_str().expect("an id");
        assert!(filtered(world(), &software(), Kind::InvoicePayment, "invoice", id).is_empty());
    }
    assert_eq!(outside["amount_paid"], outside["total"]);
    assert_eq!(number(&credit["starting_balance"]), -number(&credit["total"]));
}

#[test]
fn trap_55_one_charge_for_two_invoices_and_two_for_one() {
    let payments = all(world(), &software(), Kind::InvoicePayment);
    let by = |path: fn(&Value) -> &Value| {
        let mut groups: HashMap<String, Vec<&Value>> = HashMap::new();
        for row in payments.iter().filter(|row| row["status"] == "paid") {
            groups.entry(text(path(row))).or_default().push(row);
        }
        groups
    };
    let by_intent = by(|row| &row["payment"]["payment_intent"]);
    let (intent, shared) = by_intent.iter().find(|(_, rows)| rows.len() == 2).expect("one charge for two");
    assert_ne!(shared[0]["invoice"], shared[1]["invoice"]);
    let intent = get(&software(), Kind::PaymentIntent, &intent.as_str().into());
    let parts: i64 = shared.iter().map(|row| number(&row["amount_paid"])).sum();
    assert_eq!(parts, number(&intent["amount_received"]));
    let found = filtered(world(), &software(), Kind::InvoicePayment, "payment.payment_intent", &text(&intent["id"]));
    assert_eq!(found.len(), 2);
    let by_invoice = by(|row| &row["invoice"]);
    let (invoice, halves) = by_invoice.iter().find(|(_, rows)| rows.len() == 2).expect("two charges for one");
    let invoice = get(&software(), Kind::Invoice, &invoice.as_str().into());
    let parts: i64 = halves.iter().map(|row| number(&row["amount_paid"])).sum();
    assert_eq!((parts, &invoice["status"]), (number(&invoice["total"]), &"paid".into()));
}

#[test]
fn subscriptions_are_collected_at_the_first_try_later_or_never() {
    let invoices = all(world(), &software(), Kind::Invoice);
    assert!(invoices.len() > 250, "{}", invoices.len());
    let tried = |times: i64, status: &str| {
        invoices.iter().filter(|row| row["attempt_count"] == times && row["status"] == status).count()
    };
    assert!(tried(1, "paid") > 150 && tried(2, "paid") >= 3 && tried(3, "paid") >= 3 && tried(3, "uncollectible") >= 1);
    for invoice in invoices.iter().filter(|row| row["status"] == "paid") {
        let of = invoice["id"].as_str().expect("an id");
        let payments = filtered(world(), &software(), Kind::InvoicePayment, "invoice", of);
        let paid: i64 = payments.iter().filter_map(|row| row["amount_paid"].as_i64()).sum();
        assert_eq!(paid, number(&invoice["amount_paid"]) - number(&invoice["amount_paid_off_stripe"]), "{invoice}");
        let lines = filtered(world(), &software(), Kind::InvoiceLine, "invoice", of);
        assert_eq!(sum(&lines, "subtotal"), number(&invoice["subtotal"]));
        let cause = if invoice["parent"].is_null() { "invoice_item_details" } else { "subscription_item_details" };
        assert!(lines.iter().all(|line| line["parent"]["type"] == cause), "{invoice}");
    }
    let failed = filtered(world(), &software(), Kind::Event, "type", "invoice.payment_failed");
    assert!(!failed.is_empty());
}

#[test]
fn trap_56_customers_of_a_test_clock_are_in_no_list() {
    let listed: HashSet<String> =
        all(world(), &software(), Kind::Customer).iter().map(|row| text(&row["id"])).collect();
    let told = filtered(world(), &software(), Kind::Event, "type", "customer.created");
    let hidden: Vec<&Value> = told.iter().filter(|event| event["data"]["object"]["test_clock"].is_string()).collect();
    assert_eq!(hidden.len(), 2);
    for event in hidden {
        let id = &event["data"]["object"]["id"];
        assert!(!listed.contains(id.as_str().expect("an id")));
        assert_eq!(get(&software(), Kind::Customer, id)["id"], *id);
    }
}

#[test]
fn trap_57_objects_name_accounts_that_nobody_can_read() {
    let charge = find(&bazaar(), Kind::Charge, |row| row["on_behalf_of"].is_string());
    assert_eq!(charge["transfer_data"]["destination"], charge["on_behalf_of"]);
    assert!(!world().has(charge["on_behalf_of"].as_str().expect("an id")));
    let transfer = charge["transfer"].as_str().expect("an id");
    assert!(world().get(&bazaar(), Kind::Transfer, transfer, NOW).is_none());
    let with_fee = find(&store(), Kind::Charge, |row| row["application_fee"].is_string());
    assert!(world().get(&store(), Kind::ApplicationFee, &text(&with_fee["application_fee"]), NOW).is_none());
}

#[test]
fn trap_58_what_no_client_has_heard_of() {
    let unknown = find(&bazaar(), Kind::BalanceTransaction, |row| row["type"] == "lunar_adjustment");
    assert_eq!(unknown["reporting_category"], "lunar");
    let charges = all(world(), &bazaar(), Kind::Charge);
    assert!(charges.iter().any(|row| row["status"] == "settled_in_part" && row["balance_transaction"].is_string()));
    assert!(charges.iter().any(|row| row["settlement_rail"].is_object()));
    assert!(
        charges.iter().any(|row| row["application"].is_object())
            && charges.iter().any(|row| row["application"].is_null())
    );
}

#[test]
fn trap_59_large_and_small_numbers() {
    let charges = all(world(), &bazaar(), Kind::Charge);
    let amounts: Vec<i64> = charges.iter().map(|row| number(&row["amount"])).collect();
    assert!(amounts.iter().any(|amount| *amount > (1 << 53) - 1_000 && *amount < 1 << 53));
    let large = charges.iter().filter(|row| row["status"] == "succeeded" && number(&row["amount"]) > 1 << 31);
    let currencies: HashSet<String> = large.map(|row| text(&row["currency"])).collect();
    assert!(currencies.contains("idr") && currencies.contains("vnd"), "{currencies:?}");
    let fine = find(&bazaar(), Kind::Price, |row| row["unit_amount"].is_null());
    assert_eq!(text(&fine["unit_amount_decimal"]).split_once('.').expect("decimals").1.len(), 12);
}

#[test]
fn the_books_of_the_new_accounts_add_up() {
    for account in [software(), bazaar()] {
        let rows = all(world(), &account, Kind::BalanceTransaction);
        let mut sums: HashMap<(String, String), i64> = HashMap::new();
        for row in &rows {
            let parts: i64 =
                row["fee_details"].as_array().expect("list").iter().map(|fee| number(&fee["amount"])).sum();
            assert_eq!(number(&row["fee"]), parts, "{row}");
            assert_eq!(number(&row["net"]), number(&row["amount"]) - parts, "{row}");
            *sums.entry((text(&row["currency"]), text(&row["status"]))).or_default() += number(&row["net"]);
        }
        let balance = world().balance(&account, NOW).expect("a balance");
        for status in ["available", "pending"] {
            for part in balance[status].as_array().expect("list") {
                let key = (text(&part["currency"]), status.to_owned());
                assert_eq!(number(&part["amount"]), sums.remove(&key).unwrap_or(0), "{key:?}");
            }
        }
        assert!(sums.is_empty(), "{sums:?}");
        let mut listed = HashSet::new();
        for payout in all(world(), &account, Kind::Payout) {
            assert_eq!(
                number(&get(&account, Kind::BalanceTransaction, &payout["balance_transaction"])["net"]),
                -number(&payout["amount"])
            );
            if payout["reconciliation_status"] == "completed" {
                let rows = content(&account, &payout);
                let others: Vec<Value> = rows.iter().filter(|row| row["source"] != payout["id"]).cloned().collect();
                assert_eq!(sum(&others, "net"), number(&payout["amount"]), "{payout}");
                assert!(rows.iter().all(|row| listed.insert(text(&row["id"]))), "a row in two payouts");
            }
        }
    }
}
