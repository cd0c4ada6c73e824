//! One step of a pass: how far it came, and what it counted.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{ConnectionId, ReconciliationId};
use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `reconciliation_part`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "reconciliation_part")]
pub struct Model {
    /// The connection; first part of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The pass; second part of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reconciliation_id: ReconciliationId,
    /// The step: one of Stripe's lists, or `open_objects`, `records`, `payout_contents`; third part of the key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub step: String,
    /// First Unix second of what is compared.
    pub window_from: i64,
    /// The last object read: the step goes on behind it.
    #[sea_orm(column_type = "Text")]
    pub cursor: Option<String>,
    /// `created` of the last object listed: what is older was not compared yet.
    pub edge: Option<i64>,
    /// The objects listed of that second: more of it may be on the next page.
    #[sea_orm(column_type = "JsonBinary")]
    pub edge_ids: Texts,
    /// Whether it ended, well or not.
    pub done: bool,
    /// Why it did not come to its end.
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    /// Tries that Stripe did not answer, one after the other.
    pub failures: i32,
    /// Objects at Stripe.
    pub there: i64,
    /// Objects here, before the repair.
    pub here: i64,
    /// Money at Stripe, by currency.
    #[sea_orm(column_type = "JsonBinary")]
    pub money_there: Money,
    /// Money here, by currency, before the repair.
    #[sea_orm(column_type = "JsonBinary")]
    pub money_here: Money,
    /// Found missing here.
    pub missing: i64,
    /// Found here and not at Stripe.
    pub extra: i64,
    /// Found here with another content.
    pub different: i64,
    /// Repaired of these.
    pub repaired: i64,
    /// Not as at Stripe for a reason that is no drift: it changed after the events were read last.
    pub fresh: i64,
    /// Here and at Stripe, though Stripe's list leaves it out.
    pub unlisted: i64,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Sums by currency (ISO 4217, upper case).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Money(pub BTreeMap<String, Sum>);

/// Rows of one currency, and what they add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// Minor units, as a text: the sum of many may be larger than any of them.
    pub minor: String,
}

impl Money {
    /// Adds an amount of minor units.
    pub fn add(&mut self, currency: &str, minor: i64) {
        let sum = self.0.entry(currency.to_owned()).or_default();
        sum.count += 1;
        sum.minor = (sum.minor() + i128::from(minor)).to_string();
    }

    /// Adds other sums.
    pub fn extend(&mut self, other: &Self) {
        for (currency, more) in &other.0 {
            let sum = self.0.entry(currency.clone()).or_default();
            sum.count += more.count;
            sum.minor = (sum.minor() + more.minor()).to_string();
        }
    }
}

impl Sum {
    /// Minor units: the sum of a million rows of `i64` is far below the bounds of `i128`.
    #[must_use]
    pub fn minor(&self) -> i128 {
        self.minor.parse().unwrap_or_default()
    }
}
