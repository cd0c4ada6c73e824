//! The proof finds what is wrong here, whoever made it wrong; it finds nothing where nothing is; and a list that is cut
//! deletes nothing.

use std::collections::{BTreeMap, BTreeSet};

use entity::drift::{self, Kind, Layer};
use entity::id::ConnectionId;
use entity::reconciliation::{Pass, State};
use entity::source_object;
use entity::{customer, dispute, order, payment, payout, product, reconciliation_part, transaction};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, IdenStatic, IntoActiveModel, Iterable};
use serde_json::Value;
use simulator::http::Options;
use simulator::world::Action;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind as Database};
use crate::oracle::{compare, linked};

/// A house beside a shop of a size at which one row in a thousand is several.
struct Shop {
    house: House,
    account: String,
    connection: ConnectionId,
}

impl Shop {
    /// Synced, and standing still.
    async fn on(kind: Database) -> Self {
        Self::of(kind, 300).await
    }

    async fn of(kind: Database, charges: u64) -> Self {
        let house = House::beside(kind, Options { charges, auto_approve: true, ..Options::default() }).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        Self { house, account, connection }
    }

    fn act(&self, action: &str) {
        let action: Action = serde_json::from_str(action).unwrap();
        self.house.simulator.world.act(&self.account, action, self.house.simulator.clock.seconds()).unwrap();
    }

    /// Asks for a pass and does it.
    async fn pass(&self, pass: Pass) -> Vec<reconciliation_part::Model> {
        let row = store::reconciliations::fresh(self.connection, pass, true, self.house.clock.now());
        let id = row.id;
        store::reconciliations::insert(&self.house.db, vec![row]).await.unwrap();
        self.sync().await;
        let done = store::reconciliations::latest(&self.house.db, self.connection, 10).await.unwrap();
        let done = done.into_iter().find(|row| row.id == id).expect("the pass has begun");
        let parts = store::reconciliations::parts(&self.house.db, self.connection, &[id]).await.unwrap();
        assert!(done.finished_at.is_some(), "{done:?} {parts:#?}");
        let whole = parts.iter().all(|part| part.reason.is_none());
        assert_eq!(done.state, if whole { State::Complete } else { State::Incomplete });
        parts
    }

    async fn sync(&self) {
        let task = Task::Sync { connection: self.connection };
        store::jobs::enqueue(&self.house.db, &task, self.house.clock.now()).await.unwrap();
        self.house.work().await;
    }

    /// Everything that was found, as (layer, kind, id).
    async fn found(&self) -> BTreeSet<(String, String, String)> {
        let rows = drift::Entity::find().filter(drift::Column::ConnectionId.eq(self.connection));
        let rows = rows.all(&self.house.db).await.unwrap();
        assert!(rows.iter().all(|row| row.repaired));
        rows.into_iter().map(|row| found(row.layer, row.kind, &row.object_id)).collect()
    }

    /// All records as they are served, by table and id.
    async fn records(&self) -> BTreeMap<(&'static str, String), Value> {
        let mut all = BTreeMap::new();
        snapshot::<customer::Entity>(self, "customer", &mut all).await;
        snapshot::<payment::Entity>(self, "payment", &mut all).await;
        snapshot::<transaction::Entity>(self, "transaction", &mut all).await;
        snapshot::<payout::Entity>(self, "payout", &mut all).await;
        snapshot::<dispute::Entity>(self, "dispute", &mut all).await;
        snapshot::<product::Entity>(self, "product", &mut all).await;
        snapshot::<order::Entity>(self, "order", &mut all).await;
        snapshot::<entity::payment_method::Entity>(self, "payment_method", &mut all).await;
        all
    }
}

fn found(layer: Layer, kind: Kind, id: &str) -> (String, String, String) {
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

/// Tables of records, each with a column to corrupt.
const RECORDS: [&str; 7] = ["customer", "payment", "transaction", "payout", "dispute", "product", "order"];

/// What the test does to one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Corrupt,
    Drop,
    Invent,
}

