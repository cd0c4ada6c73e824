//! The accounts and what is in them: made from a seed, changed by actions, asked for in pages.
//!
//! This file is the door: everything that `http` needs of the data goes through the types below.

mod act;
mod action;
mod book;
mod calendar;
mod catalogue;
mod chance;
mod filter;
mod id;
mod life;
mod list;
mod money;
mod outbox;
mod profile;
mod render;
mod rows;
mod seed;
mod shop;
mod table;
mod texts;

#[cfg(test)]
mod tests;

pub use action::Action;
use chance::Chance;
pub use outbox::Outbox;
use serde_json::Value;
use shop::Shop;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A kind of object that can be listed or retrieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `/v1/charges`
    Charge,
    /// `/v1/refunds`
    Refund,
    /// `/v1/customers`
    Customer,
    /// `/v1/balance_transactions`
    BalanceTransaction,
    /// `/v1/payouts`
    Payout,
    /// `/v1/disputes`
    Dispute,
    /// `/v1/products`
    Product,
    /// `/v1/prices`
    Price,
    /// `/v1/payment_methods` and `/v1/customers/{id}/payment_methods`
    PaymentMethod,
    /// `/v1/payment_intents`
    PaymentIntent,
    /// `/v1/invoices`
    Invoice,
    /// `/v1/invoice_payments`
    InvoicePayment,
    /// `/v1/checkout/sessions`
    CheckoutSession,
    /// `/v1/checkout/sessions/{id}/line_items`
    SessionLineItem,
    /// `/v1/invoices/{id}/lines`
    InvoiceLine,
    /// `/v1/application_fees`
    ApplicationFee,
    /// `/v1/transfers`
    Transfer,
    /// `/v1/events`
    Event,
    /// `/v1/subscriptions`
    Subscription,
    /// `/v1/subscription_items`
    SubscriptionItem,
}

/// What a list is asked for. All times are whole Unix seconds.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// `created[gte]` (or `gt` + 1).
    pub from: Option<i64>,
    /// `created[lt]` (or `lte` + 1).
    pub until: Option<i64>,
    /// Other filters by equality: `("charge", "ch_…")`, `("payout", "po_…")`, `("type", "charge.*")`, `("active", "true")`; the parent
    /// of a sub-list is a filter too (`("session", "cs_…")`, `("invoice", "in_…")`, `("customer", "cus_…")`, `("charge", "ch_…")` for
    /// refunds). `http` has checked that the names exist for the kind. A name that comes more than once means any of its values
    /// (`types[]` → `type`, `ids[]` → `id`, `lookup_keys[]` → `lookup_key`); a dot leads into a field: `("payment.payment_intent",
    /// "pi_…")`, `("recurring.interval", "month")`, `("customer_details.email", "…")`.
    pub filters: Vec<(String, String)>,
    /// `starting_after`.
    pub after: Option<String>,
    /// `ending_before`.
    pub before: Option<String>,
    /// 1 to 100.
    pub limit: usize,
    /// The second that counts as now: rows that become visible later are not there yet (trap 20).
    pub now: i64,
}

/// A page, newest first.
#[derive(Debug)]
pub struct Page {
    /// Whole objects, not expanded.
    pub data: Vec<Value>,
    /// Whether the list goes on in the direction asked for.
    pub has_more: bool,
}

/// Why a list is refused.
#[derive(Debug)]
pub enum Refusal {
    /// The cursor is not (or no longer) in the filtered list: 400 `resource_missing` for this parameter.
    NoSuchCursor {
        /// `starting_after` or `ending_before`.
        param: &'static str,
        /// The id that was given.
        id: String,
    },
    /// 400 without a code: for instance filtering by a manual payout.
    Invalid(String),
}

/// What the world is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed gives the same data, ids included.
    pub seed: u64,
    /// How many charges the multi-currency store has.
    pub charges: u64,
    /// How many accounts there are.
    pub accounts: usize,
    /// The world's present in Unix seconds: the data ends here.
    pub now: i64,
}

