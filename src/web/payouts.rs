//! Payouts to the bank: what each is made of, and whether it adds up.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use entity::payout_content::{self, State as Known};
use entity::{payout, transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::commerce;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::supplemental::{SupplementalData, Supplemented, Supplements};
use super::transactions::Transaction;
use super::who::{Last, OfConnection};
use base::money::Decimal;
use store::lists::Listed;
use store::payouts_read;
use sync::payouts::{Proof, proof};

/// A payout.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payout {
    /// Stripe's id.
    pub id: String,
    /// In the currency's unit; negative for a debit from the bank.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub status: payout::Status,
    /// The day when it arrives: midnight UTC.
    pub arrival_date: DateTime<Utc>,
    /// Whether the schedule made it.
    pub is_automatic: bool,
    /// `standard` or `instant`.
    pub method: String,
    /// `bank_account` or `card`.
    pub destination_type: String,
    /// Its own movement of the balance.
    pub transaction_id: Option<String>,
    /// The movement that brought it back.
    pub failure_transaction_id: Option<String>,
    /// Why it failed.
    pub failure_code: Option<String>,
    /// Why it failed, in words.
    pub failure_message: Option<String>,
    /// The payout that this one reverses.
    pub original_payout_id: Option<String>,
    /// What the bank shows.
    pub statement_descriptor: Option<String>,
    /// Stripe's description.
    pub description: Option<String>,
    /// What it is made of.
    pub content: PayoutContent,
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

/// What a payout is made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutContent {
    /// `complete` when all of it is known, `pending` when not yet, `unavailable` when Stripe keeps no such list.
    pub state: Known,
    /// Whether the payout is proven to be the sum of its transactions.
    pub proof: PayoutProof,
    /// How many balance transactions it is made of, without its own; when it is complete. Their fees are records of their
    /// own in the list of its transactions, and not counted here.
    pub count: Option<i64>,
    /// The sum of their net amounts.
    pub net: Option<Decimal>,
    /// The payout's amount less that sum.
    pub difference: Option<Decimal>,
    /// Whether the sum is the payout's amount; null while it cannot be told.
    pub adds_up: Option<bool>,
    /// Why it cannot be told, or does not add up.
    pub reason: Option<String>,
}

/// What is proven of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PayoutProof {
    /// The net amounts of its transactions are its amount, to the cent.
    Proven,
    /// It cannot be said yet.
    Pending,
    /// It can never be said: a manual or an instant payout, or one from before Stripe kept such lists.
    NotPossible,
    /// The net amounts are not its amount.
    Mismatch,
}

impl From<Proof> for PayoutProof {
    fn from(proof: Proof) -> Self {
        match proof {
            Proof::Proven => Self::Proven,
            Proof::Pending(_) => Self::Pending,
            Proof::NotPossible(_) => Self::NotPossible,
            Proof::Mismatch(_) => Self::Mismatch,
        }
    }
}

impl PayoutContent {
    fn new(payout: &payout::Model, row: Option<payout_content::Model>) -> Self {
        let proof = proof(payout, row.as_ref());
        let reason = proof.reason().map(str::to_owned);
        let amount = |minor| Decimal::from_minor(minor, &payout.currency);
        let difference = match proof {
            Proof::Proven => Some(0),
            Proof::Mismatch(difference) => difference,
            Proof::Pending(_) | Proof::NotPossible(_) => None,
        };
        let state = match proof {
            Proof::Proven | Proof::Mismatch(_) => Known::Complete,
            Proof::Pending(_) => Known::Pending,
            Proof::NotPossible(_) => Known::Unavailable,
        };
        let row = row.filter(|_| state == Known::Complete);
        Self {
            state,
            proof: proof.into(),
            count: row.as_ref().map(|row| row.count),
            net: row.as_ref().map(|row| amount(row.net_minor)),
            difference: difference.map(amount),
            adds_up: row.map(|_| proof == Proof::Proven),
            reason,
        }
    }
}

impl From<payouts_read::Row> for Payout {
    fn from(payouts_read::Row { payout: row, content }: payouts_read::Row) -> Self {
        Self {
            content: PayoutContent::new(&row, content),
            amount: Decimal::from_minor(row.amount_minor, &row.currency),
            id: row.id,
            currency: row.currency,
            status: row.status,
            arrival_date: row.arrival_at,
            is_automatic: row.automatic,
            method: row.method,
            destination_type: row.destination_type,
            transaction_id: row.balance_transaction_id,
            failure_transaction_id: row.failure_balance_transaction_id,
            failure_code: row.failure_code,
            failure_message: row.failure_message,
            original_payout_id: row.original_payout_id,
            statement_descriptor: row.statement_descriptor,
            description: row.description,
            created_date: row.created_at,
            modified_date: row.modified_at,
            source_modified_date: row.source_modified_at,
            supplemental_data: None,
        }
    }
}

impl Supplemented for Payout {
    fn supplement(&mut self, data: SupplementalData) {
        self.supplemental_data = Some(data);
    }
}

/// List payouts
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-payouts",
    operation_id = "list-payouts", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Payout>), Refusals))]
pub async fn list(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    commerce::supplemented::<payout::Entity, Payout>(&app, &of.connection, &list).await
}

/// Get a payout
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/data/commerce-payouts/{payoutId}",
    operation_id = "get-payout", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("payoutId" = String, Path)),
    responses((status = 200, description = "The payout.", body = Payout), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection, id: Last) -> Result<Json<Payout>, Error> {
    commerce::get_supplemented::<payout::Entity, _>(&app, &of.connection, &id).await
}

/// List what a payout is made of
///
/// Its balance transactions, without its own, each before fees, and their fees as records of their own: the sum of
/// `totalAmount` is the payout's amount. The list is whole when the payout's `content.state` is `complete`.
#[utoipa::path(get,
    path = "/companies/{companyId}/connections/{connectionId}/data/commerce-payouts/{payoutId}/transactions",
    operation_id = "list-payout-transactions", tag = "Commerce",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ("payoutId" = String, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Transaction>), Refusals))]
pub async fn transactions(
    State(app): State<App>,
    of: OfConnection,
    Last(id): Last,
    list: List,
) -> Result<Response, Error> {
    let listing = list.listing(transaction::Entity::NOUN)?;
    let tx = store::read(&app.db).await?;
    commerce::one::<payout::Entity>(&tx, &of.connection, &id, &[]).await?;
    let supplements = Supplements::of(&tx, &of.connection, DataType::Transactions).await?;
    let found = payouts_read::transactions(&tx, of.connection.id, &id, &listing, &supplements.kinds()).await?;
    commerce::written(&list, found, |row| supplements.added::<_, Transaction>(row)).await
}
