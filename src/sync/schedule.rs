//! When a connection is due next: pure.

use chrono::{DateTime, Duration, Months, Utc};
use entity::data_type::DataType;
use entity::integration::Sync;
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

/// When the connection is due after a sync that ended now. A data type's own wish (0 hours is no schedule) overrides the
/// integration's; the shortest of all counts.
#[must_use]
pub fn next(sync: Sync, wishes: &[Wish], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let of_type = |kind| match wish(wishes, kind) {
        Some(wish) => Some(i64::from(wish.sync_schedule)),
        None => hours(sync),
    };
    let shortest = DataType::ALL.into_iter().filter_map(of_type).filter(|hours| *hours > 0).min()?;
    Some(now + Duration::hours(shortest).min(AT_LEAST_EVERY))
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

/// What holds for a data type. Payouts have no setting of their own in the contract: they follow the transactions.
fn wish(wishes: &[Wish], kind: DataType) -> Option<&Wish> {
    let kind = if kind == DataType::Payouts { DataType::Transactions } else { kind };
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
        let after = |sync, wishes: &[Wish]| next(sync, wishes, now).map(|time| (time - now).num_hours());
        assert_eq!(after(Sync::Once, &[]), None);
        assert_eq!(after(Sync::Once, &[wish(DataType::Customers, 24)]), Some(24));
        assert_eq!(after(Sync::Hourly, &[wish(DataType::Customers, 24)]), Some(1));
        let none: Vec<Wish> = DataType::ALL.into_iter().map(|kind| wish(kind, 0)).collect();
        assert_eq!(after(Sync::Hourly, &none), None);
        assert_eq!(after(Sync::Weekly, &[]), Some(168));
        assert_eq!(after(Sync::Monthly, &[]), Some(168));
    }

    #[test]
    fn payouts_follow_the_transactions() {
        let wanted = first(&[wish(DataType::Transactions, 0)]);
        assert!(!wanted.contains(&DataType::Payouts) && !wanted.contains(&DataType::Transactions));
        assert_eq!(wanted.len(), DataType::ALL.len() - 2);
    }

    #[test]
    fn a_window_of_months_ends_now() {
        let mut rows = vec![wish(DataType::Payments, 0)];
        rows[0].sync_from_window = Some(1);
        let now = DateTime::from_timestamp(31 * 86_400, 0).expect("a time");
        assert_eq!(since(&rows, now), vec![(DataType::Payments, 0)]);
    }
}
