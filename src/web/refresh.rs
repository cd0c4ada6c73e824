//! Asking for data, and where it stands.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::dataset;
use entity::id::{CompanyId, ConnectionId, DatasetId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::history::PullOperation;
use super::parameters::Parameters;
use super::who::{Last, OfCompany};
use connect::refresh;

impl From<refresh::Error> for Error {
    fn from(error: refresh::Error) -> Self {
        match error {
            refresh::Error::NotLinked(said) => Self::BadRequest(said),
            refresh::Error::InProgress(..) => Self::Conflict(error.to_string()),
            refresh::Error::Store(fault) => Self::fault(fault),
        }
    }
}

/// Refresh all data of a company
///
/// All types that are read when a connection is first linked, of every Linked connection.
#[utoipa::path(post, path = "/companies/{companyId}/data/all", operation_id = "refresh-company-data",
    tag = "Refresh data", params(("companyId" = CompanyId, Path)),
    responses((status = 204, description = "It is queued."), Refusals))]
pub async fn all(State(app): State<App>, OfCompany(company): OfCompany) -> Result<StatusCode, Error> {
    refresh::all(app.means(), &company).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which connection is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ConnectionParam {
    /// The connection; without it the company's oldest that is Linked.
    #[serde(default)]
    #[param(required = false)]
    pub connection_id: Option<String>,
}

/// Refresh one data type
#[utoipa::path(post, path = "/companies/{companyId}/data/queue/{dataType}", operation_id = "refresh-data-type",
    tag = "Refresh data", params(("companyId" = CompanyId, Path), ("dataType" = DataType, Path), ConnectionParam),
    responses((status = 200, description = "The operation that was queued.", body = PullOperation), Refusals))]
pub async fn by_data_type(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Last(kind): Last,
    Parameters(param): Parameters<ConnectionParam>,
) -> Result<Json<PullOperation>, Error> {
    let kind = DataType::parse(&kind).ok_or_else(|| super::unsupported::refusal(&kind))?;
    let connection = match param.connection_id.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let id = ConnectionId::from_str(text).map_err(|_| Error::none("connection", text))?;
            let row = store::connections::owned(&app.db, company.id, id).await?;
            Some(row.ok_or_else(|| Error::none("connection", id))?)
        }
    };
    let row = refresh::one(app.means(), &company, connection.as_ref(), kind).await?;
    Ok(Json(PullOperation::new(company.id, row)))
}

/// Where one data type of a company stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataStatus {
    /// The data type.
    pub data_type: DataType,
    /// How its latest sync stands or ended.
    pub current_status: dataset::Status,
    /// When a sync of it last ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_successful_sync: Option<DateTime<Utc>>,
    /// Its latest sync.
    pub latest_sync_id: DatasetId,
    /// Its latest sync that ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_successful_sync_id: Option<DatasetId>,
}

/// Get the status of a company's data
///
/// By data type; a type that was never asked for is left out. With several connections, one on its way comes first.
#[utoipa::path(get, path = "/companies/{companyId}/dataStatus", operation_id = "get-company-data-status",
    tag = "Refresh data", params(("companyId" = CompanyId, Path)),
    responses((status = 200, description = "By data type.", body = BTreeMap<String, DataStatus>), Refusals))]
pub async fn data_status(
    State(app): State<App>,
    OfCompany(company): OfCompany,
) -> Result<Json<BTreeMap<&'static str, DataStatus>>, Error> {
    let connections = ids(&app, company.id).await?;
    let states = store::datasets_read::states(&app.db, &connections).await?;
    let shown = |(data_type, state): (DataType, store::datasets_read::State)| {
        let status = DataStatus {
            data_type,
            current_status: state.latest.status,
            last_successful_sync: state.successful.as_ref().and_then(|row| row.completed_at),
            latest_sync_id: state.latest.id,
            latest_successful_sync_id: state.successful.map(|row| row.id),
        };
        (data_type.as_str(), status)
    };
    Ok(Json(states.into_iter().map(shown).collect()))
}

/// The company's connections.
pub(super) async fn ids(app: &App, company: CompanyId) -> Result<Vec<ConnectionId>, Error> {
    let rows = store::connections::of_company(&app.db, company).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
