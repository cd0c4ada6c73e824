//! A rule: which requests meet which fault, and how often.

use super::super::script::{Scripted, Turns};
use super::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// What goes wrong. Each variant's name in JSON is its `kind`, in snake case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Another status, with Stripe's error body unless another is given (traps 42, 47, 48).
    Status(Refusal),
    /// The true answer, so many milliseconds later; sooner when the rule is taken away.
    Delay {
        /// How much later.
        ms: u64,
    },
    /// No answer at all until the client leaves (trap 48).
    Silence,
    /// The connection ends with a TCP reset (trap 48).
    Reset {
        /// How far the answer comes.
        #[serde(default)]
        after: Point,
    },
    /// The true `Content-Length` and the first half of the body; then the connection closes.
    Cut,
    /// A `Content-Length` of half the body under 200: what arrives ends in the middle of the JSON (trap 48).
    WrongLength,
    /// Bytes that are no JSON, called JSON.
    Garbage,
    /// JSON of another shape: a list whose rows are no array.
    WrongShape,
    /// A page of HTML in place of JSON, as a proxy sends it (trap 48).
    Html {
        /// 200 or any other.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// 200 with an error object.
    OkError,
    /// The true status and no body (trap 42).
    Empty,
    /// A body of so many bytes that begins like a list and has no end in sight.
    Huge {
        /// How many; a GiB when left out.
        #[serde(default = "gibibyte")]
        bytes: u64,
    },
    /// The true answer, a byte at a time.
    Drip {
        /// Milliseconds before each byte.
        #[serde(default = "second")]
        ms: u64,
    },
    /// The true answer, compressed with gzip whether or not it was asked for (trap 48).
    Gzip,
    /// A list gives the page before this one again.
    DuplicatePage,
    /// A list leaves out a page's rows and gives the page after them.
    MissingPage,
    /// The rows of a page in another order.
    Shuffled,
    /// A page with fewer rows than asked for, and `has_more` (trap 51).
    ShortPage {
        /// How many rows.
        #[serde(default = "thirty_seven")]
        rows: usize,
    },
    /// A page without rows, and `has_more`.
    EmptyMore,
    /// The cursor's row is gone: 400 `resource_missing` (traps 17, 51).
    VanishedCursor,
    /// The owner removes the platform at this moment: this request and all later ones get 403 `account_invalid` (trap
    /// 43). The webhook comes too, if there is an endpoint.
    Revoke,
}

/// How far an answer comes before its connection is reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// Not a byte of it.
    #[default]
    Nothing,
    /// The status line, the headers and the first half of the body.
    Headers,
}

impl Fault {
    /// Stripe's error of this status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(Refusal::new(status))
    }

    /// Whether nothing of an answer arrives.
    #[must_use]
    pub fn answers_nothing(&self) -> bool {
        matches!(self, Self::Silence | Self::Reset { after: Point::Nothing })
    }

    /// Whether it happens to a page of a list.
    #[must_use]
    pub fn is_of_lists(&self) -> bool {
        matches!(
            self,
            Self::DuplicatePage | Self::MissingPage | Self::Shuffled | Self::ShortPage { .. } | Self::EmptyMore
        ) || self.needs_cursor()
    }

    /// Whether it can only happen to a page after the first.
    #[must_use]
    pub fn needs_cursor(&self) -> bool {
        matches!(self, Self::DuplicatePage | Self::VanishedCursor)
    }

    /// Its `kind`.
    fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value["kind"].as_str().unwrap_or_default().to_owned()
    }
}

/// Which requests meet which fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is counted by; the fault's kind when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// `GET /v1/charges`, `/v1/charges` for any method, `*` for all; a `*` at the end stands for any rest.
    #[serde(default = "all")]
    pub endpoint: String,
    /// Requests about this account alone.
    #[serde(default)]
    pub account: Option<String>,
    /// It begins with the n-th matching request; the first is 1.
    #[serde(default = "one")]
    pub from: u64,
    /// From there on it meets each n-th matching request.
    #[serde(default = "one")]
    pub every: u64,
    /// How often it happens: once when left out, for ever when null.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// What happens.
    pub fault: Fault,
}

impl Rule {
    /// Once, to the first request of this endpoint.
    #[must_use]
    pub fn new(endpoint: impl Into<String>, fault: Fault) -> Self {
        Self { name: None, endpoint: endpoint.into(), account: None, from: 1, every: 1, times: Some(1), fault }
    }

    /// Counted by this name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// For this account alone.
    #[must_use]
    pub fn account(self, account: impl Into<String>) -> Self {
        Self { account: Some(account.into()), ..self }
    }

    /// From the n-th matching request on; the first is 1.
    #[must_use]
    pub fn from(self, from: u64) -> Self {
        Self { from, ..self }
    }

    /// To each n-th matching request.
    #[must_use]
    pub fn every(self, every: u64) -> Self {
        Self { every, ..self }
    }

    /// So many times.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Until the rules are cleared.
    #[must_use]
    pub fn for_ever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Whether its endpoint is this one.
    pub(super) fn is_about(&self, method: &str, pattern: &str) -> bool {
        let (wanted, path) = self.endpoint.split_once(' ').unwrap_or(("", &self.endpoint));
        let fits = path.strip_suffix('*').map_or(path == pattern, |start| pattern.starts_with(start));
        fits && (wanted.is_empty() || wanted == method)
    }

    /// Refuses what could never happen.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self, endpoints: &[&str]) -> Result<(), String> {
        let known = |method: &str| endpoints.iter().any(|pattern| self.is_about(method, pattern));
        if !["GET", "POST", "DELETE"].into_iter().any(known) {
            return Err(format!(
                "endpoint '{}' is none of the simulator's; write one as 'GET /v1/charges/{{id}}', '/v1/charges' or '*'",
                self.endpoint
            ));
        }
        if self.from == 0 || self.every == 0 {
            return Err("from and every begin at 1".to_owned());
        }
        if let Fault::Status(refusal) = &self.fault {
            refusal.check()?;
        }
        match self.fault {
            Fault::Html { status } if !(200..=599).contains(&status) => Err(format!("there is no status {status}")),
            _ => Ok(()),
        }
    }
}

impl Scripted for Rule {
    fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.fault.kind())
    }

    fn turns(&self) -> Turns {
        Turns { from: self.from, every: self.every, times: self.times }
    }
}

fn all() -> String {
    "*".to_owned()
}

const fn one() -> u64 {
    1
}

#[expect(clippy::unnecessary_wraps, reason = "a default has the type of its field")]
const fn once() -> Option<u64> {
    Some(1)
}

const fn bad_gateway() -> u16 {
    502
}

const fn gibibyte() -> u64 {
    1 << 30
}

const fn second() -> u64 {
    1_000
}

const fn thirty_seven() -> usize {
    37
}
