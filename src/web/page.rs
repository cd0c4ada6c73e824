//! What lists have in common: their parameters, their envelope, their links.

use std::collections::BTreeSet;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::error::Error;
use super::parameters::{self, whole};
use super::trim;
use base::query::{self, Filter, Noun, Order};
use store::lists::{Found, Listing, Source};

/// The most results of one page.
const MOST: u32 = 5000;
/// What needs no escape in a query's value.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The page, from 1.
    #[serde(default)]
    #[param(required = false, value_type = i64, default = 1, minimum = 1)]
    pub page: Option<String>,
    /// Results of one page, at most 5000.
    #[serde(default)]
    #[param(required = false, value_type = u32, default = 100, minimum = 1, maximum = 5000)]
    pub page_size: Option<String>,
    /// Only what this query matches, such as `amount>10&&currency=EUR`: `= != ~ > < >= <=`, joined by `&&` and `||`,
    /// grouped by `{}`; shorter than 2048 bytes.
    #[serde(default)]
    #[param(required = false)]
    pub query: Option<String>,
    /// One property, with a `-` before it for the greatest first.
    #[serde(default)]
    #[param(required = false)]
    pub order_by: Option<String>,
    /// Only these properties of the results, such as `id,amount`.
    #[serde(default)]
    #[param(required = false)]
    pub fields: Option<String>,
}

/// The parameters of a list, checked, with what its links need.
#[derive(Clone, Debug)]
pub struct List {
    page: u32,
    size: u32,
    query: Option<String>,
    order: Option<String>,
    fields: Option<String>,
    /// Parameters that one list has beyond the others, kept in the links.
    extra: Option<(&'static str, String)>,
    path: String,
}

impl FromRequestParts<App> for List {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let params: ListParams = parameters::of(&parts.uri)?;
        let page = whole("page", params.page.as_deref(), 1, 1..=u32::MAX)?;
        let size = whole("pageSize", params.page_size.as_deref(), 100, 1..=MOST)?;
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let uri = OriginalUri::from_request_parts(parts, app).await.map_or_else(|_| parts.uri.clone(), |uri| uri.0);
        Ok(Self {
            page,
            size,
            query: given(params.query),
            order: given(params.order_by),
            fields: given(params.fields),
            extra: None,
            path: uri.path().to_owned(),
        })
    }
}

impl List {
    /// The same list with one more parameter in its links.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.extra = value.map(|value| (name, value));
        self
    }

    /// The filter of the parameter `query`, for this noun.
    ///
    /// # Errors
    /// When the query cannot be answered.
    pub fn filter<S>(&self, noun: &'static Noun<S>) -> Result<Option<Filter<S>>, Error> {
        let Some(text) = &self.query else { return Ok(None) };
        Ok(Some(noun.bind(&query::parse(text)?)?))
    }

    /// The order of the parameter `orderBy`, for this noun.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn order<S>(&self, noun: &'static Noun<S>) -> Result<Option<Order<S>>, Error> {
        Ok(self.order.as_deref().map(|text| noun.order(text)).transpose()?)
    }

    /// The part of the list that the store is asked for.
    ///
    /// # Errors
    /// When the query or the order cannot be answered.
    pub fn listing(&self, noun: &'static Noun<Source>) -> Result<Listing, Error> {
        Ok(Listing {
            filter: self.filter(noun)?,
            order: self.order(noun)?,
            offset: self.offset(),
            limit: u64::from(self.size),
        })
    }

    /// The part of a list that has neither a query nor an order of its own; none when this one has.
    #[must_use]
    pub fn plain(&self) -> Option<Listing> {
        let is_plain = self.query.is_none() && self.order.is_none();
        is_plain.then(|| Listing { offset: self.offset(), limit: u64::from(self.size), ..Listing::default() })
    }

    /// How many results come before this page, and how many it has at most.
    #[must_use]
    pub fn part(&self) -> (u64, u64) {
        (self.offset(), u64::from(self.size))
    }

    /// For a list that cannot be queried.
    ///
    /// # Errors
    /// When it is.
    pub fn refuse_queries(&self, what: &str) -> Result<(), Error> {
        if self.query.is_some() || self.order.is_some() {
            return Err(Error::BadRequest(format!("query and orderBy do not work on {what}.")));
        }
        Ok(())
    }

    fn offset(&self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.size)
    }

    /// The page of rows that the store has cut.
    ///
    /// # Errors
    /// When a row cannot be shown.
    pub fn page<M, T: Serialize>(
        &self,
        found: Found<M>,
        mut show: impl FnMut(M) -> Result<T, Error>,
    ) -> Result<Response, Error> {
        let mut page = self.write();
        for row in found.rows {
            page.push(&show(row)?)?;
        }
        page.end(found.total, false)
    }

    /// The page of all rows, cut here.
    ///
    /// # Errors
    /// Never, but for a fault.
    pub fn cut<T: Serialize>(&self, rows: Vec<T>) -> Result<Response, Error> {
        let total = rows.len() as u64;
        let offset = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let rows = rows.into_iter().skip(offset).take(self.size as usize).collect();
        self.page(Found { rows, total }, Ok)
    }

    /// The envelope around the results of this page.
    fn envelope<T>(&self, results: Vec<T>, total: u64) -> Page<T> {
        let more = self.offset() + u64::from(self.size) < total;
        Page {
            results,
            page_number: self.page,
            page_size: self.size,
            total_results: total,
            links: Links {
                current: self.link(self.page),
                own: Link { href: self.path.clone() },
                next: more.then(|| self.link(self.page + 1)),
                previous: (self.page > 1).then(|| self.link(self.page - 1)),
            },
        }
    }

    /// A page that is written row by row.
    #[must_use]
    pub fn write(&self) -> Written<'_> {
        Written { list: self, wanted: trim::wanted(self.fields.as_deref()), json: BEGIN.to_vec(), lengths: Vec::new() }
    }

    fn link(&self, page: u32) -> Link {
        let mut href = format!("{}?page={page}&pageSize={}", self.path, self.size);
        let asked = [("query", &self.query), ("orderBy", &self.order), ("fields", &self.fields)];
        let asked = asked.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
        for (name, value) in asked.chain(self.extra.iter().map(|(name, value)| (*name, value))) {
            href.push('&');
            href.push_str(name);
            href.push('=');
            href.extend(utf8_percent_encode(value, PLAIN));
        }
        Link { href }
    }
}

