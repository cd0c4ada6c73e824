//! Connections of a company.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId, IntegrationId};
use entity::{connection, integration};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::who::{OfCompany, OfConnection};
use base::query::{Datum, Field, Kind, Noun, ascending};
use base::vault::DataKey;
use connect::adopt;
use connect::events;
use connect::link::{self, Links};
use connect::revoke;

/// A company's link to a Stripe account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// The integration's key: `exgd` is Stripe, `yzth` is Stripe Test.
    pub integration_key: String,
    /// The source.
    pub source_id: Uuid,
    /// Always `Commerce`.
    pub source_type: &'static str,
    /// The integration's name.
    pub platform_name: String,
    /// The Link URL of this connection; it lives one day and serves once.
    pub link_url: String,
    /// Where it stands.
    pub status: connection::Status,
    /// When a sync last ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<DateTime<Utc>>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// What went wrong, newest last.
    pub data_connection_errors: Vec<ConnectionError>,
    /// The Stripe account, once linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_info: Option<ConnectionInfo>,
}

/// Something that went wrong with a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionError {
    /// A status, as text.
    pub status_code: String,
    /// The provider's word.
    pub status_text: String,
    /// What happened, and whose turn it is.
    pub error_message: String,
    /// When.
    pub errored_on_utc: DateTime<Utc>,
    /// `Active` or `Resolved`.
    pub status: &'static str,
    /// When it was over.
    pub resolved_on_utc: Option<DateTime<Utc>>,
}

impl From<connection::Fault> for ConnectionError {
    fn from(fault: connection::Fault) -> Self {
        Self {
            status_code: fault.status_code,
            status_text: fault.status_text,
            error_message: fault.message,
            errored_on_utc: fault.at,
            status: if fault.resolved_at.is_some() { "Resolved" } else { "Active" },
            resolved_on_utc: fault.resolved_at,
        }
    }
}

/// The Stripe account of a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInfo {
    /// `acct_...`
    pub account_id: String,
    /// What it calls itself.
    pub account_name: Option<String>,
    /// Whether it was linked in live mode.
    pub livemode: Option<bool>,
    /// What was granted: `read_only` or `read_write`.
    pub scope: Option<String>,
}

/// What is needed to show companies and connections: Link URLs and integrations.
pub(super) struct Shown<'a> {
    pub(super) key: Arc<DataKey>,
    pub(super) links: Links<'a>,
    pub(super) now: DateTime<Utc>,
    integrations: Vec<integration::Model>,
}

impl<'a> Shown<'a> {
    pub(super) async fn of(app: &'a App) -> Result<Self, Error> {
        Ok(Self {
            key: app.keys.installation(&app.db).await?,
            links: app.links(),
            now: app.clock.now(),
            integrations: store::integrations::all(&app.db).await?,
        })
    }

    pub(super) fn connection(&self, row: connection::Model) -> Result<Connection, Error> {
        let integration = self.integrations.iter().find(|one| one.id == row.integration_id);
        let integration =
            integration.ok_or_else(|| Error::fault(anyhow::anyhow!("connection {} has no integration", row.id)))?;
        let link_url = link::connection_url(&self.key, self.links, &row, self.now).map_err(Error::fault)?;
        Ok(Connection {
            id: row.id,
            integration_id: integration.id,
            integration_key: integration.platform_key.clone(),
            source_id: integration.source_id,
            source_type: "Commerce",
            platform_name: integration.name.clone(),
            link_url: link_url.into(),
            status: row.status,
            last_sync: row.last_sync_at,
            created: row.created_at,
            data_connection_errors: row.errors.into_iter().map(ConnectionError::from).collect(),
            connection_info: row.account_id.map(|account_id| ConnectionInfo {
                account_id,
                account_name: row.account_name,
                livemode: row.livemode,
                scope: row.scope,
            }),
        })
    }
}

