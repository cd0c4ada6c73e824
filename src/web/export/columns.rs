//! The columns of a list's file: the properties of its results, those of an object with the object's name before them.
//! They are read from the API's description, so that a file has what the API answers.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::error::Error;
use super::super::supplemental::Supplements;

/// Objects inside objects that become columns; what is deeper stays JSON.
const DEPTH: usize = 4;
/// The property that holds what is configured.
const SUPPLEMENTAL: &str = "supplementalData";

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// The names on the way to its value.
    pub(super) path: Vec<String>,
    /// What it holds.
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// An exact decimal number.
    Number,
    /// A whole number.
    Whole,
    /// A moment.
    Time,
    /// True or false.
    Flag,
    /// A list, an object of any properties, or a value of any kind, as JSON; a text as it is.
    Json,
}

impl Column {
    /// Its name, with dots.
    pub(super) fn name(&self) -> String {
        self.path.join(".")
    }

    /// Its value in a row, and how many of the names on the way to it were there.
    pub(super) fn read<'a>(&self, row: &Row<'a>) -> anyhow::Result<(i16, Option<&'a RawValue>)> {
        let mut found = None;
        let mut depth = 0;
        let mut object = None;
        for name in &self.path {
            found = match &object {
                None => row.0.get(name.as_str()).copied(),
                Some(Row(inside)) => inside.get(name.as_str()).copied(),
            };
            let Some(value) = found.filter(|value| value.get() != "null") else { return Ok((depth, None)) };
            depth += 1;
            if usize::try_from(depth)? < self.path.len() {
                object = Some(Row::of(value.get())?);
            }
        }
        Ok((depth, found))
    }
}

/// A row's properties, as they were written.
#[derive(Debug)]
pub(super) struct Row<'a>(pub(super) BTreeMap<&'a str, &'a RawValue>);

impl<'a> Row<'a> {
    /// The properties of this JSON.
    pub(super) fn of(json: &'a str) -> anyhow::Result<Self> {
        serde_json::from_str(json).map(Self).context("a record is no object")
    }
}

/// The columns of what `schema` describes: `id` first, the others in the order of their names.
pub(super) fn of(described: &Value, schema: &Value) -> Vec<Column> {
    let mut columns = Vec::new();
    gather(described, schema, &[], &mut columns);
    columns.sort_by(|one, other| {
        let key = |column: &Column| (column.path != ["id"], column.path.clone());
        key(one).cmp(&key(other))
    });
    columns
}

/// These columns, and behind them one for each value that is configured to be served beside the records.
pub(super) fn supplemented(columns: &[Column], supplements: &Supplements) -> Vec<Column> {
    let path = |[source, field]: [&str; 2]| [SUPPLEMENTAL, "content", source, field].map(str::to_owned).to_vec();
    let more = supplements.names().map(|names| Column { path: path(names), kind: Kind::Json });
    columns.iter().cloned().chain(more).collect()
}

fn gather(described: &Value, schema: &Value, path: &[String], columns: &mut Vec<Column>) {
    let schema = resolved(described, schema).unwrap_or(&Value::Null);
    let properties = schema.get("properties").and_then(Value::as_object).filter(|_| path.len() < DEPTH);
    match properties {
        Some(properties) => {
            // Its columns are configured: see `supplemented`.
            for (name, property) in properties.iter().filter(|(name, _)| *name != SUPPLEMENTAL) {
                let path: Vec<String> = path.iter().chain([name]).cloned().collect();
                gather(described, property, &path, columns);
            }
        }
        None => columns.push(Column { path: path.to_vec(), kind: kind(schema) }),
    }
}

fn kind(schema: &Value) -> Kind {
    let is = |wanted: &str| match schema.get("type") {
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        Some(one) => one == wanted,
        None => false,
    };
    if is("string") && schema.get("format").is_some_and(|format| format == "date-time") {
        Kind::Time
    } else if is("string") {
        Kind::Text
    } else if is("integer") {
        Kind::Whole
    } else if is("number") {
        Kind::Number
    } else if is("boolean") {
        Kind::Flag
    } else {
        Kind::Json
    }
}

/// The schema itself, behind references and behind "this or null".
pub(super) fn resolved<'a>(described: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        return resolved(described, described.pointer(place.trim_start_matches('#'))?);
    }
    let Some(several) = schema.get("oneOf").and_then(Value::as_array) else { return Some(schema) };
    let mut others = several.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null"));
    match (others.next(), others.next()) {
        (Some(only), None) => resolved(described, only),
        _ => Some(schema),
    }
}

/// The columns of these properties only, as they are ordered; all when none is named.
pub(super) fn chosen(columns: &[Column], fields: Option<&str>) -> Result<Vec<Column>, Error> {
    let wanted: Vec<&str> =
        fields.unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let first = |column: &Column| column.path.first().cloned().unwrap_or_default();
    if let Some(unknown) = wanted.iter().find(|one| columns.iter().all(|column| first(column) != **one)) {
        let mut all: Vec<String> = columns.iter().map(first).collect();
        all.dedup();
        let said = format!("fields: there is no `{unknown:.100}` here; there are {}.", all.join(", "));
        return Err(Error::BadRequest(said));
    }
    let is_wanted = |column: &&Column| wanted.is_empty() || wanted.contains(&first(column).as_str());
    Ok(columns.iter().filter(is_wanted).cloned().collect())
}
