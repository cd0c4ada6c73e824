//! Customers, products, prices and payment methods that change on demand.

use super::Made;
use crate::world::{
    Kind,
    rows::{Customer, CustomerMethod, NEVER, Price, Product},
    shop::Shop,
    table::NONE,
};
use serde_json::{Map, Value, json};

impl Shop {
    /// A new customer with a card.
    pub fn act_create_customer(&mut self, name: Option<String>, email: Option<String>, now: i64) -> Vec<u32> {
        let number = self.customers.len();
        let method = self.methods.add(CustomerMethod { created: now, customer: number, detached_at: NEVER });
        let currency = self.profile.currency;
        self.customers.add(Customer {
            created: now,
            edited_at: NEVER,
            deleted_at: NEVER,
            currency,
            charge: NONE,
            method,
            methods: 1,
        });
        self.given(Kind::Customer, number, [("name", name.map(Value::from)), ("email", email.map(Value::from))], now);
        vec![
            self.announce("customer.created", Kind::Customer, number, None, now),
            self.announce("payment_method.attached", Kind::PaymentMethod, method, None, now),
        ]
    }

    /// Changes the fields that are given of a customer, a product, a price or a subscription.
    pub fn act_edit<const N: usize>(
        &mut self,
        kind: Kind,
        id: Option<&str>,
        fields: [(&'static str, Option<Value>); N],
        now: i64,
    ) -> Made {
        let number = self.choose(kind, id, now, |_, _| true, "there is none.")?;
        if fields.iter().all(|(_, value)| value.is_none()) {
            return Err(format!("Say what is to change: {}.", fields.map(|(name, _)| name).join(", ")));
        }
        let before = self.render(kind, number, now);
        self.given(kind, number, fields, now);
        let name = match kind {
            Kind::Product => {
                self.given(kind, number, [("updated", Some(json!(now)))], now);
                "product.updated"
            }
            Kind::Price => "price.updated",
            Kind::Subscription => "customer.subscription.updated",
            _ => "customer.updated",
        };
        Ok(vec![self.announce(name, kind, number, before.as_ref(), now)])
    }

    fn given<const N: usize>(&mut self, kind: Kind, number: u32, fields: [(&str, Option<Value>); N], now: i64) {
        let fields: Map<String, Value> =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if !fields.is_empty() {
            self.change(kind, number, fields, now);
        }
    }

    /// A customer is deleted; the cards go with it (traps 16 and 17).
    pub fn act_delete_customer(&mut self, id: Option<&str>, now: i64) -> Made {
        let number = self.choose(Kind::Customer, id, now, |_, _| true, "there is none.")?;
        let row = self.customers.at_mut(number);
        row.deleted_at = now;
        let methods = row.method..row.method + row.methods;
        let mut made = vec![self.announce("customer.deleted", Kind::Customer, number, None, now)];
        for method in methods {
            if self.methods.at(method).detached_at > now {
                made.push(self.detach(method, now));
            }
        }
        Ok(made)
    }

    fn detach(&mut self, method: u32, now: i64) -> u32 {
        self.methods.at_mut(method).detached_at = now;
        self.announce("payment_method.detached", Kind::PaymentMethod, method, None, now)
    }

    /// A payment method leaves its customer.
    pub fn act_detach(&mut self, id: Option<&str>, now: i64) -> Made {
        let attached = |shop: &Self, number: u32| shop.methods.at(number).detached_at > now;
        let number = self.choose(Kind::PaymentMethod, id, now, attached, "it is attached to no customer.")?;
        Ok(vec![self.detach(number, now)])
    }

    /// A new product with one price.
    pub fn act_create_product(&mut self, name: Option<String>, amount: Option<i64>, now: i64) -> Vec<u32> {
        let currency = self.profile.currency;
        let amount = amount.unwrap_or_else(|| currency.price(1_900));
        let first_price = self.prices.len();
        let row = Product { created: now, updated: now, deleted_at: NEVER, active: true, cents: amount, first_price };
        let product = self.products.add(row);
        let price =
            Price { created: now, deleted_at: NEVER, product, currency, amount, active: true, recurring: false };
        let price = self.prices.add(price);
        self.given(Kind::Product, product, [("name", name.map(Value::from))], now);
        vec![
            self.announce("product.created", Kind::Product, product, None, now),
            self.announce("price.created", Kind::Price, price, None, now),
        ]
    }

    /// A product is deleted; its prices go with it.
    pub fn act_delete_product(&mut self, id: Option<&str>, now: i64) -> Made {
        let product = self.choose(Kind::Product, id, now, |_, _| true, "there is none.")?;
        let prices: Vec<u32> = self
            .prices
            .iter()
            .filter(|(_, row)| row.product == product && row.deleted_at > now)
            .map(|(price, _)| price)
            .collect();
        let mut made = Vec::with_capacity(prices.len() + 1);
        for price in prices {
            self.prices.at_mut(price).deleted_at = now;
            made.push(self.announce("price.deleted", Kind::Price, price, None, now));
        }
        self.products.at_mut(product).deleted_at = now;
        made.push(self.announce("product.deleted", Kind::Product, product, None, now));
        Ok(made)
    }
}
