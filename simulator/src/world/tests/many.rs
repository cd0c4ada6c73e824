//! A million charges: pages at the head, in the middle and at the tail are right.

use super::{KINDS, NOW, account, all, number, text};
use crate::world::{Kind, Options, Query, World};

#[test]
fn a_million_charges_can_be_paged_anywhere() {
    let world = World::new(&Options { seed: 1, charges: 1_000_000, accounts: 1, now: NOW });
    let account = account(&world, 0);
    assert_eq!(world.accounts()[0].charges, 1_000_000);
    let page =
        |query: Query| world.page(&account, Kind::Charge, &Query { limit: 100, now: NOW, ..query }).expect("a page");
    let head = page(Query::default());
    assert!(head.has_more && head.data.len() == 100);
    assert_eq!(number(&head.data[0]["created"]), NOW - 1);
    let middle = page(Query { until: Some(NOW - 300 * 86_400), ..Query::default() });
    assert!(middle.has_more && number(&middle.data[0]["created"]) < NOW - 300 * 86_400);
    let after = Some(text(&middle.data[49]["id"]));
    let next = page(Query { after, ..Query::default() });
    assert_eq!(next.data[..50], middle.data[50..]);
    let first = page(Query { until: Some(NOW - 1_090 * 86_400), ..Query::default() });
    let before = Some(text(&first.data[0]["id"]));
    let newer = page(Query { before, ..Query::default() });
    assert!(newer.data.last().expect("rows")["created"].as_i64() >= first.data[0]["created"].as_i64());
    let mut tail = page(Query { until: Some(NOW - 1_094 * 86_400), ..Query::default() });
    while tail.has_more {
        let after = tail.data.last().map(|row| text(&row["id"]));
        tail = page(Query { after, until: Some(NOW - 1_094 * 86_400), ..Query::default() });
    }
    assert!(number(&tail.data[0]["created"]) < NOW - 1_094 * 86_400);
    let oldest = tail.data.last().map(|row| text(&row["id"]));
    assert!(page(Query { after: oldest, ..Query::default() }).data.is_empty());
}

#[test]
fn worlds_of_any_size_can_be_made() {
    for (seed, charges) in (0..).zip([0, 1, 2, 3, 7, 8, 12, 40, 99, 150]) {
        let world = World::new(&Options {
            seed,
            charges,
            accounts: 16,
            now: NOW + i64::from(u32::try_from(charges).expect("few")) * 7_919,
        });
        assert_eq!(world.accounts().len(), 16);
        assert_eq!(world.accounts()[0].charges, charges);
        let account = account(&world, 0);
        for kind in KINDS {
            all(&world, &account, kind);
        }
    }
}
