//! What moved the balance on one day, in sums of quarters of an hour: a day of any time zone is made of them.
//!
//! It can always be counted anew from the transactions. Whoever changes one of them deletes its day with it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::transaction::Type;

/// A row of `revenue_day`; a day on which nothing moved has one, too, without series.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "revenue_day")]
pub struct Model {
    /// The connection; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Days from 1970-01-01 to it, in UTC; second half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// Its sums.
    #[sea_orm(column_type = "JsonBinary")]
    pub series: Vec<Series>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The sums of one kind in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Series {
    /// Settlement currency: ISO 4217, upper case.
    pub currency: String,
    /// What kind of transactions; [`Type::Unknown`] is a dispute's here.
    pub kind: Type,
    /// The quarters in which there were some, the earliest first: which one of the day's 96 from 0 on, how many
    /// transactions, and their sum in minor units.
    pub parts: Vec<(u8, i64, i64)>,
}
