//! What a list is asked for: limits, cursors, `created` and the resource's own filters, each checked as Stripe checks it.

use super::super::error::Error;
use super::super::params::{Param, Params};
use super::expand::{Look, Path};
use super::resource::{Filter, Resource, noun};
use crate::world::{Kind, Query};
use axum::http::StatusCode;

/// A checked list request.
#[derive(Debug)]
pub struct Request {
    /// What the world is asked.
    pub query: Query,
    /// What is expanded in every row.
    pub expand: Vec<Path>,
}

impl Request {
    /// Reads and checks the parameters of a list; `parent` is the id in a sub-list's path.
    ///
    /// # Errors
    /// 400 that names the parameter.
    pub fn read(resource: &Resource, parent: Option<&str>, mut params: Params, look: &Look<'_>) -> Result<Self, Error> {
        let expand = expansions(&mut params, resource.kind, true)?;
        let (after, before) = (params.text("starting_after")?, params.text("ending_before")?);
        if after.is_some() && before.is_some() {
            return Err(Error::invalid("You may only specify one of these parameters: ending_before, starting_after."));
        }
        let mut query = Query { after, before, limit: limit(&mut params)?, now: look.now, ..Query::default() };
        if resource.created {
            created(&mut query, params.take("created"))?;
        }
        if let (Some((_, filter)), Some(parent)) = (resource.parent, parent) {
            query.filters.push((filter.to_owned(), parent.to_owned()));
        }
        if resource.kind == Kind::Event && params.has("type") && params.has("types") {
            return Err(Error::invalid("You may only specify one of these parameters: type, types."));
        }
        for (name, filter) in resource.filters {
            query.filters.extend(read_filter(name, *filter, &mut params, look)?);
        }
        params.finish()?;
        Ok(Self { query, expand })
    }
}

/// Reads `expand[]`.
pub fn expansions(params: &mut Params, kind: Kind, on_list: bool) -> Result<Vec<Path>, Error> {
    params.list("expand")?.iter().map(|entry| Path::parse(entry, kind, on_list)).collect()
}

/// Reads `limit`: 10 when left out.
pub fn limit(params: &mut Params) -> Result<usize, Error> {
    let Some(text) = params.text("limit")? else { return Ok(10) };
    let number: i64 = text.parse().map_err(|_| Error::integer(format!("Invalid integer: {text}"), "limit"))?;
    match usize::try_from(number) {
        Ok(limit @ 1..=100) => Ok(limit),
        Ok(101..) => Err(Error::integer("This value must be less than or equal to 100.", "limit")),
        _ => Err(Error::integer("This value must be greater than or equal to 1.", "limit")),
    }
}

/// `created=n` is that second alone; the four comparisons narrow the window, whichever come.
fn created(query: &mut Query, params: Vec<Param>) -> Result<(), Error> {
    for Param { key, inner, value, .. } in params {
        let second: i64 = value.parse().map_err(|_| Error::integer(format!("Invalid integer: {value}"), &key))?;
        let next = second.saturating_add(1);
        let (from, until) = match inner.as_slice() {
            [] => (Some(second), Some(next)),
            [comparison] => match comparison.as_str() {
                "gt" => (Some(next), None),
                "gte" => (Some(second), None),
                "lt" => (None, Some(second)),
                "lte" => (None, Some(next)),
                _ => return Err(Error::unknown_parameters(&[key])),
            },
            _ => return Err(Error::unknown_parameters(&[key])),
        };
        query.from = query.from.max(from);
        query.until = match (query.until, until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(())
}

fn read_filter(
    name: &str,
    filter: Filter,
    params: &mut Params,
    look: &Look<'_>,
) -> Result<Vec<(String, String)>, Error> {
    if let Filter::Any(field, most) = filter {
        let values = params.list(name)?;
        if values.len() > most {
            return Err(Error::invalid(format!("You may not give more than {most} values.")).of(name));
        }
        return Ok(values.into_iter().map(|value| (field.to_owned(), value)).collect());
    }
    if let Filter::Hash(keys) = filter {
        return params.take(name).into_iter().map(|param| hash_entry(name, keys, param)).collect();
    }
    let Some(value) = params.text(name)? else { return Ok(Vec::new()) };
    match filter {
        Filter::Flag if !["true", "false"].contains(&value.as_str()) => {
            return Err(Error::invalid(format!("Invalid boolean: {value}")).of(name));
        }
        Filter::Word(words) if !words.contains(&value.as_str()) => {
            let allowed = words.join(", ");
            return Err(Error::invalid(format!("Invalid {name}: must be one of {allowed}")).of(name));
        }
        Filter::Id(kind) if look.world.get(look.account, kind, &value, look.now).is_none() => {
            return Err(Error::missing(StatusCode::BAD_REQUEST, noun(kind), &value, name));
        }
        Filter::Missing => {
            return Err(Error::invalid(format!("The simulator does not filter by '{name}' yet.")).of(name));
        }
        _ => {}
    }
    Ok(vec![(name.to_owned(), value)])
}

fn hash_entry(name: &str, keys: &[&str], param: Param) -> Result<(String, String), Error> {
    match param.inner.as_slice() {
        [key] if keys.contains(&key.as_str()) => Ok((format!("{name}.{key}"), param.value)),
        [] => Err(Error::invalid("Invalid object").of(name)),
        _ => Err(Error::unknown_parameters(&[param.key])),
    }
}
