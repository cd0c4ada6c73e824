//! Every list of records against a plain evaluation in memory, which knows the contract and nothing of our code: random
//! rows, filters, orders, pages and fields. What can be asked of a list is learnt from the API itself.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use entity::connection::Status;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::both;
use crate::house::House;
use crate::random_rows::{TEXTS, fill};
use crate::rows;

/// Questions that each list is asked.
const QUESTIONS: usize = 65;

/// A property that can be asked for.
#[derive(Clone, Debug)]
struct Property {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// One of Stripe's ids: equal only with its case.
    Id,
    Number,
    Date,
    Flag,
}

/// A query, and what it means.
enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    One { property: Property, op: &'static str, value: String },
}

impl Query {
    fn random(properties: &[Property], all: &[Value], depth: usize, random: &mut StdRng) -> Self {
        if depth == 0 || random.random_bool(0.5) {
            let property = properties.choose(random).unwrap().clone();
            let op = *property.kind.ops().choose(random).unwrap();
            let value = property.value(all, random);
            return Self::One { property, op, value };
        }
        let parts = (0..random.random_range(2..4)).map(|_| Self::random(properties, all, depth - 1, random)).collect();
        if random.random() { Self::All(parts) } else { Self::Any(parts) }
    }

    fn written(&self, random: &mut StdRng) -> String {
        match self {
            Self::One { property, op, value } => {
                let blanks = ["", " "].choose(random).unwrap();
                format!("{}{blanks}{op}{blanks}{value}", property.name)
            }
            Self::All(parts) => joined(parts, "&&", |part| matches!(part, Self::Any(_)), random),
            Self::Any(parts) => joined(parts, "||", |_| false, random),
        }
    }

    fn means(&self, record: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.means(record)),
            Self::Any(parts) => parts.iter().any(|part| part.means(record)),
            Self::One { property, op, value } => property.holds(op, value, record),
        }
    }
}

/// Braces stand where they are needed, and here and there where they are not.
fn joined(parts: &[Query], between: &str, needed: fn(&Query) -> bool, random: &mut StdRng) -> String {
    let parts = parts.iter().map(|part| {
        let text = part.written(random);
        if needed(part) || random.random_bool(0.3) { format!("{{ {text}}}") } else { text }
    });
    parts.collect::<Vec<_>>().join(between)
}

impl Kind {
    fn ops(self) -> &'static [&'static str] {
        match self {
            Self::Text | Self::Id => &["=", "!=", "~"],
            Self::Number | Self::Date => &["=", "!=", ">", "<", ">=", "<="],
            Self::Flag => &["=", "!="],
        }
    }
}

