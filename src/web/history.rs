//! What was asked for, how it went, and what the checks found.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::dataset::{self, Status};
use entity::id::{CompanyId, ConnectionId, DatasetId};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::error::{Error, Validation, ValidationItem};
use super::page::{List, ListParams, Page};
use super::refresh::ids;
use super::who::{Last, OfCompany};

/// One sync of one data type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullOperation {
    /// Its id.
    pub id: DatasetId,
    /// The company.
    pub company_id: CompanyId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The data type.
    pub data_type: DataType,
    /// Where it stands.
    pub status: Status,
    /// More about where it stands.
    pub status_description: Option<String>,
    /// Why it ended badly.
    pub error_message: Option<String>,
    /// When it was asked for.
    pub requested: DateTime<Utc>,
    /// When it ended; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<DateTime<Utc>>,
    /// 0 to 100.
    pub progress: i32,
    /// Whether it ended well.
    pub is_completed: bool,
    /// Whether it ended badly.
    pub is_errored: bool,
}

impl PullOperation {
    pub(super) fn new(company_id: CompanyId, row: dataset::Model) -> Self {
        Self {
            id: row.id,
            company_id,
            connection_id: row.connection_id,
            data_type: row.data_type,
            status: row.status,
            status_description: row.status_description,
            error_message: row.error_message,
            requested: row.requested_at,
            completed: row.completed_at,
            progress: row.progress,
            is_completed: row.status == Status::Complete,
            is_errored: row.status.is_error(),
        }
    }
}

/// List a company's syncs
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/data/history", operation_id = "list-pull-operations",
    tag = "Refresh data", params(("companyId" = CompanyId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<PullOperation>), Refusals))]
pub async fn list(State(app): State<App>, OfCompany(company): OfCompany, list: List) -> Result<Response, Error> {
    let listing = list.listing(&store::datasets_read::NOUN)?;
    let connections = ids(&app, company.id).await?;
    let tx = store::read(&app.db).await?;
    let found = store::datasets_read::history(&tx, &connections, &listing).await?;
    list.page(found, |row| Ok(PullOperation::new(company.id, row)))
}

/// Get one sync
#[utoipa::path(get, path = "/companies/{companyId}/data/history/{datasetId}", operation_id = "get-pull-operation",
    tag = "Refresh data", params(("companyId" = CompanyId, Path), ("datasetId" = DatasetId, Path)),
    responses((status = 200, description = "The sync.", body = PullOperation), Refusals))]
pub async fn get(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Last(id): Last,
) -> Result<Json<PullOperation>, Error> {
    Ok(Json(PullOperation::new(company.id, find(&app, company.id, &id).await?)))
}

async fn find(app: &App, company: CompanyId, text: &str) -> Result<dataset::Model, Error> {
    let id = DatasetId::from_str(text).map_err(|_| Error::none("dataset", text))?;
    let row = store::datasets_read::find(&app.db, &ids(app, company).await?, id).await?;
    row.ok_or_else(|| Error::none("dataset", id))
}

/// Get what the checks of a sync found
///
/// Warnings name the objects of the data type that could not be mapped, as they stand now.
#[utoipa::path(get, path = "/companies/{companyId}/sync/{datasetId}/validation",
    operation_id = "get-read-validation-results", tag = "Read data",
    params(("companyId" = CompanyId, Path), ("datasetId" = DatasetId, Path)),
    responses((status = 200, description = "Errors and warnings; none when all is well.", body = Validation), Refusals))]
pub async fn validation(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Last(id): Last,
) -> Result<Json<Validation>, Error> {
    let row = find(&app, company.id, &id).await?;
    let odd = store::datasets_read::unmapped(&app.db, row.connection_id, row.data_type).await?;
    let item = |id: String, message: String, rule: &str| ValidationItem {
        item_id: Some(id),
        message: Some(message),
        validator_name: Some("Tributary".to_owned()),
        rule_id: Some(rule.to_owned()),
    };
    let error = row.error_message.filter(|_| row.status.is_error());
    Ok(Json(Validation {
        errors: error.map(|message| item(row.id.to_string(), message, "sync-failed")).into_iter().collect(),
        warnings: odd
            .into_iter()
            .map(|odd| item(odd.id, format!("{} could not be mapped: {}", odd.object, odd.reason), "unmapped-object"))
            .collect(),
    }))
}
