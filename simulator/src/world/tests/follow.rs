//! Whoever reads everything once and then only follows the events ends with the same: what changes is told.

use super::{KINDS, NOW, account, world};
use crate::world::{Kind, Query, calendar::DAY};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

fn listed(account: &str, kind: Kind, now: i64) -> BTreeMap<String, Value> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let after = rows.last().and_then(|row| row["id"].as_str()).map(str::to_owned);
        let page = world().page(account, kind, &Query { after, limit: 100, now, ..Query::default() }).expect("a page");
        rows.extend(page.data);
        if !page.has_more {
            return rows.into_iter().map(|row| (row["id"].as_str().expect("id").to_owned(), row)).collect();
        }
    }
}

/// The objects that the events between two seconds name: their own, and for a refund and a dispute the charge.
fn named(account: &str, from: i64, until: i64) -> HashSet<String> {
    let mut named = HashSet::new();
    for event in
        listed(account, Kind::Event, until).into_values().filter(|event| event["created"].as_i64() > Some(from))
    {
        let object = &event["data"]["object"];
        let parent = ["refund", "dispute"].iter().any(|kind| object["object"] == *kind).then(|| &object["charge"]);
        named.extend([Some(&object["id"]), parent].into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    named
}

#[test]
fn what_changes_is_told_by_events() {
    for account in [account(world(), 0), account(world(), 1)] {
        for (from, until, least) in [(NOW - 20 * DAY, NOW, 100), (NOW - 3_600, NOW, 0), (NOW, NOW + 8 * DAY, 2)] {
            let named = named(&account, from, until);
            let mut silent = BTreeSet::new();
            let mut changed = 0;
            // Balance transactions have no events of their own.
            for kind in KINDS.into_iter().filter(|kind| !matches!(kind, Kind::BalanceTransaction | Kind::Event)) {
                let (before, after) = (listed(&account, kind, from), listed(&account, kind, until));
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
