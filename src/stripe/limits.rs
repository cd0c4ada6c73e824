//! Our own limits, below Stripe's: per account, and per endpoint of an account.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota};

/// Requests a second that Stripe allows to one endpoint, and to a test account.
const STRIPE_ENDPOINT: u32 = 25;
/// Requests a second that Stripe allows to a live account.
const STRIPE_LIVE_ACCOUNT: u32 = 100;

/// Requests a second; none is Stripe's own limit, 0 is no limit of ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// To one endpoint of one account.
    pub endpoint: Option<u32>,
    /// To one account.
    pub account: Option<u32>,
}

/// Keeps the pace of all requests of this process.
#[derive(Debug, Default)]
pub struct Limits {
    rates: Rates,
    paces: Mutex<HashMap<String, Arc<DefaultDirectRateLimiter>>>,
}

impl Limits {
    /// Limits at these rates.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, paces: Mutex::default() }
    }

    /// Waits until a request to this endpoint of this account may go.
    pub async fn wait(&self, account: &str, livemode: bool, endpoint: &str) {
        let whole = if livemode { STRIPE_LIVE_ACCOUNT } else { STRIPE_ENDPOINT };
        let mode = if livemode { "live" } else { "test" };
        self.pace(format!("{account} {mode}"), self.rates.account.unwrap_or(whole)).await;
        self.pace(format!("{account} {mode} {endpoint}"), self.rates.endpoint.unwrap_or(STRIPE_ENDPOINT)).await;
    }

    async fn pace(&self, key: String, rate: u32) {
        let Some(rate) = NonZeroU32::new(rate) else { return };
        // A second that begins with a full bucket would see twice the rate: a small burst keeps below Stripe's count.
        let burst = NonZeroU32::new(rate.get() / 5).unwrap_or(NonZeroU32::MIN);
        let limiter = {
            let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(DefaultDirectRateLimiter::direct(Quota::per_second(rate).allow_burst(burst)));
            Arc::clone(paces.entry(key).or_insert_with(new))
        };
        limiter.until_ready().await;
    }
}
