//! Custom data types: records of a developer's own, made of Stripe's objects as they are kept here.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::custom_data_type::{self, Config};
use entity::id::{CompanyId, ConnectionId};
use futures::stream::StreamExt;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::history::PullOperation;
use super::page::{List, ListParams, Page};
use super::supplemental::{check, paths};
use super::who::{Caller, OfConnection};
use connect::refresh;
use store::{own_fields, source_objects};
use sync::pick;
use sync::streams::Stream;

/// Custom data types of one integration at most.
const MOST: u64 = 100;
/// Characters that an identifier may have.
const LONGEST: usize = 100;
/// Paths that make an id, or a time, at most.
const PATHS: usize = 10;

/// A record of a custom data type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomDataTypeRecord {
    /// The values of `keyBy`, joined by `-`.
    pub id: String,
    /// When it changed.
    pub modified_date: CustomModifiedDate,
    /// The values, by their names; null where the object has no such field.
    #[schema(value_type = Object)]
    pub content: Map<String, Value>,
}

/// When a record of a custom data type changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomModifiedDate {
    /// When the object behind it last changed here.
    pub modified_date: DateTime<Utc>,
    /// When it changed at Stripe, where `sourceModifiedDate` says where that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_modified_date: Option<DateTime<Utc>>,
}

/// Configure a custom data type
///
/// Each object of one of Stripe's lists makes a record of it. The records are read from the objects that are kept here, so a
/// new configuration holds at once and for all history.
#[utoipa::path(put, path = "/integrations/{platformKey}/dataTypes/custom/{customDataIdentifier}",
    operation_id = "configure-custom-data-type", tag = "Integrations",
    params(("platformKey" = String, Path), ("customDataIdentifier" = String, Path)), request_body = Config,
    responses((status = 200, description = "The configuration.", body = Config), Refusals))]
pub async fn configure(
    State(app): State<App>,
    _: Caller,
    Path((key, identifier)): Path<(String, String)>,
    Body(config): Body<Config>,
) -> Result<Json<Config>, Error> {
    let integration = super::integrations::find(&app, &key).await?;
    let identifier = text("customDataIdentifier", identifier, LONGEST)?;
    if pick::object_of(&config.data_source).is_none() {
        return Err(Error::BadRequest(format!("dataSource must be one of {}.", pick::lists().join(", "))));
    }
    check("requiredData", &config.required_data)?;
    let times = config.source_modified_date.iter().flatten();
    for path in config.key_by.iter().chain(times) {
        pick::Path::parse(path).map_err(|said| Error::BadRequest(format!("keyBy and sourceModifiedDate: {said}.")))?;
    }
    if config.key_by.is_empty() || config.key_by.len() > PATHS {
        return Err(Error::BadRequest(format!("keyBy must have 1 to {PATHS} paths.")));
    }
    if config.source_modified_date.iter().any(|paths| paths.len() > PATHS) {
        return Err(Error::BadRequest(format!("sourceModifiedDate may have {PATHS} paths at most.")));
    }
    let tx = store::write(&app.db).await?;
    let is_new = own_fields::custom(&tx, integration.id, &identifier).await?.is_none();
    if is_new && own_fields::customs(&tx, integration.id).await? >= MOST {
        return Err(Error::Conflict(format!("There are {MOST} custom data types already, and no more are kept.")));
    }
    let row = custom_data_type::Model { integration_id: integration.id, identifier, config: config.clone() };
    own_fields::set_custom(&tx, row).await?;
    tx.commit().await?;
    Ok(Json(config))
}

/// Get the configuration of a custom data type
#[utoipa::path(get, path = "/integrations/{platformKey}/dataTypes/custom/{customDataIdentifier}",
    operation_id = "get-custom-data-type-configuration", tag = "Integrations",
    params(("platformKey" = String, Path), ("customDataIdentifier" = String, Path)),
    responses((status = 200, description = "The configuration.", body = Config), Refusals))]
