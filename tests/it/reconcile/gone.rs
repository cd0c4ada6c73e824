//! What is gone at Stripe is found without an event; what a list leaves out is not gone.

use std::collections::BTreeSet;

use entity::drift::{Kind, Layer};
use entity::reconciliation::Pass;
use entity::{change, dispute};
use sea_orm::entity::prelude::*;
use simulator::http::{Fault, Refusal, Rule};
use simulator::world::Kind as WorldKind;
use tributary::store;

use super::shop::{Shop, found, sum};
use crate::both;
use crate::oracle::compare;

both! {
    async fn r17_what_is_gone_at_stripe_without_an_event_is_found_and_marked_with_its_cause(shop: Shop) {
        let gone = [
            (shop.listed(WorldKind::Customer, 2), "customer"),
            (shop.listed(WorldKind::Product, 1), "product"),
            (shop.listed(WorldKind::Charge, 40), "charge"),
            (shop.listed(WorldKind::Refund, 1), "refund"),
            (shop.listed(WorldKind::BalanceTransaction, 60), "balance_transaction"),
        ];
        for (id, _) in &gone {
            shop.act(&format!(r#"{{"do":"vanish","id":"{id}"}}"#));
        }
        shop.sync().await;
        assert!(shop.buried().await.is_empty(), "no event told of it: a sync cannot know");
        let before = store::feed::after(&shop.house.db, shop.connection, 0, 1_000_000).await.unwrap().len();
        let parts = shop.pass(Pass::Full).await;
        let expected: BTreeSet<_> = gone.iter().map(|(id, _)| found(Layer::Object, Kind::Extra, id)).collect();
        let told = shop.found().await;
        assert!(expected.is_subset(&told), "{expected:?} {told:?}");
        assert_eq!(sum(&parts, |part| part.extra), i64::try_from(gone.len()).unwrap(), "{told:?}");
        let buried = shop.buried().await;
        assert_eq!(buried.len(), gone.len());
        assert!(buried.iter().all(|row| row.deleted_cause.as_deref() == Some("reconciliation")), "{buried:?}");
        let changes = store::feed::after(&shop.house.db, shop.connection, 0, 1_000_000).await.unwrap();
        for (id, _) in &gone {
            let deleted = |one: &&change::Model| one.record_id == *id && one.kind == change::Kind::Deleted;
            assert!(changes[before..].iter().any(|one| deleted(&one)), "the feed does not tell of {id}");
        }
        compare(&shop.house, shop.connection, &shop.account).await;
        let again = shop.pass(Pass::Full).await;
        assert_eq!(sum(&again, |part| part.missing + part.extra + part.different), 0, "{again:#?}");
    }

    async fn r17_a_nightly_pass_finds_what_was_missed_within_its_days_and_what_is_still_open(shop: Shop) {
        shop.act(r#"{"do":"dispute"}"#);
        shop.sync().await;
        let dispute = shop.listed(WorldKind::Dispute, 0);
        let days = chrono::Duration::days(9);
        shop.house.simulator.clock.advance(days.num_milliseconds());
        shop.house.clock.advance(days);
        shop.act(r#"{"do":"charge"}"#);
        shop.act(r#"{"do":"charge"}"#);
        shop.act(r#"{"do":"create_invoice"}"#);
        shop.house.simulator.clock.advance(600_000);
        shop.sync().await;
        let (newest, other) = (shop.listed(WorldKind::Charge, 0), shop.listed(WorldKind::Charge, 1));
        shop.act(&format!(r#"{{"do":"vanish","id":"{newest}"}}"#));
        shop.act(&format!(r#"{{"do":"patch","id":"{other}","fields":{{"description":"changed, and nobody told"}}}}"#));
        shop.act(&format!(r#"{{"do":"patch","id":"{dispute}","fields":{{"status":"lost"}}}}"#));
        let invoice = shop.listed(WorldKind::Invoice, 0);
        shop.act(&format!(r#"{{"do":"patch","id":"{invoice}","fields":{{"description":"changed, too"}}}}"#));
        let parts = shop.pass(Pass::Nightly).await;
        let expected = BTreeSet::from([
            found(Layer::Object, Kind::Extra, &newest),
            found(Layer::Object, Kind::Different, &other),
            found(Layer::Object, Kind::Different, &dispute),
            found(Layer::Object, Kind::Different, &invoice),
        ]);
        assert_eq!(shop.found().await, expected);
        let open = parts.iter().find(|part| part.step == "open_objects").unwrap();
        // The dispute is older than the lists, and no list of this pass holds the invoice.
        assert_eq!((open.different, open.repaired), (2, 2), "they are read by their ids");
        let row = dispute::Entity::find_by_id((shop.connection, dispute)).one(&shop.house.db).await.unwrap().unwrap();
        assert_eq!(row.status, dispute::Status::Lost);
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r17_a_list_that_fails_or_is_cut_deletes_nothing(shop: Shop) {
        let before = shop.records().await;
        let empty = r#"{"object":"list","url":"/v1/charges","has_more":false,"data":[]}"#;
        let faults = [
            ("fails", Fault::Status(Refusal::new(500).should_retry(false)), true),
            ("is refused", Fault::Status(Refusal::new(403).code("more_permissions_required_for_application")), true),
            ("is empty", Fault::Status(Refusal::new(200).body(empty)), false),
            ("leaves a page out", Fault::MissingPage, false),
            ("has more and no rows", Fault::EmptyMore, true),
            ("comes in another order", Fault::Shuffled, false),
            ("comes short", Fault::ShortPage { rows: 37 }, false),
        ];
        for (name, fault, fails) in faults {
            let rule = Rule::new("GET /v1/charges", fault).named(name).account(&shop.account);
            // What is refused or has no rows goes on so, or the client would mend it; the rest happens once.
            let rule = if fails { rule.from(2).for_ever() } else { rule.from(1).times(1) };
            shop.house.simulator.faults.add(rule);
            let parts = shop.pass(Pass::Full).await;
            assert!(shop.house.simulator.faults.fired(name) > 0, "`{name}` did not happen");
            shop.house.simulator.faults.clear();
            assert!(shop.buried().await.is_empty(), "a list that {name} deleted {:?}", shop.buried().await);
            assert_eq!(shop.found().await, BTreeSet::new(), "a list that {name}");
            assert_eq!(shop.records().await, before, "a list that {name}");
            let charges = parts.iter().find(|part| part.step == "charges").unwrap();
            assert_eq!(charges.reason.is_some(), fails, "a list that {name}: {charges:?}");
            if matches!(name, "is empty" | "leaves a page out") {
                assert!(charges.unlisted > 0, "what the list left out was not asked for: {charges:?}");
            }
        }
        let whole = shop.pass(Pass::Full).await;
        assert!(whole.iter().all(|part| part.reason.is_none()), "{whole:#?}");
    }
}
