//! The balance: what moved it, and the payouts that emptied it.

use crate::world::money::{Currency, Fee};

/// What moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A charge came in.
    Charge(u32),
    /// A charge that had succeeded failed.
    ChargeFailure(u32),
    /// A refund went out.
    Refund(u32),
    /// A refund failed.
    RefundFailure(u32),
    /// A dispute took money.
    Dispute(u32),
    /// A dispute was won.
    DisputeWon(u32),
    /// A payout left.
    Payout(u32),
    /// A payout came back.
    PayoutFailure(u32),
    /// A transfer to a partner.
    Transfer(u32),
    /// A fee from a partner.
    ApplicationFee(u32),
    /// Stripe billed for something that is no charge.
    Billing,
}

/// A balance transaction.
#[derive(Debug)]
pub struct Entry {
    /// When it was booked.
    pub created: i64,
    /// When it can be paid out.
    pub available_on: i64,
    /// Before fees; what leaves is below 0.
    pub amount: i64,
    /// What was taken of it.
    pub fee: Fee,
    /// What the balance holds it in.
    pub currency: Currency,
    /// Millionths; 0 when nothing was converted.
    pub rate: i64,
    /// What moved it.
    pub source: Source,
    /// The payout that it left in.
    pub payout: u32,
}

impl Entry {
    /// What it adds to the balance.
    pub fn net(&self) -> i64 {
        self.amount - self.fee.total()
    }
}

/// How a payout came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// By the schedule.
    Automatic,
    /// By hand.
    Manual,
    /// By hand, within minutes, for a fee.
    Instant,
}

/// A payout.
#[derive(Debug)]
pub struct Payout {
    /// When it was made.
    pub created: i64,
    /// What arrives.
    pub amount: i64,
    /// What it is in.
    pub currency: Currency,
    /// How it came about.
    pub schedule: Schedule,
    /// The midnight at which it is to arrive.
    pub arrival: i64,
    /// When it was on its way.
    pub sent_at: i64,
    /// When it arrived.
    pub paid_at: i64,
    /// When it came back.
    pub failed_at: i64,
    /// When the list of its content was complete.
    pub reconciled_at: i64,
    /// Its own balance transaction, and the one that brought the money back.
    pub entry: u32,
    pub failure_entry: u32,
    /// The balance transactions in it, its own not among them.
    pub content: Vec<u32>,
}

impl Payout {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        if at >= self.failed_at {
            "failed"
        } else if at >= self.paid_at {
            "paid"
        } else if at >= self.sent_at {
            "in_transit"
        } else {
            "pending"
        }
    }
}
