//! Charges, their intents, and what takes them back.

use crate::world::{calendar::DAY, money::Currency};

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
    /// When it was made.
    pub created: i64,
    /// What was to be paid.
    pub amount: i64,
    /// What was captured, or would be.
    pub captured: i64,
    /// When it was captured; never for one that was only authorized.
    pub captured_at: i64,
    /// When `pending` became `succeeded`.
    pub succeeded_at: i64,
    /// When it failed, for a bank debit perhaps after it had succeeded.
    pub failed_at: i64,
    /// What the buyer pays in.
    pub currency: Currency,
    /// How it was paid.
    pub method: Method,
    /// What is odd in its texts.
    pub oddity: Oddity,
    /// Who paid; `NONE` for a guest.
    pub customer: u32,
    /// The charge of the same customer before this one.
    pub previous: u32,
    /// Its payment intent.
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
    /// When it was made.
    pub created: i64,
    /// What is to be paid.
    pub amount: i64,
    /// What the buyer pays in.
    pub currency: Currency,
    /// Who pays.
    pub customer: u32,
    /// Its last charge and how many came before it.
    pub charge: u32,
    pub first_charge: u32,
    /// When it was given up.
    pub canceled_at: i64,
    /// What for.
    pub bought: Bought,
}

/// A refund.
#[derive(Debug)]
pub struct Refund {
    /// When it was made.
    pub created: i64,
    /// How much goes back, in the charge's currency.
    pub amount: i64,
    /// What it refunds.
    pub charge: u32,
    /// Its balance transaction, and the one that brought the money back.
    pub entry: u32,
    pub failure_entry: u32,
    /// When `pending` became `succeeded`.
    pub succeeded_at: i64,
    /// When it failed.
    pub failed_at: i64,
    /// Why, as Stripe words it.
    pub reason: Option<&'static str>,
}

/// A dispute.
#[derive(Debug)]
pub struct Dispute {
    /// When it was opened.
    pub created: i64,
    /// How much of it, in the charge's currency.
    pub amount: i64,
    /// What is disputed.
    pub charge: u32,
    /// When the money is taken: `created`, later for an inquiry that escalates, never for one that does not.
    pub taken_at: i64,
    /// When the shop answered.
    pub evidence_at: i64,
    /// When it was decided.
    pub closed_at: i64,
    /// Whether the shop won.
    pub won: bool,
    /// The balance transaction that took the money, and the one that brought it back.
    pub entry: u32,
    pub won_entry: u32,
    /// Why, as Stripe words it.
    pub reason: &'static str,
}

impl Dispute {
    /// Until when the shop can answer.
    pub fn due_by(&self) -> i64 {
        self.created + 9 * DAY
    }

    /// Whether it has become too late to answer, which happens by itself.
    pub fn past_due(&self, at: i64) -> bool {
        at > self.due_by() && self.due_by() < self.evidence_at.min(self.closed_at)
    }

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

impl Charge {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        if at >= self.failed_at {
            "failed"
        } else if at >= self.succeeded_at {
            "succeeded"
        } else {
            "pending"
        }
    }
}

impl Refund {
    /// Its status at a second.
    pub fn status(&self, at: i64) -> &'static str {
        if at >= self.failed_at {
            "failed"
        } else if at >= self.succeeded_at {
            "succeeded"
        } else {
            "pending"
        }
    }
}
