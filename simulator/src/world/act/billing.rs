//! Subscriptions and invoices that change on demand.

use super::Made;
use crate::world::{
    Kind,
    rows::{Invoice, NEVER, Settled},
    shop::Shop,
    table::NONE,
};

impl Shop {
    /// A subscription ends.
    pub fn act_cancel_subscription(&mut self, id: Option<&str>, now: i64) -> Made {
        let runs = |shop: &Self, number: u32| shop.subscriptions.at(number).ended_at > now;
        let number = self.choose(Kind::Subscription, id, now, runs, "it has ended.")?;
        self.subscriptions.at_mut(number).ended_at = now;
        self.unsay(Kind::Subscription, number, now);
        Ok(vec![self.announce("customer.subscription.deleted", Kind::Subscription, number, None, now)])
    }

    /// An add-on of a subscription goes.
    pub fn act_remove_subscription_item(&mut self, id: Option<&str>, now: i64) -> Made {
        let has_more = |shop: &Self, number: u32| shop.add_ons(number, now) > 0;
        let number = self.choose(Kind::Subscription, id, now, has_more, "it has no add-ons.")?;
        let before = self.render(Kind::Subscription, number, now);
        self.removed_items.entry(number).or_default().push(now);
        Ok(vec![self.announce("customer.subscription.updated", Kind::Subscription, number, before.as_ref(), now)])
    }

    /// A draft of an invoice.
    pub fn act_create_invoice(&mut self, customer: Option<&str>, now: i64) -> Made {
        let customer = self.choose(Kind::Customer, customer, now, |_, _| true, "there is none.")?;
        let currency = self.profile.currency;
        let order = self.chance.named("invoice on demand").of(u64::from(self.invoices.len())).bits("order");
        if self.order_of(order, currency, false, now).is_none() {
            return Err("The account sells nothing that could be invoiced.".to_owned());
        }
        let number = self.invoices.add(Invoice {
            created: now,
            finalized_at: NEVER,
            paid_at: NEVER,
            voided_at: NEVER,
            uncollectible_at: NEVER,
            customer,
            intent: NONE,
            payment: NONE,
            payments: 0,
            currency,
            order,
            subscription: NONE,
            settled: Settled::Payments,
        });
        Ok(vec![self.announce("invoice.created", Kind::Invoice, number, None, now)])
    }

    /// A draft goes, as only drafts can.
    pub fn act_delete_invoice(&mut self, id: Option<&str>, now: i64) -> Made {
        let is_draft = |shop: &Self, number: u32| shop.invoices.at(number).status(now) == "draft";
        let number = self.choose(Kind::Invoice, id, now, is_draft, "only a draft can be deleted.")?;
        self.unsay(Kind::Invoice, number, now);
        let told = self.announce("invoice.deleted", Kind::Invoice, number, None, now);
        self.hidden.insert((Kind::Invoice, number), NEVER);
        Ok(vec![told])
    }
}
