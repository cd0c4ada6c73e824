//! When a connection is due next: pure.

use chrono::{DateTime, Days, Duration, LocalResult, Months, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::integration::{self, Sync};
use entity::sync_setting::Model as Wish;

/// However rarely a connection is synced, its events are polled within this time: Stripe keeps them for 30 days.
const AT_LEAST_EVERY: Duration = Duration::days(7);

/// Hours between two syncs; none for a one-off.
#[must_use]
pub const fn hours(sync: Sync) -> Option<i64> {
    match sync {
        Sync::Once => None,
        Sync::Hourly => Some(1),
        Sync::Daily => Some(24),
        Sync::Weekly => Some(168),
        Sync::Monthly => Some(720),
    }
}

/// How an integration's connections are synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How often.
    pub sync: Sync,
    /// The hour that whole days keep to.
    pub at: Option<Hour>,
}

/// An hour of the day, somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// By the clocks there.
    pub time: NaiveTime,
    /// Where.
    pub zone: Tz,
}

impl Plan {
    /// The plan of an integration. An hour that does not read was refused when it was set.
    #[must_use]
    pub fn of(integration: &integration::Model) -> Self {
        let hour = |text: &str| hour(text, integration.sync_time_zone.as_deref()).ok();
        Self { sync: integration.sync, at: integration.sync_at.as_deref().and_then(hour) }
    }
}

/// Reads an hour, `03:00`, and a time zone by its name in the tz database, `Europe/Berlin`; UTC when there is none.
///
/// # Errors
/// What is wrong, and an example of what is right.
pub fn hour(time: &str, zone: Option<&str>) -> Result<Hour, String> {
    let time = NaiveTime::parse_from_str(time, "%H:%M").map_err(|_| "it must be an hour such as 03:00".to_owned())?;
    let zone = zone.unwrap_or("UTC").parse().map_err(|_| "it must be a time zone such as Europe/Berlin".to_owned())?;
    Ok(Hour { time, zone })
}

/// When the connection is due after a sync that ended now. A data type's own wish overrides the integration's (0 hours is
/// none of its own, which is what every data type has until it is set); the shortest of all counts. Each connection has its own moment within what the frequency leaves open, so
/// that those linked together are not due together for ever.
#[must_use]
pub fn next(plan: Plan, wishes: &[Wish], connection: ConnectionId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let own = |kind| wish(wishes, kind).map(|wish| i64::from(wish.sync_schedule)).filter(|hours| *hours > 0);
    let shortest = DataType::ALL.into_iter().filter_map(|kind| own(kind).or_else(|| hours(plan.sync))).min()?;
    let every = Duration::hours(shortest).min(AT_LEAST_EVERY);
    match plan.at.filter(|_| every >= Duration::days(1)) {
        Some(hour) => Some(by_the_clock(hour, every.num_days(), now) + share(connection, SPREAD)),
        None => Some(now + every + share(connection, every / 20)),
    }
}

/// The hour on the day that is nearest to `days` from now, and after now: what was missed is made up for once.
fn by_the_clock(hour: Hour, days: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&hour.zone).date_naive();
    let days = u64::try_from(days.max(1)).unwrap_or(1);
    // From the day before on: the last one may have come late, behind its hour.
    let candidates = (days - 1..=days + 1).filter_map(|ahead| {
        let local = today.checked_add_days(Days::new(ahead))?.and_time(hour.time);
        match hour.zone.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.with_timezone(&Utc)),
            // The clocks jump over the hour: an hour later there is one.
            LocalResult::None => {
                let later = hour.zone.from_local_datetime(&(local + Duration::hours(1))).earliest();
                later.map(|time| time.with_timezone(&Utc))
            }
        }
    });
    let mut ahead = candidates.filter(|time| *time > now + SPREAD);
    ahead.next().unwrap_or_else(|| now + Duration::days(1))
}

/// Minutes after its hour that a sync by the clock may begin.
const SPREAD: Duration = Duration::minutes(10);

/// The connection's own part of a time span: always the same, and spread evenly over connections.
fn share(connection: ConnectionId, span: Duration) -> Duration {
    // The last bytes of an id are random.
    let [.., a, b] = *connection.0.as_bytes();
    let part = i32::from(u16::from_be_bytes([a, b]));
    span * part / 65_536
}

/// The data types that the first sync reads: all, but for those that were switched off.
#[must_use]
pub fn first(wishes: &[Wish]) -> Vec<DataType> {
    let wanted = |kind: &DataType| wish(wishes, *kind).is_none_or(|wish| wish.fetch_on_first_link);
    DataType::ALL.into_iter().filter(wanted).collect()
}

/// The data types whose history is not wanted whole, each with the Unix second that it begins at.
#[must_use]
pub fn since(wishes: &[Wish], now: DateTime<Utc>) -> Vec<(DataType, i64)> {
    let begins = |wish: &Wish| {
        let months = wish.sync_from_window.and_then(|months| u32::try_from(months).ok());
        wish.sync_from_utc.or_else(|| now.checked_sub_months(Months::new(months?)))
    };
    wishes.iter().filter_map(|wish| Some((wish.data_type, begins(wish)?.timestamp()))).collect()
}

