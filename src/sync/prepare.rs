//! A page of Stripe's becomes what is to be kept: parsed once, mapped, packed. No database here.

use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use entity::data_type::DataType;
use entity::id::ConnectionId;

use super::map::{self, Source, Unmapped};
use super::streams::Stream;
use store::bulk::Records;
use store::quarantine::Odd;
use store::source_objects::Packed;
use stripe::wire;

/// What is to be kept of some objects that were read together.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The objects themselves.
    pub sources: Vec<Packed>,
    /// The records that one object makes alone.
    pub records: Records,
    /// The records that have to be composed.
    pub affected: Affected,
    /// Objects, by id, whose inner lists were read to their ends: what else hangs on them is gone.
    pub whole: Vec<String>,
    /// What could not be mapped.
    pub odd: Vec<Odd>,
    /// Ids that could be mapped, by object: they leave the quarantine if they were there.
    pub sound: Vec<(String, String)>,
    /// Objects, by Stripe's word and id, that crashed the mapper too often: they stay set aside and are not tried.
    pub barred: Arc<HashSet<(String, String)>>,
    /// The data types of those that were met.
    pub spared: Vec<DataType>,
    /// How many objects were read.
    pub objects: i64,
    /// The oldest `created` among them.
    pub oldest: Option<i64>,
    /// The newest `created` among them.
    pub newest: Option<i64>,
    /// Whether an older one came before a newer one, as in no list.
    pub unsorted: bool,
}

/// What records are to be composed anew, since an object that they are made of was read.
#[derive(Debug, Default)]
pub struct Affected {
    /// The account's record.
    pub account: bool,
    /// Products, by id.
    pub products: BTreeSet<String>,
    /// Checkout sessions, by id.
    pub sessions: BTreeSet<String>,
    /// Invoices, by id.
    pub invoices: BTreeSet<String>,
    /// Subscriptions that show a part of their items only, by id.
    pub subscriptions: BTreeSet<String>,
    /// Whatever was paid by these payment intents.
    pub intents: BTreeSet<String>,
}

impl Affected {
    /// Whether nothing has to be composed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.account
            && self.products.is_empty()
            && self.sessions.is_empty()
            && self.invoices.is_empty()
            && self.subscriptions.is_empty()
            && self.intents.is_empty()
    }
}

/// Why an object gave no record.
enum Why {
    Unmapped(Unmapped),
    Unreadable(serde_json::Error),
    Crashed(String),
}

impl From<Unmapped> for Why {
    fn from(error: Unmapped) -> Self {
        Self::Unmapped(error)
    }
}

impl From<serde_json::Error> for Why {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unmapped(error) => error.fmt(out),
            Self::Unreadable(error) => write!(out, "it does not read as what it should be: {error}"),
            Self::Crashed(said) => write!(out, "the mapper crashed on it: {said}"),
        }
    }
}

impl Prepared {
    /// Adds an object as Stripe sent it. `hangs_on` is its parent where its own fields do not say.
    pub fn add(&mut self, connection: ConnectionId, raw: &str, hangs_on: Option<&str>) {
        let head = serde_json::from_str::<wire::Head>(raw).unwrap_or_default();
        let object = head.object.clone().unwrap_or_else(|| "unknown".to_owned());
        let id = head.id.clone().unwrap_or_else(|| object.clone());
        self.objects += 1;
        if hangs_on.is_none() {
            self.unsorted |= self.oldest.zip(head.created).is_some_and(|(before, created)| created > before);
            self.oldest = self.oldest.into_iter().chain(head.created).min();
            self.newest = self.newest.into_iter().chain(head.created).max();
        }
        let parent = hangs_on.map(str::to_owned).or_else(|| parent(&head, raw));
        self.sources.push(Packed::new(&object, &id, parent, head.created, raw));
        let key = (object, id);
        if self.barred.contains(&key) {
            self.spared.push(data_type(&key.0));
            return;
        }
        let mapped = guarded(|| self.records_of(connection, &key.0, &head, raw));
        let why = match mapped {
            Ok(Ok(())) => return self.sound.push(key),
            Ok(Err(why)) => why,
            Err(said) => Why::Crashed(said),
        };
        let ((object, id), reason, crashed) = (key, why.to_string(), matches!(why, Why::Crashed(_)));
        tracing::warn!(stripe.object = object, stripe.id = id, reason, "an object is set aside");
        let data_type = data_type(&object);
        self.odd.push(Odd { object, id, data_type, reason, raw: raw.as_bytes().to_vec(), crashed });
    }

