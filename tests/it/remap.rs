//! History is ours: a new mapper makes every record anew from the objects that are kept, without a call to Stripe.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use entity::change::{self, Kind as Became};
use entity::id::ConnectionId;
use entity::{customer, order, payment, product, transaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use serde_json::Value;
use simulator::http::{Fault, Refusal, Rule};
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::store;
use tributary::sync::local::Local;
use tributary::sync::map::MAPPER_VERSION;
use tributary::sync::remap::{self, Progress};
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked};
use crate::process;
use crate::running::{end_leases, serve, serve_until, until};

/// A synced shop whose records were made by an older mapper: some of them otherwise than today's makes them.
struct Old {
    house: House,
    account: String,
    connection: ConnectionId,
    /// The records as today's mapper makes them.
    right: Records,
}

type Records = BTreeMap<(&'static str, String), (Value, i64)>;

impl Old {
    async fn on(kind: Kind) -> Self {
        let house = House::on(kind).await;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let right = records(&house, connection).await;
        let old = Self { house, account, connection, right };
        old.make_old().await;
        old
    }

    /// An older mapper called customers otherwise, did not know fees of every tenth transaction, and lost notes.
    async fn make_old(&self) {
        let db = &self.house.db;
        let own = || Expr::col("connection_id").eq(self.connection);
        let named = Expr::value("as an older mapper said it");
        for field in ["name", "name_folded"] {
            let all = customer::Entity::update_many().col_expr(field, named.clone());
            all.col_expr("content_hash", Expr::value(1)).filter(own()).exec(db).await.unwrap();
        }
        let fees = transaction::Entity::find().filter(own()).filter(Expr::col("parent_id").ne(Expr::col("id")));
        for (at, fee) in fees.all(db).await.unwrap().into_iter().enumerate() {
            if at % 10 == 0 {
                fee.delete(db).await.unwrap();
            }
        }
        let odd = transaction::Entity::find().filter(own()).one(db).await.unwrap().unwrap();
        let mut part = sea_orm::IntoActiveModel::into_active_model(odd.clone());
        part.id = sea_orm::Set(format!("{}_part_that_no_mapper_makes_any_more", odd.id));
        transaction::Entity::insert(part).exec_without_returning(db).await.unwrap();
        assert!(remap::ask(db, self.connection).await.unwrap());
    }

    async fn local(&self, stop: CancellationToken) -> Option<Local> {
        let clock = self.house.shared_clock();
        Local::begin(&self.house.db, &clock, self.connection, stop).await.unwrap()
    }

    /// Begins, and is stopped in the middle of this batch, the first being 1: that one is kept, and no other. Returns who
    /// did it, and how far it came.
    async fn stopped_in(&self, batch: usize) -> (Local, Progress) {
        let stop = CancellationToken::new();
        let mut local = self.local(stop.clone()).await.unwrap();
        let batches = AtomicUsize::new(0);
        local.db.listen(move |info| {
            let moves_on = info.statement.sql.starts_with("INSERT INTO \"checkpoint\"");
            if moves_on && batches.fetch_add(1, Ordering::SeqCst) + 1 == batch {
                stop.cancel();
            }
        });
        let ended = local.go().await;
        assert!(matches!(ended, Err(tributary::sync::error::Error::Stopped)), "{ended:?}");
        (local, remap::progress(&self.house.db, self.connection).await.unwrap())
    }

    async fn changes(&self) -> Vec<change::Model> {
        store::feed::after(&self.house.db, self.connection, 0, 1_000_000).await.unwrap()
    }

    async fn asked(&self) -> u64 {
        let url = format!("{}/_simulator/requests", self.house.simulator.url);
        let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        counts["total"].as_u64().unwrap()
    }

    async fn is_right(&self) {
        let now = records(&self.house, self.connection).await;
        assert_eq!(now.len(), self.right.len());
        for (key, (right, _)) in &self.right {
            assert_eq!(now.get(key).map(|(row, _)| row), Some(right), "{key:?}");
        }
        let head = store::sync_heads::find(&self.house.db, self.connection).await.unwrap().unwrap();
        assert_eq!(head.mapper_version, MAPPER_VERSION);
    }
}

/// The records that are there, each with the number of its reading.
async fn records(house: &House, connection: ConnectionId) -> Records {
    let mut all = BTreeMap::new();
    of::<customer::Entity>(house, connection, "customer", &mut all).await;
    of::<payment::Entity>(house, connection, "payment", &mut all).await;
    of::<transaction::Entity>(house, connection, "transaction", &mut all).await;
    of::<product::Entity>(house, connection, "product", &mut all).await;
    of::<order::Entity>(house, connection, "order", &mut all).await;
    all
}

async fn of<E>(house: &House, connection: ConnectionId, table: &'static str, all: &mut Records)
where
    E: EntityTrait,
    E::Model: entity::record::Record,
{
    let own = Expr::col("connection_id").eq(connection).and(Expr::col("deleted_at").is_null());
    for row in E::find().filter(own).all(&house.db).await.unwrap() {
        let (id, read_no) = (entity::record::Record::id(&row).to_owned(), entity::record::Record::stamp(&row).read_no);
        all.insert((table, id), (serde_json::to_value(&row).unwrap(), read_no));
    }
}

both! {
    async fn r36_a_new_mapper_makes_history_anew_without_asking_stripe(old: Old) {
        let (before, asked) = (old.changes().await.len(), old.asked().await);
        // Nobody may read any more: what is kept is ours all the same.
        let now = old.house.clock.now();
        let unlinked = entity::connection::Status::Unlinked;
        store::connections::set_ended(&old.house.db, old.connection, unlinked, now).await.unwrap();
        let task = Task::Sync { connection: old.connection };
        store::jobs::enqueue(&old.house.db, &task, now).await.unwrap();
        old.house.work().await;
        assert_eq!(old.asked().await, asked, "Stripe was asked");
        old.is_right().await;
        let after = old.changes().await;
        let changed = &after[before..];
        assert!(changed.iter().any(|one| one.kind == Became::Updated), "customers");
        assert!(changed.iter().any(|one| one.kind == Became::Created), "fees");
        assert!(changed.iter().any(|one| one.kind == Became::Deleted), "the part that is none any more");
        let customers = old.right.keys().filter(|(table, _)| *table == "customer").count();
        assert!(changed.len() < customers + 200, "what comes out the same is not written: {}", changed.len());
        for (key, (_, read_no)) in records(&old.house, old.connection).await {
            let written = changed.iter().any(|one| one.record_id == key.1);
            let was = old.right[&key].1;
            assert!(written || read_no == was, "{key:?} was written without a change");
        }
        compare(&old.house, old.connection, &old.account).await;
    }

    async fn r36_an_upgrade_in_the_middle_of_a_first_sync_leaves_nothing_as_the_older_mapper_made_it(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        // Every list is read, and the sync is not over: the events do not answer.
        let silent = Fault::Status(Refusal::new(503).should_retry(false));
        house.simulator.faults.add(Rule::new("GET /v1/events", silent).for_ever().named("no events"));
        house.work().await;
        assert!(house.simulator.faults.fired("no events") > 0);
        let head = store::sync_heads::find(&house.db, connection).await.unwrap().unwrap();
        assert!(head.first_done_at.is_none(), "{head:?}");
        assert_eq!(head.mapper_version, MAPPER_VERSION, "what there is was made by this mapper");
        let right = records(&house, connection).await;
        let odd = || customer::Entity::find().filter(customer::Column::Name.eq("as an older mapper said it"));
        let all = customer::Entity::update_many().col_expr("name", Expr::value("as an older mapper said it"));
        all.col_expr("content_hash", Expr::value(1)).exec(&house.db).await.unwrap();
        assert!(odd().count(&house.db).await.unwrap() > 0, "there is nothing that a mapper made");
        let tx = store::write(&house.db).await.unwrap();
        store::sync_heads::set_mapper_version(&tx, connection, MAPPER_VERSION - 1).await.unwrap();
        tx.commit().await.unwrap();

        house.simulator.faults.clear();
        house.clock.advance(chrono::Duration::minutes(2));
        house.work().await;
        let head = store::sync_heads::find(&house.db, connection).await.unwrap().unwrap();
        assert!(head.first_done_at.is_some(), "{head:?}");
        assert_eq!(head.mapper_version, MAPPER_VERSION);
        assert_eq!(odd().count(&house.db).await.unwrap(), 0, "the older mapper's records are never made anew");
        let now = records(&house, connection).await;
        for (key, (row, _)) in &right {
            assert_eq!(now.get(key).map(|(row, _)| row), Some(row), "{key:?}");
        }
        compare(&house, connection, &account).await;
    }

    async fn r36_mapping_again_goes_on_where_it_was_left(old: Old) {
        // Like a kill, a stop leaves what is committed and nothing else. It is behind the second batch, so that one that
        // began anew would be told apart.
        let (local, left) = old.stopped_in(2).await;
        assert!(!left.done && left.objects > 200 && u64::try_from(left.objects).unwrap() < left.of, "{left:?}");
        // A reader in between sees each record as one mapper or the other made it, whole.
        for (key, (row, _)) in records(&old.house, old.connection).await {
            if key.0 == "customer" {
                let right = &old.right[&key].0;
                let old_name = row["name"] == "as an older mapper said it";
                let folded_old = row["name_folded"] == "as an older mapper said it";
                assert!(row == *right || (old_name && folded_old), "{key:?} is a mix");
            }
        }
        // A later owner goes on; the one before is refused.
        let (_, further) = old.stopped_in(1).await;
        assert!(further.objects > left.objects, "it began anew: {left:?}, then {further:?}");
        let late = local.page().await;
        assert!(late.is_err(), "two owners");
        let next = old.local(CancellationToken::new()).await.unwrap();
        while next.go().await.unwrap() {}
        let end = remap::progress(&old.house.db, old.connection).await.unwrap();
        assert!(end.done && u64::try_from(end.objects).unwrap() == end.of, "each object once: {end:?}");
        old.is_right().await;
        assert!(old.local(CancellationToken::new()).await.is_none(), "nothing is left");
    }

    async fn r36_a_killed_remap_goes_on_where_it_was(old: Old) {
        // Nobody may read any more, so that the binary works on what is kept and on nothing else.
        let (db, now) = (&old.house.db, old.house.clock.now());
        let unlinked = entity::connection::Status::Unlinked;
        store::connections::set_ended(db, old.connection, unlinked, now).await.unwrap();
        store::jobs::enqueue(db, &Task::Sync { connection: old.connection }, now).await.unwrap();
        // In the middle of its third batch, of seven.
        let killed = serve_until(&old.house, "abort:before_commit:3").ended().await;
        assert!(!killed.success(), "it was not killed");
        end_leases(db).await;
        let left = remap::progress(db, old.connection).await.unwrap();
        assert!(!left.done && left.objects > 0, "it was done before it was killed, or not begun: {left:?}");
        let served = serve(&old.house).await;
        until("it is done", async || remap::progress(db, old.connection).await.unwrap().done).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        let end = remap::progress(db, old.connection).await.unwrap();
        assert_eq!(u64::try_from(end.objects).unwrap(), end.of, "each object once, but for the batch that was cut: {end:?}");
        old.is_right().await;
    }

    async fn r36_the_command_asks_and_shows_how_far_it_is(old: Old) {
        let master = secrecy::ExposeSecret::expose_secret(&old.house.ground.master.to_text()).to_owned();
        let served = process::Served::start(&old.house.ground.url, &master).await;
        let mut command = process::tributary(&["remap", "--all", "--database-url", &old.house.ground.url]);
        command.env("TRIBUTARY_MASTER_KEY", &master);
        let said = process::answer(&mut command).await;
        served.signal("TERM").await;
        assert!(served.ended().await.success());
        assert!(said.starts_with("1 connections are to be mapped again"), "{said}");
        assert!(said.ends_with("objects, done"), "{said}");
        old.is_right().await;
    }
}

#[tokio::test]
async fn r36_the_command_says_what_it_needs() {
    let ground = crate::house::Ground::sqlite().await;
    let master = secrecy::ExposeSecret::expose_secret(&ground.master.to_text()).to_owned();
    for (arguments, said) in [
        (vec!["remap"], "--connection"),
        (vec!["remap", "--connection", "nonsense"], "nonsense is no connection's id"),
        (vec!["remap", "--connection", "01a2b3c4-0000-7000-8000-000000000000"], "there is no connection"),
    ] {
        let mut command = process::tributary(&arguments);
        command.args(["--database-url", &ground.url]).env("TRIBUTARY_MASTER_KEY", &master);
        let (line, code) = process::refusal(&mut command).await;
        assert!(line.contains(said) && !line.contains("length") && code == 2, "{line}");
    }
}
