//! The checked-in description of the API is the one that the code makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

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
    let schemas = api["components"]["schemas"].as_object().unwrap();
    let mut lost = Vec::new();
    visit(&api, &mut |reference| {
        let name = reference.rsplit('/').next().unwrap();
        if !schemas.contains_key(name) {
            lost.push(reference.to_owned());
        }
    });
    assert!(lost.is_empty(), "{lost:?}");
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

/// The examples are recorded; what the API answers has changed when one does not fit any more.
#[test]
fn every_answer_and_every_event_has_an_example_that_fits_its_schema() {
    let api: Value = serde_json::from_str(&tributary::web::openapi().to_json().unwrap()).unwrap();
    let mut known = Schemas { components: closed_components(&api), made: BTreeMap::new() };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    let mut look = |place: String, content: &Value| {
        let Some(content) = content.as_object().filter(|content| !content.is_empty()) else { return };
        let mut shown = content.values().filter(|one| one.get("example").is_some()).peekable();
        if shown.peek().is_none() {
            wrong.push(format!("{place}: no example; run `scripts/record-examples target/debug/tributary`"));
        }
        for one in shown {
            seen += 1;
            wrong.extend(
                known.misfits(&one["schema"], &one["example"]).into_iter().map(|why| format!("{place}: {why}")),
            );
        }
    };
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                look(format!("{method} {path} {status}"), &response["content"]);
            }
        }
    }
    for (kind, told) in api["webhooks"].as_object().unwrap() {
        look(kind.clone(), &told["post"]["requestBody"]["content"]);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 500, "{seen} examples were looked at");
}

/// The description's schemas, which here allow no property that they do not name.
struct Schemas {
    components: Value,
    made: BTreeMap<String, jsonschema::Validator>,
}

impl Schemas {
    fn misfits(&mut self, schema: &Value, example: &Value) -> Vec<String> {
        let components = &self.components;
        let validator = self.made.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = closed(schema);
            whole["components"] = components.clone();
            jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
        });
        validator.iter_errors(example).map(|error| format!("{} at {}", error, error.instance_path())).collect()
    }
}

/// The description's schemas, closed, but for those that `allOf` puts together with others.
fn closed_components(api: &Value) -> Value {
    let mut components = closed(&api["components"]);
    let mut parts = Vec::new();
    visit_all_of(api, &mut parts);
    for name in parts {
        components["schemas"][name.as_str()]["additionalProperties"] = json!(true);
    }
    components
}

fn visit_all_of(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(parts) = fields.get("allOf") {
                visit(parts, &mut |reference| names.extend(reference.rsplit('/').next().map(str::to_owned)));
            }
            fields.values().for_each(|field| visit_all_of(field, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| visit_all_of(part, names)),
        _ => {}
    }
}

/// The same schemas, closed where they name their properties; what `allOf` puts together stays open.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, one)| (name.clone(), if name == "allOf" { one.clone() } else { closed(one) }))
                .collect();
            let names = fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("allOf");
            if names && fields.get("type").is_some_and(|kind| kind == "object") {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(fields)
        }
        Value::Array(parts) => parts.iter().map(closed).collect(),
        other => other.clone(),
    }
}
