//! Disputes.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::dispute;
use entity::id::{CompanyId, ConnectionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce::{self, RecordRef};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented};
use super::who::{Last, OfConnection};
use base::money::Decimal;

/// A dispute.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dispute {
    /// Stripe's id.
    pub id: String,
    /// In the currency's unit.
    pub total_amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub status: dispute::Status,
    /// Stripe's reason.
    pub reason: Option<String>,
    /// When evidence is due.
    pub due_date: Option<DateTime<Utc>>,
    /// Its movements of the balance; the charge itself for an inquiry, which has moved no money.
    pub disputed_transactions: Vec<RecordRef>,
    /// When it was made at Stripe.
    pub created_date: DateTime<Utc>,
    /// When the record last changed here.
    pub modified_date: DateTime<Utc>,
    /// When it last changed at Stripe, where Stripe tells.
    pub source_modified_date: Option<DateTime<Utc>>,
    /// What is configured of Stripe's own fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental_data: Option<SupplementalData>,
}

impl From<dispute::Model> for Dispute {
    fn from(row: dispute::Model) -> Self {
        let mut movements = row.transactions.0;
        if movements.is_empty() {
            movements.extend(row.charge_id);
        }
        Self {
            total_amount: Decimal::from_minor(row.amount_minor, &row.currency),
            id: row.id,
            currency: row.currency,
            status: row.status,
            reason: row.reason,
            due_date: row.due_at,
            disputed_transactions: movements.into_iter().map(|id| RecordRef { id, kind: "Payment" }).collect(),
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Dispute {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List disputes
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-disputes",
    operation_id = "list-disputes", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Dispute>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<dispute::Entity, Dispute>(&app, &of.connection, &list).await
}

/// Get a dispute
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-disputes/{disputeId}",
    operation_id = "get-dispute", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("disputeId" = String, Path)),
    responses((status = 200, description = "The dispute.", body = Dispute), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Dispute>, Error> {
    commerce::get_supplemented::<dispute::Entity, _>(&app, &of.connection, &id).await
}
