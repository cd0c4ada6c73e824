//! The object that is being mapped: reads its required fields, and says which one stands in the way.

use chrono::{DateTime, Utc};

use super::{Unmapped, clean};
use base::money;

/// 9999-12-31T23:59:59Z; both databases keep this year as any other.
const LAST_SECOND: i64 = 253_402_300_799;

/// An amount in minor units, and the same with exponent 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub milli: i64,
}

/// An object with its name and id, to be named in errors.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    object: &'static str,
    id: &'a str,
}

impl<'a> Subject<'a> {
    /// Fails when the id is missing.
    pub fn new(object: &'static str, id: &'a str) -> Result<Self, Unmapped> {
        let subject = Self { object, id };
        if id.is_empty() { Err(subject.missing("id")) } else { Ok(subject) }
    }

    /// Its id, fit to be kept.
    pub fn id(&self) -> String {
        clean(self.id)
    }

    /// The error that `field` stands in the way with `value`.
    pub fn unmapped(&self, field: &'static str, value: impl Into<String>) -> Unmapped {
        Unmapped { object: self.object.to_owned(), id: self.id(), field, value: clean(&value.into()) }
    }

    fn missing(&self, field: &'static str) -> Unmapped {
        self.unmapped(field, "missing")
    }

    /// A field that must be there.
    pub fn required<T>(&self, field: &'static str, value: Option<T>) -> Result<T, Unmapped> {
        value.ok_or_else(|| self.missing(field))
    }

    /// A currency in upper case.
    pub fn currency(&self, field: &'static str, value: Option<&String>) -> Result<String, Unmapped> {
        let currency = self.required(field, value)?;
        if currency.is_empty() || !currency.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.unmapped(field, format!("no currency: {currency:?}")));
        }
        Ok(currency.to_ascii_uppercase())
    }

    /// Both forms of an amount.
    pub fn money(&self, field: &'static str, minor: i64, currency: &str) -> Result<Money, Unmapped> {
        let milli = money::to_milli(minor, currency);
        let milli = milli.ok_or_else(|| self.unmapped(field, format!("beyond what can be counted: {minor}")))?;
        Ok(Money { minor, milli })
    }

    /// The same amount with the other sign.
    pub fn negated(&self, field: &'static str, minor: i64) -> Result<i64, Unmapped> {
        minor.checked_neg().ok_or_else(|| self.unmapped(field, format!("beyond what can be counted: {minor}")))
    }

    /// The sum of amounts; a missing one is missing from all.
    pub fn sum(&self, field: &'static str, minors: impl IntoIterator<Item = Option<i64>>) -> Result<i64, Unmapped> {
        minors.into_iter().try_fold(0_i64, |sum, minor| {
            let minor = self.required(field, minor)?;
            sum.checked_add(minor).ok_or_else(|| self.unmapped(field, "beyond what can be counted"))
        })
    }

    /// A time that must be there.
    pub fn time(&self, field: &'static str, second: Option<i64>) -> Result<DateTime<Utc>, Unmapped> {
        let second = self.required(field, second)?;
        let time = (0..=LAST_SECOND).contains(&second).then(|| DateTime::from_timestamp(second, 0)).flatten();
        time.ok_or_else(|| self.unmapped(field, format!("no time between 1970 and 9999: {second}")))
    }

    /// A time that may be missing, but is right where it is not.
    pub fn maybe_time(&self, field: &'static str, second: Option<i64>) -> Result<Option<DateTime<Utc>>, Unmapped> {
        second.map(|second| self.time(field, Some(second))).transpose()
    }
}
