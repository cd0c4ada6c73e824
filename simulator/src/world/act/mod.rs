//! Actions: what the control endpoint makes happen, with the events of it.

mod billing;
mod disputes;
mod payments;
mod payouts;
mod records;
mod untold;

use super::{
    Action, Kind,
    render::{difference, tells_what_changed},
    rows::Event,
    shop::Shop,
};
use serde_json::{Map, Value, json};

/// What an action can add to.
const LISTED: [Kind; 12] = [
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
    Kind::Event,
];

/// The events that an action made, by number.
type Made = Result<Vec<u32>, String>;

impl Shop {
    /// Makes something happen that lists show late: each row and each event after its own wait, as lists of a database
    /// that has several copies do (trap 20). `late` is the least and the most seconds of a wait.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn act_late(&mut self, action: Action, now: i64, late: (u32, u32)) -> Result<Vec<Value>, String> {
        if late.1 == 0 {
            return self.act(action, now);
        }
        let before = LISTED.map(|kind| self.rows(kind));
        let events = self.act(action, now)?;
        for (kind, first) in LISTED.into_iter().zip(before) {
            for number in first..self.rows(kind) {
                let chance = self.chance_of(kind, number).named("late");
                let wait = chance.between("seconds", late.0.into(), late.1.into());
                let from = self.created(kind, number).max(now);
                self.late.insert((kind, number), from + wait);
            }
        }
        Ok(events)
    }

    /// Makes something happen and returns its events.
    ///
    /// # Errors
    /// A sentence that says why it cannot happen.
    pub fn act(&mut self, action: Action, now: i64) -> Result<Vec<Value>, String> {
        let made = match action {
            Action::Charge { amount, currency, customer, created, visible_after } => {
                let sale = payments::Sale { amount, currency, customer, created, visible_after };
                self.act_charge(&sale, now)
            }
            Action::Refund { charge, amount } => self.act_refund(charge.as_deref(), amount, now),
            Action::FailRefund { refund } => self.act_fail_refund(refund.as_deref(), now),
            Action::CaptureCharge { charge, amount } => self.act_capture(charge.as_deref(), amount, now),
            Action::Dispute { charge } => self.act_dispute(charge.as_deref(), now),
            Action::CloseDispute { dispute, won } => self.act_close_dispute(dispute.as_deref(), won, now),
            Action::PayoutAdvance { payout } => self.act_payout_advance(payout.as_deref(), now),
            Action::PayoutFail { payout } => self.act_payout_fail(payout.as_deref(), now),
            Action::CreateCustomer { name, email } => Ok(self.act_create_customer(name, email, now)),
            Action::EditCustomer { customer, name, email } => {
                let fields = [("name", name.map(Value::from)), ("email", email.map(Value::from))];
                self.act_edit(Kind::Customer, customer.as_deref(), fields, now)
            }
            Action::DeleteCustomer { customer } => self.act_delete_customer(customer.as_deref(), now),
            Action::CreateProduct { name, amount } => Ok(self.act_create_product(name, amount, now)),
            Action::EditProduct { product, name, description, active } => {
                let fields = [
                    ("name", name.map(Value::from)),
                    ("description", description.map(Value::from)),
                    ("active", active.map(Value::from)),
                ];
                self.act_edit(Kind::Product, product.as_deref(), fields, now)
            }
            Action::DeleteProduct { product } => self.act_delete_product(product.as_deref(), now),
            Action::EditPrice { price, nickname, active } => {
                let fields = [("nickname", nickname.map(Value::from)), ("active", active.map(Value::from))];
                self.act_edit(Kind::Price, price.as_deref(), fields, now)
            }
            Action::EditSubscription { subscription, cancel_at_period_end } => {
                let fields = [("cancel_at_period_end", cancel_at_period_end.map(Value::from))];
                self.act_edit(Kind::Subscription, subscription.as_deref(), fields, now)
            }
            Action::CancelSubscription { subscription } => self.act_cancel_subscription(subscription.as_deref(), now),
            Action::RemoveSubscriptionItem { subscription } => {
                self.act_remove_subscription_item(subscription.as_deref(), now)
            }
            Action::CreateInvoice { customer } => self.act_create_invoice(customer.as_deref(), now),
            Action::DeleteInvoice { invoice } => self.act_delete_invoice(invoice.as_deref(), now),
            Action::DetachPaymentMethod { payment_method } => self.act_detach(payment_method.as_deref(), now),
            Action::Vanish { id } => self.act_vanish(&id, now),
            Action::Patch { id, fields } => self.act_patch(&id, fields, now),
        }?;
        Ok(made.into_iter().map(|number| self.event_object(number)).collect())
    }

    /// An event whose body is the object as it is now; `before` is what it was.
    fn announce(&mut self, name: &'static str, kind: Kind, number: u32, before: Option<&Value>, now: i64) -> u32 {
        let object = self.render(kind, number, now).unwrap_or(Value::Null);
        let data = match before.filter(|_| tells_what_changed(name)) {
            Some(before) => json!({ "previous_attributes": difference(before, &object), "object": object }),
            None => json!({ "object": object }),
        };
        self.events.add(Event {
            created: now,
            name,
            object: Some((kind, number)),
            data: Some(Box::new(data)),
            dropped: false,
        })
    }

    /// An event of something that comes by itself at a later second.
    fn foretell(&mut self, name: &'static str, kind: Kind, number: u32, at: i64) -> u32 {
        self.events.add(Event { created: at, name, object: Some((kind, number)), data: None, dropped: false })
    }

    /// Takes back the events of what will not come.
    fn unsay(&mut self, kind: Kind, number: u32, now: i64) {
        let coming: Vec<u32> = self
            .events
            .newest()
            .take_while(|(_, event)| event.created > now)
            .filter(|(_, event)| event.object == Some((kind, number)))
            .map(|(event, _)| event)
            .collect();
        for event in coming {
            self.events.at_mut(event).dropped = true;
        }
    }

    /// The row of an id that an action names, or the first of `others` when it names none.
    fn choose(
        &self,
        kind: Kind,
        id: Option<&str>,
        now: i64,
        fits: impl Fn(&Self, u32) -> bool,
        why_not: &str,
    ) -> Result<u32, String> {
        let there = |number: &u32| self.visible(kind, *number, now) && self.gone_at(kind, *number) > now;
        match id {
            Some(id) => {
                let number = self.number_of(kind, id).filter(there).ok_or_else(|| format!("There is no '{id}'."))?;
                if fits(self, number) { Ok(number) } else { Err(format!("'{id}': {why_not}")) }
            }
            None => self
                .order(kind)
                .iter()
                .rev()
                .copied()
                .find(|number| there(number) && fits(self, *number))
                .ok_or_else(|| format!("No object fits: {why_not}")),
        }
    }

    /// Remembers that an action changed fields of a row.
    fn change(&mut self, kind: Kind, number: u32, fields: Map<String, Value>, now: i64) {
        self.patches.entry((kind, number)).or_default().push((now, fields));
    }
}
