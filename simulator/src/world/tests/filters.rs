//! Filters give what one finds by looking at every row.

use super::{NOW, account, all, all_by, filtered, text, world};
use crate::world::{Kind, Query, Refusal};
use serde_json::Value;

/// A filter's name is the path of the field that it compares.
const FILTERS: [(Kind, &[&str]); 13] = [
    (Kind::Charge, &["customer", "payment_intent"]),
    (Kind::Refund, &["charge", "payment_intent"]),
    (Kind::Dispute, &["charge", "payment_intent"]),
    (Kind::BalanceTransaction, &["type", "source", "currency"]),
    (Kind::Payout, &["status", "destination", "arrival_date"]),
    (Kind::Product, &["active", "shippable", "url", "id"]),
    (Kind::Price, &["active", "product", "currency", "type", "recurring.interval", "lookup_key"]),
    (Kind::PaymentMethod, &["customer", "type", "allow_redisplay"]),
    (Kind::PaymentIntent, &["customer"]),
    (Kind::Invoice, &["customer", "status", "collection_method"]),
    (Kind::InvoicePayment, &["invoice", "payment.payment_intent", "status"]),
    (Kind::CheckoutSession, &["customer", "payment_intent", "status", "customer_details.email"]),
    (Kind::Transfer, &["destination", "transfer_group"]),
];

fn field<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |part, name| &part[name])
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[test]
fn a_filter_gives_the_rows_that_have_the_value() {
    let account = account(world(), 0);
    for (kind, paths) in FILTERS {
        let whole = all(world(), &account, kind);
        for path in paths {
            let values: Vec<String> = whole.iter().filter_map(|row| written(field(row, path))).collect();
            assert!(!values.is_empty(), "{kind:?} {path}");
            for value in [&values[0], &values[values.len() / 2], &values[values.len() - 1]] {
                let expected: Vec<_> =
                    whole.iter().filter(|row| written(field(row, path)).as_ref() == Some(value)).cloned().collect();
                assert_eq!(filtered(world(), &account, kind, path, value), expected, "{kind:?} {path}={value}");
            }
            assert!(filtered(world(), &account, kind, path, "nothing_1Pxyz").is_empty(), "{kind:?} {path}");
        }
    }
}

#[test]
fn events_are_filtered_by_wildcard_and_by_several_types() {
    let account = account(world(), 0);
    let whole = all(world(), &account, Kind::Event);
    let with = |test: fn(&str) -> bool| -> Vec<Value> {
        whole.iter().filter(|event| test(event["type"].as_str().expect("a type"))).cloned().collect()
    };
    let disputes = filtered(world(), &account, Kind::Event, "type", "charge.dispute.*");
    assert_eq!(disputes, with(|name| name.starts_with("charge.dispute.")));
    assert!(!disputes.is_empty());
    let filters = ["payout.paid", "payout.created"].map(|name| ("type".to_owned(), name.to_owned())).to_vec();
    let payouts = all_by(world(), &account, Kind::Event, &Query { filters, ..Query::default() }, 100);
    assert_eq!(payouts, with(|name| name == "payout.paid" || name == "payout.created"));
}

#[test]
fn filters_are_joined_and_cursors_stay_inside() {
    let account = account(world(), 0);
    let of = all(world(), &account, Kind::Price).last().expect("prices")["product"].clone();
    let filters = vec![("product".to_owned(), text(&of)), ("currency".to_owned(), "usd".to_owned())];
    let both = all_by(world(), &account, Kind::Price, &Query { filters: filters.clone(), ..Query::default() }, 1);
    assert!(!both.is_empty() && both.iter().all(|row| row["product"] == of && row["currency"] == "usd"));
    let stranger = all(world(), &account, Kind::Price)[0]["id"].clone();
    let query = Query { filters, after: Some(text(&stranger)), limit: 5, now: NOW, ..Query::default() };
    let refusal = world().page(&account, Kind::Price, &query).expect_err("refused");
    assert!(matches!(refusal, Refusal::NoSuchCursor { .. }));
}

#[test]
fn a_payout_under_way_shows_a_part() {
    let account = account(world(), 0);
    let payouts = all(world(), &account, Kind::Payout);
    let under_way: Vec<_> = payouts.iter().filter(|payout| payout["reconciliation_status"] == "in_progress").collect();
    for payout in under_way {
        let id = text(&payout["id"]);
        let part = filtered(world(), &account, Kind::BalanceTransaction, "payout", &id).len();
        let filters = vec![("payout".to_owned(), id)];
        let later = Query { filters, limit: 100, now: NOW + 3 * 86_400, ..Query::default() };
        let whole = world().page(&account, Kind::BalanceTransaction, &later).expect("a page").data.len();
        assert!(part <= whole && whole > 1, "{part} of {whole}");
    }
}
