//! What the seeded accounts must be like, asked through the door as `http` does.

mod acts;
mod filters;
mod follow;
mod many;
mod money;
mod paging;
mod shops;
mod traps;
mod whole;

use super::{Kind, Options, Query, World};
use serde_json::Value;
use std::sync::OnceLock;

/// The second at which the tested worlds end.
pub const NOW: i64 = 1_795_260_000;

pub const KINDS: [Kind; 16] = [
    Kind::Charge,
    Kind::Refund,
    Kind::Customer,
    Kind::BalanceTransaction,
    Kind::Payout,
    Kind::Dispute,
    Kind::Product,
    Kind::Price,
    Kind::PaymentMethod,
    Kind::PaymentIntent,
    Kind::Invoice,
    Kind::InvoicePayment,
    Kind::CheckoutSession,
    Kind::Transfer,
    Kind::ApplicationFee,
    Kind::Event,
];

pub fn options(charges: u64) -> Options {
    Options { seed: 7, charges, accounts: 3, now: NOW }
}

/// A world that tests share and do not change.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::new(&options(3_000)))
}

pub fn account(world: &World, number: usize) -> String {
    world.accounts()[number].id.clone()
}

/// All rows of a list, by pages of `limit`.
pub fn all_by(world: &World, account: &str, kind: Kind, query: &Query, limit: usize) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let after = rows.last().map(|row| text(&row["id"]));
        let page = world.page(account, kind, &Query { after, limit, now: NOW, ..query.clone() }).expect("a page");
        assert!(!page.has_more || page.data.len() == limit);
        rows.extend(page.data);
        if !page.has_more {
            return rows;
        }
    }
}

pub fn all(world: &World, account: &str, kind: Kind) -> Vec<Value> {
    all_by(world, account, kind, &Query::default(), 100)
}

pub fn filtered(world: &World, account: &str, kind: Kind, name: &str, value: &str) -> Vec<Value> {
    let query = Query { filters: vec![(name.to_owned(), value.to_owned())], ..Query::default() };
    all_by(world, account, kind, &query, 100)
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().expect("a whole number")
}
