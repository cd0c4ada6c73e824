//! What the tests of the mappers share.

use entity::id::ConnectionId;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Source, read};

/// Where everything in the tests comes from.
pub fn source() -> Source {
    Source { connection_id: ConnectionId(uuid::Uuid::from_u128(7)) }
}

/// An object of the kind `T`: `base` with the fields of `changes` instead of its own; `null` takes a field away.
pub fn changed<T: DeserializeOwned>(base: &Value, changes: &Value) -> T {
    let mut body = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    read(&body.to_string()).unwrap()
}
