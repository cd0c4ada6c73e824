//! One account: its tables and what holds between their rows.

use super::{
    Kind,
    chance::Chance,
    id::Ids,
    money::Currency,
    profile::Profile,
    rows::{
        ApplicationFee, Charge, Customer, CustomerMethod, Dispute, Entry, Event, Intent, Invoice, InvoicePayment,
        NEVER, Payout, Price, Product, Refund, Session, Subscription, Transfer,
    },
    seed::old::PAYOUTS_SINCE,
    table::{NONE, Table},
};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Fields that were given new values at a second.
type Patch = (i64, Map<String, Value>);

/// An account and everything in it.
pub struct Shop {
    /// `acct_…`
    pub id: String,
    /// Who it is.
    pub profile: Profile,
    /// What its decisions follow from.
    pub chance: Chance,
    /// Its ids.
    pub ids: Ids,
    /// When the account was opened.
    pub opened: i64,
    /// When the account's default API version was raised: earlier events have bodies of the old one (trap 24).
    pub upgraded: i64,
    pub charges: Table<Charge>,
    pub intents: Table<Intent>,
    pub refunds: Table<Refund>,
    pub disputes: Table<Dispute>,
    pub entries: Table<Entry>,
    pub payouts: Table<Payout>,
    pub customers: Table<Customer>,
    pub methods: Table<CustomerMethod>,
    pub products: Table<Product>,
    pub prices: Table<Price>,
    pub sessions: Table<Session>,
    pub invoices: Table<Invoice>,
    pub invoice_payments: Table<InvoicePayment>,
    pub transfers: Table<Transfer>,
    pub application_fees: Table<ApplicationFee>,
    pub events: Table<Event>,
    /// The refunds and disputes of a charge.
    pub refunds_of: HashMap<u32, Vec<u32>>,
    pub disputes_of: HashMap<u32, Vec<u32>>,
    /// What is billed every month.
    pub subscriptions: Table<Subscription>,
    /// When add-ons of a subscription went.
    pub removed_items: HashMap<u32, Vec<i64>>,
    /// Rows that can be retrieved and are in no list (trap 56).
    pub unlisted: HashSet<(Kind, u32)>,
    /// Rows that are not there before a second (trap 20).
    pub hidden: HashMap<(Kind, u32), i64>,
    /// Rows that are in no list before a second, and can be retrieved (trap 20).
    pub late: HashMap<(Kind, u32), i64>,
    /// What actions changed, and when.
    pub patches: HashMap<(Kind, u32), Vec<Patch>>,
}

/// Calls `$what` with the table of a kind; kinds without a table give `$none`.
macro_rules! with_table {
    ($shop:expr, $kind:expr, $table:ident => $what:expr, $none:expr) => {
        match $kind {
            Kind::Charge => {
                let $table = &$shop.charges;
                $what
            }
            Kind::Refund => {
                let $table = &$shop.refunds;
                $what
            }
            Kind::Customer => {
                let $table = &$shop.customers;
                $what
            }
            Kind::BalanceTransaction => {
                let $table = &$shop.entries;
                $what
            }
            Kind::Payout => {
                let $table = &$shop.payouts;
                $what
            }
            Kind::Dispute => {
                let $table = &$shop.disputes;
                $what
            }
            Kind::Product => {
                let $table = &$shop.products;
                $what
            }
            Kind::Price => {
                let $table = &$shop.prices;
                $what
            }
            Kind::PaymentMethod => {
                let $table = &$shop.methods;
                $what
            }
            Kind::PaymentIntent => {
                let $table = &$shop.intents;
                $what
            }
            Kind::Invoice => {
                let $table = &$shop.invoices;
                $what
            }
            Kind::InvoicePayment => {
                let $table = &$shop.invoice_payments;
                $what
            }
            Kind::CheckoutSession => {
                let $table = &$shop.sessions;
                $what
            }
            Kind::Event => {
                let $table = &$shop.events;
                $what
            }
            Kind::Transfer => {
                let $table = &$shop.transfers;
                $what
            }
            Kind::ApplicationFee => {
                let $table = &$shop.application_fees;
                $what
            }
            Kind::Subscription => {
                let $table = &$shop.subscriptions;
                $what
            }
            Kind::SessionLineItem | Kind::InvoiceLine | Kind::SubscriptionItem => $none,
        }
    };
}

impl Shop {
    /// An account without a row.
    pub fn new(profile: Profile, chance: Chance, opened: i64, now: i64) -> Self {
        let ids = Ids::new(chance);
        Self {
            id: format!("acct_1P{}", ids.token("account", 0, 14)),
            profile,
            chance,
            ids,
            opened,
            upgraded: now - 12 * super::calendar::DAY,
            charges: Table::new(),
            intents: Table::new(),
            refunds: Table::new(),
            disputes: Table::new(),
            entries: Table::new(),
            payouts: Table::new(),
            customers: Table::new(),
            methods: Table::new(),
            products: Table::new(),
            prices: Table::new(),
            sessions: Table::new(),
            invoices: Table::new(),
            invoice_payments: Table::new(),
            transfers: Table::new(),
            application_fees: Table::new(),
            events: Table::new(),
            refunds_of: HashMap::new(),
            disputes_of: HashMap::new(),
            subscriptions: Table::new(),
            removed_items: HashMap::new(),
            unlisted: HashSet::new(),
            hidden: HashMap::new(),
            late: HashMap::new(),
            patches: HashMap::new(),
        }
    }

