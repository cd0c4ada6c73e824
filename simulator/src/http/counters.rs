//! How often each endpoint was asked, for which account, with which status; how many requests were under way at once;
//! and the last requests one by one.

use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many requests are kept one by one.
pub const KEPT: usize = 20_000;
/// The status of a request that got no answer: it was cut off on purpose, or the client left.
pub const NO_ANSWER: u16 = 0;

/// Requests by endpoint (`GET /v1/charges`) and status; 0 stands for no answer.
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
    /// How many requests to an endpoint of an account were under way at once, at most: by account, then by endpoint.
    pub at_once: BTreeMap<String, BTreeMap<String, u32>>,
}

/// A request that is over.
#[derive(Clone, Debug, Serialize)]
pub struct Visit {
    /// When it came, in microseconds since the simulator began. A moved clock does not move it.
    pub began: u64,
    /// When its answer was ready, or it was given up.
    pub ended: u64,
    /// `GET /v1/charges/{id}`
    pub endpoint: String,
    /// The path as it was asked.
    pub path: String,
    /// What stood behind the question mark.
    pub query: String,
    /// The account, when the key reached one.
    pub account: Option<String>,
    /// The answer's status; 0 for none.
    pub status: u16,
    /// The request's `X-Request-Owner`, by which a client's parts can be told apart.
    pub owner: Option<String>,
}

/// How many requests are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// To this endpoint of this account.
    pub endpoint: u32,
    /// To this account.
    pub account: u32,
}

#[derive(Debug, Default)]
struct Book {
    served: Served,
    /// By account, then by endpoint; the empty one is the account as a whole.
    under_way: BTreeMap<String, BTreeMap<String, u32>>,
    last: VecDeque<Visit>,
}

/// Counts requests.
#[derive(Debug)]
pub struct Counters {
    start: Instant,
    book: Mutex<Book>,
}

impl Default for Counters {
    fn default() -> Self {
        Self { start: Instant::now(), book: Mutex::default() }
    }
}

/// A request that is under way; dropped without an [`Self::end`], it has got no answer.
#[derive(Debug)]
pub struct UnderWay<'a> {
    /// What is under way with it; nothing when no account is known.
    pub load: Load,
    counters: &'a Counters,
    visit: Option<Visit>,
}

impl Counters {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Takes note of a request that has come; `visit` says what is known of it.
    pub fn begin(&self, visit: Visit) -> UnderWay<'_> {
        let visit = Visit { began: self.micros(), ..visit };
        let mut load = Load::default();
        if let Some(account) = &visit.account {
            let mut book = self.book();
            let mut one_more = |endpoint: &str| {
                let now = slot(slot(&mut book.under_way, account), endpoint);
                *now += 1;
                *now
            };
            load = Load { endpoint: one_more(&visit.endpoint), account: one_more("") };
            let most = slot(slot(&mut book.served.at_once, account), &visit.endpoint);
            *most = load.endpoint.max(*most);
        }
        UnderWay { load, counters: self, visit: Some(visit) }
    }

    fn close(&self, visit: Visit) {
        let visit = Visit { ended: self.micros(), ..visit };
        let mut book = self.book();
        let Book { served, under_way, last } = &mut *book;
        served.total += 1;
        *slot(&mut served.endpoints, &visit.endpoint).entry(visit.status).or_default() += 1;
        if let Some(account) = &visit.account {
            *slot(slot(&mut served.accounts, account), &visit.endpoint).entry(visit.status).or_default() += 1;
            for endpoint in [&visit.endpoint, ""] {
                let now = slot(slot(under_way, account), endpoint);
                *now = now.saturating_sub(1);
            }
        }
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(visit);
    }

    /// What has been counted.
    #[must_use]
    pub fn served(&self) -> Served {
        self.book().served.clone()
    }

    /// The last `KEPT` requests in the order of their ends.
    #[must_use]
    pub fn visits(&self) -> Vec<Visit> {
        self.book().last.iter().cloned().collect()
    }

    /// Begins again at nothing; what is under way stays under way.
    pub fn reset(&self) {
        let mut book = self.book();
        book.served = Served::default();
        book.last.clear();
    }
}

impl UnderWay<'_> {
    /// It is over, with this status.
    pub fn end(mut self, status: u16) {
        self.close(status);
    }

    fn close(&mut self, status: u16) {
        if let Some(visit) = self.visit.take() {
            self.counters.close(Visit { status, ..visit });
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.close(NO_ANSWER);
    }
}

/// The value of a key that is copied only when it is new.
fn slot<'a, V: Default>(map: &'a mut BTreeMap<String, V>, key: &str) -> &'a mut V {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), V::default());
    }
    map.get_mut(key).expect("it was put there if it was missing")
}
