//! When things happen: days with their weekdays and hours.

use super::chance::Chance;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// How busy each hour of a day is.
const HOURS: [u64; 24] = [2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 22, 26, 24, 20, 18, 18, 20, 24, 26, 22, 16, 9, 5];
/// How busy each day of the week is, Monday first.
const WEEKDAYS: [u64; 7] = [9, 9, 10, 10, 12, 13, 7];

/// Midnight UTC before `at`.
pub fn midnight(at: i64) -> i64 {
    at.div_euclid(DAY) * DAY
}

/// 0 for Monday to 6 for Sunday.
pub fn weekday(at: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (at.div_euclid(DAY) + 3).rem_euclid(7)
}

/// The midnight at which a bank can take money that was sent for `at`: not on a weekend.
pub fn bank_day(at: i64) -> i64 {
    let day = midnight(at);
    match weekday(day) {
        5 => day + 2 * DAY,
        6 => day + DAY,
        _ => day,
    }
}

/// `count` seconds in ascending order over the `days` before `now`: busier in later years, on weekends and at noon.
pub fn moments(chance: Chance, count: u64, days: i64, now: i64) -> Vec<i64> {
    let today = midnight(now);
    let weights: Vec<u64> =
        (0..=days).map(|back| weight(days - back, days, today - (days - back) * DAY, now)).collect();
    let total: u64 = weights.iter().sum();
    let mut moments = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    let mut before = 0;
    for (weight, back) in weights.iter().zip((0..=days).rev()) {
        let day = today - back * DAY;
        let share = |sum: u64| u64::try_from(u128::from(count) * u128::from(sum) / u128::from(total)).unwrap_or(0);
        let (first, last) = (share(before), share(before + weight));
        let open = if back == 0 { clock_position(now - day) } else { clock_position(DAY) };
        for number in first..last {
            let within = chance.of(number).below("moment", 1 << 20) + ((number - first) << 20);
            let position = u128::from(within) * u128::from(open) / (u128::from(last - first) << 20);
            moments.push((day + clock_second(u64::try_from(position).unwrap_or(0))).min(now));
        }
        before += weight;
    }
    moments
}

fn weight(back: i64, days: i64, day: i64, now: i64) -> u64 {
    let growth = (days + (days - back)).cast_unsigned();
    let weekday = WEEKDAYS[usize::try_from(weekday(day)).unwrap_or(0)];
    let open = if back == 0 { clock_position(now - day) } else { clock_position(DAY) };
    (growth + 1) * weekday * (open / 3_600 + 1)
}

/// How much of a day's business is done at a second of the day; an hour counts 3600 times its weight.
fn clock_position(second: i64) -> u64 {
    HOURS
        .iter()
        .zip(0_i64..)
        .map(|(weight, hour)| weight * (second - hour * 3_600).clamp(0, 3_600).cast_unsigned())
        .sum()
}

/// The inverse of [`clock_position`].
fn clock_second(mut position: u64) -> i64 {
    for (weight, hour) in HOURS.iter().zip(0_i64..) {
        if position < weight * 3_600 {
            return hour * 3_600 + (position / weight).cast_signed();
        }
        position -= weight * 3_600;
    }
    DAY - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_ascend_and_end_now() {
        let now = 1_790_000_000;
        let moments = moments(Chance::new(1), 5_000, 400, now);
        assert_eq!(moments.len(), 5_000);
        assert!(moments.is_sorted());
        assert!(*moments.last().expect("moments") <= now);
        assert!(moments[0] >= midnight(now) - 400 * DAY);
    }

    #[test]
    fn banks_rest_on_weekends() {
        // 2026-11-21 was a Saturday.
        assert_eq!(bank_day(1_795_219_200), 1_795_219_200 + 2 * DAY);
        assert_eq!(weekday(1_795_219_200), 5);
    }
}
