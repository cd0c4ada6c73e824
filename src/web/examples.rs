//! The examples in the API's description: what a demo answered, and one error for each status.
//!
//! `scripts/record-examples` records `examples.json`; a test compares each example with its schema.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use super::error::example;

/// What was recorded.
const RECORDED: &str = include_str!("examples.json");

/// What was recorded, by operation and status, and by the kind of event.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Recorded {
    answers: BTreeMap<String, BTreeMap<String, Value>>,
    /// The bodies of webhooks.
    pub(super) events: BTreeMap<String, Value>,
}

impl Recorded {
    /// Reads it. A file that cannot be read has no examples, which the description's test does not let pass.
    pub(super) fn read() -> Self {
        serde_json::from_str(RECORDED).unwrap_or_default()
    }
}

/// Puts an example to every answer.
pub(super) fn add(api: &mut OpenApi, recorded: &Recorded) {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        let answers = operation.operation_id.as_ref().and_then(|name| recorded.answers.get(name));
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            let value = match status.parse::<u16>() {
                Ok(error @ 400..) => Some(json!(example(error))),
                _ => answers.and_then(|answers| answers.get(status)).cloned(),
            };
            // JSON before what is told in other ways.
            let told = response.content.keys().position(|kind| kind == "application/json").unwrap_or_default();
            if let Some((_, RefOr::T(content))) = response.content.get_index_mut(told) {
                content.example = value;
            }
        }
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}
