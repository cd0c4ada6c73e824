//! Money as Stripe counts it: whole minor units and a table of exponents; decimals only at the edge, never a float.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Currencies whose amounts Stripe counts in whole units. `mga` is among them although ISO 4217 gives it two digits.
const WHOLE: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

/// Currencies whose amounts Stripe counts in thousandths.
const THOUSANDTHS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// How many decimal digits Stripe's minor unit of `currency` stands for: 0, 2 or 3; letter case does not matter.
///
/// `isk` and `ugx` have no minor unit in life, but Stripe sends them with two decimals that end in 00 (`500` is
/// 5 UGX), so they count as two here. A currency that is not in the table has two, as most have.
#[must_use]
pub fn exponent(currency: &str) -> u32 {
    let is = |code: &&str| code.eq_ignore_ascii_case(currency);
    if WHOLE.iter().any(is) {
        0
    } else if THOUSANDTHS.iter().any(is) {
        3
    } else {
        2
    }
}

/// Minor units of `currency` in thousandths of its unit, the one scale in which amounts of all currencies compare.
/// `None` when that does not fit an `i64`.
#[must_use]
pub fn to_milli(minor: i64, currency: &str) -> Option<i64> {
    minor.checked_mul(10_i64.pow(3 - exponent(currency)))
}

/// The sum of minor units of one currency; `None` when it does not fit an `i64`.
pub fn sum(minors: impl IntoIterator<Item = i64>) -> Option<i64> {
    minors.into_iter().try_fold(0_i64, i64::checked_add)
}

/// `over` / `under`, rounded to the nearest whole number, halves to the even one. `None` when `under` is not above zero, or
/// when the result does not fit an `i64`.
#[must_use]
pub fn nearest(over: i128, under: i128) -> Option<i64> {
    if under <= 0 {
        return None;
    }
    let (floor, rest) = (over.checked_div_euclid(under)?, over.checked_rem_euclid(under)?);
    let up = match rest.cmp(&(under - rest)) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => floor.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(floor.checked_add(up)?).ok()
}

/// An exact decimal number: `unscaled` divided by ten to the power of `scale`.
///
/// It is written without trailing zeros and never as `-0`, and goes into JSON as a number with exactly these digits.
/// Serialize it straight to text: a detour over [`serde_json::Value`] would turn it into a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    unscaled: i64,
    scale: u32,
}

impl Decimal {
    /// The number `unscaled` / 10^`scale`.
    #[must_use]
    pub fn new(unscaled: i64, scale: u32) -> Self {
        Self { unscaled, scale }
    }

    /// What `minor` units of `currency` are in its unit: 1230 `usd` is 12.3, 500 `jpy` is 500.
    #[must_use]
    pub fn from_minor(minor: i64, currency: &str) -> Self {
        Self::new(minor, exponent(currency))
    }

    /// What `milli` thousandths are: 12300 is 12.3.
    #[must_use]
    pub fn from_milli(milli: i64) -> Self {
        Self::new(milli, 3)
    }

    /// Reads plain decimal text: an optional sign, digits, and an optional point with digits. `None` for anything else
    /// (exponents, separators, spaces) and for more digits than an `i64` holds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let magnitude: i64 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self::new(if negative { -magnitude } else { magnitude }, u32::try_from(fraction.len()).ok()?))
    }

    /// The number in thousandths, rounded down, and whether that lost nothing; `None` when it does not fit an `i64`.
    #[must_use]
    pub fn to_milli(self) -> Option<Milli> {
        if self.scale <= 3 {
            let floor = self.unscaled.checked_mul(10_i64.pow(3 - self.scale))?;
            return Some(Milli { floor, exact: true });
        }
        // A divisor beyond i64 leaves only the sign of the number.
        let Some(divisor) = 10_i64.checked_pow(self.scale - 3) else {
            return Some(Milli { floor: -i64::from(self.unscaled < 0), exact: self.unscaled == 0 });
        };
        Some(Milli { floor: self.unscaled.div_euclid(divisor), exact: self.unscaled.rem_euclid(divisor) == 0 })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).description(Some("An exact decimal number.")).into()
    }
}

impl ToSchema for Decimal {}

/// A decimal number in thousandths, rounded down.
///
/// To compare a stored thousandth `x` with a bound that is not exact: `x > floor` stands for both `>` and `>=`,
/// `x <= floor` for both `<` and `<=`, and nothing is equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milli {
    /// The greatest whole number of thousandths that is not above the number.
    pub floor: i64,
    /// Whether `floor` is the number itself.
    pub exact: bool,
}

impl Milli {
    /// Reads plain decimal text as [`Decimal::parse`] does; `None` when it is no such text or does not fit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Decimal::parse(text)?.to_milli()
    }
}