/// What the JSON of a page begins with.
const BEGIN: &[u8] = br#"{"results":["#;

/// A page that holds its rows once, as the JSON that is sent: each is written as it is read, and then gone.
#[derive(Debug)]
pub struct Written<'a> {
    list: &'a List,
    wanted: BTreeSet<String>,
    json: Vec<u8>,
    /// Bytes of each row.
    lengths: Vec<usize>,
}

impl Written<'_> {
    /// Writes the next row, with nothing but the properties that were asked for.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn push(&mut self, row: &impl Serialize) -> Result<(), Error> {
        if !self.lengths.is_empty() {
            self.json.push(b',');
        }
        let before = self.json.len();
        if self.wanted.is_empty() {
            serde_json::to_writer(&mut self.json, row).map_err(Error::fault)?;
        } else {
            let whole = serde_json::to_string(row).map_err(Error::fault)?;
            let row = trim::trimmed(&whole, &self.wanted).map_err(Error::fault)?;
            serde_json::to_writer(&mut self.json, &row).map_err(Error::fault)?;
        }
        self.lengths.push(self.json.len() - before);
        Ok(())
    }

    /// The answer, when all rows are written; `is_backwards`: the last one first.
    ///
    /// # Errors
    /// Never, but for a fault.
    pub fn end(mut self, total: u64, is_backwards: bool) -> Result<Response, Error> {
        if is_backwards {
            self.turn();
        }
        let rest = serde_json::to_string(&self.list.envelope(Vec::<()>::new(), total)).map_err(Error::fault)?;
        self.json.extend_from_slice(rest.as_bytes().get(BEGIN.len()..).unwrap_or_default());
        let mut response = ([(header::CONTENT_TYPE, "application/json")], self.json).into_response();
        response.extensions_mut().insert(Trimmed);
        Ok(response)
    }

    /// Turns the order of the rows in their own place: all bytes, and then those of each row back again.
    fn turn(&mut self) {
        let mut rows = self.json.get_mut(BEGIN.len()..).unwrap_or_default();
        rows.reverse();
        for length in self.lengths.iter().rev() {
            let Some((row, rest)) = rows.split_at_mut_checked(*length) else { return };
            row.reverse();
            // The comma.
            rows = rest.get_mut(1..).unwrap_or_default();
        }
    }
}

/// Marks an answer whose results have nothing but what was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trimmed;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The results; none past the end.
    pub results: Vec<T>,
    /// The page, from 1.
    pub page_number: u32,
    /// The most results of one page.
    pub page_size: u32,
    /// Results of all pages, after the query.
    pub total_results: u64,
    /// Where the other pages are.
    #[serde(rename = "_links")]
    pub links: Links,
}

/// Where the pages of a list are, from the root.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// This page.
    pub current: Link,
    /// The list, without parameters.
    #[serde(rename = "self")]
    pub own: Link,
    /// The next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Link>,
    /// The page before; absent at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Link>,
}

/// A path from the root.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// The path.
    pub href: String,
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    fn list(fields: Option<&str>) -> List {
        let fields = fields.map(str::to_owned);
        List { page: 2, size: 3, query: None, order: None, fields, extra: None, path: "/list".to_owned() }
    }

    async fn written(fields: Option<&str>, rows: &[Value], is_backwards: bool) -> Value {
        let list = list(fields);
        let mut page = list.write();
        for row in rows {
            page.push(row).unwrap();
        }
        let response = page.end(7, is_backwards).unwrap();
        serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_page_that_is_written_row_by_row_is_the_same_page() {
        let rows = [json!({"id": "a", "n": 1}), json!({"id": "bücher, x", "n": 22}), json!({"id": "c", "n": [3, 4]})];
        for count in 0..=rows.len() {
            let rows = rows.get(..count).unwrap().to_vec();
            let wanted = serde_json::to_value(list(None).envelope(rows.clone(), 7)).unwrap();
            assert_eq!(written(None, &rows, false).await, wanted);
            let turned: Vec<Value> = rows.into_iter().rev().collect();
            assert_eq!(written(None, &turned, true).await, wanted);
            let ids = written(Some("id, "), &turned, true).await;
            let names = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert!(ids["results"].as_array().unwrap().iter().all(|row| names(row) == ["id"]), "{ids}");
        }
    }
}
