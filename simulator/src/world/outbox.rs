//! The events of an account as they come due, each once: at its second, or when its row can be seen.

use super::{Kind, World, read, shop::Shop};
use serde_json::Value;
use std::collections::BTreeSet;

/// What of an account's events has come due, and what waits.
#[derive(Debug, Default)]
pub struct Outbox {
    /// How many rows have been looked at; later ones come from actions.
    known: u32,
    /// The second at which each of the others is due, and its number.
    waiting: BTreeSet<(i64, u32)>,
}

impl Outbox {
    fn look(&mut self, shop: &Shop) {
        for number in self.known..shop.events.len() {
            self.waiting.insert((shop.told_at(number), number));
        }
        self.known = shop.events.len();
    }
}

impl Shop {
    /// When an event can be seen.
    fn told_at(&self, number: u32) -> i64 {
        let created = self.events.at(number).created;
        self.hidden.get(&(Kind::Event, number)).map_or(created, |since| created.max(*since))
    }
}

impl World {
    /// The outbox of an account from a second on: what was told before counts as sent. An account that is not there
    /// has an empty one.
    #[must_use]
    pub fn outbox(&self, account: &str, now: i64) -> Outbox {
        let mut outbox = Outbox::default();
        if let Some(shop) = self.shop(account) {
            outbox.look(&read(shop));
            outbox.waiting = outbox.waiting.split_off(&(now + 1, 0));
        }
        outbox
    }

    /// The events that have come due since the last call, in their order; an account that nobody listens to has its own
    /// dropped.
    #[must_use]
    pub fn due(&self, account: &str, outbox: &mut Outbox, now: i64, wanted: bool) -> Vec<Value> {
        let Some(shop) = self.shop(account) else { return Vec::new() };
        let shop = read(shop);
        outbox.look(&shop);
        let later = outbox.waiting.split_off(&(now + 1, 0));
        let due = std::mem::replace(&mut outbox.waiting, later);
        let told = |number: &u32| wanted && !shop.events.at(*number).dropped;
        due.into_iter().map(|(_, number)| number).filter(told).map(|number| shop.event_object(number)).collect()
    }
}
