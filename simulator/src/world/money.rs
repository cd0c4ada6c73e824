//! Currencies as Stripe counts them, the rates between them and what Stripe takes. All amounts are minor units.

use super::chance::Chance;

/// A currency that a charge of the seeded shops can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Yen: no minor unit.
    Jpy,
    /// Kuwaiti dinar: three decimals, the last one always 0.
    Kwd,
    /// Canadian dollar.
    Cad,
    /// Swiss franc.
    Chf,
    /// Forint: paid out in whole hundreds (trap 25).
    Huf,
    /// Won: no minor unit.
    Krw,
    /// Króna: counted in hundredths that are always 00.
    Isk,
    /// Ugandan shilling: counted in hundredths that are always 00.
    Ugx,
    /// New Taiwan dollar: counted in hundredths, paid out in whole hundreds.
    Twd,
    /// Rupiah: amounts beyond 2^31 are a day's business (trap 59).
    Idr,
    /// Đồng: no minor unit, and many of them.
    Vnd,
}

impl Currency {
    const ALL: [Self; 14] = [
        Self::Usd,
        Self::Eur,
        Self::Gbp,
        Self::Jpy,
        Self::Kwd,
        Self::Cad,
        Self::Chf,
        Self::Huf,
        Self::Krw,
        Self::Isk,
        Self::Ugx,
        Self::Twd,
        Self::Idr,
        Self::Vnd,
    ];

    /// Three lower-case letters.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "usd",
            Self::Eur => "eur",
            Self::Gbp => "gbp",
            Self::Jpy => "jpy",
            Self::Kwd => "kwd",
            Self::Cad => "cad",
            Self::Chf => "chf",
            Self::Huf => "huf",
            Self::Krw => "krw",
            Self::Isk => "isk",
            Self::Ugx => "ugx",
            Self::Twd => "twd",
            Self::Idr => "idr",
            Self::Vnd => "vnd",
        }
    }

    /// Reads [`Self::code`].
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code().eq_ignore_ascii_case(code))
    }

    /// What amounts are multiples of.
    pub fn step(self) -> i64 {
        match self {
            Self::Kwd => 10,
            Self::Isk | Self::Ugx => 100,
            _ => 1,
        }
    }

    /// What payouts are multiples of; what is left waits for the next one (trap 25).
    pub fn payout_step(self) -> i64 {
        if matches!(self, Self::Huf | Self::Twd) { 100 } else { 1 }
    }

    /// Millionths of a US cent that one minor unit is worth. A yen is 0.667 cents: the rate is in minor units and so
    /// looks a hundred times off against the market (trap 27).
    fn worth(self) -> i64 {
        match self {
            Self::Usd => 1_000_000,
            Self::Eur => 1_081_300,
            Self::Gbp => 1_268_700,
            Self::Jpy => 667_100,
            Self::Kwd => 325_900,
            Self::Cad => 731_200,
            Self::Chf => 1_124_500,
            Self::Huf => 2_700,
            Self::Krw => 72_000,
            Self::Isk => 7_200,
            Self::Ugx => 270,
            Self::Twd => 31_000,
            Self::Idr => 63,
            Self::Vnd => 3_900,
        }
    }

    /// What `cents` of a US dollar are in this currency, in a round amount.
    pub fn price(self, cents: i64) -> i64 {
        let amount = cents * 1_000_000 / self.worth();
        match self {
            Self::Jpy | Self::Kwd => (amount / 10).max(5) * 10,
            Self::Isk | Self::Ugx => (amount / 100).max(1) * 100,
            _ => amount.max(50),
        }
    }

    /// What Stripe takes for a card charge that settles in this currency: hundredths of a percent, and a fixed part.
    fn card_fee(self) -> (i64, i64) {
        match self {
            Self::Eur => (150, 25),
            Self::Gbp => (150, 20),
            Self::Jpy => (360, 0),
            Self::Huf => (150, 8_500),
            _ => (290, 30),
        }
    }

    /// What Stripe takes for a dispute.
    pub fn dispute_fee(self) -> i64 {
        match self {
            Self::Jpy => 1_300,
            Self::Kwd => 5_000,
            Self::Huf => 500_000,
            _ => 1_500,
        }
    }
}

/// Millionths of a minor unit of `to` that one minor unit of `from` gave on the day of `at`. It differs from day to
/// day, so a refund never converts at the rate of its charge (trap 26).
pub fn rate(chance: Chance, from: Currency, to: Currency, at: i64) -> i64 {
    let day = at.div_euclid(86_400).cast_unsigned();
    let swing = chance.of(day).of(from as u64).between("rate", -30_000, 30_000);
    let parity = from.worth() * 1_000_000 / to.worth();
    parity + parity * swing / 1_000_000
}

/// `amount` at `rate` millionths, rounded half away from zero.
pub fn convert(amount: i64, rate: i64) -> i64 {
    let wide = i128::from(amount) * i128::from(rate);
    let half = if wide < 0 { -500_000 } else { 500_000 };
    i64::try_from((wide + half) / 1_000_000).unwrap_or(i64::MAX)
}

/// What is taken from a charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// By Stripe.
    pub stripe: i64,
    /// Tax on Stripe's part.
    pub tax: i64,
    /// By a platform.
    pub application: i64,
}

impl Fee {
    /// Everything taken.
    pub fn total(self) -> i64 {
        self.stripe + self.tax + self.application
    }
}

/// The fee on a charge of `amount` in its settlement currency.
pub fn charge_fee(amount: i64, currency: Currency, card: bool, converted: bool, tax_percent: i64) -> Fee {
    let (share, fixed) = currency.card_fee();
    let own = if card { amount * share / 10_000 + fixed } else { (amount * 80 / 10_000).min(500) };
    let stripe = own + if converted { amount / 100 } else { 0 };
    Fee { stripe, tax: stripe * tax_percent / 100, application: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_rounds_half_away_from_zero() {
        assert_eq!(convert(100, 1_081_300), 108);
        assert_eq!(convert(-100, 1_085_000), -109);
        assert_eq!(convert(1, 500_000), 1);
        assert_eq!(convert(3_000, 667_100), 2_001);
    }

    #[test]
    fn dinars_are_multiples_of_ten() {
        assert_eq!(Currency::Kwd.price(1_999) % Currency::Kwd.step(), 0);
    }
}
