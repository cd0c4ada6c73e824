//! What Stripe's objects become here: pure functions from their JSON to our records, one file for each noun.
//!
//! They fill every field that is mapped. What is stamped when a record is kept (`content_hash`, `read_no`, `modified_at`)
//! they leave at zero and at the first second of 1970, and `deleted_at` empty. A word of Stripe's that we do not know
//! becomes `Unknown`; only what cannot be told without guessing is [`Unmapped`].

pub mod company_info;
pub mod customer;
pub mod dispute;
pub mod invoice;
pub mod order;
pub mod payment;
pub mod payment_method;
pub mod payout;
pub mod product;
pub mod subscription;
pub mod transaction;

mod subject;
#[cfg(test)]
mod testing;

use chrono::{DateTime, Utc};
use entity::id::ConnectionId;
use serde::Deserialize;

/// Goes up whenever the same object would become another record, so that history is mapped again.
pub const MAPPER_VERSION: i32 = 3;

/// Where the objects come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The connection that they were read through.
    pub connection_id: ConnectionId,
}

/// An object that cannot be mapped, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Stripe's {object} {id} cannot be mapped: its `{field}` is {value}.")]
pub struct Unmapped {
    /// Stripe's `object`.
    pub object: String,
    /// Stripe's id; empty when it has none.
    pub id: String,
    /// The field that stands in the way; `body` when the JSON has another shape than expected.
    pub field: &'static str,
    /// Its value, or what is wrong with it.
    pub value: String,
}

/// Reads an object of the kind `T` from its JSON.
///
/// # Errors
/// [`Unmapped`] with the field `body` when a field that is read holds another kind of value than expected, such as an
/// amount beyond `i64`.
pub fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Unmapped> {
    serde_json::from_str(json).map_err(|error| {
        let body: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let text = |name: &str| body.get(name)?.as_str().map(clean);
        Unmapped {
            object: text("object").unwrap_or_else(|| "object".to_owned()),
            id: text("id").unwrap_or_default(),
            field: "body",
            value: clean(&format!("not as expected ({error})")),
        }
    })
}

/// A copy without NUL characters, which PostgreSQL cannot keep: each becomes U+FFFD.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// [`clean`] for a text that may be missing.
fn text(text: Option<&String>) -> Option<String> {
    text.map(|text| clean(text))
}

/// The id of what is referred to.
fn id(reference: Option<&stripe::wire::Ref>) -> Option<String> {
    reference.map(|reference| clean(&reference.id))
}

/// A text as it is compared: in lower case.
fn folded(text: Option<&String>) -> Option<String> {
    text.map(|text| text.to_lowercase())
}

/// What `modified_at` holds until the record is stamped.
const UNSTAMPED: DateTime<Utc> = DateTime::UNIX_EPOCH;

#[cfg(test)]
mod tests {
    use super::*;
    use stripe::wire::{Charge, Customer};

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = read::<Charge>(r#"{"object":"charge","id":"ch_1","amount":99999999999999999999}"#).unwrap_err();
        assert_eq!((error.object.as_str(), error.id.as_str(), error.field), ("charge", "ch_1", "body"));
        let said = error.to_string();
        assert!(said.starts_with("Stripe's charge ch_1 cannot be mapped: its `body` is not as expected ("), "{said}");
        assert_eq!(read::<Charge>("<html>").unwrap_err().id, "");
    }

    #[test]
    fn an_amount_is_never_a_float() {
        assert!(read::<Charge>(r#"{"id":"ch_1","amount":10.0}"#).is_err());
        assert_eq!(read::<Charge>(r#"{"amount":9007199254740993}"#).unwrap().amount, Some(9_007_199_254_740_993));
    }

    #[test]
    fn fields_and_words_that_we_do_not_know_are_no_reason_to_stop() {
        let json = r#"{"id":"cus_1","new_field":{"deep":[1]},"name":null,"created":1}"#;
        assert_eq!(read::<Customer>(json).unwrap().created, Some(1));
    }
}
