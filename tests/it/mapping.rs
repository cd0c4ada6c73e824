//! Whole simulated accounts through the mappers: nothing is left over, and the money agrees with the balance.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use entity::id::ConnectionId;
use entity::{order, payment, transaction};
use serde::de::DeserializeOwned;
use serde_json::Value;
use simulator::world::{Kind, Options, Query, World};
use tributary::stripe::wire;
use tributary::sync::map::{self, Source};

/// The second at which the simulated data ends.
const NOW: i64 = 1_795_260_000;

/// One account of the simulated world.
struct Account<'w> {
    world: &'w World,
    id: String,
    source: Source,
}

impl Account<'_> {
    /// A whole list, or the part of it that hangs on a parent, as it is read by pages.
    fn list<T: DeserializeOwned>(&self, kind: Kind, parent: Option<(&str, &str)>) -> Vec<T> {
        let filters: Vec<_> = parent.into_iter().map(|(name, id)| (name.to_owned(), id.to_owned())).collect();
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = Query { filters: filters.clone(), after, limit: 100, now: NOW, ..Query::default() };
            let page = self.world.page(&self.id, kind, &query).expect("a page");
            after = page.data.last().map(|body| body["id"].as_str().expect("an id").to_owned());
            let read = |body: &Value| map::read(&body.to_string()).unwrap_or_else(|error| panic!("{error} {body}"));
            all.extend(page.data.iter().map(read));
            if !page.has_more {
                return all;
            }
        }
    }

    fn payments(&self) -> Vec<payment::Model> {
        let charges = self.list(Kind::Charge, None).into_iter().map(|one| map::payment::charge(self.source, &one));
        let refunds = self.list(Kind::Refund, None).into_iter().map(|one| map::payment::refund(self.source, &one));
        charges.chain(refunds).map(|mapped| mapped.expect("mapped")).collect()
    }

    fn transactions(&self) -> Vec<transaction::Model> {
        let moved = self.list(Kind::BalanceTransaction, None).into_iter();
        moved.flat_map(|one| map::transaction::transactions(self.source, &one).expect("mapped")).collect()
    }

    fn orders(&self, charges: &[wire::Charge]) -> Vec<order::Model> {
        let sessions = self.list(Kind::CheckoutSession, None).into_iter().filter_map(|session: wire::Session| {
            let items = self.list(Kind::SessionLineItem, Some(("session", &session.id)));
            map::order::session(self.source, &session, &items, charges).expect("mapped")
        });
        let invoices = self.list(Kind::Invoice, None).into_iter().filter_map(|mut invoice: wire::Invoice| {
            let data = self.list(Kind::InvoiceLine, Some(("invoice", &invoice.id)));
            invoice.lines = Some(wire::Sublist { has_more: false, url: None, data });
            let payments = self.list(Kind::InvoicePayment, Some(("invoice", &invoice.id)));
            map::order::invoice(self.source, &invoice, &payments, charges).expect("mapped")
        });
        sessions.chain(invoices).collect()
    }
}

