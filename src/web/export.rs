//! Whole lists as files: `format=csv|jsonl|parquet` on a list of records answers with all of it, from one state of the
//! database, row by row. What breaks off in the middle breaks the connection off: a short file never looks whole.

mod columns;
mod csv;
mod jsonl;
mod parquet;
mod pour;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use entity::connection;
use entity::data_type::DataType;
use entity::payout;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OpenApi, RefOr, Required, Type};

use self::columns::Column;
pub use self::pour::Pieces;
use self::rows::{Origin, Records};
use super::App;
use super::commerce::{self, was_read};
use super::error::Error;
use super::page::List;
use super::parameters;
use super::supplemental::Supplements;
use super::who::{Last, OfConnection};
use base::query;
use store::lists::Listing;
use store::{Db, Tx};

/// Exports that one process makes at a time: each holds a connection to the database until its client has all of it.
const AT_ONCE: usize = 4;
/// Where the lists of records are, before their data type.
const LISTS: &str = "/companies/{companyId}/connections/{connectionId}/data/";
/// What a payout is made of, behind that.
const OF_PAYOUT: &str = "commerce-payouts/{payoutId}/transactions";

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header; what is in an object is a column with a dotted name, a list is JSON.
    Csv,
    /// A JSON object on each line, as the list's results are.
    Jsonl,
    /// Apache Parquet, packed with Snappy; objects are groups, a list is JSON, amounts are decimals of scale 3.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Parquet];

    /// As it is asked for, and as files of it end.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// The data types whose records are listed, and so can be exported.
pub fn data_types() -> impl Iterator<Item = DataType> {
    DataType::ALL.into_iter().filter(|one| rows::noun(*one).is_some())
}

/// What of a list goes into a file, and how.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only what this query matches.
    pub query: Option<String>,
    /// One property, with a `-` before it for the greatest first.
    pub order_by: Option<String>,
    /// Only these properties, with commas between.
    pub fields: Option<String>,
}

/// The columns of each list, as the API's description tells them.
#[derive(Clone, Debug)]
pub struct Tables(Arc<BTreeMap<DataType, Vec<Column>>>);

impl Tables {
    /// What this description tells.
    #[must_use]
    pub fn of(described: &OpenApi) -> Self {
        let described = serde_json::to_value(described).unwrap_or_default();
        let columns = |data_type: DataType| {
            let answer = described.get("paths")?.get(format!("{LISTS}{}", data_type.as_str()))?;
            let page = answer.pointer("/get/responses/200/content/application~1json/schema")?;
            let rows = columns::resolved(&described, page)?.pointer("/properties/results/items")?;
            Some((data_type, columns::of(&described, rows)))
        };
        Self(Arc::new(data_types().filter_map(columns).collect()))
    }

    /// Begins the file of a connection's records, in the state that `tx` sees.
    ///
    /// # Errors
    /// When the query, the order or a field is not known, or the data type was never read.
    pub async fn file(
        &self,
        at: &Moment,
        connection: &connection::Model,
        data_type: DataType,
        wanted: &Wanted,
        format: Format,
    ) -> Result<Pieces, Error> {
        was_read(&*at.tx, connection, data_type).await?;
        self.made(at, connection, Records::Of(data_type), wanted, format).await
    }

    async fn made(
        &self,
        at: &Moment,
        connection: &connection::Model,
        records: Records,
        wanted: &Wanted,
        format: Format,
    ) -> Result<Pieces, Error> {
        let data_type = records.data_type();
        let noun = rows::noun(data_type);
        let (Some(noun), Some(columns)) = (noun, self.0.get(&data_type)) else {
            return Err(Error::BadRequest(format!("{} is no list and cannot be exported.", data_type.as_str())));
        };
        let supplements = Supplements::of(&*at.tx, connection, data_type).await?;
        let columns = columns::supplemented(columns, &supplements);
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let filter = given(&wanted.query).map(|text| noun.bind(&query::parse(&text)?)).transpose()?;
        let order = given(&wanted.order_by).map(|text| noun.order(&text)).transpose()?;
        let columns = columns::chosen(&columns, wanted.fields.as_deref())?;
        let listing = Listing { filter, order, offset: 0, limit: 0 };
        let (tx, connection) = (Arc::clone(&at.tx), connection.id);
        pour::begin(Origin { tx, connection, records, listing, supplements }, encoder(format, columns)?).await
    }
}

/// A moment that exports are made of: all records that are read at it are as they were then, however long that takes.
#[derive(Clone, Debug)]
pub struct Moment {
    tx: Arc<Tx>,
}

impl Moment {
    /// Now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(db: &Db) -> Result<Self, Error> {
        Ok(Self { tx: Arc::new(store::read_at_leisure(db).await?) })
    }
}

/// Makes bytes of rows.
trait Encode: Send {
    /// Takes one row, as the list would answer it.
    fn row(&mut self, json: &str) -> anyhow::Result<()>;
    /// Bytes that are ready; none yet is an empty answer.
    fn ready(&mut self) -> anyhow::Result<Vec<u8>>;
    /// The last bytes.
    fn finish(self: Box<Self>) -> anyhow::Result<Vec<u8>>;
}

