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
    /// Money that moved without any of these.
    Other(Movement),
}

/// Movements that have no object which could be read (trap 37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Stripe holds money back against a risk.
    ReserveHold,
    /// And lets it go.
    ReserveRelease,
    /// What a payout leaves on the balance.
    MinimumHold,
    /// What the next one takes up.
    MinimumRelease,
    /// A part of the sales pays Stripe Capital back.
    CapitalRepayment,
    /// The shop paid in.
    TopUp,
    /// A part for Stripe Climate.
    Contribution,
    /// Of a type that no client knows yet (trap 58).
    Unknown,
}

impl Movement {
    /// `type` and `reporting_category` of the balance transaction, and what it says.
    pub fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ReserveHold => ("reserve_hold", "risk_reserved_funds", "Reserved against risk"),
            Self::ReserveRelease => ("reserve_release", "risk_reserved_funds", "Released from reserve"),
            Self::MinimumHold => ("payout_minimum_balance_hold", "payout_minimum_balance_hold", "Kept on the balance"),
            Self::MinimumRelease => {
                ("payout_minimum_balance_release", "payout_minimum_balance_release", "No longer kept on the balance")
            }
            Self::CapitalRepayment => ("anticipation_repayment", "financing_paydown", "Stripe Capital repayment"),
            Self::TopUp => ("topup", "topup", "Top-up"),
            Self::Contribution => ("contribution", "contribution", "Stripe Climate contribution"),
            Self::Unknown => ("lunar_adjustment", "lunar", "Lunar adjustment"),
        }
    }
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
