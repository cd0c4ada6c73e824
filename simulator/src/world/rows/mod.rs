//! What is kept of each object: its money, its links and the seconds at which it changes. All else follows from the
//! seed when it is asked for, so an object can be shown as it was at any second.
//!
//! Amounts are minor units. A field that ends in `_at` is a Unix second, [`NEVER`] if it does not come. A `u32` is the
//! number of another row, `NONE` if there is none.

mod ledger;
mod partner;
mod payment;
mod record;
mod sale;

use super::{Kind, table::Row};
use serde_json::Value;

pub use ledger::{Entry, Movement, Payout, Schedule, Source};
pub use partner::{ApplicationFee, Transfer};
pub use payment::{Bought, Charge, Dispute, Intent, Method, Oddity, Refund};
pub use record::{Customer, CustomerMethod, Price, Product};
pub use sale::{Checkout, Invoice, InvoicePayment, Session, Settled, Subscription};

/// A second that does not come.
pub const NEVER: i64 = i64::MAX;

/// An event.
#[derive(Debug)]
pub struct Event {
    /// When it happened.
    pub created: i64,
    /// Its type.
    pub name: &'static str,
    /// The object's row; `None` for the balance, which has none.
    pub object: Option<(Kind, u32)>,
    /// `data` as it was when an action made the event; that of a seeded one follows from its row.
    pub data: Option<Box<Value>>,
    /// Taken back: what it tells of will not happen.
    pub dropped: bool,
}

macro_rules! rows {
    ($($row:ty),*) => { $(impl Row for $row { fn created(&self) -> i64 { self.created } })* };
}
rows!(
    Charge,
    Intent,
    Refund,
    Dispute,
    Entry,
    Payout,
    Customer,
    CustomerMethod,
    Product,
    Price,
    Session,
    Invoice,
    InvoicePayment,
    Event,
    Transfer,
    ApplicationFee,
    Subscription
);
