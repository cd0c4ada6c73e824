//! A shop that is synced and stands still, whose data is compared with Stripe when a test says so.

use std::collections::{BTreeMap, BTreeSet};

use entity::drift::{self, Kind, Layer};
use entity::id::{CompanyId, ConnectionId};
use entity::reconciliation::{Pass, State};
use entity::source_object;
use entity::{customer, dispute, order, payment, payout, product, reconciliation_part, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use serde_json::Value;
use simulator::http::Options;
use simulator::world::{Action, Kind as WorldKind, Query};
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::house::{House, Kind as Database};
use crate::oracle::linked;

/// A house beside a shop of a size at which one row in a thousand is several.
pub struct Shop {
    pub house: House,
    pub account: String,
    pub company: CompanyId,
    pub connection: ConnectionId,
}

impl Shop {
    /// Synced, and standing still.
    pub async fn on(kind: Database) -> Self {
        Self::of(kind, 300).await
    }

    pub async fn of(kind: Database, charges: u64) -> Self {
        let house = House::beside(kind, Options { charges, auto_approve: true, ..Options::default() }).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        Self { house, account, company, connection }
    }

    pub fn act(&self, action: &str) {
        let action: Action = serde_json::from_str(action).unwrap();
        self.house.simulator.world.act(&self.account, action, self.house.simulator.clock.seconds()).unwrap();
    }

    /// Asks for a pass and does it.
    pub async fn pass(&self, pass: Pass) -> Vec<reconciliation_part::Model> {
        let row = store::reconciliations::fresh(self.connection, pass, true, self.house.clock.now());
        let id = row.id;
        store::reconciliations::insert(&self.house.db, vec![row]).await.unwrap();
        // A pass that Stripe interrupts is tried again after a while.
        for _ in 0..12 {
            self.sync().await;
            let open = store::reconciliations::open(&self.house.db, self.connection).await.unwrap();
            if open.iter().all(|row| row.id != id) {
                break;
            }
            self.house.clock.advance(chrono::Duration::minutes(20));
        }
        let done = store::reconciliations::latest(&self.house.db, self.connection, 30).await.unwrap();
        let done = done.into_iter().find(|row| row.id == id).expect("the pass has begun");
        let parts = store::reconciliations::parts(&self.house.db, self.connection, &[id]).await.unwrap();
        assert!(done.finished_at.is_some(), "{done:?} {parts:#?}");
        let whole = parts.iter().all(|part| part.reason.is_none());
        assert_eq!(done.state, if whole { State::Complete } else { State::Incomplete });
        parts
    }

    /// The id at this place of a list, newest first.
    pub fn listed(&self, kind: WorldKind, place: usize) -> String {
        let query = Query { limit: 100, now: self.house.simulator.clock.seconds(), ..Query::default() };
        let page = self.house.simulator.world.page(&self.account, kind, &query).unwrap();
        page.data[place]["id"].as_str().unwrap().to_owned()
    }

    /// The source objects that are marked as gone.
    pub async fn buried(&self) -> Vec<source_object::Model> {
        source_object::Entity::find()
            .filter(source_object::Column::ConnectionId.eq(self.connection))
            .filter(source_object::Column::DeletedAt.is_not_null())
            .all(&self.house.db)
            .await
            .unwrap()
    }

    /// How often an endpoint was asked for this account.
    pub async fn reads(&self, endpoint: &str) -> u64 {
        let url = format!("{}/_simulator/requests", self.house.simulator.url);
        let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let by_status = counts["accounts"][&self.account][endpoint].as_object().cloned().unwrap_or_default();
        by_status.values().filter_map(Value::as_u64).sum()
    }

    /// A payout that Stripe has finished.
    pub async fn finished_payout(&self) -> payout::Model {
        payout::Entity::find()
            .filter(payout::Column::ConnectionId.eq(self.connection))
            .filter(payout::Column::Reconciliation.eq("completed"))
            .one(&self.house.db)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn sync(&self) {
        let task = Task::Sync { connection: self.connection };
        store::jobs::enqueue(&self.house.db, &task, self.house.clock.now()).await.unwrap();
        self.house.work().await;
    }

    /// Everything that was found, as (layer, kind, id).
    pub async fn found(&self) -> BTreeSet<(String, String, String)> {
        let rows = drift::Entity::find().filter(drift::Column::ConnectionId.eq(self.connection));
        let rows = rows.all(&self.house.db).await.unwrap();
        assert!(rows.iter().all(|row| row.repaired));
        rows.into_iter().map(|row| found(row.layer, row.kind, &row.object_id)).collect()
    }

    /// All records as they are served, by table and id.
    pub async fn records(&self) -> BTreeMap<(&'static str, String), Value> {
        let mut all = BTreeMap::new();
        snapshot::<customer::Entity>(self, "customer", &mut all).await;
        snapshot::<payment::Entity>(self, "payment", &mut all).await;
        snapshot::<transaction::Entity>(self, "transaction", &mut all).await;
        snapshot::<payout::Entity>(self, "payout", &mut all).await;
        snapshot::<dispute::Entity>(self, "dispute", &mut all).await;
        snapshot::<product::Entity>(self, "product", &mut all).await;
        snapshot::<order::Entity>(self, "order", &mut all).await;
        snapshot::<entity::invoice::Entity>(self, "invoice", &mut all).await;
        snapshot::<entity::payment_method::Entity>(self, "payment_method", &mut all).await;
        all
    }
}

pub fn found(layer: Layer, kind: Kind, id: &str) -> (String, String, String) {
    (format!("{layer:?}"), format!("{kind:?}"), id.to_owned())
}

async fn rows<E: EntityTrait>(shop: &Shop) -> Vec<E::Model>
where
    E::Model: Send + Sync,
{
    E::find()
        .filter(Expr::col("connection_id").eq(shop.connection))
        .filter(Expr::col("deleted_at").is_null())
        .all(&shop.house.db)
        .await
        .unwrap()
}

async fn snapshot<E>(shop: &Shop, table: &'static str, all: &mut BTreeMap<(&'static str, String), Value>)
where
    E: EntityTrait,
    E::Model: entity::record::Record,
{
    for row in rows::<E>(shop).await {
        let id = entity::record::Record::id(&row).to_owned();
        assert!(all.insert((table, id), serde_json::to_value(&row).unwrap()).is_none());
    }
}

/// What the steps of a pass counted together.
pub fn sum(parts: &[reconciliation_part::Model], of: impl Fn(&reconciliation_part::Model) -> i64) -> i64 {
    parts.iter().map(of).sum()
}