    /// The numbers of a kind's rows, oldest first.
    pub fn order(&self, kind: Kind) -> &[u32] {
        with_table!(self, kind, table => table.order(), &[])
    }

    /// When a row was made.
    pub fn created(&self, kind: Kind, number: u32) -> i64 {
        with_table!(self, kind, table => table.at(number).created, NEVER)
    }

    /// How many rows there are of a kind.
    pub fn rows(&self, kind: Kind) -> u32 {
        with_table!(self, kind, table => table.len(), 0)
    }

    /// When a row went away.
    pub fn gone_at(&self, kind: Kind, number: u32) -> i64 {
        match kind {
            Kind::Customer => self.customers.at(number).deleted_at,
            Kind::Product => self.products.at(number).deleted_at,
            Kind::Price => self.prices.at(number).deleted_at,
            _ => NEVER,
        }
    }

    /// Whether a row can be seen at a second at all.
    pub fn visible(&self, kind: Kind, number: u32, at: i64) -> bool {
        let shown = self.hidden.get(&(kind, number)).is_none_or(|since| at >= *since);
        let live = kind != Kind::Event
            || (!self.events.at(number).dropped && self.events.at(number).created >= at - super::EVENTS_KEPT);
        shown && live && self.created(kind, number) <= at
    }

    /// The id of a row.
    pub fn id_of(&self, kind: Kind, number: u32) -> String {
        let prefix = match kind {
            Kind::Charge if self.charges.at(number).method.is_card() => "ch",
            Kind::Charge => "py",
            Kind::Refund if self.charges.at(self.refunds.at(number).charge).method.is_card() => "re",
            Kind::Refund => "pyr",
            Kind::Customer => "cus",
            Kind::BalanceTransaction => "txn",
            // A payout that was a transfer when it was made has kept its id (trap 40).
            Kind::Payout if self.payouts.at(number).created < PAYOUTS_SINCE => "tr",
            Kind::Payout => "po",
            Kind::Dispute => "du",
            Kind::Product => "prod",
            Kind::Price => "price",
            Kind::PaymentMethod => "pm",
            Kind::PaymentIntent => "pi",
            Kind::Invoice => "in",
            Kind::InvoicePayment => "inpay",
            Kind::CheckoutSession => "cs_test",
            Kind::SessionLineItem => "li",
            Kind::InvoiceLine => "il",
            Kind::ApplicationFee => "fee",
            Kind::Transfer => "tr",
            Kind::Event => "evt",
            Kind::Subscription => "sub",
            Kind::SubscriptionItem => "si",
        };
        self.ids.id(kind, prefix, u64::from(number))
    }

    /// The id of a row that may not be.
    pub fn maybe_id(&self, kind: Kind, number: u32) -> Option<String> {
        (number != NONE).then(|| self.id_of(kind, number))
    }

    /// The row of an id.
    pub fn number_of(&self, kind: Kind, id: &str) -> Option<u32> {
        let number = u32::try_from(self.ids.number(kind, id)?).ok()?;
        (number < self.rows(kind) && self.id_of(kind, number) == id).then_some(number)
    }

    /// The refunds of a charge that are there at a second.
    pub fn refunds_at(&self, charge: u32, at: i64) -> impl Iterator<Item = (u32, &Refund)> {
        let numbers = self.refunds_of.get(&charge).map_or(&[][..], Vec::as_slice);
        numbers.iter().map(|number| (*number, self.refunds.at(*number))).filter(move |(_, refund)| refund.created <= at)
    }

    /// What has been refunded of a charge: the sum of the refunds that have not failed (traps 6 and 7).
    pub fn refunded_at(&self, charge: u32, at: i64) -> i64 {
        self.refunds_at(charge, at).filter(|(_, refund)| refund.failed_at > at).map(|(_, refund)| refund.amount).sum()
    }

    /// Whether a charge has a dispute (an inquiry is one too) at a second.
    pub fn disputed_at(&self, charge: u32, at: i64) -> bool {
        self.disputes_of
            .get(&charge)
            .is_some_and(|all| all.iter().any(|number| self.disputes.at(*number).created <= at))
    }

    /// The balance transaction if it is there at a second (trap 1).
    pub fn entry_at(&self, entry: u32, at: i64) -> Option<String> {
        (entry != NONE && self.entries.at(entry).created <= at).then(|| self.id_of(Kind::BalanceTransaction, entry))
    }

    /// Available and pending sums of a currency: the net of everything, payouts included.
    pub fn sums(&self, currency: Currency, at: i64) -> (i64, i64) {
        let mut sums = (0, 0);
        for (number, entry) in self.entries.iter() {
            if entry.currency == currency && self.visible(Kind::BalanceTransaction, number, at) {
                *(if entry.available_on <= at { &mut sums.0 } else { &mut sums.1 }) += entry.net();
            }
        }
        sums
    }

    /// Puts what actions changed onto an object as of a second.
    pub fn patch(&self, kind: Kind, number: u32, at: i64, object: &mut Value) {
        let (Some(patches), Some(fields)) = (self.patches.get(&(kind, number)), object.as_object_mut()) else { return };
        for (_, patch) in patches.iter().filter(|(since, _)| *since <= at) {
            fields.extend(patch.clone());
        }
    }

    /// The source of decisions about one row.
    pub fn chance_of(&self, kind: Kind, number: u32) -> Chance {
        self.chance.of(kind as u64).of(u64::from(number))
    }
}
