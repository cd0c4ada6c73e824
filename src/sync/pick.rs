//! Values picked out of Stripe's objects by paths that a developer wrote: pure.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::streams::Stream;

/// Characters that a path may have.
const LONGEST: usize = 500;

/// Where a value stands in an object.
#[derive(Clone, Debug)]
pub struct Path(JsonPath);

impl Path {
    /// Reads a path: names joined by dots (`metadata.order_id`), or a path of RFC 9535. One that begins with `$[*]`, as
    /// for a list, is taken for each object of the list.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(format!("a path has 1 to {LONGEST} characters"));
        }
        let path = match (text.strip_prefix("$[*]"), text.starts_with('$')) {
            (Some(rest), _) => format!("${rest}"),
            (None, true) => text.to_owned(),
            (None, false) => format!("$.{text}"),
        };
        JsonPath::parse(&path).map(Self).map_err(|error| format!("{text:?} is no path: {error}"))
    }

    /// The value there: null when there is none, a list when there are several.
    #[must_use]
    pub fn pick(&self, object: &Value) -> Value {
        let mut found = self.0.query(object).all();
        match found.len() {
            0 => Value::Null,
            1 => found.remove(0).clone(),
            _ => found.into_iter().cloned().collect(),
        }
    }
}

/// Stripe's word for the objects of a list that is kept, by the list's path, with or without `/v1`.
#[must_use]
pub fn object_of(list: &str) -> Option<&'static str> {
    let name = list.trim().trim_matches('/');
    let name = name.strip_prefix("v1/").unwrap_or(name);
    let all = Stream::SIDE_BY_SIDE.into_iter().flatten().copied();
    let stream = all.into_iter().find(|stream| stream.path().strip_prefix("/v1/") == Some(name))?;
    OBJECTS.into_iter().find(|object| Stream::of_object(object) == Some(stream))
}

/// Stripe's lists that are kept.
#[must_use]
pub fn lists() -> Vec<&'static str> {
    Stream::SIDE_BY_SIDE.into_iter().flatten().map(|stream| stream.path()).collect()
}

/// The words for what lists hold.
const OBJECTS: [&str; 11] = [
    "balance_transaction",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "invoice",
    "payout",
    "price",
    "product",
    "refund",
    "subscription",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_picks_one_value_several_or_null() {
        let object =
            json!({ "id": "in_1", "metadata": { "order": "7" }, "lines": { "data": [{ "n": 1 }, { "n": 2 }] } });
        for (path, wanted) in [
            ("id", json!("in_1")),
            ("metadata.order", json!("7")),
            ("$.metadata['order']", json!("7")),
            ("$[*].id", json!("in_1")),
            ("$.lines.data[*].n", json!([1, 2])),
            ("lines.data[0].n", json!(1)),
            ("metadata.none", Value::Null),
            ("id.deeper", Value::Null),
        ] {
            assert_eq!(Path::parse(path).unwrap().pick(&object), wanted, "{path}");
        }
        for bad in ["", "  ", "a..", "$[", "a b", &"a".repeat(LONGEST + 1)] {
            assert!(Path::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_list_that_is_kept_is_found_by_its_path() {
        for list in lists() {
            let object = object_of(list).unwrap_or_else(|| panic!("{list} has no word for its objects"));
            assert_eq!(Stream::of_object(object).unwrap().path(), list);
        }
        assert_eq!(object_of("charges"), Some("charge"));
        assert_eq!(object_of("/v1/checkout/sessions/"), Some("checkout.session"));
        assert_eq!(object_of("/v1/account"), None);
        assert_eq!(object_of("/v1/payment_intents"), None);
    }
}