/// What holds for a data type. One that the contract does not know has no setting of its own there: it follows another.
fn wish(wishes: &[Wish], kind: DataType) -> Option<&Wish> {
    let kind = kind.follows().unwrap_or(kind);
    wishes.iter().find(|wish| wish.data_type == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(data_type: DataType, sync_schedule: i32) -> Wish {
        Wish {
            owner: uuid::Uuid::nil(),
            data_type,
            fetch_on_first_link: sync_schedule > 0,
            sync_schedule,
            sync_order: 0,
            sync_from_utc: None,
            sync_from_window: None,
            months_to_sync: None,
            is_locked: false,
        }
    }

    #[test]
    fn the_shortest_wish_counts_and_events_are_never_left_for_long() {
        let now = DateTime::UNIX_EPOCH;
        let connection = ConnectionId(uuid::Uuid::nil());
        let plan = |sync| Plan { sync, at: None };
        let after =
            |sync, wishes: &[Wish]| next(plan(sync), wishes, connection, now).map(|time| (time - now).num_hours());
        assert_eq!(after(Sync::Once, &[]), None);
        assert_eq!(after(Sync::Once, &[wish(DataType::Customers, 24)]), Some(24));
        assert_eq!(after(Sync::Hourly, &[wish(DataType::Customers, 24)]), Some(1));
        let none: Vec<Wish> = DataType::ALL.into_iter().map(|kind| wish(kind, 0)).collect();
        assert_eq!(after(Sync::Hourly, &none), Some(1), "none of its own is what is read where nothing is set");
        assert_eq!(after(Sync::Once, &none), None);
        let all: Vec<Wish> = DataType::ALL.into_iter().map(|kind| wish(kind, 168)).collect();
        assert_eq!(after(Sync::Hourly, &all), Some(168));
        assert_eq!(after(Sync::Weekly, &[]), Some(168));
        assert_eq!(after(Sync::Monthly, &[]), Some(168));
    }

    #[test]
    fn r30_connections_of_one_moment_are_spread() {
        let now = DateTime::UNIX_EPOCH;
        let plan = Plan { sync: Sync::Hourly, at: None };
        let mut due: Vec<_> =
            (0..10_000).filter_map(|_| next(plan, &[], ConnectionId::new(), now)).map(|time| time - now).collect();
        due.sort_unstable();
        assert!(due[0] >= Duration::hours(1) && due[9_999] < Duration::minutes(63));
        let busiest = due.windows(700).any(|some| some[699] - some[0] < Duration::seconds(9));
        assert!(!busiest, "10,000 over 180 seconds are 56 a second");
    }

    #[test]
    fn r29_an_hour_is_kept_over_the_change_of_clocks() {
        let berlin = hour("02:30", Some("Europe/Berlin")).expect("an hour");
        let utc = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let plan = Plan { sync: Sync::Daily, at: Some(berlin) };
        let next = |now: &str| next(plan, &[], ConnectionId(uuid::Uuid::nil()), utc(now)).expect("a time");
        assert_eq!(next("2026-03-27T02:00:00Z"), utc("2026-03-28T01:30:00Z"), "winter");
        assert_eq!(next("2026-03-28T02:00:00Z"), utc("2026-03-29T01:30:00Z"), "02:30 is skipped, 03:30 is not");
        assert_eq!(next("2026-03-29T02:00:00Z"), utc("2026-03-30T00:30:00Z"), "summer");
        assert_eq!(next("2026-10-24T02:00:00Z"), utc("2026-10-25T00:30:00Z"), "02:30 comes twice: the first");
        assert_eq!(next("2028-02-28T02:00:00Z"), utc("2028-02-29T01:30:00Z"), "a leap day");
        assert_eq!(next("2026-06-01T00:00:00Z"), utc("2026-06-01T00:30:00Z"), "one that came late is not skipped");
        assert!(hour("25:00", None).is_err() && hour("03:00", Some("Europe/Atlantis")).is_err());
    }

    #[test]
    fn r29_every_day_has_one_sync_over_changes_of_clocks_and_a_leap_day() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"] {
            for time in ["00:00", "01:30", "02:15", "02:30", "23:59"] {
                let hour = hour(time, Some(zone)).expect("an hour");
                let plan = Plan { sync: Sync::Daily, at: Some(hour) };
                let mut at: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().expect("a time");
                let mut day = None;
                for _ in 0..800 {
                    // Each ends some minutes after its time.
                    at = next(plan, &[], ConnectionId(uuid::Uuid::nil()), at).expect("a time");
                    let today = at.with_timezone(&hour.zone).date_naive();
                    assert!(day.is_none_or(|day| today == day + Days::new(1)), "{zone} {time}: {day:?}, then {today}");
                    day = Some(today);
                    at += Duration::minutes(7);
                }
                assert!(day > chrono::NaiveDate::from_ymd_opt(2028, 2, 29), "no leap day was met");
            }
        }
    }

    #[test]
    fn types_of_our_own_follow_one_of_the_contract() {
        let wanted = first(&[wish(DataType::Transactions, 0)]);
        assert!(!wanted.contains(&DataType::Payouts) && !wanted.contains(&DataType::Transactions));
        assert_eq!(wanted.len(), DataType::ALL.len() - 2);
        let wanted = first(&[wish(DataType::Orders, 0)]);
        assert!(!wanted.contains(&DataType::Subscriptions) && !wanted.contains(&DataType::Invoices));
    }

    #[test]
    fn a_window_of_months_ends_now() {
        let mut rows = vec![wish(DataType::Payments, 0)];
        rows[0].sync_from_window = Some(1);
        let now = DateTime::from_timestamp(31 * 86_400, 0).expect("a time");
        assert_eq!(since(&rows, now), vec![(DataType::Payments, 0)]);
    }
}
