//! Checkout sessions and invoices.

use super::NEVER;
use crate::world::money::Currency;

/// What a checkout session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkout {
    /// To pay.
    Payment,
    /// To order what costs nothing (trap 30).
    Free,
    /// To leave a card for later (trap 30).
    Setup,
}

/// How an invoice is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// By its payments.
    Payments,
    /// It costs nothing (trap 30).
    Free,
    /// The shop got the money in another way (trap 54).
    OutOfBand,
    /// By what the customer had to the good (trap 54).
    Credit,
}

/// A subscription.
#[derive(Debug)]
pub struct Subscription {
    /// When it began; invoices follow from month to month.
    pub created: i64,
    /// When it ended.
    pub ended_at: i64,
    /// Who is to pay.
    pub customer: u32,
    /// What is paid for each seat.
    pub price: u32,
    /// How many.
    pub seats: i64,
}

/// A checkout session.
#[derive(Debug)]
pub struct Session {
    /// When it was opened.
    pub created: i64,
    /// When it was completed.
    pub completed_at: i64,
    /// When it expires if it was not.
    pub expires_at: i64,
    /// Who buys.
    pub customer: u32,
    /// How it is paid.
    pub intent: u32,
    /// What it is paid in.
    pub currency: Currency,
    /// What the lines follow from.
    pub order: u64,
    /// What it is for.
    pub checkout: Checkout,
}

/// An invoice.
#[derive(Debug)]
pub struct Invoice {
    /// When it was drafted.
    pub created: i64,
    /// When it was opened.
    pub finalized_at: i64,
    /// When it was paid.
    pub paid_at: i64,
    /// When it was voided.
    pub voided_at: i64,
    /// When it was given up.
    pub uncollectible_at: i64,
    /// Who is to pay.
    pub customer: u32,
    /// How it is paid.
    pub intent: u32,
    /// Its first payment and how many follow one another.
    pub payment: u32,
    pub payments: u32,
    /// What it is in.
    pub currency: Currency,
    /// What the lines follow from.
    pub order: u64,
    /// The number of its subscription, which decides about the lines; `NONE` without one.
    pub subscription: u32,
    /// How it is settled.
    pub settled: Settled,
}

impl Invoice {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        if at >= self.paid_at {
            "paid"
        } else if at >= self.voided_at {
            "void"
        } else if at >= self.uncollectible_at {
            "uncollectible"
        } else if at >= self.finalized_at {
            "open"
        } else {
            "draft"
        }
    }
}

/// A payment of an invoice.
#[derive(Debug)]
pub struct InvoicePayment {
    /// When it was asked for.
    pub created: i64,
    /// What it pays.
    pub invoice: u32,
    /// By which payment intent.
    pub intent: u32,
    /// How much of it.
    pub amount: i64,
    /// When it was paid.
    pub paid_at: i64,
}

impl Session {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        if at >= self.completed_at {
            "complete"
        } else if self.completed_at == NEVER && at >= self.expires_at {
            "expired"
        } else {
            "open"
        }
    }
}
