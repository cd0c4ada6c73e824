//! Transactions: movements of the balance, each fee on its own.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ConnectionId};
use entity::transaction;
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

/// A transaction: a balance transaction, or one of its fees.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Stripe's id; for a fee, its balance transaction and the fee's description.
    pub id: String,
    /// The balance transaction that it belongs to: itself, or that whose fee it is.
    pub parent_id: String,
    /// Gross, in the currency's unit; negative for a fee.
    pub total_amount: Decimal,
    /// ISO 4217: the currency of settlement.
    pub currency: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: transaction::Type,
    /// Stripe's own word.
    pub sub_type: String,
    /// What moved the money.
    pub transaction_source_ref: Option<RecordRef>,
    /// When it was made at Stripe.
    pub source_created_date: DateTime<Utc>,
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

impl From<transaction::Model> for Transaction {
    fn from(row: transaction::Model) -> Self {
        let source = row.source_id.zip(row.source_type);
        Self {
            total_amount: Decimal::from_minor(row.total_minor, &row.currency),
            id: row.id,
            parent_id: row.parent_id,
            currency: row.currency,
            kind: row.r#type,
            sub_type: row.sub_type,
            transaction_source_ref: source.map(|(id, kind)| RecordRef { id, kind: kind.as_str() }),
            source_created_date: row.created_at,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Transaction {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List transactions
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-transactions",
    operation_id = "list-transactions", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Transaction>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<transaction::Entity, Transaction>(&app, &of.connection, &list).await
}

/// Get a transaction
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-transactions/{transactionId}",
    operation_id = "get-transaction", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("transactionId" = String, Path)),
    responses((status = 200, description = "The transaction.", body = Transaction), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Transaction>, Error> {
    commerce::get_supplemented::<transaction::Entity, _>(&app, &of.connection, &id).await
}