/// Runs a check on each account of a small world, one of which is brand-new and empty; gives how often it found something.
fn each_account(check: impl Fn(&Account<'_>) -> usize) -> usize {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(|| World::new(&Options { seed: 11, charges: 2000, accounts: 3, now: NOW }));
    let accounts = world.accounts().into_iter().map(|summary| {
        let source = Source { connection_id: ConnectionId::new() };
        check(&Account { world, id: summary.id, source })
    });
    accounts.sum()
}

#[test]
fn nothing_of_an_account_is_left_over() {
    let found = each_account(|account| {
        let source = account.source;
        let of = |kind| account.list::<Value>(kind, None).len();
        for customer in account.list(Kind::Customer, None) {
            map::customer::customer(source, &customer).expect("mapped");
        }
        for payout in account.list(Kind::Payout, None) {
            map::payout::payout(source, &payout).expect("mapped");
        }
        for dispute in account.list(Kind::Dispute, None) {
            map::dispute::dispute(source, &dispute).expect("mapped");
        }
        for mut subscription in account.list::<wire::Subscription>(Kind::Subscription, Some(("status", "all"))) {
            let data = account.list(Kind::SubscriptionItem, Some(("subscription", &subscription.id)));
            subscription.items = Some(wire::Sublist { has_more: false, url: None, data });
            map::subscription::subscription(source, &subscription).expect("mapped");
        }
        let prices: Vec<wire::Price> = account.list(Kind::Price, None);
        let products = account.list(Kind::Product, None).into_iter().map(|product: wire::Product| {
            let own = |price: &&wire::Price| price.product.as_ref().is_some_and(|of| of.id == product.id);
            let own: Vec<_> = prices.iter().filter(own).cloned().collect();
            map::product::product(source, &product, &own).expect("mapped").variants.len()
        });
        let variants: usize = products.sum();
        assert!(variants <= prices.len());
        let read = |body: Option<Value>| body.expect("there").to_string();
        let balance: wire::Balance = map::read(&read(account.world.balance(&account.id, NOW))).expect("read");
        let info: wire::Account = map::read(&read(account.world.account_object(&account.id))).expect("read");
        let info = map::company_info::company_info(source, &info, Some(&balance)).expect("mapped");
        assert_eq!(account.payments().len(), of(Kind::Charge) + of(Kind::Refund));
        variants.min(info.balances.len())
    });
    assert!(found > 0);
}

#[test]
fn a_payment_is_what_moved_the_balance() {
    let found = each_account(|account| {
        let moved: HashMap<_, _> = account.transactions().into_iter().map(|one| (one.id.clone(), one)).collect();
        let mut compared = 0;
        for payment in account.payments().iter().filter(|payment| payment.status == payment::Status::Paid) {
            let by = payment.balance_transaction_id.as_ref().and_then(|id| moved.get(id));
            // A conversion has another amount, at Stripe's own rate.
            if let Some(by) = by.filter(|by| by.exchange_rate.is_none()) {
                assert_eq!((payment.amount_minor, &payment.currency), (by.total_minor, &by.currency), "{payment:?}");
                compared += 1;
            }
        }
        compared
    });
    assert!(found > 500, "{found} compared");
}

#[test]
fn fees_add_up_and_ids_are_single() {
    let found = each_account(|account| {
        let all = account.transactions();
        let ids: HashSet<_> = all.iter().map(|one| &one.id).collect();
        assert_eq!(ids.len(), all.len());
        let mut fees: HashMap<&str, i64> = HashMap::new();
        for fee in all.iter().filter(|one| one.id != one.parent_id) {
            *fees.entry(&fee.parent_id).or_default() += fee.total_minor;
        }
        for whole in all.iter().filter(|one| one.id == one.parent_id) {
            let fee = whole.fee_minor.expect("a fee");
            assert_eq!(fees.get(whole.id.as_str()).copied().unwrap_or_default(), -fee, "{}", whole.id);
            assert_eq!(whole.net_minor, Some(whole.total_minor - fee), "{}", whole.id);
        }
        fees.len()
    });
    assert!(found > 500, "{found} with fees");
}

#[test]
fn orders_hold_their_lines_and_their_payments() {
    let found = each_account(|account| {
        let charges: Vec<wire::Charge> = account.list(Kind::Charge, None);
        let known: HashMap<_, _> =
            account.payments().into_iter().map(|payment| (payment.id.clone(), payment)).collect();
        let orders = account.orders(&charges);
        for order in &orders {
            assert!(!order.lines.is_empty(), "{} has no line", order.id);
            assert!(order.refund_minor <= 0 && -order.refund_minor <= order.total_minor.max(0), "{order:?}");
            for paid in &order.payments {
                let payment = known.get(&paid.id).unwrap_or_else(|| panic!("{} is no payment", paid.id));
                assert_eq!((paid.status.as_str(), &paid.currency), (payment.status.as_str(), &order.currency));
            }
        }
        orders.iter().map(|order| order.payments.len()).sum()
    });
    assert!(found > 20, "{found} payments of orders");
}
