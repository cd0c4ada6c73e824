//! What differs is found and repaired, and nothing else.

use std::collections::BTreeSet;

use entity::reconciliation::Pass;
use entity::reconciliation_part::{Money, Sum};
use entity::transaction;
use sea_orm::entity::prelude::*;
use simulator::http::{Fault, Refusal, Rule};
use simulator::world::Kind as WorldKind;

use super::harm::harm;
use super::shop::{Shop, sum};
use crate::both;
use crate::oracle::{self, compare};

both! {
    async fn r18_an_untouched_store_has_no_drift(shop: Shop) {
        for pass in Pass::ALL {
            let parts = shop.pass(pass).await;
            assert_eq!(shop.found().await, BTreeSet::new(), "{pass:?}");
            for part in &parts {
                assert_eq!((part.there, part.reason.as_deref()), (part.here, None), "{}", part.step);
                assert_eq!(part.money_there, part.money_here, "{}", part.step);
                assert_eq!(part.fresh + part.unlisted, 0, "{part:?}");
            }
        }
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r18_what_was_corrupted_dropped_or_invented_is_found_repaired_and_reported(shop: Shop) {
        let before = shop.records().await;
        let seed = rand::random();
        let expected = harm(&shop, seed).await;
        let parts = shop.pass(Pass::Full).await;
        let found = shop.found().await;
        let lost: Vec<_> = expected.difference(&found).collect();
        let invented: Vec<_> = found.difference(&expected).collect();
        assert!(lost.is_empty() && invented.is_empty(), "seed {seed}: not found {lost:?}, found besides {invented:?}");
        let reported = sum(&parts, |part| part.missing + part.extra + part.different);
        assert_eq!(reported, i64::try_from(expected.len()).unwrap(), "seed {seed}");
        assert_eq!(sum(&parts, |part| part.repaired), reported);
        let after = shop.records().await;
        for (key, row) in &before {
            assert_eq!(after.get(key), Some(row), "seed {seed}: {key:?}");
        }
        assert_eq!(after.len(), before.len(), "seed {seed}");
        compare(&shop.house, shop.connection, &shop.account).await;
        let again = shop.pass(Pass::Full).await;
        assert_eq!(sum(&again, |part| part.missing + part.extra + part.different), 0, "seed {seed}: {again:#?}");
    }

    async fn r18_money_that_is_here_and_not_at_stripe_is_counted(shop: Shop) {
        let row = transaction::Entity::find()
            .filter(transaction::Column::ConnectionId.eq(shop.connection))
            .filter(transaction::Column::DeletedAt.is_null());
        let row = row.one(&shop.house.db).await.unwrap().unwrap();
        let (id, parent_id) = ("txn_invented".to_owned(), "txn_invented".to_owned());
        let invented = transaction::Model { id, parent_id, total_minor: 1_000_000, ..row.clone() };
        let invented = transaction::ActiveModel::from(invented);
        transaction::Entity::insert(invented).exec_without_returning(&shop.house.db).await.unwrap();
        let parts = shop.pass(Pass::Full).await;
        let records = parts.iter().find(|part| part.extra == 1).expect("it is not found");
        let sum = |money: &Money| money.0.get(&row.currency).map_or(0, Sum::minor);
        assert_eq!(sum(&records.money_here) - sum(&records.money_there), 1_000_000, "{records:?}");
        assert!(parts.iter().all(|part| part.step == records.step || part.money_here == part.money_there));
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r18_a_pass_goes_on_where_it_was_left(shop: Shop) {
        let seed = rand::random();
        let expected = harm(&shop, seed).await;
        let (charges, moved) = (shop.reads("GET /v1/charges").await, shop.reads("GET /v1/balance_transactions").await);
        let down = Fault::Status(Refusal::new(500).should_retry(false));
        let rule = Rule::new("GET /v1/balance_transactions", down).named("down").account(&shop.account);
        shop.house.simulator.faults.add(rule.from(3).times(1));
        shop.pass(Pass::Full).await;
        assert_eq!(shop.house.simulator.faults.fired("down"), 1, "the fault did not happen");
        let found = shop.found().await;
        assert_eq!(found, expected, "seed {seed}");
        let pages = |kind| {
            let (world, now) = (&shop.house.simulator.world, shop.house.simulator.clock.seconds());
            oracle::listed(world, &shop.account, kind, now).len().div_ceil(100) as u64
        };
        let read = shop.reads("GET /v1/charges").await - charges;
        assert_eq!(read, pages(WorldKind::Charge), "the list of charges was begun anew");
        let read = shop.reads("GET /v1/balance_transactions").await - moved;
        // Each page once, the failure, and the content of the payouts whose rows were harmed.
        let again = pages(WorldKind::BalanceTransaction) + 1;
        assert!(read >= again && read <= again + 30, "{read} of {again}");
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r18_what_happens_while_it_is_compared_is_no_drift(shop: Shop) {
        // The events are read first; what happens after that is in the lists, and in events that were not followed yet.
        let held = Rule::new("GET /v1/account", Fault::Delay { ms: 300 }).named("held").account(&shop.account);
        shop.house.simulator.faults.add(held);
        let live = async {
            while shop.house.simulator.faults.fired("held") == 0 {
                tokio::task::yield_now().await;
            }
            for action in [r#"{"do":"charge"}"#, r#"{"do":"refund"}"#, r#"{"do":"edit_customer","name":"Another"}"#] {
                shop.act(action);
            }
        };
        let (parts, ()) = tokio::join!(shop.pass(Pass::Full), live);
        assert_eq!(shop.found().await, BTreeSet::new());
        assert!(sum(&parts, |part| part.fresh) > 0, "nothing happened meanwhile: {parts:#?}");
        shop.house.simulator.clock.advance(600_000);
        shop.sync().await;
        compare(&shop.house, shop.connection, &shop.account).await;
    }
}