impl Harm {
    const ALL: [Self; 3] = [Self::Corrupt, Self::Drop, Self::Invent];

    const fn found_as(self) -> Kind {
        match self {
            Self::Corrupt => Kind::Different,
            Self::Drop => Kind::Missing,
            Self::Invent => Kind::Extra,
        }
    }
}

fn column<E: EntityTrait>(name: &str) -> E::Column {
    E::Column::iter().find(|column| IdenStatic::as_str(column) == name).unwrap()
}

/// Harms one record. Returns the id that is wrong now.
async fn harm_record<E>(shop: &Shop, id: &str, field: &'static str, harm: Harm) -> String
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let db = &shop.house.db;
    let own = Expr::col("connection_id").eq(shop.connection).and(Expr::col("id").eq(id));
    match harm {
        Harm::Corrupt if field.ends_with("_minor") => {
            E::update_many().col_expr(field, Expr::col(field).add(1)).filter(own).exec(db).await.unwrap();
        }
        Harm::Corrupt => {
            E::update_many().col_expr(field, Expr::value("harmed")).filter(own).exec(db).await.unwrap();
        }
        Harm::Drop => {
            E::delete_many().filter(own).exec(db).await.unwrap();
        }
        Harm::Invent => {
            let mut row = E::find().filter(own).one(db).await.unwrap().unwrap().into_active_model();
            let id = format!("{id}_invented");
            row.set(column::<E>("id"), id.clone().into());
            if E::Column::iter().any(|column| IdenStatic::as_str(&column) == "parent_id") {
                row.set(column::<E>("parent_id"), id.clone().into());
            }
            E::insert(row).exec_without_returning(db).await.unwrap();
            return id;
        }
    }
    id.to_owned()
}

async fn harm_in(shop: &Shop, table: &str, id: &str, harm: Harm) -> String {
    match table {
        "customer" => harm_record::<customer::Entity>(shop, id, "name", harm).await,
        "payment" => harm_record::<payment::Entity>(shop, id, "amount_minor", harm).await,
        "transaction" => harm_record::<transaction::Entity>(shop, id, "total_minor", harm).await,
        "payout" => harm_record::<payout::Entity>(shop, id, "amount_minor", harm).await,
        "dispute" => harm_record::<dispute::Entity>(shop, id, "amount_minor", harm).await,
        "product" => harm_record::<product::Entity>(shop, id, "name", harm).await,
        "order" => harm_record::<order::Entity>(shop, id, "total_minor", harm).await,
        other => panic!("{other}"),
    }
}

/// Harms one source object; its own hash is made to fit now and then, so that nothing may be trusted.
async fn harm_source(shop: &Shop, row: source_object::Model, harm: Harm, rng: &mut SmallRng) -> String {
    let db = &shop.house.db;
    let key = (row.connection_id, row.object.clone(), row.id.clone());
    match harm {
        Harm::Drop => {
            source_object::Entity::delete_by_id(key).exec(db).await.unwrap();
        }
        Harm::Corrupt => {
            let raw = store::source_objects::unpack(&row.body, row.codec).unwrap();
            let mut body: Value = serde_json::from_slice(&raw).unwrap();
            body["metadata"] = serde_json::json!({"harmed": "yes"});
            let (body, codec) = store::source_objects::pack(body.to_string().as_bytes());
            let hash = if rng.random_bool(0.5) { row.body_hash } else { rng.random() };
            let mut changed = row.clone().into_active_model();
            changed.body = sea_orm::Set(body);
            changed.codec = sea_orm::Set(codec);
            changed.body_hash = sea_orm::Set(hash);
            source_object::Entity::update(changed).exec(db).await.unwrap();
        }
        Harm::Invent => {
            let id = format!("{}_invented", row.id);
            let invented = source_object::Model { id: id.clone(), ..row };
            source_object::Entity::insert(invented.into_active_model()).exec_without_returning(db).await.unwrap();
            return id;
        }
    }
    row.id
}