/// What can be asked of connections.
static NOUN: Noun<()> = Noun {
    name: "Connection",
    fields: &[
        Field { name: "id", kind: Kind::Uuid, nullable: false, source: () },
        Field { name: "integrationId", kind: Kind::Uuid, nullable: false, source: () },
        Field { name: "integrationKey", kind: Kind::Text, nullable: false, source: () },
        Field { name: "sourceId", kind: Kind::Uuid, nullable: false, source: () },
        Field { name: "sourceType", kind: Kind::Text, nullable: false, source: () },
        Field { name: "platformName", kind: Kind::Text, nullable: false, source: () },
        Field { name: "status", kind: Kind::Text, nullable: false, source: () },
        Field { name: "created", kind: Kind::Date, nullable: false, source: () },
        Field { name: "lastSync", kind: Kind::Date, nullable: true, source: () },
    ],
};

impl Connection {
    fn read(&self, field: &Field<()>) -> Option<Datum> {
        Some(match field.name {
            "id" => Datum::Text(self.id.to_string()),
            "integrationId" => Datum::Text(self.integration_id.to_string()),
            "integrationKey" => Datum::Text(self.integration_key.clone()),
            "sourceId" => Datum::Text(self.source_id.to_string()),
            "sourceType" => Datum::Text(self.source_type.to_owned()),
            "platformName" => Datum::Text(self.platform_name.clone()),
            "status" => Datum::Text(self.status.as_str().to_owned()),
            "created" => Datum::Date(self.created),
            "lastSync" => Datum::Date(self.last_sync?),
            _ => return None,
        })
    }
}

/// List a company's connections
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections", operation_id = "list-connections",
    tag = "Connections", params(("companyId" = CompanyId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Connection>), Refusals))]
pub async fn list(State(app): State<App>, OfCompany(company): OfCompany, list: List) -> Result<Response, Error> {
    let (filter, order) = (list.filter(&NOUN)?, list.order(&NOUN)?);
    let shown = Shown::of(&app).await?;
    if let Some(part) = list.plain() {
        let tx = store::read(&app.db).await?;
        let found = store::connections::page(&tx, company.id, &part).await?;
        return list.page(found, |row| shown.connection(row));
    }
    let rows = store::connections::of_company(&app.db, company.id).await?;
    let mut rows = rows.into_iter().rev().map(|row| shown.connection(row)).collect::<Result<Vec<_>, _>>()?;
    if let Some(filter) = filter {
        rows.retain(|row| filter.matches(&|field| row.read(field)));
    }
    if let Some(order) = order {
        rows.sort_by(|one, other| ascending(one.read(order.field), other.read(order.field), order.descending));
    }
    list.cut(rows)
}

/// Which integration a new connection goes through.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionBody {
    /// `exgd` is Stripe, `yzth` is Stripe Test.
    pub platform_key: String,
}

/// Create a connection
///
/// It waits for the owner, who follows its `linkUrl`.
#[utoipa::path(post, path = "/companies/{companyId}/connections", operation_id = "create-connection",
    tag = "Connections", params(("companyId" = CompanyId, Path)), request_body = ConnectionBody,
    responses((status = 200, description = "The connection, with its Link URL.", body = Connection), Refusals))]
pub async fn create(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Body(body): Body<ConnectionBody>,
) -> Result<Json<Connection>, Error> {
    let key = text("platformKey", body.platform_key, 255)?;
    let integration = store::integrations::by_key(&app.db, &key).await?;
    let integration = integration.ok_or_else(|| Error::none("integration", &key))?;
    if !integration.enabled {
        let name = &integration.name;
        return Err(Error::Conflict(format!("The integration {name} is switched off, so it starts no connections.")));
    }
    let tx = store::write(&app.db).await?;
    let row = store::connections::create(&tx, company.id, integration.id, app.clock.now()).await?;
    events::connection(&tx, &app.settings.public_url, events::Kind::ConnectionCreated, row.id, row.created_at).await?;
    tx.commit().await?;
    Ok(Json(Shown::of(&app).await?.connection(row)?))
}

