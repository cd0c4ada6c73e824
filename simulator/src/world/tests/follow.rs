//! Whoever reads everything once and then only follows the events ends with the same: what changes is told.

use super::{KINDS, NOW, account, shops, world};
use crate::world::{Kind, Query, World, calendar::DAY};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

fn listed(world: &World, account: &str, kind: Kind, now: i64) -> BTreeMap<String, Value> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let after = rows.last().and_then(|row| row["id"].as_str()).map(str::to_owned);
        let page = world.page(account, kind, &Query { after, limit: 100, now, ..Query::default() }).expect("a page");
        rows.extend(page.data);
        if !page.has_more {
            return rows.into_iter().map(|row| (row["id"].as_str().expect("id").to_owned(), row)).collect();
        }
    }
}

/// The objects that the events between two seconds name: their own, for a refund and a dispute the charge, and for an
/// invoice the payments that it shows.
fn named(world: &World, account: &str, from: i64, until: i64) -> HashSet<String> {
    let mut named = HashSet::new();
    for event in
        listed(world, account, Kind::Event, until).into_values().filter(|event| event["created"].as_i64() > Some(from))
    {
        let object = &event["data"]["object"];
        let parent = ["refund", "dispute"].iter().any(|kind| object["object"] == *kind).then(|| &object["charge"]);
        let payments = object["payments"]["data"].as_array().into_iter().flatten().map(|payment| &payment["id"]);
        named.extend(payments.filter_map(Value::as_str).map(str::to_owned));
        named.extend([Some(&object["id"]), parent].into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    named
}

#[test]
fn what_changes_is_told_by_events() {
    let accounts = [(world(), 0), (world(), 1), (shops::world(), 3), (shops::world(), 4)];
    for (world, account) in accounts.map(|(world, number)| (world, account(world, number))) {
        for (from, until, least) in [(NOW - 20 * DAY, NOW, 50), (NOW - 3_600, NOW, 0), (NOW, NOW + 8 * DAY, 2)] {
            let named = named(world, &account, from, until);
            let mut silent = BTreeSet::new();
            let mut changed = 0;
            // Balance transactions have no events of their own.
            for kind in KINDS.into_iter().filter(|kind| !matches!(kind, Kind::BalanceTransaction | Kind::Event)) {
                let (before, after) = (listed(world, &account, kind, from), listed(world, &account, kind, until));
                let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for id in ids.into_iter().filter(|id| before.get(*id) != after.get(*id)) {
                    changed += 1;
                    if named.contains(id) {
                        continue;
                    }
                    silent.insert(format!("{kind:?} {id} {:?} {:?}", before.get(id), after.get(id)));
                }
            }
            assert!(changed >= least, "{changed}");
            assert!(silent.is_empty(), "{} {silent:#?}", silent.len());
        }
    }
}
