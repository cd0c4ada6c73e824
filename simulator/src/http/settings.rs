//! What can be switched while the simulator runs.

use super::limits::{PER_ACCOUNT_LIVE, PER_ACCOUNT_TEST, PER_ENDPOINT};
use super::options::Options;
use serde::{Deserialize, Serialize};

/// How the simulator behaves from now on. In JSON, what is left out stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Every API and token answer takes so many milliseconds longer.
    pub latency_ms: u64,
    /// How many things happen a minute in each account that has sold something; with 0 nothing happens by itself.
    pub live_per_minute: u32,
    /// Whether the four limits below hold.
    pub rate_limit: bool,
    /// Requests a second to one endpoint of an account: `endpoint-rate`.
    pub per_endpoint: u32,
    /// Requests a second to an account: `global-rate`.
    pub per_account: u32,
    /// Requests to one endpoint of an account that are under way at once: `endpoint-concurrency`.
    pub endpoint_at_once: u32,
    /// Requests to an account that are under way at once: `global-concurrency`.
    pub account_at_once: u32,
    /// The least and the most seconds after which what happens is in a list (trap 20); at once when both are 0.
    pub late_seconds: (u32, u32),
}

/// As much as nobody asks at once.
const NO_LIMIT: u32 = u32::MAX;

impl Settings {
    /// As the simulator was started.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self {
            latency_ms: u64::try_from(options.latency.as_millis()).unwrap_or(u64::MAX),
            live_per_minute: options.live_per_minute,
            rate_limit: options.rate_limit,
            per_endpoint: PER_ENDPOINT,
            per_account: if options.livemode() { PER_ACCOUNT_LIVE } else { PER_ACCOUNT_TEST },
            endpoint_at_once: NO_LIMIT,
            account_at_once: NO_LIMIT,
            late_seconds: (0, 0),
        }
    }

    /// Refuses what cannot hold.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn check(&self) -> Result<(), String> {
        let limits = [self.per_endpoint, self.per_account, self.endpoint_at_once, self.account_at_once];
        if limits.contains(&0) {
            return Err("a limit is at least 1".to_owned());
        }
        if self.per_endpoint > 1_000_000 || self.per_account > 1_000_000 {
            return Err("per_endpoint and per_account are at most 1000000".to_owned());
        }
        if self.live_per_minute > 6_000 {
            return Err("live_per_minute may be at most 6000".to_owned());
        }
        if self.late_seconds.0 > self.late_seconds.1 {
            return Err("late_seconds is the least and then the most".to_owned());
        }
        Ok(())
    }
}
