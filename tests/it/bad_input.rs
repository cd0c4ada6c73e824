//! Every parameter of every operation, taken from the API's own description, with what it must not be and with what is
//! odd: a refusal in the contract's body, never a fault of ours, and nothing changed by what was refused.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Map, Value, json};

use crate::both;
use crate::house::{Ground, House};
use crate::oracle::linked;

/// Values that no reader of text should stumble over.
const ODD: [&str; 15] = [
    "",
    " ",
    "-1",
    "99999999999999999999",
    "null",
    "[]",
    "é",
    "日本\u{202e}\u{1f600}",
    "\0",
    "' OR 1=1 --",
    "\"; DROP TABLE payment; --",
    "../../etc/passwd",
    "%00%ff",
    "${jndi:ldap://x}<script>",
    "{{{{{{{{{{{{{{{{{{{{",
];

/// What is asked of one operation.
#[derive(Clone)]
struct Request {
    method: Method,
    /// The path's names with their values.
    names: BTreeMap<String, String>,
    route: String,
    query: Vec<(String, String)>,
    header: Option<(String, String)>,
    body: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = (&self.names, &self.query, &self.header, &self.body);
        let said: String = format!("{said:?}").chars().take(400).collect();
        write!(out, "{} {} {said}", self.method, self.route)
    }
}

/// The API, asked with a key.
struct Asking<'a> {
    house: &'a House,
    client: Client,
    key: String,
    described: Value,
}

impl Asking<'_> {
    /// The status of the answer, whose body is the contract's when it is a refusal; never a fault of ours.
    async fn status(&self, request: &Request) -> u16 {
        let mut url = self.house.url.clone();
        for part in request.route.split('/').skip(1) {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let part = name.map_or(part, |name| &request.names[name]);
            url = format!("{url}/{}", utf8_percent_encode(part, NON_ALPHANUMERIC));
        }
        let mut sent = self.client.request(request.method.clone(), url).query(&request.query).bearer_auth(&self.key);
        if let Some((name, value)) = &request.header {
            sent = sent.header(name, value);
        }
        if let Some(body) = &request.body {
            sent = sent.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        assert!(status < 500, "{status} for {request:?}: {text}");
        if status >= 400 {
            let body: Value =
                serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} for {request:?}: {text}"));
            assert_eq!(body["statusCode"], status, "{request:?}: {body}");
            let said = body["error"].as_str().unwrap_or_default();
            assert!(said.len() > 10 && said.len() < 2000, "{request:?}: {body}");
            assert_eq!(body["correlationId"].as_str().map(str::len), Some(32), "{body}");
        }
        status
    }

    /// The statuses of requests that have nothing to do with each other, some of them asked at once.
    async fn each(&self, requests: Vec<Request>) -> Vec<(Request, u16)> {
        let asked = requests.into_iter().map(async |request| {
            let status = self.status(&request).await;
            (request, status)
        });
        stream::iter(asked).buffered(8).collect().await
    }

    /// The schema itself, and the types that it allows.
    fn resolved<'a>(&'a self, schema: &'a Value) -> (&'a Value, Vec<&'a str>) {
        if let Some(place) = schema["$ref"].as_str() {
            return self.resolved(self.described.pointer(&place[1..]).unwrap());
        }
        if let Some(several) = schema["oneOf"].as_array() {
            let several: Vec<_> = several.iter().map(|one| self.resolved(one)).collect();
            let kinds = several.iter().flat_map(|(_, kinds)| kinds.clone()).collect();
            let only = several.iter().find(|(_, kinds)| kinds.as_slice() != ["null"]);
            return (only.map_or(schema, |(one, _)| one), kinds);
        }
        let kinds = match &schema["type"] {
            Value::String(kind) => vec![kind.as_str()],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        (schema, kinds)
    }

    /// Texts that a parameter of this schema must not be.
    fn wrong_texts(&self, name: &str, schema: &Value) -> Vec<String> {
        let (schema, kinds) = self.resolved(schema);
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        if kinds.contains(&"integer") {
            let mut wrong = texts(&["x", "-1", "1.5", "", "99999999999999999999", "0x10", "１", "1;2", "' OR 1=1 --"]);
            wrong.extend(schema["minimum"].as_i64().map(|least| (least - 1).to_string()));
            wrong.extend(schema["maximum"].as_i64().map(|most| (most + 1).to_string()));
            return wrong;
        }
        if schema["enum"].is_array() || kinds.contains(&"boolean") {
            return texts(&["nothing", "7", "é", "' OR 1=1 --"]);
        }
        match name {
            "query" => texts(&["nothing=1", "=", "id", "id=", "id=1&&", "{id=1", "id=1}", "id=\0", "lineItems.x=1"]),
            "orderBy" => texts(&["nothing", "--id", "id,id", "id desc", "' OR 1=1 --"]),
            "fields" => texts(&["nothing", "id,nothing", "' OR 1=1 --", "id\0"]),
            _ => Vec::new(),
        }
    }

    /// A body with only what is required, as far as a description can tell.
    fn body(&self, schema: &Value) -> Value {
        let (schema, kinds) = self.resolved(schema);
        if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
            return first.clone();
        }
        match kinds.first() {
            Some(&"object") => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let fields = required.map(|name| (name.to_owned(), self.body(&schema["properties"][name])));
                Value::Object(fields.collect())
            }
            Some(&"array") => json!([]),
            Some(&("integer" | "number")) => json!(1),
            Some(&"boolean") => json!(false),
            _ if schema["format"] == "date-time" => json!("2026-01-31T00:00:00Z"),
            _ => json!("x"),
        }
    }

    /// Values of the wrong type for each field of a body, each in a body that is right else.
    fn wrong_bodies(&self, schema: &Value, depth: usize) -> Vec<Value> {
        let (schema, _) = self.resolved(schema);
        let mut all = Vec::new();
        let fields = schema["properties"].as_object().filter(|_| depth < 3);
        for (name, field) in fields.into_iter().flatten() {
            let with = |value: Value| {
                let mut body = self.body(schema).as_object().cloned().unwrap_or_else(Map::new);
                body.insert(name.clone(), value);
                Value::Object(body)
            };
            all.extend(self.wrong_values(field, depth).into_iter().map(with));
        }
        all
    }

    fn wrong_values(&self, schema: &Value, depth: usize) -> Vec<Value> {
        let (schema, kinds) = self.resolved(schema);
        if kinds.is_empty() {
            return Vec::new();
        }
        let others = [
            ("string", json!("text")),
            ("integer", json!(7)),
            ("boolean", json!(true)),
            ("array", json!([[]])),
            ("null", Value::Null),
        ];
        let is = |kind: &str| kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
        let mut wrong: Vec<Value> = others.into_iter().filter(|(kind, _)| !is(kind)).map(|(_, value)| value).collect();
        if is("integer") && !is("number") {
            wrong.extend([json!(1.5), json!(1e30)]);
        }
        if schema["enum"].is_array() && !is("integer") {
            wrong.push(json!("nothing"));
        }
        if schema["format"] == "date-time" {
            wrong.extend(["yesterday", "2026-13-01T00:00:00Z", "' OR 1=1 --"].map(Value::from));
        }
        if is("array") {
            wrong.extend(self.wrong_values(&schema["items"], depth + 1).into_iter().map(|value| json!([value])));
        }
        if is("object") {
            wrong.extend(self.wrong_bodies(schema, depth + 1));
            let inside = self.wrong_values(&schema["additionalProperties"], depth + 1);
            wrong.extend(inside.into_iter().map(|value| json!({ "a": value })));
        }
        wrong
    }
}

