//! The account itself, with its balance.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;
use crate::shape::Address;

/// A row of `company_info`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "company_info")]
pub struct Model {
    /// The connection it came through; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// Its id; second half of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// What it calls itself.
    #[sea_orm(column_type = "Text")]
    pub name: Option<String>,
    /// Its legal name.
    #[sea_orm(column_type = "Text")]
    pub legal_name: Option<String>,
    /// ISO 4217, upper case.
    #[sea_orm(column_type = "Text")]
    pub base_currency: Option<String>,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub country: Option<String>,
    /// Its address for mail.
    #[sea_orm(column_type = "Text")]
    pub email: Option<String>,
    /// What "today" means for it.
    #[sea_orm(column_type = "Text")]
    pub time_zone: Option<String>,
    /// Its addresses.
    #[sea_orm(column_type = "JsonBinary")]
    pub addresses: Vec<Address>,
    /// Its telephone numbers.
    #[sea_orm(column_type = "JsonBinary")]
    pub phone_numbers: Vec<Phone>,
    /// Its pages.
    #[sea_orm(column_type = "JsonBinary")]
    pub web_links: Vec<WebLink>,
    /// What it holds at Stripe, per currency.
    #[sea_orm(column_type = "JsonBinary")]
    pub balances: Vec<Balance>,
    /// When the account was made; the first second of 1970 when Stripe does not say.
    pub created_at: DateTimeUtc,
    /// When Stripe last changed it, where Stripe tells.
    pub source_modified_at: Option<DateTimeUtc>,
    /// Hash of the mapped fields; equal means that nothing changed.
    #[serde(skip)]
    pub content_hash: i64,
    /// Fence of the run (high 31 bits) and number of the request within it (low 32): the order of readings.
    #[serde(skip)]
    pub read_no: i64,
    /// When this record last changed here.
    #[serde(skip)]
    pub modified_at: DateTimeUtc,
    /// When it was found to be gone at Stripe; such a record leaves the lists.
    #[serde(skip)]
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

crate::record::record!(CompanyInfo);

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Phone {
    /// As given.
    pub number: String,
    /// `Primary`, `Landline`, `Mobile`, `Fax` or `Unknown`.
    pub kind: String,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct WebLink {
    /// Where.
    pub url: String,
    /// `Website`, `Social` or `Unknown`.
    pub kind: String,
}

/// What is held in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Balance {
    /// ISO 4217, upper case.
    pub currency: String,
    /// Minor units that can be paid out.
    pub available_minor: i64,
    /// Minor units on their way.
    pub pending_minor: i64,
    /// Minor units held back.
    pub reserved_minor: Option<i64>,
}
