//! Checkout sessions and invoices.

use super::NEVER;
use crate::world::money::Currency;

/// A checkout session.
#[derive(Debug)]
pub struct Session {
    pub created: i64,
    pub completed_at: i64,
    pub expires_at: i64,
    pub customer: u32,
    pub intent: u32,
    pub currency: Currency,
    /// What the lines follow from.
    pub order: u64,
}

/// An invoice.
#[derive(Debug)]
pub struct Invoice {
    pub created: i64,
    pub finalized_at: i64,
    pub paid_at: i64,
    pub voided_at: i64,
    pub uncollectible_at: i64,
    pub customer: u32,
    pub intent: u32,
    pub payment: u32,
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
    pub created: i64,
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
