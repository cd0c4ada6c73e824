//! Checkout sessions and invoices.

use super::NEVER;
use crate::world::money::Currency;

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
    /// Its payment.
    pub payment: u32,
    /// What it is in.
    pub currency: Currency,
    /// What the lines follow from.
    pub order: u64,
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
