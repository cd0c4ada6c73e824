//! Deliveries that go wrong on purpose: rules say which one, and count how often it happened.

use super::super::script::{Scripted, Turns};
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write;

/// What goes wrong with a delivery. Each variant's name in JSON is its `kind`, in snake case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Twist {
    /// The same event comes again, although it was taken (trap 22).
    Again {
        /// How often more.
        #[serde(default = "one_more")]
        times: u32,
        /// Seconds of the simulator's clock between one and the next; with 0 all come at once.
        #[serde(default)]
        apart: u32,
    },
    /// It comes so many seconds of the simulator's clock later (trap 22).
    Late {
        /// How much later.
        seconds: u32,
    },
    /// It waits until so many have come, which are then delivered last first (trap 22).
    Reversed {
        /// How many.
        of: usize,
    },
    /// It is never sent (trap 43).
    Lost,
    /// A wrong `v1` before the right one, and a `v0` (trap 50).
    TwoSignatures,
    /// No `v1` is right.
    WrongSignature,
    /// Signed as of so many seconds from now (trap 50).
    ClockOff {
        /// Below 0 for the past; six minutes ago when left out.
        #[serde(default = "six_minutes_ago")]
        seconds: i64,
    },
    /// Characters are written as escapes, so that the body read and written again is another one (trap 50).
    Escaped,
    /// `livemode` is that of the other mode (trap 49).
    OtherMode,
    /// Of an account that nobody has heard of (trap 49).
    UnknownAccount,
    /// Of a type that nobody has heard of (trap 49).
    UnknownType,
    /// An event that only names its object, `v2.core.event` (trap 49).
    Thin,
}

/// Which deliveries go wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRule {
    /// What it is counted by; the twist's kind when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// The type of event; a `*` at the end stands for any rest.
    #[serde(default = "all")]
    pub event: String,
    /// Events of this account alone.
    #[serde(default)]
    pub account: Option<String>,
    /// It begins with the n-th matching delivery; the first is 1.
    #[serde(default = "one")]
    pub from: u64,
    /// From there on it meets each n-th.
    #[serde(default = "one")]
    pub every: u64,
    /// How often it happens: once when left out, for ever when null.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// What happens.
    pub twist: Twist,
}

impl DeliveryRule {
    /// Once, to the first event of this type.
    #[must_use]
    pub fn new(event: impl Into<String>, twist: Twist) -> Self {
        Self { name: None, event: event.into(), account: None, from: 1, every: 1, times: Some(1), twist }
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

    /// From the n-th matching delivery on; the first is 1.
    #[must_use]
    pub fn from(self, from: u64) -> Self {
        Self { from, ..self }
    }

    /// To each n-th matching delivery.
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

    /// Refuses what could never happen.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        if self.from == 0 || self.every == 0 {
            return Err("from and every begin at 1".to_owned());
        }
        match self.twist {
            Twist::Reversed { of: 0 | 1 } => Err("one alone cannot be reversed: of begins at 2".to_owned()),
            Twist::Again { times: 0, .. } => Err("times begins at 1".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether it is about this event.
    pub(super) fn is_about(&self, event: &Value) -> bool {
        let name = event["type"].as_str().unwrap_or_default();
        let fits = self.event.strip_suffix('*').map_or(self.event == name, |start| name.starts_with(start));
        fits && self.account.as_deref().is_none_or(|account| event["account"] == account)
    }
}

impl Scripted for DeliveryRule {
    fn label(&self) -> String {
        let kind =
            || serde_json::to_value(&self.twist).unwrap_or_default()["kind"].as_str().unwrap_or_default().to_owned();
        self.name.clone().unwrap_or_else(kind)
    }

    fn turns(&self) -> Turns {
        Turns { from: self.from, every: self.every, times: self.times }
    }
}

/// What a twist makes of the event itself.
pub fn twisted(twist: &Twist, event: &mut Value) {
    match twist {
        Twist::UnknownAccount => event["account"] = "acct_1PsimNobodyKnows".into(),
        Twist::UnknownType => event["type"] = "orchard.harvest.finished".into(),
        Twist::Thin => *event = thin(event),
        _ => {}
    }
}

/// As a thin event tells the same.
fn thin(event: &Value) -> Value {
    let object = &event["data"]["object"];
    let kind = object["object"].as_str().unwrap_or_default();
    let created = event["created"].as_i64().and_then(|second| DateTime::from_timestamp(second, 0)).unwrap_or_default();
    json!({
        "id": event["id"],
        "object": "v2.core.event",
        "type": format!("v1.{}", event["type"].as_str().unwrap_or_default()),
        "livemode": false,
        "created": created.to_rfc3339_opts(SecondsFormat::Millis, true),
        "context": event["account"],
        "related_object": {
            "id": object["id"], "type": kind,
            "url": format!("/v1/{kind}s/{}", object["id"].as_str().unwrap_or_default()),
        },
    })
}

/// The same JSON with escapes wherever there may be some: slashes, and all that is not ASCII.
pub fn escaped(body: &str) -> String {
    let mut text = String::with_capacity(body.len() * 2);
    for character in body.chars() {
        match character {
            '/' => text.push_str("\\/"),
            '\0'..='\x7f' => text.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}

fn all() -> String {
    "*".to_owned()
}

const fn one() -> u64 {
    1
}

const fn one_more() -> u32 {
    1
}

#[expect(clippy::unnecessary_wraps, reason = "a default has the type of its field")]
const fn once() -> Option<u64> {
    Some(1)
}

const fn six_minutes_ago() -> i64 {
    -360
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_body_says_the_same_in_other_bytes() {
        let event = json!({ "name": "山田 🦊 é", "url": "/v1/x" });
        let body = event.to_string();
        let escaped = escaped(&body);
        assert!(escaped.is_ascii() && escaped.contains("\\ud83e\\udd8a") && escaped.contains("\\/v1"));
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), event);
    }
}