/// Harms one row in a thousand of records and of source objects, at least twelve of each. Returns what must be found.
async fn harm(shop: &Shop, seed: u64) -> BTreeSet<(String, String, String)> {
    println!("seed {seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut expected = BTreeSet::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let records: Vec<(&str, String)> = shop.records().await.into_keys().collect();
    let kinds = ["customer", "charge", "refund", "balance_transaction", "payout", "dispute", "price", "product"];
    let sources = source_object::Entity::find()
        .filter(source_object::Column::ConnectionId.eq(shop.connection))
        .filter(source_object::Column::Object.is_in(kinds.into_iter().chain(["checkout.session", "invoice"])))
        .all(&shop.house.db)
        .await
        .unwrap();
    let count = (records.len() / 1_000).max(12);
    for number in 0..count {
        let table = RECORDS[number % RECORDS.len()];
        let harm = *Harm::ALL.choose(&mut rng).unwrap();
        // A row is harmed in one way only, so that what is found can be named.
        let own: Vec<_> = records.iter().filter(|(name, id)| *name == table && !taken.contains(id)).collect();
        let (_, id) = own.choose(&mut rng).unwrap();
        taken.insert(id.clone());
        let wrong = harm_in(shop, table, id, harm).await;
        expected.insert(found(Layer::Record, harm.found_as(), &wrong));
    }
    for _ in 0..(sources.len() / 1_000).max(12) {
        let harm = *Harm::ALL.choose(&mut rng).unwrap();
        let own: Vec<_> = sources.iter().filter(|row| !taken.contains(&row.id)).collect();
        let row = (*own.choose(&mut rng).unwrap()).clone();
        taken.insert(row.id.clone());
        let wrong = harm_source(shop, row, harm, &mut rng).await;
        expected.insert(found(Layer::Object, harm.found_as(), &wrong));
    }
    expected
}

fn sum(parts: &[reconciliation_part::Model], of: impl Fn(&reconciliation_part::Model) -> i64) -> i64 {
    parts.iter().map(of).sum()
}

both! {
    async fn r18_an_untouched_store_has_no_drift(shop: Shop) {
        for pass in Pass::ALL {
            let parts = shop.pass(pass).await;
            assert_eq!(shop.found().await, BTreeSet::new(), "{pass:?}");
            for part in &parts {
                assert_eq!((part.there, part.reason.as_deref()), (part.here, None), "{}", part.step);
                assert_eq!(part.money_there, part.money_here, "{}", part.step);
                assert_eq!(part.fresh + part.unlisted, 0, "{part:?}");
            }
        }
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r18_what_was_corrupted_dropped_or_invented_is_found_repaired_and_reported(shop: Shop) {
        let before = shop.records().await;
        let seed = rand::random();
        let expected = harm(&shop, seed).await;
        let parts = shop.pass(Pass::Full).await;
        let found = shop.found().await;
        let lost: Vec<_> = expected.difference(&found).collect();
        let invented: Vec<_> = found.difference(&expected).collect();
        assert!(lost.is_empty() && invented.is_empty(), "seed {seed}: not found {lost:?}, found besides {invented:?}");
        let reported = sum(&parts, |part| part.missing + part.extra + part.different);
        assert_eq!(reported, i64::try_from(expected.len()).unwrap(), "seed {seed}");
        assert_eq!(sum(&parts, |part| part.repaired), reported);
        let after = shop.records().await;
        for (key, row) in &before {
            assert_eq!(after.get(key), Some(row), "seed {seed}: {key:?}");
        }
        assert_eq!(after.len(), before.len(), "seed {seed}");
        compare(&shop.house, shop.connection, &shop.account).await;
        let again = shop.pass(Pass::Full).await;
        assert_eq!(sum(&again, |part| part.missing + part.extra + part.different), 0, "seed {seed}: {again:#?}");
    }
}