/// What an authorize page needs to offer an account.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// `acct_…`
    pub id: String,
    /// The shop's name.
    pub name: String,
    /// Two letters.
    pub country: String,
    /// Three lower-case letters.
    pub default_currency: String,
    /// The owner's address.
    pub email: String,
    /// What kind of shop it is, for instance "café".
    pub description: String,
    /// How many charges it has.
    pub charges: u64,
}

/// How long events are kept, in seconds: whoever sleeps for longer has missed some (trap 23).
pub const EVENTS_KEPT: i64 = 30 * calendar::DAY;

/// All accounts and what is in them.
pub struct World {
    shops: Vec<RwLock<Shop>>,
    /// The place of each account among them.
    places: HashMap<String, usize>,
    /// The least and the most seconds after which what happens is in a list (trap 20).
    late: RwLock<(u32, u32)>,
}

impl World {
    /// Makes the world. A million charges take a second or two; objects are rendered when they are asked for.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let root = Chance::new(options.seed);
        let make = |(number, profile)| seed::shop(profile, root.of(number), options.now);
        let shops: Vec<Shop> = (0..).zip(profile::profiles(options)).map(make).collect();
        let places = shops.iter().enumerate().map(|(place, shop)| (shop.id.clone(), place)).collect();
        Self { shops: shops.into_iter().map(RwLock::new).collect(), places, late: RwLock::default() }
    }

    /// The accounts in a fixed order.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountSummary> {
        self.shops.iter().map(|shop| summary(&read(shop))).collect()
    }

    /// Whether there is such an account.
    #[must_use]
    pub fn has(&self, account: &str) -> bool {
        self.shop(account).is_some()
    }

    /// `GET /v1/account`.
    #[must_use]
    pub fn account_object(&self, account: &str) -> Option<Value> {
        Some(read(self.shop(account)?).account_object())
    }

    /// `GET /v1/balance`.
    #[must_use]
    pub fn balance(&self, account: &str, now: i64) -> Option<Value> {
        Some(read(self.shop(account)?).balance_object(now))
    }

    /// A page of a list; an account that is not there has empty ones.
    ///
    /// # Errors
    /// When the cursor is not in the list or a filter is one that Stripe refuses.
    pub fn page(&self, account: &str, kind: Kind, query: &Query) -> Result<Page, Refusal> {
        match self.shop(account) {
            Some(shop) => read(shop).page(kind, query),
            None => Ok(Page { data: Vec::new(), has_more: false }),
        }
    }

    /// One object; what is left of a deleted one is `{id, object, deleted}`.
    #[must_use]
    pub fn get(&self, account: &str, kind: Kind, id: &str, now: i64) -> Option<Value> {
        read(self.shop(account)?).get(kind, id, now)
    }

    /// Makes something happen and returns the events of it.
    ///
    /// # Errors
    /// A sentence that says why it cannot happen.
    pub fn act(&self, account: &str, action: Action, now: i64) -> Result<Vec<Value>, String> {
        let shop = self.shop(account).ok_or_else(|| format!("There is no account {account}."))?;
        let late = *self.late.read().unwrap_or_else(PoisonError::into_inner);
        shop.write().unwrap_or_else(PoisonError::into_inner).act_late(action, now, late)
    }

    /// From now on what happens is in no list before so many seconds have passed, at least and at most (trap 20). It can
    /// be retrieved at once.
    pub fn set_late(&self, seconds: (u32, u32)) {
        *self.late.write().unwrap_or_else(PoisonError::into_inner) = seconds;
    }

    fn shop(&self, account: &str) -> Option<&RwLock<Shop>> {
        self.shops.get(*self.places.get(account)?)
    }
}

fn read(shop: &RwLock<Shop>) -> RwLockReadGuard<'_, Shop> {
    shop.read().unwrap_or_else(PoisonError::into_inner)
}

fn summary(shop: &Shop) -> AccountSummary {
    AccountSummary {
        id: shop.id.clone(),
        name: shop.profile.name.to_owned(),
        country: shop.profile.country.to_owned(),
        default_currency: shop.profile.currency.code().to_owned(),
        email: shop.email(),
        description: shop.profile.description.to_owned(),
        charges: u64::from(shop.charges.len()),
    }
}
