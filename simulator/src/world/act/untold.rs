//! What nobody is told of: an object that changes or goes without an event.

use super::Made;
use crate::world::{Kind, rows::NEVER, shop::Shop};
use serde_json::{Map, Value};

/// Kinds whose objects have a row of their own.
const KINDS: [Kind; 13] = [
    Kind::Charge,
    Kind::Refund,
    Kind::Customer,
    Kind::BalanceTransaction,
    Kind::Payout,
    Kind::Dispute,
    Kind::Product,
    Kind::Price,
    Kind::Invoice,
    Kind::Subscription,
    Kind::CheckoutSession,
    Kind::PaymentIntent,
    Kind::PaymentMethod,
];

impl Shop {
    fn anything(&self, id: &str, now: i64) -> Result<(Kind, u32), String> {
        let there = |(kind, number): &(Kind, u32)| self.visible(*kind, *number, now);
        let found = KINDS.into_iter().find_map(|kind| self.number_of(kind, id).map(|number| (kind, number)));
        found.filter(there).ok_or_else(|| format!("There is no '{id}'."))
    }

    /// The object is in no list and no answer any more.
    pub fn act_vanish(&mut self, id: &str, now: i64) -> Made {
        let place = self.anything(id, now)?;
        self.hidden.insert(place, NEVER);
        Ok(Vec::new())
    }

    /// Fields of the object change.
    pub fn act_patch(&mut self, id: &str, fields: Map<String, Value>, now: i64) -> Made {
        let (kind, number) = self.anything(id, now)?;
        self.change(kind, number, fields, now);
        Ok(Vec::new())
    }
}
