//! `expand[]`: ids replaced by what they name, lists that are left out by default put in.

use super::super::error::Error;
use super::expandable::Leads::{self, List, Nowhere, Source, To};
use super::expandable::{SOURCES, fields};
use crate::world::{Kind, Query, World};
use serde_json::{Value, json};

/// One `expand[]` entry, checked: its steps from the object on.
#[derive(Debug)]
pub struct Path(Vec<Step>);

#[derive(Clone, Copy, Debug)]
struct Step {
    field: &'static str,
    leads: Leads,
}

/// At most so many names in one entry, `data` counted.
const DEEPEST: usize = 4;

impl Path {
    /// Reads an entry; on lists it begins with `data.`.
    ///
    /// # Errors
    /// 400 when a name in it cannot be expanded or it goes too deep.
    pub fn parse(text: &str, kind: Kind, on_list: bool) -> Result<Self, Error> {
        if text.split('.').count() > DEEPEST {
            let message = format!("You cannot expand more than {DEEPEST} levels of a property. Property: {text}");
            return Err(Error::invalid(message).of("expand"));
        }
        let refused =
            |hint: &str| Error::invalid(format!("This property cannot be expanded ({text}).{hint}")).of("expand");
        let inside = if on_list {
            let hint = format!(" You may want to try expanding 'data.{text}' instead.");
            text.strip_prefix("data.").ok_or_else(|| refused(&hint))?
        } else {
            text
        };
        steps(inside, Some(kind)).map(Self).ok_or_else(|| refused(""))
    }

    /// Puts what this entry asks for into an object.
    pub fn apply(&self, object: &mut Value, look: &Look<'_>) {
        expand(object, &self.0, look);
    }
}

/// Where and when things are looked up.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The world.
    pub world: &'a World,
    /// The account whose things they are.
    pub account: &'a str,
    /// The second that counts as now.
    pub now: i64,
}

/// The steps of a path, or nothing when a name is not expandable; behind [`Leads::Source`] every kind is tried.
fn steps(text: &str, kind: Option<Kind>) -> Option<Vec<Step>> {
    let candidates = kind.map_or_else(|| SOURCES.to_vec(), |kind| vec![kind]);
    candidates.into_iter().find_map(|kind| steps_of(text, kind))
}

fn steps_of(text: &str, kind: Kind) -> Option<Vec<Step>> {
    fields(kind).iter().find_map(|&(field, leads)| {
        let rest = text.strip_prefix(field)?;
        let step = Step { field, leads };
        if rest.is_empty() {
            return Some(vec![step]);
        }
        let rest = rest.strip_prefix('.')?;
        let further = match leads {
            To(next) => steps(rest, Some(next)),
            Source => steps(rest, None),
            List(next, ..) => steps(rest.strip_prefix("data.")?, Some(next)),
            Nowhere => lines_of_invoice(kind, field, rest),
        }?;
        Some([vec![step], further].concat())
    })
}

/// An invoice carries its first lines already; only the way through them can be expanded.
fn lines_of_invoice(kind: Kind, field: &str, rest: &str) -> Option<Vec<Step>> {
    let through_lines = kind == Kind::Invoice && field == "lines";
    through_lines.then(|| steps(rest.strip_prefix("data.")?, Some(Kind::InvoiceLine)))?
}

fn expand(object: &mut Value, steps: &[Step], look: &Look<'_>) {
    let Some((step, rest)) = steps.split_first() else { return };
    if let List(kind, filter, url) = step.leads {
        fill_list(object, step.field, (kind, filter, url), look);
    }
    let (parents, name) = step.field.rsplit_once('.').unwrap_or(("", step.field));
    let mut holder = object;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let Some(inner) = holder.get_mut(parent) else { return };
        holder = inner;
    }
    let Some(value) = holder.get_mut(name) else { return };
    if let (Value::String(id), Some(found)) = (&*value, look_up(value, step.leads, look)) {
        debug_assert!(found["id"] == id.as_str());
        *value = found;
    }
    match value.get_mut("data") {
        Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| expand(row, rest, look)),
        _ => expand(value, rest, look),
    }
}

fn look_up(value: &Value, leads: Leads, look: &Look<'_>) -> Option<Value> {
    let id = value.as_str()?;
    let get = |kind| look.world.get(look.account, kind, id, look.now);
    match leads {
        To(kind) => get(kind),
        Source => SOURCES.into_iter().find_map(get),
        List(..) | Nowhere => None,
    }
}

/// Puts a sub-list's first ten rows under its name.
fn fill_list(object: &mut Value, field: &str, (kind, filter, url): (Kind, &str, &str), look: &Look<'_>) {
    let Some(id) = object["id"].as_str().map(str::to_owned) else { return };
    let filters = vec![(filter.to_owned(), id.clone())];
    let query = Query { filters, limit: 10, now: look.now, ..Query::default() };
    let Ok(page) = look.world.page(look.account, kind, &query) else { return };
    let url = url.replace("{id}", &id);
    object[field] = json!({ "object": "list", "data": page.data, "has_more": page.has_more, "url": url });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_checked_to_the_end() {
        let fine =
            |text: &str, kind, on_list| Path::parse(text, kind, on_list).unwrap_or_else(|e| panic!("{}", e.message));
        fine("balance_transaction", Kind::Charge, false);
        fine("data.balance_transaction.source", Kind::Charge, true);
        fine("data.source.customer", Kind::BalanceTransaction, true);
        fine("data.line_items", Kind::CheckoutSession, true);
        fine("line_items.data.price.product", Kind::CheckoutSession, false);
        fine("lines.data.discounts", Kind::Invoice, false);
        for (text, kind, on_list) in [
            ("balance_transaction", Kind::Charge, true),
            ("data.balance_transaction", Kind::Charge, false),
            ("data.customers", Kind::Charge, true),
            ("data.amount", Kind::Charge, true),
            ("data.customer.", Kind::Charge, true),
            ("data.line_items.data.price.product", Kind::CheckoutSession, true),
            ("", Kind::Charge, false),
        ] {
            assert_eq!(Path::parse(text, kind, on_list).unwrap_err().param.as_deref(), Some("expand"), "{text}");
        }
    }
}