/// An amount of one currency, written to JSON as an exact number in the currency's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Whole minor units, as Stripe counts them; negative when money leaves.
    pub minor: i64,
    /// The currency's code of three letters.
    pub currency: String,
}

impl Amount {
    /// An amount of `minor` units of `currency`.
    pub fn new(minor: i64, currency: impl Into<String>) -> Self {
        Self { minor, currency: currency.into() }
    }

    /// The amount in the currency's unit.
    #[must_use]
    pub fn decimal(&self) -> Decimal {
        Decimal::from_minor(self.minor, &self.currency)
    }

    /// The sum of two amounts; `None` when the currencies differ or the sum does not fit.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let same = self.currency.eq_ignore_ascii_case(&other.currency);
        let minor = self.minor.checked_add(other.minor).filter(|_| same)?;
        Some(Self::new(minor, self.currency.clone()))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.decimal().serialize(serializer)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        Decimal::schema()
    }
}

impl ToSchema for Amount {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_stripes_in_any_letter_case() {
        for (currency, digits) in
            [("usd", 2), ("JPY", 0), ("mga", 0), ("KwD", 3), ("tnd", 3), ("isk", 2), ("ugx", 2), ("huf", 2), ("xyz", 2)]
        {
            assert_eq!(exponent(currency), digits, "{currency}");
        }
    }

    #[test]
    fn thousandths_are_checked() {
        assert_eq!(to_milli(1230, "usd"), Some(12_300));
        assert_eq!(to_milli(500, "jpy"), Some(500_000));
        assert_eq!(to_milli(-7, "kwd"), Some(-7));
        assert_eq!(to_milli(i64::MAX, "kwd"), Some(i64::MAX));
        assert_eq!(to_milli(i64::MAX / 10 + 1, "usd"), None);
    }

    #[test]
    fn sums_are_checked() {
        assert_eq!(sum([1, -3, 5]), Some(3));
        assert_eq!(sum([i64::MAX, 1]), None);
        let (one, other) = (Amount::new(1, "usd"), Amount::new(2, "USD"));
        assert_eq!(one.checked_add(&other), Some(Amount::new(3, "usd")));
        assert_eq!(one.checked_add(&Amount::new(2, "eur")), None);
        assert_eq!(one.checked_add(&Amount::new(i64::MAX, "usd")), None);
    }

    #[test]
    fn amounts_are_exact_json_numbers() {
        for (minor, currency, text) in [
            (1230, "usd", "12.3"),
            (1200, "usd", "12"),
            (5, "usd", "0.05"),
            (-5, "usd", "-0.05"),
            (0, "usd", "0"),
            (500, "jpy", "500"),
            (-500, "jpy", "-500"),
            (12_340, "kwd", "12.34"),
            (1, "kwd", "0.001"),
            (500, "ugx", "5"),
            (i64::MAX, "usd", "92233720368547758.07"),
            (i64::MIN, "kwd", "-9223372036854775.808"),
        ] {
            assert_eq!(serde_json::to_string(&Amount::new(minor, currency)).unwrap(), text);
        }
    }

    #[test]
    fn decimal_text_becomes_thousandths_that_still_compare_rightly() {
        for (text, floor, exact) in [
            ("12.3", 12_300, true),
            ("-12.3", -12_300, true),
            ("+1", 1_000, true),
            ("007.50", 7_500, true),
            ("1.0001", 1_000, false),
            ("-1.0001", -1_001, false),
            ("1.00000", 1_000, true),
            ("0.0000000000000000000000001", 0, false),
            ("-0.0000000000000000000000001", -1, false),
            ("-0", 0, true),
        ] {
            assert_eq!(Milli::parse(text), Some(Milli { floor, exact }), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1e3", "1,000", " 1", "0x1", "1.2.3", "--1", "９", "99999999999999999999"] {
            assert_eq!(Milli::parse(text), None, "{text}");
        }
        assert_eq!(Milli::parse("9223372036854775807"), None, "thousandths of it do not fit");
    }

    #[test]
    fn a_half_goes_to_the_even_one() {
        let all = |cases: [(i128, i128); 4]| cases.map(|(over, under)| nearest(over, under).unwrap());
        assert_eq!(all([(5, 2), (7, 2), (-5, 2), (-7, 2)]), [2, 4, -2, -4]);
        assert_eq!(all([(8, 3), (-8, 3), (7, 3), (0, 3)]), [3, -3, 2, 0]);
        assert_eq!([nearest(i128::MAX, 1), nearest(1, 0), nearest(1, -2)], [None; 3]);
        assert_eq!(nearest(1, i128::MAX), Some(0));
    }

    #[test]
    fn decimals_survive_a_round_trip() {
        for text in ["0", "8.25", "-0.001", "92233720368547758.07"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::parse("-0.00").unwrap().to_string(), "0");
    }
}