/// A text for each table that is another one when any of its rows is.
async fn everything(ground: &Ground) -> BTreeMap<&'static str, String> {
    let backend = ground.db.get_database_backend();
    if backend == DbBackend::Postgres {
        return everything_on_postgres(ground).await;
    }
    let text = async |sql: String| {
        let row = ground.db.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
        row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_default()
    };
    let mut all = BTreeMap::new();
    for table in entity::COORDINATION.iter().chain(entity::DATA) {
        let names =
            text(format!("SELECT group_concat('quote(\"' || name || '\")', '||') FROM pragma_table_info('{table}')"))
                .await;
        let rows = format!("SELECT group_concat(row, '|') FROM (SELECT {names} AS row FROM \"{table}\" ORDER BY 1)");
        all.insert(*table, text(rows).await);
    }
    all
}

/// All tables at once, with a sum of 64 bits of each row: it needs no order.
async fn everything_on_postgres(ground: &Ground) -> BTreeMap<&'static str, String> {
    let tables: Vec<&'static str> = entity::COORDINATION.iter().chain(entity::DATA).copied().collect();
    let of_one = |table: &&str| {
        format!(
            "SELECT '{table}', count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \"{table}\" t"
        )
    };
    let sql = tables.iter().map(of_one).collect::<Vec<_>>().join(" UNION ALL ");
    let rows = ground.db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    let read = |row: &sea_orm::QueryResult, at: usize| row.try_get_by_index::<String>(at).unwrap();
    let found: BTreeMap<String, String> = rows.iter().map(|row| (read(row, 0), read(row, 1))).collect();
    tables.into_iter().map(|table| (table, found[table].clone())).collect()
}

fn unchanged(before: &BTreeMap<&str, String>, after: &BTreeMap<&str, String>, by: &str) {
    let changed: Vec<_> =
        before.iter().filter(|(table, rows)| after[*table] != **rows).map(|(table, _)| table).collect();
    assert!(changed.is_empty(), "what was refused changed {changed:?}: {by}");
}

