//! Rows that are corrupted, dropped or invented behind the back of everybody.

use std::collections::BTreeSet;

use entity::drift::{Kind, Layer};
use entity::source_object;
use entity::{customer, dispute, order, payment, payout, product, transaction};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, IdenStatic, IntoActiveModel, Iterable};
use serde_json::Value;
use tributary::clock::Clock;
use tributary::store;

use super::shop::{Shop, found};

/// Tables of records, each with a column to corrupt.
const RECORDS: [&str; 8] = ["customer", "payment", "transaction", "payout", "dispute", "product", "order", "invoice"];

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
        "invoice" => harm_record::<entity::invoice::Entity>(shop, id, "total_minor", harm).await,
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
pub async fn harm(shop: &Shop, seed: u64) -> BTreeSet<(String, String, String)> {
    println!("seed {seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut expected = BTreeSet::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let records: Vec<(&str, String)> = shop.records().await.into_keys().collect();
    let kinds = ["customer", "charge", "refund", "balance_transaction", "payout", "dispute", "price", "product"];
    let sources = source_object::Entity::find()
        .filter(source_object::Column::ConnectionId.eq(shop.connection))
        .filter(source_object::Column::Object.is_in(kinds.into_iter().chain(["checkout.session", "invoice"])))
        // What is newer may be at Stripe for moments before anybody could know: that is no drift.
        .filter(source_object::Column::SourceCreated.lt(shop.house.clock.now().timestamp() - 3_600))
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
        // A fee's id begins with that of its transaction: told of with it, it would not be told of alone.
        // And a price that comes back brings its product's record back, which would not be told of then.
        let free = |row: &&source_object::Model| {
            let of_another = row.parent_id.as_ref().is_none_or(|parent| !taken.contains(parent));
            of_another && taken.iter().all(|id| !id.starts_with(&row.id))
        };
        let own: Vec<_> = sources.iter().filter(free).collect();
        let row = (*own.choose(&mut rng).unwrap()).clone();
        taken.insert(row.id.clone());
        let wrong = harm_source(shop, row, harm, &mut rng).await;
        expected.insert(found(Layer::Object, harm.found_as(), &wrong));
    }
    expected
}
