//! The checked-in description of the API is the one that the code makes.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_description_that_is_checked_in_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend/openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let made = format!("{}\n", tributary::web::openapi().to_pretty_json().unwrap());
    assert!(checked_in == made, "frontend/openapi.json is old: run `tributary openapi > frontend/openapi.json`");
}

#[test]
fn every_operation_is_named_once_and_described_and_every_reference_leads_somewhere() {
    let api: Value = serde_json::from_str(&tributary::web::openapi().to_json().unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(names.insert(name.to_owned()) && !name.is_empty(), "{method} {path} is named {name}");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            assert!(operation["responses"].get("401").is_some(), "{method} {path} does not say that it needs a key");
        }
    }
    let mut lost = Vec::new();
    visit(&api, &mut |reference| {
        if api.pointer(reference.trim_start_matches('#')).is_none() {
            lost.push(reference.to_owned());
        }
    });
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn what_every_reading_operation_has_in_common_is_described() {
    let api: Value = serde_json::from_str(&tributary::web::openapi().to_json().unwrap()).unwrap();
    let gets = api["paths"].as_object().unwrap().iter().filter_map(|(path, item)| Some((path, item.get("get")?)));
    let mut reading = 0;
    for (path, get) in gets {
        let answers = &get["responses"];
        let reads = answers["200"]["content"].get("application/json").is_some();
        let shown = get["parameters"].as_array().into_iter().flatten();
        let shown =
            shown.filter(|one| one["name"] == "If-None-Match" && one["in"] == "header" && one["required"] == false);
        assert_eq!(shown.count(), usize::from(reads), "{path}");
        assert_eq!(answers["200"]["headers"].get("ETag").is_some(), reads, "{path}");
        let unchanged = answers.get("304").map(|answer| answer["$ref"].as_str().unwrap());
        assert_eq!(unchanged, reads.then_some("#/components/responses/NotModified"), "{path}");
        reading += usize::from(reads);
    }
    assert!(reading > 40, "{reading} operations read");
    let unchanged = &api["components"]["responses"]["NotModified"];
    assert!(unchanged["headers"].get("ETag").is_some() && unchanged["headers"].get("X-Rate-Limit-Remaining").is_some());
    assert!(unchanged.get("content").is_none(), "{unchanged}");
}

#[test]
fn a_key_may_be_shown_in_both_ways() {
    let api: Value = serde_json::from_str(&tributary::web::openapi().to_json().unwrap()).unwrap();
    let schemes = &api["components"]["securitySchemes"];
    let ways = api["security"].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().keys());
    let ways: BTreeSet<_> = ways.map(|name| schemes[name]["scheme"].as_str().unwrap()).collect();
    assert_eq!(ways, BTreeSet::from(["basic", "bearer"]));
    assert_eq!(api["security"].as_array().unwrap().len(), 2, "one of them is enough");
}

fn visit(value: &Value, seen: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                seen(reference);
            }
            fields.values().for_each(|field| visit(field, seen));
        }
        Value::Array(parts) => parts.iter().for_each(|part| visit(part, seen)),
        _ => {}
    }
}

/// Two enums called `Status` would silently become one.
#[test]
fn no_schema_is_called_by_a_word_that_several_nouns_have() {
    let api: Value = serde_json::from_str(&tributary::web::openapi().to_json().unwrap()).unwrap();
    let schemas = api["components"]["schemas"].as_object().unwrap();
    for word in ["Status", "State", "Type", "Kind", "Mode", "Model"] {
        assert!(!schemas.contains_key(word), "{word}");
    }
    for (name, value) in
        [("ConnectionStatus", "PendingAuth"), ("PaymentStatus", "Authorized"), ("DatasetStatus", "Fetching")]
    {
        assert!(schemas[name]["enum"].as_array().unwrap().contains(&value.into()), "{name}");
    }
}