/// The operations of the API, each with a request that names what is there.
fn operations(described: &Value, known: &BTreeMap<String, String>) -> Vec<(Request, Value)> {
    let mut all = Vec::new();
    for (route, operations) in described["paths"].as_object().unwrap() {
        let names = route.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let names = names.map(|name| {
            let nobody = "00000000-0000-4000-8000-000000000000".to_owned();
            (name.to_owned(), known.get(name).cloned().unwrap_or(nobody))
        });
        let names: BTreeMap<String, String> = names.collect();
        for (method, operation) in operations.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let (query, header, body) = (Vec::new(), None, None);
            let request = Request { method, names: names.clone(), route: route.clone(), query, header, body };
            all.push((request, operation.clone()));
        }
    }
    all
}

/// Requests of an operation that must be refused, whatever it does.
fn wrong(asking: &Asking<'_>, plain: &Request, operation: &Value) -> Vec<Request> {
    let mut all = Vec::new();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let right = schema.is_object().then(|| asking.body(schema).to_string());
    for name in plain.names.keys() {
        for value in ODD {
            let mut request = Request { body: right.clone(), ..plain.clone() };
            request.names.insert(name.clone(), value.to_owned());
            all.push(request);
        }
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        if parameter["in"] == "query" {
            for value in asking.wrong_texts(name, &parameter["schema"]) {
                all.push(Request { query: vec![(name.to_owned(), value)], body: right.clone(), ..plain.clone() });
            }
        }
    }
    if schema.is_object() {
        let (_, kinds) = asking.resolved(schema);
        let mut bodies: Vec<String> = asking.wrong_bodies(schema, 0).iter().map(Value::to_string).collect();
        bodies.extend(["{", "{\"a\":", "\u{feff}{}", "\"text\"", "7", "true", "nan"].map(str::to_owned));
        assert!(!bodies.is_empty() && kinds.contains(&"object"), "{} {}", plain.method, plain.route);
        all.extend(bodies.into_iter().map(|body| Request { body: Some(body), ..plain.clone() }));
    }
    all
}

/// Requests of an operation with odd values that may be right.
fn odd(asking: &Asking<'_>, plain: &Request, operation: &Value) -> Vec<Request> {
    let mut all = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap().to_owned();
        for value in ODD.iter().map(|value| (*value).to_owned()).chain(["x".repeat(5000)]) {
            match parameter["in"].as_str().unwrap() {
                "query" => all.push(Request { query: vec![(name.clone(), value)], ..plain.clone() }),
                "header" if HeaderValue::from_str(&value).is_ok() => {
                    all.push(Request { header: Some((name.clone(), value)), ..plain.clone() });
                }
                _ => {}
            }
        }
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let (described, _) = asking.resolved(schema);
    for (name, field) in described["properties"].as_object().into_iter().flatten() {
        if !asking.resolved(field).1.contains(&"string") {
            continue;
        }
        for value in ODD.iter().map(|value| (*value).to_owned()).chain(["x".repeat(100_000)]) {
            let mut body = asking.body(schema);
            body[name] = value.into();
            all.push(Request { body: Some(body.to_string()), ..plain.clone() });
        }
    }
    all
}

both! {
    async fn every_parameter_of_every_operation_is_refused_when_it_is_wrong(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let (_, described) = house.get("/openapi.json", "").await;
        let asking = Asking { house: &house, client: crate::house::client().build().unwrap(), key: house.api_key().await, described };
        let known = [
            ("companyId", company.to_string()),
            ("connectionId", connection.to_string()),
            ("platformKey", "yzth".to_owned()),
            ("dataType", "commerce-payments".to_owned()),
        ];
        let known = known.map(|(name, value)| (name.to_owned(), value)).into();
        let operations = operations(&asking.described, &known);
        assert!(operations.len() > 60, "{} operations are described", operations.len());
        // The key's first use is noted; the clock stands still from here on.
        house.get("/companies", &asking.key).await;
        let mut before = everything(&house).await;
        let mut refused = 0;
        for (plain, operation) in &operations {
            for (request, status) in asking.each(wrong(&asking, plain, operation)).await {
                assert!((400..500).contains(&status), "{status} for {request:?}");
                refused += 1;
            }
            if plain.method != Method::GET {
                unchanged(&before, &everything(&house).await, &format!("{} {}", plain.method, plain.route));
            }
        }
        unchanged(&before, &everything(&house).await, "a GET");
        assert!(refused > 2_000, "{refused} requests were refused");
        // What is odd may be right; a GET changes nothing even then.
        let (reads, writes): (Vec<_>, Vec<_>) = operations.iter().partition(|(plain, _)| plain.method == Method::GET);
        for (plain, operation) in reads {
            asking.each(odd(&asking, plain, operation)).await;
        }
        unchanged(&before, &everything(&house).await, "a GET with odd values");
        for (plain, operation) in writes {
            let mut refused = Vec::new();
            for request in odd(&asking, plain, operation) {
                if asking.status(&request).await >= 400 {
                    refused.push(request);
                }
            }
            // What was refused once is refused again, now that nothing else is asked between.
            before = everything(&house).await;
            for (request, status) in asking.each(refused).await {
                assert!(status >= 400, "{status} for {request:?}");
            }
            unchanged(&before, &everything(&house).await, &format!("{} {}", plain.method, plain.route));
        }
    }
}
