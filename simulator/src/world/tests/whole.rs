//! Objects are whole: each has exactly the fields that the API version shows for it.

use super::{KINDS, NOW, account, all, shops, world};
use crate::world::Kind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The top-level fields of each object in the API version of the answers.
fn fields() -> BTreeMap<String, BTreeSet<String>> {
    serde_json::from_str(include_str!("fields.json")).expect("a table of fields")
}

#[test]
fn every_object_has_the_fields_of_its_type() {
    let fields = fields();
    let mut wrong = BTreeSet::new();
    let mut check = |object: &Value| {
        let name = object["object"].as_str().expect("a type");
        let mut wanted = fields[name].clone();
        if name == "payment_method" {
            wanted.insert(object["type"].as_str().expect("a type").to_owned());
        }
        let found: BTreeSet<String> = object.as_object().expect("an object").keys().cloned().collect();
        for field in wanted.symmetric_difference(&found) {
            wrong.insert(format!(
                "{name}.{field}{}",
                if found.contains(field) { " is too much" } else { " is missing" }
            ));
        }
    };
    for (world, number) in [(world(), 0), (world(), 1), (shops::world(), 3)] {
        let account = account(world, number);
        for kind in KINDS {
            all(world, &account, kind).iter().for_each(&mut check);
        }
        for (parent, name, kind) in
            [(Kind::CheckoutSession, "session", Kind::SessionLineItem), (Kind::Invoice, "invoice", Kind::InvoiceLine)]
        {
            for row in all(world, &account, parent).iter().take(50) {
                let id = row["id"].as_str().expect("id");
                super::filtered(world, &account, kind, name, id).iter().for_each(&mut check);
            }
        }
        for subscription in all(world, &account, Kind::Subscription) {
            check(&subscription);
            check(&subscription["items"]["data"][0]);
        }
        check(&world.account_object(&account).expect("the account"));
        check(&world.balance(&account, NOW).expect("the balance"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_charge_has_some_three_kilobytes() {
    let account = account(world(), 0);
    let charges = all(world(), &account, Kind::Charge);
    let size: usize = charges.iter().map(|charge| charge.to_string().len()).sum::<usize>() / charges.len();
    assert!((2_400..4_500).contains(&size), "{size}");
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let again = crate::world::World::new(&super::options(3_000));
    let other = crate::world::World::new(&crate::world::Options { seed: 8, ..super::options(3_000) });
    for number in 0..3 {
        let id = account(world(), number);
        assert_eq!(id, account(&again, number));
        assert_ne!(id, account(&other, number));
        for kind in KINDS {
            assert_eq!(all(world(), &id, kind), all(&again, &id, kind), "{kind:?}");
        }
    }
}