impl Property {
    /// What a record has of it.
    fn of<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        let pointer = format!("/{}", self.name.replace('.', "/"));
        record.pointer(&pointer).filter(|value| !value.is_null())
    }

    /// Something to compare with: mostly what some record has, or nearly that.
    fn value(&self, all: &[Value], random: &mut StdRng) -> String {
        let some = all.choose(random).and_then(|record| self.of(record)).cloned();
        let text = some.as_ref().map_or(String::new(), |value| value.as_str().map_or(value.to_string(), str::to_owned));
        match self.kind {
            Kind::Flag => (*["true", "FALSE"].choose(random).unwrap()).to_owned(),
            Kind::Number => {
                let near = ["", "0", "1", "0001"].choose(random).unwrap();
                let number = if text.is_empty() { "12.5".to_owned() } else { text };
                let point = if number.contains('.') || near.is_empty() { "" } else { "." };
                format!("{number}{point}{near}")
            }
            Kind::Date => date(&text, random),
            Kind::Text | Kind::Id => {
                let text = if text.is_empty() { (*TEXTS.choose(random).unwrap()).to_owned() } else { text };
                let part: String = match random.random_range(0..5) {
                    0 => text.to_lowercase(),
                    1 => text.to_uppercase(),
                    2 => text.chars().skip(1).take(3).collect(),
                    3 => (*["%", "_", "é", "' OR 1=1 --", "a"].choose(random).unwrap()).to_owned(),
                    _ => text,
                };
                // A value ends at these, and loses its outer blanks.
                let part = part.replace("&&", "").replace("||", "").replace(['{', '}'], "").trim().to_owned();
                if part.is_empty() { "x".to_owned() } else { part }
            }
        }
    }

    fn holds(&self, op: &str, value: &str, record: &Value) -> bool {
        let Some(there) = self.of(record) else { return op == "!=" };
        let order = match self.kind {
            Kind::Number => billionths(&there.to_string()).cmp(&billionths(value)),
            Kind::Date => instant(there.as_str().unwrap()).cmp(&instant(value)),
            Kind::Flag => there.as_bool().unwrap().cmp(&(value.to_lowercase() == "true")),
            Kind::Id if op != "~" => there.as_str().unwrap().cmp(value),
            Kind::Text | Kind::Id => {
                let (text, value) = (there.as_str().unwrap().to_lowercase(), value.to_lowercase());
                if op == "~" {
                    return text.contains(&value);
                }
                text.cmp(&value)
            }
        };
        match op {
            "=" => order.is_eq(),
            "!=" => order.is_ne(),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            ">=" => order.is_ge(),
            _ => order.is_le(),
        }
    }

    /// How two records stand to each other, the first one first.
    fn compare(&self, one: &Value, other: &Value, descending: bool) -> Ordering {
        let (Some(first), Some(second)) = (self.of(one), self.of(other)) else {
            return self.of(one).is_none().cmp(&self.of(other).is_none());
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let order = match self.kind {
            Kind::Number => billionths(&first.to_string()).cmp(&billionths(&second.to_string())),
            Kind::Date => instant(&text(first)).cmp(&instant(&text(second))),
            Kind::Flag => first.as_bool().cmp(&second.as_bool()),
            Kind::Id => text(first).cmp(&text(second)),
            Kind::Text => text(first).to_lowercase().cmp(&text(second).to_lowercase()),
        };
        if descending { order.reverse() } else { order }
    }
}

