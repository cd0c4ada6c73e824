//! How often each endpoint was asked, for which account, with which status.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests by endpoint (`GET /v1/charges`) and status.
type ByEndpoint = BTreeMap<String, BTreeMap<u16, u64>>;

/// What has been served since the start or the last reset.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Served {
    /// All requests.
    pub total: u64,
    /// Over all accounts; with requests that were refused before an account was known.
    pub endpoints: ByEndpoint,
    /// The same for each account.
    pub accounts: BTreeMap<String, ByEndpoint>,
}

/// Counts requests.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Served>);

impl Counters {
    /// Counts one request.
    pub fn count(&self, endpoint: &str, account: Option<&str>, status: u16) {
        let mut served = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        served.total += 1;
        add(&mut served.endpoints, endpoint, status);
        if let Some(account) = account {
            match served.accounts.get_mut(account) {
                Some(endpoints) => add(endpoints, endpoint, status),
                None => add(served.accounts.entry(account.to_owned()).or_default(), endpoint, status),
            }
        }
    }

    /// What has been counted.
    #[must_use]
    pub fn served(&self) -> Served {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins again at nothing.
    pub fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Served::default();
    }
}

fn add(endpoints: &mut ByEndpoint, endpoint: &str, status: u16) {
    let statuses = match endpoints.get_mut(endpoint) {
        Some(statuses) => statuses,
        None => endpoints.entry(endpoint.to_owned()).or_default(),
    };
    *statuses.entry(status).or_default() += 1;
}
