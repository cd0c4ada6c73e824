//! Source objects: what Stripe said, behind each record.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use entity::source_object;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::who::{Last, OfConnection};
use sync::origin;

/// What a record was made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The record's data type.
    pub data_type: DataType,
    /// The record.
    pub record_id: String,
    /// Stripe's objects as they were last read, the one that the record is named after first.
    pub objects: Vec<SourceObject>,
    /// Each property of the record, and where it comes from.
    pub properties: Vec<PropertyOrigin>,
}

/// One of Stripe's objects, as it was last read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceObject {
    /// Stripe's word for what it is.
    pub object: String,
    /// Stripe's id.
    pub id: String,
    /// The version of Stripe's API that it was read with.
    pub api_version: String,
    /// When it was read, or last confirmed to have changed.
    pub read_date: DateTime<Utc>,
    /// When it was found to be gone at Stripe; null while it is there.
    pub deleted_date: Option<DateTime<Utc>>,
    /// How that was found.
    pub deleted_cause: Option<String>,
    /// The object itself, unaltered.
    #[schema(value_type = Object)]
    pub body: Box<RawValue>,
}

/// Where a property of a record comes from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyOrigin {
    /// The record's property.
    pub property: &'static str,
    /// Stripe's fields, the object's word first. Several are tried in this order or counted together; none for what is
    /// made here.
    pub from: &'static [&'static str],
}

/// Get the source of a record
///
/// Stripe's objects that the record was made of, as Stripe sent them, with the API version and the time that they were read,
/// and which of their fields became which property. It is read from what is kept here; Stripe is not asked.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/{dataType}/{recordId}/source",
    operation_id = "get-record-source", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("dataType" = DataType, Path),
        ("recordId" = String, Path, description = "The record's id; for company info the Stripe account's.")),
    responses((status = 200, description = "What the record was made of.", body = Origin), Refusals))]
pub async fn get(
    State(app): State<App>,
    of: OfConnection,
    path: Path<(String, String, String, String)>,
    Last(record_id): Last,
) -> Result<Json<Origin>, Error> {
    let kind = &path.2;
    let data_type = DataType::parse(kind).ok_or_else(|| super::unsupported::refusal(kind))?;
    if data_type == DataType::PaymentMethods {
        let said = "A payment method has no object of its own: it is what charges say in payment_method_details.type.";
        return Err(Error::NotFound(said.to_owned()));
    }
    let kept = origin::objects(&app.db, of.connection.id, data_type, &record_id).await?;
    if kept.is_empty() {
        return Err(Error::none("record", &record_id));
    }
    let objects = kept.into_iter().map(SourceObject::try_from).collect::<Result<_, _>>()?;
    let properties = origin::properties(data_type).iter().map(|(property, from)| PropertyOrigin { property, from });
    Ok(Json(Origin { data_type, record_id, objects, properties: properties.collect() }))
}

impl TryFrom<source_object::Model> for SourceObject {
    type Error = Error;

    fn try_from(kept: source_object::Model) -> Result<Self, Error> {
        Ok(Self {
            body: RawValue::from_string(origin::body(&kept)?).map_err(Error::fault)?,
            object: kept.object,
            id: kept.id,
            api_version: kept.api_version,
            read_date: kept.read_at,
            deleted_date: kept.deleted_at,
            deleted_cause: kept.deleted_cause,
        })
    }
}