pub async fn configuration(
    State(app): State<App>,
    _: Caller,
    Path((key, identifier)): Path<(String, String)>,
) -> Result<Json<Config>, Error> {
    let integration = super::integrations::find(&app, &key).await?;
    let found = own_fields::custom(&app.db, integration.id, &identifier).await?;
    found.map(|row| Json(row.config)).ok_or_else(|| Error::none("custom data type", &identifier))
}

/// The custom data type that the last part of a path names, and Stripe's word for what it is made of.
async fn configured(app: &App, of: &OfConnection, identifier: &str) -> Result<(Config, &'static str), Error> {
    let integration = of.connection.integration_id;
    let found = own_fields::custom(&app.db, integration, identifier).await?;
    let config = found.ok_or_else(|| Error::none("custom data type", identifier))?.config;
    let object = pick::object_of(&config.data_source)
        .ok_or_else(|| Error::fault(anyhow::anyhow!("{} is not read any more", config.data_source)))?;
    Ok((config, object))
}

/// Refresh a custom data type
///
/// The data type that Stripe's list makes is read anew; the records of the custom one follow it. The operation that is answered
/// is that data type's.
#[utoipa::path(post, path = "/companies/{companyId}/connections/{connectionId}/data/queue/custom/{customDataIdentifier}",
    operation_id = "refresh-custom-data-type", tag = "Refresh data",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path),
        ("customDataIdentifier" = String, Path)),
    responses((status = 200, description = "The operation that was queued.", body = PullOperation), Refusals))]
pub async fn refresh(
    State(app): State<App>,
    of: OfConnection,
    path: Path<(String, String, String)>,
) -> Result<Json<PullOperation>, Error> {
    let (_, object) = configured(&app, &of, &path.2).await?;
    let kind = Stream::of_object(object).map(Stream::data_type);
    let kind = kind.ok_or_else(|| Error::fault(anyhow::anyhow!("{object} is of no list")))?;
    let row = refresh::one(app.means(), &of.company, Some(&of.connection), kind).await?;
    Ok(Json(PullOperation::new(of.company.id, row)))
}

/// List the records of a custom data type
///
/// In the order of the ids of Stripe's objects. They cannot be queried or ordered otherwise.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/custom/{customDataIdentifier}",
    operation_id = "list-custom-data-type-records", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path),
        ("customDataIdentifier" = String, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<CustomDataTypeRecord>), Refusals))]
pub async fn list(
    State(app): State<App>,
    of: OfConnection,
    path: Path<(String, String, String)>,
    list: List,
) -> Result<Response, Error> {
    list.refuse_queries("the records of a custom data type")?;
    let (config, object) = configured(&app, &of, &path.2).await?;
    let tx = store::read(&app.db).await?;
    let (offset, limit) = list.part();
    let (mut objects, total) = own_fields::objects(&tx, of.connection.id, object, offset, limit).await?;
    let values = paths(&config.required_data)?;
    let keys = read(&config.key_by)?;
    let times = read(config.source_modified_date.as_deref().unwrap_or_default())?;
    let mut page = list.write();
    while let Some(kept) = objects.next().await {
        let kept = kept?;
        let raw = source_objects::unpack(&kept.body, kept.codec)?;
        let body: Value = serde_json::from_slice(&raw).map_err(Error::fault)?;
        let parts: Option<Vec<String>> = keys.iter().map(|path| plain(path.pick(&body))).collect();
        page.push(&CustomDataTypeRecord {
            id: parts.map_or(kept.id, |parts| parts.join("-")),
            modified_date: CustomModifiedDate {
                modified_date: kept.read_at,
                source_modified_date: times.iter().find_map(|path| time(&path.pick(&body))),
            },
            content: values.iter().map(|(name, path)| (name.clone(), path.pick(&body))).collect(),
        })?;
    }
    page.end(total, false)
}

fn read(given: &[String]) -> Result<Vec<pick::Path>, Error> {
    given.iter().map(|path| pick::Path::parse(path).map_err(Error::BadRequest)).collect()
}

/// A value within an id: a text as it is, anything else as JSON; none where there is none.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// A time of Stripe's, in seconds since 1970, or a text of ISO 8601.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(seconds) => DateTime::from_timestamp(seconds.as_i64()?, 0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