/// Get a connection
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}", operation_id = "get-connection",
    tag = "Connections", params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    responses((status = 200, description = "The connection.", body = Connection), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection) -> Result<Json<Connection>, Error> {
    Ok(Json(Shown::of(&app).await?.connection(of.connection)?))
}

/// Link a connection to an account that is connected already
///
/// For who moves here with an application of Stripe Connect that accounts are connected to: the owner is not asked again.
/// Send the account's id as `accountId`, or all of Stripe's answer to the OAuth exchange of back then; tokens in it are not
/// kept. Stripe is asked whether the application may read the account. Nothing is read until data is asked for, as by
/// `POST /companies/{companyId}/data/all`.
#[utoipa::path(put, path = "/companies/{companyId}/connections/{connectionId}/authorization",
    operation_id = "update-connection-authorization", tag = "Connections",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    request_body = BTreeMap<String, String>,
    responses((status = 200, description = "The connection, Linked.", body = Connection), Refusals))]
pub async fn authorize(
    State(app): State<App>,
    of: OfConnection,
    Body(shown): Body<BTreeMap<String, String>>,
) -> Result<Json<Connection>, Error> {
    adopt::adopt(app.means(), &of.connection, &shown).await.map_err(|error| match error {
        adopt::Error::Refused(said) => Error::BadRequest(said),
        adopt::Error::Conflict(said) => Error::Conflict(said),
        adopt::Error::Unavailable(_) => Error::Unavailable(error.to_string()),
        adopt::Error::Fault(fault) => Error::fault(fault),
    })?;
    let row = store::connections::owned(&app.db, of.company.id, of.connection.id).await?;
    let row = row.ok_or_else(|| Error::none("connection", of.connection.id))?;
    Ok(Json(Shown::of(&app).await?.connection(row)?))
}

/// The status that a connection shall have.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StatusBody {
    /// Only `Unlinked` can be asked for.
    pub status: connection::Status,
}

/// Unlink a connection
///
/// Its data stays and is still served; nothing more is read. It can be linked again.
#[utoipa::path(patch, path = "/companies/{companyId}/connections/{connectionId}", operation_id = "unlink-connection",
    tag = "Connections", params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    request_body = StatusBody,
    responses((status = 200, description = "The connection.", body = Connection), Refusals))]
pub async fn unlink(
    State(app): State<App>,
    of: OfConnection,
    Body(body): Body<StatusBody>,
) -> Result<Json<Connection>, Error> {
    if body.status != connection::Status::Unlinked {
        return Err(Error::BadRequest("Only the status Unlinked can be asked for.".to_owned()));
    }
    revoke::unlink(app.means(), &of.connection).await.map_err(|error| match error {
        revoke::Error::NotLinked(status) => {
            Error::Conflict(format!("Only a Linked connection can be unlinked; this one is {}.", status.as_str()))
        }
        revoke::Error::Fault(fault) => Error::fault(fault),
    })?;
    let row = store::connections::owned(&app.db, of.company.id, of.connection.id).await?;
    let row = row.ok_or_else(|| Error::none("connection", of.connection.id))?;
    Ok(Json(Shown::of(&app).await?.connection(row)?))
}

/// Delete a connection
///
/// It ends at Stripe too, and its data goes.
#[utoipa::path(delete, path = "/companies/{companyId}/connections/{connectionId}", operation_id = "delete-connection",
    tag = "Connections", params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    responses((status = 200, description = "It is gone; the body is empty."), Refusals))]
pub async fn delete(State(app): State<App>, of: OfConnection) -> Result<StatusCode, Error> {
    revoke::delete(app.means(), &of.connection).await.map_err(Error::fault)?;
    Ok(StatusCode::OK)
}
