//! Money adds up to the cent.

use super::{NOW, account, all, filtered, number, text, world};
use crate::world::{Kind, Query, Refusal};
use serde_json::Value;
use std::{cell::Cell, collections::HashMap};

fn by_id(rows: Vec<Value>) -> HashMap<String, Value> {
    rows.into_iter().map(|row| (text(&row["id"]), row)).collect()
}

#[test]
fn net_is_amount_minus_fee_and_fee_is_what_its_details_say() {
    for account in [account(world(), 0), account(world(), 1)] {
        for row in all(world(), &account, Kind::BalanceTransaction) {
            let details: i64 =
                row["fee_details"].as_array().expect("list").iter().map(|fee| number(&fee["amount"])).sum();
            assert_eq!(number(&row["fee"]), details, "{row}");
            assert_eq!(number(&row["net"]), number(&row["amount"]) - number(&row["fee"]), "{row}");
            assert_eq!(row["status"] == "available", number(&row["available_on"]) <= NOW, "{row}");
        }
    }
}

#[test]
fn an_automatic_payout_is_the_sum_of_what_is_in_it() {
    for account in [account(world(), 0), account(world(), 1)] {
        let mut listed = HashMap::new();
        let payouts = all(world(), &account, Kind::Payout);
        assert!(payouts.len() > 200, "{}", payouts.len());
        for payout in payouts.iter().filter(|payout| payout["reconciliation_status"] == "completed") {
            let id = text(&payout["id"]);
            let rows = filtered(world(), &account, Kind::BalanceTransaction, "payout", &id);
            let (own, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["source"] == payout["id"]);
            let net: i64 = others.iter().map(|row| number(&row["net"])).sum();
            assert_eq!(net, number(&payout["amount"]), "{id}");
            assert_eq!(own.len(), 1, "{id}");
            assert_eq!(number(&own[0]["amount"]), -net);
            assert_eq!(own[0]["id"], payout["balance_transaction"]);
            for row in &rows {
                assert_eq!(row["currency"], payout["currency"]);
                assert_eq!(listed.insert(text(&row["id"]), id.clone()), None, "a row in two payouts");
            }
        }
        let count = |name: &str, value: &str| payouts.iter().filter(|payout| payout[name] == value).count();
        assert!(count("reconciliation_status", "in_progress") >= 1);
        assert!(count("reconciliation_status", "not_applicable") >= 2);
        assert!(count("status", "failed") >= 1);
        assert!(
            payouts.iter().any(|payout| payout["failure_code"] == "account_closed"
                && payout["failure_balance_transaction"].is_string())
        );
    }
}

#[test]
fn a_manual_payout_cannot_be_listed() {
    let account = account(world(), 0);
    let payouts = all(world(), &account, Kind::Payout);
    let manual = payouts.iter().find(|payout| payout["automatic"] == false).expect("a manual payout");
    let filters = vec![("payout".to_owned(), text(&manual["id"]))];
    let query = Query { filters, limit: 10, now: NOW, ..Query::default() };
    let refusal = world().page(&account, Kind::BalanceTransaction, &query).expect_err("refused");
    assert!(matches!(refusal, Refusal::Invalid(text) if text.ends_with("automatic transfers, not manual.")));
}

#[test]
fn the_balance_is_all_that_was_not_paid_out() {
    for account in [account(world(), 0), account(world(), 1), account(world(), 2)] {
        let mut sums: HashMap<(String, String), i64> = HashMap::new();
        for row in all(world(), &account, Kind::BalanceTransaction) {
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
    }
}

#[test]
fn every_captured_charge_refund_and_dispute_has_its_transaction() {
    for account in [account(world(), 0), account(world(), 1)] {
        let entries = by_id(all(world(), &account, Kind::BalanceTransaction));
        let used = Cell::new(0);
        let pays = |object: &Value, name: &str, sign: i64| {
            let Some(entry) = object[name].as_str().map(|id| &entries[id]) else { return false };
            assert_eq!(entry["source"], object["id"]);
            assert!(number(&entry["amount"]) * sign > 0, "{entry}");
            if entry["exchange_rate"].is_null() && name == "balance_transaction" && object["object"] != "dispute" {
                let key = if object["object"] == "charge" { "amount_captured" } else { "amount" };
                if object["status"] != "failed" {
                    assert_eq!(number(&entry["amount"]) * sign, number(&object[key]), "{object}");
                }
                assert_eq!(entry["currency"], object["currency"]);
            }
            used.set(used.get() + 1);
            true
        };
        for charge in all(world(), &account, Kind::Charge) {
            let settled = charge["status"] == "succeeded" && charge["captured"] == true;
            let late = NOW - number(&charge["created"]) < 60;
            assert!(pays(&charge, "balance_transaction", 1) || !settled || late, "{charge}");
            pays(&charge, "failure_balance_transaction", -1);
        }
        for refund in all(world(), &account, Kind::Refund) {
            let let_go = refund["reason"] == "expired_uncaptured_charge";
            assert!(pays(&refund, "balance_transaction", -1) != let_go, "{refund}");
            pays(&refund, "failure_balance_transaction", 1);
        }
        for dispute in all(world(), &account, Kind::Dispute) {
            let rows = dispute["balance_transactions"].as_array().expect("list");
            let wanted = match text(&dispute["status"]).as_str() {
                "won" => 2,
                status if status.starts_with("warning") => 0,
                _ => 1,
            };
            assert_eq!(rows.len(), wanted, "{dispute}");
            for row in rows {
                assert_eq!(&entries[row["id"].as_str().expect("id")], row);
                used.set(used.get() + 1);
            }
        }
        for payout in all(world(), &account, Kind::Payout) {
            assert!(pays(&payout, "balance_transaction", -1));
            pays(&payout, "failure_balance_transaction", 1);
        }
        for transfer in all(world(), &account, Kind::Transfer) {
            assert!(pays(&transfer, "balance_transaction", -1));
        }
        for fee in all(world(), &account, Kind::ApplicationFee) {
            assert!(pays(&fee, "balance_transaction", 1));
        }
        let billed = entries.values().filter(|entry| entry["source"].is_null()).count();
        assert_eq!(used.get() + billed, entries.len());
    }
}
