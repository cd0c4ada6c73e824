//! What is kept of each object: its money, its links and the seconds at which it changes. All else follows from the
//! seed when it is asked for, so an object can be shown as it was at any second.

use super::{
    Kind,
    money::{Currency, Fee},
    table::Row,
};
use serde_json::Value;

/// A second that does not come.
pub const NEVER: i64 = i64::MAX;

/// How a charge was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A card, by a payment method.
    Card,
    /// A card from before payment methods: `card_…` (trap 13).
    LegacyCard,
    /// A source from before payment methods: `src_…` (trap 13).
    LegacySource,
    /// SEPA direct debit.
    Sepa,
    /// A debit of a US bank account.
    UsBank,
    /// iDEAL.
    Ideal,
    /// Klarna.
    Klarna,
    /// A type that no client knows yet (trap 13).
    Unknown,
}

impl Method {
    /// Whether it is paid by card: if not, ids begin with `py_` and types are `payment` (trap 12).
    pub fn is_card(self) -> bool {
        matches!(self, Self::Card | Self::LegacyCard | Self::LegacySource)
    }

    /// `payment_method_details.type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card | Self::LegacyCard | Self::LegacySource => "card",
            Self::Sepa => "sepa_debit",
            Self::UsBank => "us_bank_account",
            Self::Ideal => "ideal",
            Self::Klarna => "klarna",
            Self::Unknown => "orchard_pay",
        }
    }
}

/// What is odd in a charge's texts and people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Nothing.
    None,
    /// A long description and 50 metadata keys (trap 15).
    Texts,
    /// A guest with an address for the receipt alone (trap 14).
    ReceiptOnly,
    /// A guest without any address (trap 14).
    Nameless,
}

/// A charge.
#[derive(Debug)]
pub struct Charge {
    pub created: i64,
    pub amount: i64,
    /// What was captured, or would be.
    pub captured: i64,
    pub captured_at: i64,
    /// When `pending` became `succeeded`.
    pub succeeded_at: i64,
    pub failed_at: i64,
    pub currency: Currency,
    pub method: Method,
    pub oddity: Oddity,
    pub customer: u32,
    pub intent: u32,
    /// Its balance transaction, and the one that took the money back when it failed late.
    pub entry: u32,
    pub failure_entry: u32,
    /// A platform's part, in the charge's currency.
    pub application_fee: i64,
}

/// What was bought in a payment intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bought {
    /// Nothing that Stripe knows of.
    Unknown,
    /// In a checkout session.
    Session(u32),
    /// By an invoice.
    Invoice(u32),
}

/// A payment intent.
#[derive(Debug)]
pub struct Intent {
    pub created: i64,
    pub amount: i64,
    pub currency: Currency,
    pub customer: u32,
    /// Its last charge and how many came before it.
    pub charge: u32,
    pub first_charge: u32,
    pub canceled_at: i64,
    pub bought: Bought,
}

/// A refund.
#[derive(Debug)]
pub struct Refund {
    pub created: i64,
    pub amount: i64,
    pub charge: u32,
    pub entry: u32,
    pub failure_entry: u32,
    /// When `pending` became `succeeded`.
    pub succeeded_at: i64,
    pub failed_at: i64,
    pub reason: Option<&'static str>,
}

/// A dispute.
#[derive(Debug)]
pub struct Dispute {
    pub created: i64,
    pub amount: i64,
    pub charge: u32,
    /// When the money is taken: `created`, later for an inquiry that escalates, never for one that does not.
    pub taken_at: i64,
    pub evidence_at: i64,
    pub closed_at: i64,
    pub won: bool,
    pub entry: u32,
    pub won_entry: u32,
    pub reason: &'static str,
}

impl Dispute {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        match (at >= self.taken_at, at >= self.closed_at) {
            (false, true) => "warning_closed",
            (false, false) => "warning_needs_response",
            (true, true) if self.won => "won",
            (true, true) => "lost",
            (true, false) if at >= self.evidence_at => "under_review",
            (true, false) => "needs_response",
        }
    }
}

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
    /// Stripe billed for something that is no charge.
    Billing,
}

/// A balance transaction.
#[derive(Debug)]
pub struct Entry {
    pub created: i64,
    pub available_on: i64,
    pub amount: i64,
    pub fee: Fee,
    pub currency: Currency,
    /// Millionths; 0 when nothing was converted.
    pub rate: i64,
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
    pub created: i64,
    pub amount: i64,
    pub currency: Currency,
    pub schedule: Schedule,
    pub arrival: i64,
    pub sent_at: i64,
    pub paid_at: i64,
    pub failed_at: i64,
    pub reconciled_at: i64,
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

/// A customer.
#[derive(Debug)]
pub struct Customer {
    pub created: i64,
    /// When the e-mail address and the phone number changed.
    pub edited_at: i64,
    pub deleted_at: i64,
    pub currency: Currency,
    /// The first of the payment methods, and how many follow one another.
    pub method: u32,
    pub methods: u32,
}

/// A payment method of a customer.
#[derive(Debug)]
pub struct CustomerMethod {
    pub created: i64,
    pub customer: u32,
    pub detached_at: i64,
}

/// A product.
#[derive(Debug)]
pub struct Product {
    pub created: i64,
    pub updated: i64,
    pub deleted_at: i64,
    pub active: bool,
    /// The price of one in US cents.
    pub cents: i64,
    pub first_price: u32,
}

/// A price.
#[derive(Debug)]
pub struct Price {
    pub created: i64,
    pub deleted_at: i64,
    pub product: u32,
    pub currency: Currency,
    pub amount: i64,
    pub active: bool,
    pub recurring: bool,
}

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

/// An event.
#[derive(Debug)]
pub struct Event {
    pub created: i64,
    pub name: &'static str,
    pub kind: Kind,
    /// The object's row; without meaning for a balance.
    pub number: u32,
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
    Event
);
