//! What the metrics are counted from, of one day: what moved the balance, in sums of quarters of an hour, of which a day of
//! any time zone is made; and who ordered for how much.
//!
//! It can always be made anew from the records. Whoever changes one of them deletes its day with it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::relation::Relation;
use crate::transaction::Type;

/// A row of `commerce_day`; a day on which nothing happened has one, too, without series.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "commerce_day")]
pub struct Model {
    /// The connection; first half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// Days from 1970-01-01 to it, in UTC; second half of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    /// What moved the balance.
    #[sea_orm(column_type = "Json")]
    pub revenue: Revenue,
    /// The orders that were made on this day, whenever they were paid.
    #[sea_orm(column_type = "Json")]
    pub orders: Orders,
}

impl ActiveModelBehavior for ActiveModel {}

// A list of its own is read at once; a `Vec` in a column is first made of loose values, each on its own.

/// The sums of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Revenue(pub Vec<Moving>);

/// The orders of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
pub struct Orders(pub Vec<Ordered>);

/// The sums of one kind of transactions in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Settlement currency: ISO 4217, upper case.
    pub currency: String,
    /// What kind of transactions; [`Type::Unknown`] is a dispute's here.
    pub kind: Type,
    /// The quarters in which there were some, the earliest first: which one of the day's 96 from 0 on, how many
    /// transactions, and their sum in minor units.
    pub parts: Vec<(u8, i64, i64)>,
}

/// The orders in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Presentment currency: ISO 4217, upper case.
    pub currency: String,
    /// What each customer ordered in a quarter of an hour: the number of quarters from 1970 to that in which it was paid,
    /// or made where that is not known; the customer, none for guests; how many orders, and their sum in minor units.
    pub parts: Vec<(i64, Option<String>, i64, i64)>,
}