    fn records_of(&mut self, connection: ConnectionId, object: &str, head: &wire::Head, raw: &str) -> Result<(), Why> {
        let (from, id) = (Source { connection_id: connection }, head.id.clone().unwrap_or_default());
        match object {
            "customer" => self.records.customers.push(map::customer::customer(from, &serde_json::from_str(raw)?)?),
            "charge" => {
                let charge: wire::Charge = serde_json::from_str(raw)?;
                let (payment, method) =
                    (map::payment::charge(from, &charge)?, map::payment_method::of_charge(from, &charge));
                self.records.payments.push(payment);
                self.records.payment_methods.extend(method);
                self.affected.intents.extend(parent(head, raw));
            }
            "refund" => self.records.payments.push(map::payment::refund(from, &serde_json::from_str(raw)?)?),
            "balance_transaction" => {
                let rows = map::transaction::transactions(from, &serde_json::from_str(raw)?)?;
                self.records.transactions.extend(rows);
            }
            "payout" => self.records.payouts.push(map::payout::payout(from, &serde_json::from_str(raw)?)?),
            "dispute" => self.records.disputes.push(map::dispute::dispute(from, &serde_json::from_str(raw)?)?),
            "product" => self.affected.products.extend([id]),
            "price" => self.affected.products.extend(parent(head, raw)),
            "checkout.session" => self.affected.sessions.extend([id]),
            "invoice" => self.affected.invoices.extend([id]),
            "subscription" => {
                let subscription: wire::Subscription = serde_json::from_str(raw)?;
                if subscription.items.as_ref().is_some_and(|items| items.has_more) {
                    self.affected.subscriptions.extend([id]);
                } else {
                    self.records.subscriptions.push(map::subscription::subscription(from, &subscription)?);
                }
            }
            "account" | "balance" => self.affected.account = true,
            // What they are parts of is composed by whoever read them.
            "item" | "line_item" | "subscription_item" => {}
            other => tracing::debug!(stripe.object = other, "kept without a record of its own"),
        }
        Ok(())
    }
}

/// Runs a mapper; a panic of it harms nothing but its own object.
///
/// # Errors
/// What the panic said.
pub fn guarded<T>(map: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(map)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
    })
}

/// The data type that lacks an object which is set aside.
fn data_type(object: &str) -> DataType {
    Stream::of_object(object).map_or(DataType::CompanyInfo, Stream::data_type)
}

/// What an object hangs on. An invoice hangs on the payment intent that pays it, so that the charge finds it.
fn parent(head: &wire::Head, raw: &str) -> Option<String> {
    if head.object.as_deref() == Some("invoice") {
        let invoice: wire::Invoice = serde_json::from_str(raw).ok()?;
        return intents(&invoice).next().map(str::to_owned);
    }
    head.parent_id().map(str::to_owned)
}

/// The payment intents that an invoice was paid with.
pub fn intents(invoice: &wire::Invoice) -> impl Iterator<Item = &str> {
    let payments = invoice.payments.iter().flat_map(|list| &list.data);
    payments.filter_map(|one| one.payment.as_ref()?.payment_intent.as_ref()).map(|intent| intent.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r24_a_crash_of_the_mapper_is_a_reason_and_no_end() {
        let crashed: Result<(), _> = guarded(|| panic!("no such {}", "thing"));
        assert_eq!(crashed, Err("no such thing".to_owned()));
        let crashed: Result<(), _> = guarded(|| std::panic::panic_any(7));
        assert_eq!(crashed, Err("without a word".to_owned()));
        assert_eq!(guarded(|| 7), Ok(7));
    }

    #[test]
    fn r24_an_object_that_crashed_the_mapper_too_often_is_kept_and_not_tried() {
        let connection = ConnectionId::new();
        let barred = Arc::new([("customer".to_owned(), "cus_1".to_owned())].into());
        let mut prepared = Prepared { barred, ..Prepared::default() };
        prepared.add(connection, r#"{"object":"customer","id":"cus_1","created":1}"#, None);
        prepared.add(connection, r#"{"object":"customer","id":"cus_2","created":1}"#, None);
        assert_eq!((prepared.sources.len(), prepared.records.customers.len()), (2, 1));
        assert_eq!((prepared.spared, prepared.sound.len()), (vec![DataType::Customers], 1));
        assert!(prepared.odd.is_empty(), "its entry stays as it is");
    }
}