fn encoder(format: Format, columns: Vec<Column>) -> Result<Box<dyn Encode>, Error> {
    Ok(match format {
        Format::Csv => Box::new(csv::Csv::new(columns).map_err(Error::fault)?),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(&columns)),
        Format::Parquet => Box::new(parquet::Parquet::new(columns).map_err(Error::fault)?),
    })
}

/// What the router keeps for exports.
#[derive(Clone, Debug)]
pub(super) struct Exports {
    app: App,
    tables: Tables,
    places: Arc<Semaphore>,
}

impl Exports {
    /// Exports of what this description tells.
    pub(super) fn of(app: &App, described: &OpenApi) -> Self {
        Self { app: app.clone(), tables: Tables::of(described), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// A list that is asked for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    All(DataType),
    OfPayout,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    format: Option<String>,
    page: Option<String>,
    page_size: Option<String>,
    query: Option<String>,
    order_by: Option<String>,
    fields: Option<String>,
}

/// Answers with a file where one is asked for.
pub(super) async fn answer(State(exports): State<Exports>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let list = match route.strip_prefix(LISTS) {
        Some(OF_PAYOUT) => Some(Asked::OfPayout),
        Some(name) => DataType::parse(name).filter(|one| rows::noun(*one).is_some()).map(Asked::All),
        None => None,
    };
    let (Some(list), true) = (list, request.method() == Method::GET) else { return next.run(request).await };
    let asked: Parameters = match parameters::of(request.uri()) {
        Ok(asked) => asked,
        Err(error) => return error.into_response(),
    };
    let Some(format) = asked.format.as_deref().filter(|format| *format != "json") else {
        return next.run(request).await;
    };
    let format = Format::parse(format);
    let (mut parts, _) = request.into_parts();
    exported(&exports, &mut parts, list, format, asked).await.unwrap_or_else(Error::into_response)
}

async fn exported(
    exports: &Exports,
    parts: &mut Parts,
    list: Asked,
    format: Option<Format>,
    asked: Parameters,
) -> Result<Response, Error> {
    let app = &exports.app;
    let OfConnection { connection, .. } = OfConnection::from_request_parts(parts, app).await?;
    List::from_request_parts(parts, app).await?;
    let format = format.ok_or_else(|| Error::BadRequest("format must be json, csv, jsonl or parquet.".to_owned()))?;
    if asked.page.is_some() || asked.page_size.is_some() {
        let said = "A file holds the whole list: leave page and pageSize out, or ask for format=json.";
        return Err(Error::BadRequest(said.to_owned()));
    }
    let place = Arc::clone(&exports.places).try_acquire_owned();
    let place = place.map_err(|_| {
        Error::Unavailable(format!("{AT_ONCE} exports are being made already; try again when one has ended."))
    })?;
    let at = Moment::of(&app.db).await?;
    let wanted = Wanted { query: asked.query, order_by: asked.order_by, fields: asked.fields };
    let (pieces, name) = match list {
        Asked::All(data_type) => {
            let pieces = exports.tables.file(&at, &connection, data_type, &wanted, format).await?;
            (pieces, format!("{}-{}", data_type.as_str(), connection.id))
        }
        Asked::OfPayout => {
            let Last(id) = Last::from_request_parts(parts, app).await?;
            commerce::one::<payout::Entity>(&at.tx, &connection, &id, &[]).await?;
            let name = format!("payout-{id}-transactions");
            (exports.tables.made(&at, &connection, Records::OfPayout(id), &wanted, format).await?, name)
        }
    };
    let name = format!("{name}.{}", format.as_str());
    response(pieces, place, format, &name)
}

fn response(pieces: Pieces, place: OwnedSemaphorePermit, format: Format, name: &str) -> Result<Response, Error> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(Error::fault)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(pieces.holding(place))).into_response())
}

/// Adds to the description of each list what this module answers.
pub(super) fn describe(described: &mut OpenApi) {
    for list in data_types().map(DataType::as_str).chain([OF_PAYOUT]) {
        let path = described.paths.paths.get_mut(&format!("{LISTS}{list}"));
        let Some(list) = path.and_then(|item| item.get.as_mut()) else { continue };
        list.parameters.get_or_insert_default().push(RefOr::T(parameter()));
        let Some(RefOr::T(answer)) = list.responses.responses.get_mut("200") else { continue };
        for format in Format::ALL {
            let kind = format.media_type().split(';').next().unwrap_or_default();
            let schema = ObjectBuilder::new().schema_type(Type::String).build();
            answer.content.insert(kind.to_owned(), ContentBuilder::new().schema(Some(schema)).build().into());
        }
        "One page; or, with `format`, a file of the whole list.".clone_into(&mut answer.description);
    }
}

fn parameter() -> Parameter {
    let names = std::iter::once("json").chain(Format::ALL.map(Format::as_str)).map(Value::from);
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names))
        .default(Some(Value::from("json")))
        .build();
    ParameterBuilder::new()
        .name("format")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            "`csv`, `jsonl` or `parquet`: the whole list as a file, as it is at one moment. `query`, `orderBy` and `fields` \
             hold for it; `page` and `pageSize` must be left out.",
        ))
        .schema(Some(schema))
        .build()
}
