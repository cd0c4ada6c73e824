//! Periods of a calendar, as the clocks of a time zone count them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// Three of them; the first begins with January.
    Quarter,
    /// A year of the calendar.
    Year,
}

/// A stretch of whole days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub first: NaiveDate,
    /// The day behind its last one.
    pub next: NaiveDate,
    /// When its first day begins.
    pub from: DateTime<Utc>,
    /// When it is over; this moment is the next one's.
    pub until: DateTime<Utc>,
}

impl Unit {
    /// Reads the API's word for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The first day of the period that a day is in; none at the end of all time.
    #[must_use]
    pub fn begin(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        }
    }

    /// The day `count` periods after a first day; before it when `count` is negative.
    #[must_use]
    pub fn step(self, first: NaiveDate, count: i32) -> Option<NaiveDate> {
        let (days, months) = match self {
            Self::Day => (1, 0),
            Self::Week => (7, 0),
            Self::Month => (0, 1),
            Self::Quarter => (0, 3),
            Self::Year => (0, 12),
        };
        let far = |each: u32| each.checked_mul(count.unsigned_abs());
        match (days, count < 0) {
            (0, false) => first.checked_add_months(Months::new(far(months)?)),
            (0, true) => first.checked_sub_months(Months::new(far(months)?)),
            (_, false) => first.checked_add_days(Days::new(far(days)?.into())),
            (_, true) => first.checked_sub_days(Days::new(far(days)?.into())),
        }
    }
}

impl Period {
    /// The days from `first` to the one before `next`; none beyond what can be counted.
    #[must_use]
    pub fn of(first: NaiveDate, next: NaiveDate, zone: Tz) -> Option<Self> {
        Some(Self { first, next, from: midnight(first, zone)?, until: midnight(next, zone)? })
    }

    /// Its last day.
    #[must_use]
    pub fn last(&self) -> NaiveDate {
        self.next.pred_opt().unwrap_or(self.next)
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, moment: DateTime<Utc>) -> bool {
        self.from <= moment && moment < self.until
    }
}

/// The periods from the one that holds `from` to the one that holds `to`; none when there are more than `most`, or beyond
/// what can be counted.
#[must_use]
pub fn periods(unit: Unit, from: NaiveDate, to: NaiveDate, zone: Tz, most: usize) -> Option<Vec<Period>> {
    let (mut first, last) = (unit.begin(from)?, unit.begin(to)?);
    let mut all = Vec::new();
    while first <= last {
        if all.len() == most {
            return None;
        }
        let next = unit.step(first, 1)?;
        all.push(Period::of(first, next, zone)?);
        first = next;
    }
    Some(all)
}

/// So many periods that follow each other, each of `length` units; the last one's last unit holds a day. None beyond what
/// can be counted.
#[must_use]
pub fn back_from(unit: Unit, length: i32, count: i32, day: NaiveDate, zone: Tz) -> Option<Vec<Period>> {
    let end = unit.step(unit.begin(day)?, 1)?;
    let bound = |back: i32| unit.step(end, back.checked_mul(length)?.checked_neg()?);
    (0..count).rev().map(|back| Period::of(bound(back + 1)?, bound(back)?, zone)).collect()
}

/// When a day begins: where the clocks jump over midnight, when they have jumped; where midnight comes twice, the first
/// time. A day that a zone has left out begins with the next.
fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let local = day.and_hms_opt(0, 0, 0)?;
    let quarters = (0..=26 * 4).filter_map(|quarter| local.checked_add_signed(TimeDelta::minutes(15 * quarter)));
    let mut there = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest());
    there.next().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn of(unit: Unit, from: &str, to: &str, zone: &str) -> Vec<String> {
        let all = periods(unit, day(from), day(to), zone.parse().unwrap(), 400).unwrap();
        assert!(all.windows(2).all(|two| two[0].until == two[1].from), "nothing lies between two periods");
        all.iter().map(|one| format!("{}..{} {}", one.first, one.last(), one.from.format("%FT%RZ"))).collect()
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        assert_eq!(
            of(Unit::Month, "2026-01-31", "2026-02-01", "UTC"),
            ["2026-01-01..2026-01-31 2026-01-01T00:00Z", "2026-02-01..2026-02-28 2026-02-01T00:00Z"]
        );
        assert_eq!(of(Unit::Quarter, "2026-06-30", "2026-06-30", "UTC"), ["2026-04-01..2026-06-30 2026-04-01T00:00Z"]);
        assert_eq!(of(Unit::Week, "2026-01-01", "2026-01-01", "UTC"), ["2025-12-29..2026-01-04 2025-12-29T00:00Z"]);
        assert_eq!(of(Unit::Year, "2024-02-29", "2024-02-29", "UTC"), ["2024-01-01..2024-12-31 2024-01-01T00:00Z"]);
        assert_eq!(Unit::Month.step(day("2026-03-01"), -3), Some(day("2025-12-01")));
        assert_eq!(Unit::Week.step(day("2026-03-02"), -1), Some(day("2026-02-23")));
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        assert_eq!(
            of(Unit::Day, "2026-03-29", "2026-03-30", "Europe/Berlin"),
            ["2026-03-29..2026-03-29 2026-03-28T23:00Z", "2026-03-30..2026-03-30 2026-03-29T22:00Z"]
        );
        // In Beirut the clocks jump over midnight; Kathmandu is a quarter off; Samoa has left out a day.
        assert_eq!(
            of(Unit::Day, "2026-03-29", "2026-03-29", "Asia/Beirut"),
            ["2026-03-29..2026-03-29 2026-03-28T22:00Z"]
        );
        assert_eq!(
            of(Unit::Day, "2026-03-29", "2026-03-29", "Asia/Kathmandu"),
            ["2026-03-29..2026-03-29 2026-03-28T18:15Z"]
        );
        let samoa =
            periods(Unit::Day, day("2011-12-29"), day("2011-12-31"), "Pacific/Apia".parse().unwrap(), 9).unwrap();
        assert!(samoa[1].from == samoa[1].until && samoa.len() == 3, "{samoa:?}");
    }

    #[test]
    fn periods_of_several_units_end_with_the_one_that_holds_the_day() {
        let of = |unit, length, count| {
            let all = back_from(unit, length, count, day("2026-05-20"), chrono_tz::UTC).unwrap();
            all.iter().map(|one| format!("{}..{}", one.first, one.last())).collect::<Vec<_>>()
        };
        assert_eq!(of(Unit::Month, 3, 2), ["2025-12-01..2026-02-28", "2026-03-01..2026-05-31"]);
        assert_eq!(of(Unit::Week, 2, 2), ["2026-04-27..2026-05-10", "2026-05-11..2026-05-24"]);
        assert_eq!(of(Unit::Day, 1, 2), ["2026-05-19..2026-05-19", "2026-05-20..2026-05-20"]);
        assert_eq!(of(Unit::Year, 1, 2), ["2025-01-01..2025-12-31", "2026-01-01..2026-12-31"]);
        assert!(back_from(Unit::Year, i32::MAX, 3, day("2026-05-20"), chrono_tz::UTC).is_none());
    }

    #[test]
    fn too_many_are_none() {
        let zone = chrono_tz::UTC;
        assert!(periods(Unit::Day, day("2026-01-01"), day("2026-01-04"), zone, 3).is_none());
        assert_eq!(periods(Unit::Day, day("2026-01-04"), day("2026-01-01"), zone, 3), Some(Vec::new()));
        assert!(periods(Unit::Year, NaiveDate::MAX, NaiveDate::MAX, zone, 3).is_none());
    }
}