/// A moment near this one, in one of the forms that a query may have.
fn date(text: &str, random: &mut StdRng) -> String {
    let moment = if text.is_empty() { rows::at("2026-02-01T10:00:00Z") } else { rows::at(text) };
    let moment = moment + TimeDelta::nanoseconds(*[0, 0, 0, 1_000, -1_000, 500].choose(random).unwrap());
    match random.random_range(0..4) {
        0 => moment.format("%Y-%m-%d").to_string(),
        1 => moment.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        2 => (moment + TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%S%.f+01:00").to_string(),
        _ => moment.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return day.and_hms_opt(0, 0, 0).unwrap().and_utc();
    }
    text.parse::<NaiveDateTime>().map_or_else(|_| rows::at(text), |moment| moment.and_utc())
}

/// A decimal text in billionths, digit by digit.
fn billionths(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{}{fraction:0<9}", whole.trim_start_matches('-'));
    let value: i128 = digits.parse().unwrap();
    if text.starts_with('-') { -value } else { value }
}

/// What can be asked of a list: its own refusal names it, and its description tells the kinds.
async fn properties(house: &House, described: &Value, list: &str, route: &str, key: &str) -> Vec<Property> {
    let (status, refused) = house.get(&format!("{list}?query=nothing=1"), key).await;
    assert_eq!(status, 400);
    let said = refused["validation"]["errors"][0]["message"].as_str().unwrap();
    let names = said.split_once("queried are ").unwrap().1.split(", ");
    let page = &described["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let record = &resolved(described, page)["properties"]["results"]["items"];
    names.map(|name| Property { kind: kind(described, record, name), name: name.to_owned() }).collect()
}

fn resolved<'a>(described: &'a Value, schema: &'a Value) -> &'a Value {
    let schema =
        schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")).unwrap_or(schema);
    schema["$ref"].as_str().map_or(schema, |place| resolved(described, described.pointer(&place[1..]).unwrap()))
}

fn kind(described: &Value, record: &Value, name: &str) -> Kind {
    let mut schema = resolved(described, record);
    for part in name.split('.') {
        schema = resolved(described, &schema["properties"][part]);
    }
    let kinds = schema["type"].to_string();
    match (kinds.contains("string"), schema["format"] == "date-time") {
        (true, true) => Kind::Date,
        (true, false) if name.rsplit('.').next() == Some("id") || name.ends_with("Id") => Kind::Id,
        (true, false) => Kind::Text,
        _ if kinds.contains("number") => Kind::Number,
        _ => {
            assert!(kinds.contains("boolean"), "{name} is {kinds}");
            Kind::Flag
        }
    }
}

/// One question to a list, its answer, and what it must be.
async fn ask(house: &House, list: &str, properties: &[Property], all: &[Value], key: &str, random: &mut StdRng) {
    let mut wanted: Vec<&Value> = all.iter().collect();
    let mut asked = Vec::new();
    if random.random_bool(0.8) {
        let query = Query::random(properties, all, 2, random);
        wanted.retain(|record| query.means(record));
        asked.push(("query", query.written(random)));
    }
    let id = Property { name: "id".to_owned(), kind: Kind::Id };
    let (by, descending) = if random.random_bool(0.7) {
        let (by, descending) = (properties.choose(random).unwrap().clone(), random.random::<bool>());
        asked.push(("orderBy", format!("{}{}", if descending { "-" } else { "" }, by.name)));
        (by, descending)
    } else {
        (properties.iter().find(|one| one.name == "createdDate").unwrap().clone(), true)
    };
    wanted.sort_by(|one, other| by.compare(one, other, descending).then(id.compare(one, other, descending)));
    let size = random.random_range(1..=all.len() + 5);
    let page = random.random_range(1..=all.len() / size + 2);
    asked.extend([("page", page.to_string()), ("pageSize", size.to_string())]);
    let fields = random.random_bool(0.3).then(|| {
        let names: Vec<&String> = all[0].as_object().unwrap().keys().collect();
        let some: Vec<&str> = (0..2).map(|_| names.choose(random).unwrap().as_str()).collect();
        asked.push(("fields", some.join(",")));
        some.into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
    let (status, answer) = house.get(&format!("{list}?{encoded}"), key).await;
    assert_eq!(status, 200, "{list} {asked:?}: {answer}");
    let results: Vec<Value> =
        wanted.iter().skip((page - 1) * size).take(size).map(|record| trimmed(record, fields.as_ref())).collect();
    assert_eq!(answer["results"].as_array().unwrap(), &results, "{list} {asked:?}");
    assert_eq!(answer["totalResults"], wanted.len(), "{list} {asked:?}");
    assert_eq!((&answer["pageNumber"], &answer["pageSize"]), (&page.into(), &size.into()));
    assert_eq!(answer["_links"]["next"].is_object(), page * size < wanted.len(), "{list} {asked:?}");
    assert_eq!(answer["_links"]["previous"].is_object(), page > 1, "{list} {asked:?}");
}

fn trimmed(record: &Value, fields: Option<&Vec<String>>) -> Value {
    let all = record.as_object().unwrap().clone().into_iter();
    Value::Object(all.filter(|(name, _)| fields.is_none_or(|fields| fields.contains(name))).collect())
}

both! {
    async fn every_list_is_what_a_plain_evaluation_says(house: House) {
        let seed = crate::running::seed();
        let mut random = StdRng::seed_from_u64(seed);
        let company = rows::company(&house, "Random", &[]).await;
        let connection = rows::connection(&house, &company, Status::Linked).await;
        fill(&house, connection.id, &mut random).await;
        // Another connection's rows must never be seen.
        let other = rows::connection(&house, &company, Status::Linked).await;
        fill(&house, other.id, &mut random).await;
        let key = house.api_key().await;
        let (_, described) = house.get("/openapi.json", "").await;
        let template = "/companies/{companyId}/connections/{connectionId}/data/";
        let mut lists = 0;
        for data_type in tributary::web::export::data_types() {
            let route = format!("{template}{}", data_type.as_str());
            let list = format!("/companies/{}/connections/{}/data/{}", company.id, connection.id, data_type.as_str());
            let (_, page) = house.get(&format!("{list}?pageSize=5000"), &key).await;
            let all = page["results"].as_array().unwrap();
            assert!((20..=45).contains(&all.len()), "{list} has {} records", all.len());
            let properties = properties(&house, &described, &list, &route, &key).await;
            for _ in 0..QUESTIONS {
                ask(&house, &list, &properties, all, &key, &mut random).await;
            }
            lists += 1;
        }
        assert!(lists >= 10, "{lists} lists were asked");
    }
}
