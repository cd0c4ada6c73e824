//! The stories that a charge can have; what is rare in life happens in every thousand charges of a full shop.

use crate::world::{
    calendar::DAY,
    chance::Chance,
    rows::{Method, Oddity},
};

/// What becomes of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Paid, perhaps refunded or disputed as chance has it.
    Plain,
    /// Trap 8: refunded 172 days later.
    OldRefund,
    /// Trap 10: disputed 110 days later, won 60 days after that.
    LateDisputeWon,
    /// Trap 9: refunded in part and disputed, for an amount of its own.
    RefundedAndDisputed,
    /// Trap 11: an inquiry that becomes a dispute.
    InquiryEscalates,
    /// Trap 7: the refund fails 10 days after it succeeded.
    RefundFails,
    /// A dispute that is lost.
    DisputeLost,
    /// An inquiry that moves no money.
    InquiryClosed,
    /// Trap 6: three refunds, the last one makes it whole.
    ThreeRefunds,
    /// Trap 6: two refunds that leave something.
    TwoRefunds,
    /// Trap 3: authorized, never captured, let go after 7 days.
    HoldExpires,
    /// Trap 4: captured in part, a day later.
    PartialCapture,
    /// Trap 5: a pending bank debit fails after 5 days.
    DebitFails,
    /// Trap 5: a bank debit that had succeeded comes back.
    DebitReturned,
    /// Trap 13: a card from before payment methods.
    LegacyCard,
    /// Trap 13: a source from before payment methods.
    LegacySource,
    /// Trap 13: a method of an unknown type.
    UnknownMethod,
    /// Trap 14: a guest who left an address for the receipt alone.
    ReceiptOnly,
    /// Trap 14: a guest who left none at all.
    Nameless,
    /// Trap 15: odd texts.
    OddTexts,
    /// Trap 28: a platform takes a part.
    ApplicationFee,
    /// Trap 12: a refund of what was not paid by card.
    DebitRefunded,
    /// A dispute that waits for an answer, and is lost when none comes.
    DisputeOpen,
    /// A dispute that is won.
    DisputeWon,
    /// A dispute that waits for the bank.
    DisputeReviewed,
    /// An inquiry that waits for an answer.
    InquiryOpen,
    /// Trap 2: two tries fail, the third succeeds.
    ThreeTries,
    /// Trap 2: it fails and nobody tries again.
    Failed,
    /// Authorized and waiting to be captured.
    Hold,
    /// A bank debit under way.
    DebitPending,
}

/// In each thousand charges these happen in this order, those that take long first.
const RARE: [Story; 25] = [
    Story::OldRefund,
    Story::LateDisputeWon,
    Story::RefundedAndDisputed,
    Story::InquiryEscalates,
    Story::RefundFails,
    Story::DisputeLost,
    Story::InquiryClosed,
    Story::ThreeRefunds,
    Story::TwoRefunds,
    Story::HoldExpires,
    Story::PartialCapture,
    Story::DebitFails,
    Story::DebitReturned,
    Story::LegacyCard,
    Story::LegacySource,
    Story::UnknownMethod,
    Story::ReceiptOnly,
    Story::Nameless,
    Story::OddTexts,
    Story::ApplicationFee,
    Story::DebitRefunded,
    Story::DisputeOpen,
    Story::DisputeWon,
    Story::DisputeReviewed,
    Story::ThreeTries,
];

/// The story of charge `number` of `many`, made `age` seconds ago; `ripe` of them are old enough to be disputed.
pub fn story(chance: Chance, (number, many, ripe): (usize, usize, usize), age: i64, full: bool) -> Story {
    let from_end = many - number;
    if full {
        let place = number % 1_000;
        if place % 11 == 7
            && let Some(story) = RARE.get(place / 11)
        {
            return *story;
        }
        match ripe.wrapping_sub(number) {
            1 | 4 => return Story::DisputeOpen,
            2 | 5 => return Story::DisputeReviewed,
            3 | 6 => return Story::InquiryOpen,
            _ => {}
        }
        match from_end {
            1..4 => return Story::Plain,
            4 | 9 if age < 6 * DAY => return Story::Hold,
            6 | 12 if age < 4 * DAY => return Story::DebitPending,
            _ => {}
        }
    }
    match chance.below("story", 1_000) {
        0..20 if from_end > 6 => Story::ThreeTries,
        20..55 => Story::Failed,
        55..60 if age < 5 * DAY => Story::Hold,
        _ => Story::Plain,
    }
}

impl Story {
    /// How it is paid, if the story says so.
    pub fn method(self) -> Option<Method> {
        match self {
            Self::DebitFails | Self::DebitReturned | Self::DebitRefunded | Self::DebitPending => Some(Method::UsBank),
            Self::LegacyCard => Some(Method::LegacyCard),
            Self::LegacySource => Some(Method::LegacySource),
            Self::UnknownMethod => Some(Method::Unknown),
            Self::Plain => None,
            _ => Some(Method::Card),
        }
    }

    /// The same before there were payment intents: nobody tries again, nothing is held.
    pub fn of_old(self) -> Self {
        if matches!(self, Self::Failed) { Self::Failed } else { Self::Plain }
    }

    /// What is odd in its texts.
    pub fn oddity(self) -> Oddity {
        match self {
            Self::OddTexts => Oddity::Texts,
            Self::ReceiptOnly => Oddity::ReceiptOnly,
            Self::Nameless => Oddity::Nameless,
            _ => Oddity::None,
        }
    }
}
