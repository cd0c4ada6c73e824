//! Pages put together are the list, whichever way one goes.

use super::{KINDS, NOW, account, all, all_by, text, world};
use crate::world::{Kind, Query, Refusal};

#[test]
fn pages_of_any_size_make_the_whole_list() {
    let account = account(world(), 0);
    for kind in KINDS {
        let whole = all(world(), &account, kind);
        assert!(whole.len() >= 20, "{kind:?} {}", whole.len());
        let keys: Vec<_> = whole.iter().map(|row| row["created"].as_i64()).collect();
        assert!(keys.is_sorted_by(|newer, older| newer >= older), "{kind:?}");
        let mut ids: Vec<_> = whole.iter().map(|row| text(&row["id"])).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), whole.len(), "{kind:?} has an id twice");
        for limit in [37, 99] {
            assert_eq!(all_by(world(), &account, kind, &Query::default(), limit), whole, "{kind:?} by {limit}");
        }
    }
}

#[test]
fn going_back_meets_the_same_rows() {
    let account = account(world(), 0);
    for kind in KINDS {
        let whole = all(world(), &account, kind);
        let mut back = vec![whole.last().expect("rows").clone()];
        loop {
            let before = Some(text(&back[0]["id"]));
            let page = world()
                .page(&account, kind, &Query { before, limit: 41, now: NOW, ..Query::default() })
                .expect("a page");
            back.splice(0..0, page.data);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(back, whole, "{kind:?}");
    }
}

#[test]
fn time_ranges_cut_exactly() {
    let account = account(world(), 0);
    for kind in KINDS {
        let whole = all(world(), &account, kind);
        let created = |row: &serde_json::Value| row["created"].as_i64().expect("created");
        let (from, until) = (created(&whole[whole.len() * 2 / 3]), created(&whole[whole.len() / 3]));
        let query = Query { from: Some(from), until: Some(until), ..Query::default() };
        let expected: Vec<_> = whole.iter().filter(|row| (from..until).contains(&created(row))).cloned().collect();
        assert_eq!(all_by(world(), &account, kind, &query, 100), expected, "{kind:?}");
    }
}

#[test]
fn every_listed_object_can_be_retrieved() {
    for number in 0..2 {
        let account = account(world(), number);
        for kind in KINDS {
            for row in all(world(), &account, kind) {
                assert_eq!(world().get(&account, kind, row["id"].as_str().expect("id"), NOW), Some(row), "{kind:?}");
            }
        }
    }
}

#[test]
fn a_cursor_must_be_in_the_list() {
    let account = account(world(), 0);
    let whole = all(world(), &account, Kind::Charge);
    let last = text(&whole.last().expect("charges")["id"]);
    let unknown = Query { after: Some("ch_3Pnothing".to_owned()), limit: 10, now: NOW, ..Query::default() };
    let outside = Query { after: Some(last), from: Some(NOW - 86_400), limit: 10, now: NOW, ..Query::default() };
    for query in [unknown, outside] {
        let refusal = world().page(&account, Kind::Charge, &query).expect_err("refused");
        assert!(matches!(refusal, Refusal::NoSuchCursor { param: "starting_after", .. }));
    }
}

#[test]
fn the_empty_account_has_no_rows() {
    let account = account(world(), 2);
    for kind in KINDS {
        assert!(all(world(), &account, kind).is_empty(), "{kind:?}");
    }
    let object = world().account_object(&account).expect("the account");
    assert_eq!(object["charges_enabled"], false);
    assert_eq!(object["default_currency"], "eur");
}
