//! Stripe's limits: so many requests a second, and so many at once, for each endpoint and for each account.

use super::counters::Load;
use super::settings::Settings;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// For each named endpoint, in either mode.
pub const PER_ENDPOINT: u32 = 25;
/// For each account with a test key.
pub const PER_ACCOUNT_TEST: u32 = 25;
/// For each account with a live key.
pub const PER_ACCOUNT_LIVE: u32 = 100;

/// Who has asked for what how lately. Each bucket holds one second's worth and fills up again evenly.
#[derive(Debug, Default)]
pub struct Limits {
    /// Per (account, endpoint), the endpoint empty for the account as a whole: when its bucket will be full again.
    full_at: Mutex<HashMap<(String, &'static str), i64>>,
}

impl Limits {
    /// Lets a request pass, or says which limit it hits; a refused request costs nothing. `load` counts this request too.
    ///
    /// # Errors
    /// The word for `Stripe-Rate-Limited-Reason`.
    pub fn pass(
        &self,
        account: &str,
        endpoint: &'static str,
        settings: &Settings,
        load: Load,
        micros: i64,
    ) -> Result<(), &'static str> {
        if load.endpoint > settings.endpoint_at_once {
            return Err("endpoint-concurrency");
        }
        if load.account > settings.account_at_once {
            return Err("global-concurrency");
        }
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = |endpoint: &'static str, rate: u32| {
            let slot = full_at.entry((account.to_owned(), endpoint)).or_default();
            let cost = 1_000_000 / i64::from(rate);
            let after = (*slot).max(micros) + cost;
            (after <= micros + 1_000_000).then_some(after)
        };
        let endpoint_after = next(endpoint, settings.per_endpoint).ok_or("endpoint-rate")?;
        let account_after = next("", settings.per_account).ok_or("global-rate")?;
        full_at.insert((account.to_owned(), endpoint), endpoint_after);
        full_at.insert((account.to_owned(), ""), account_after);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::Options;
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn settings(live: bool) -> Settings {
        let key = if live { "sk_live_1" } else { "sk_test_1" };
        Settings::of(&Options { secret_key: key.to_owned(), ..Options::default() })
    }

    fn pass(limits: &Limits, account: &str, endpoint: &'static str, live: bool, at: i64) -> Result<(), &'static str> {
        limits.pass(account, endpoint, &settings(live), Load::default(), at)
    }

    fn passed(limits: &Limits, endpoint: &'static str, live: bool, at: i64, tries: usize) -> usize {
        (0..tries).filter(|_| pass(limits, "acct_1", endpoint, live, at).is_ok()).count()
    }

    #[test]
    fn an_endpoint_gives_25_a_second_even_live() {
        let limits = Limits::default();
        assert_eq!(passed(&limits, "/v1/charges", true, 10 * SECOND, 60), 25);
        assert_eq!(pass(&limits, "acct_1", "/v1/charges", true, 10 * SECOND), Err("endpoint-rate"));
        assert_eq!(passed(&limits, "/v1/charges", true, 10 * SECOND + 40_000, 60), 1);
        assert_eq!(passed(&limits, "/v1/charges", true, 11 * SECOND + 40_000, 60), 25);
    }

    #[test]
    fn an_account_gives_25_a_second_in_test_and_100_live() {
        let endpoints = ["/v1/a", "/v1/b", "/v1/c", "/v1/d", "/v1/e", "/v1/f"];
        for (live, most) in [(false, 25), (true, 100)] {
            let limits = Limits::default();
            let total: usize = endpoints.into_iter().map(|endpoint| passed(&limits, endpoint, live, SECOND, 20)).sum();
            assert_eq!(total, most);
            assert_eq!(pass(&limits, "acct_1", "/v1/g", live, SECOND), Err("global-rate"));
            assert_eq!(pass(&limits, "acct_2", "/v1/g", live, SECOND), Ok(()));
        }
    }

    #[test]
    fn what_is_under_way_at_once_is_limited_too() {
        let limits = Limits::default();
        let settings = Settings { endpoint_at_once: 2, account_at_once: 4, ..settings(true) };
        let pass = |endpoint, account| limits.pass("acct_1", "/v1/a", &settings, Load { endpoint, account }, SECOND);
        assert_eq!(pass(2, 4), Ok(()));
        assert_eq!(pass(3, 4), Err("endpoint-concurrency"));
        assert_eq!(pass(1, 5), Err("global-concurrency"));
    }
}
