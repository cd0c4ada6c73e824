//! `Stripe-Version`: which ones there are. The objects are always in the newest shape.

use super::error::Error;
use axum::http::HeaderMap;

/// The version whose shapes are served.
pub const SERVED: &str = "2026-10-28.endive";

/// Each named major with its first day; a monthly release under the name is dated until the next one's.
const MAJORS: [(&str, &str); 5] = [
    ("acacia", "2024-09-30"),
    ("basil", "2025-03-31"),
    ("clover", "2025-09-30"),
    ("dahlia", "2026-03-25"),
    ("endive", "2026-09-30"),
];
/// The first version there was.
const FIRST: &str = "2011-01-01";

/// The version that a request asks for: echoed in the answer, [`SERVED`] when it names none.
///
/// # Errors
/// 400 for a version that cannot exist yet or is none at all.
pub fn asked(headers: &HeaderMap) -> Result<&str, Error> {
    let Some(value) = headers.get("stripe-version") else { return Ok(SERVED) };
    let version = value.to_str().unwrap_or_default();
    let refused = || Error::invalid(format!("Invalid Stripe API version: {version}"));
    if exists(version) { Ok(version) } else { Err(refused()) }
}

/// Whether there is such a version.
#[must_use]
pub fn exists(version: &str) -> bool {
    let (date, name) = version.split_once('.').map_or((version, None), |(date, name)| (date, Some(name)));
    if chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_err() || date.len() != 10 {
        return false;
    }
    let (newest, _) = SERVED.split_once('.').unwrap_or((SERVED, ""));
    let Some(name) = name else { return (FIRST..MAJORS[0].1).contains(&date) };
    let Some(at) = MAJORS.iter().position(|(major, _)| *major == name) else { return false };
    let before_next = MAJORS.get(at + 1).map_or(date <= newest, |(_, next)| date < *next);
    date >= MAJORS[at].1 && before_next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_their_era() {
        for fine in [SERVED, "2026-09-30.endive", "2025-03-31.basil", "2025-08-27.basil", "2024-06-20", "2020-08-27"] {
            assert!(exists(fine), "{fine}");
        }
        for bad in [
            "",
            "latest",
            "2026-11-25.endive",
            "2026-10-28",
            "2026-10-28.basil",
            "2026-10-28.fig",
            "2026-13-01",
            "20-1-1",
        ] {
            assert!(!exists(bad), "{bad}");
        }
    }
}
