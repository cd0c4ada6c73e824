//! The proof finds what is wrong here, whoever made it wrong; it finds nothing where nothing is; and a list that is cut
//! deletes nothing.

use std::collections::{BTreeMap, BTreeSet};

use entity::drift::{self, Kind, Layer};
use entity::id::{CompanyId, ConnectionId};
use entity::reconciliation::{Pass, State};
use entity::source_object;
use entity::{change, customer, dispute, order, payment, payout, product, reconciliation_part, transaction};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, IdenStatic, IntoActiveModel, Iterable};
use serde_json::{Value, json};
use simulator::http::{Fault, Options, Refusal, Rule};
use simulator::world::{Action, Kind as WorldKind, Query};
use tributary::clock::Clock;
use tributary::connect::integrations;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind as Database};
use crate::oracle::{self, compare, linked};

/// A house beside a shop of a size at which one row in a thousand is several.
struct Shop {
    house: House,
    account: String,
    company: CompanyId,
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
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        Self { house, account, company, connection }
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
    fn listed(&self, kind: WorldKind, place: usize) -> String {
        let query = Query { limit: 100, now: self.house.simulator.clock.seconds(), ..Query::default() };
        let page = self.house.simulator.world.page(&self.account, kind, &query).unwrap();
        page.data[place]["id"].as_str().unwrap().to_owned()
    }

    /// The source objects that are marked as gone.
    async fn buried(&self) -> Vec<source_object::Model> {
        source_object::Entity::find()
            .filter(source_object::Column::ConnectionId.eq(self.connection))
            .filter(source_object::Column::DeletedAt.is_not_null())
            .all(&self.house.db)
            .await
            .unwrap()
    }

    /// How often an endpoint was asked for this account.
    async fn reads(&self, endpoint: &str) -> u64 {
        let url = format!("{}/_simulator/requests", self.house.simulator.url);
        let counts: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let by_status = counts["accounts"][&self.account][endpoint].as_object().cloned().unwrap_or_default();
        by_status.values().filter_map(Value::as_u64).sum()
    }

    /// A payout that Stripe has finished.
    async fn finished_payout(&self) -> payout::Model {
        payout::Entity::find()
            .filter(payout::Column::ConnectionId.eq(self.connection))
            .filter(payout::Column::Reconciliation.eq("completed"))
            .one(&self.house.db)
            .await
            .unwrap()
            .unwrap()
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
        let free = |row: &&source_object::Model| taken.iter().all(|id| !id.starts_with(&row.id));
        let own: Vec<_> = sources.iter().filter(free).collect();
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

both! {
    async fn r17_what_is_gone_at_stripe_without_an_event_is_found_and_marked_with_its_cause(shop: Shop) {
        let gone = [
            (shop.listed(WorldKind::Customer, 2), "customer"),
            (shop.listed(WorldKind::Product, 1), "product"),
            (shop.listed(WorldKind::Charge, 40), "charge"),
            (shop.listed(WorldKind::Refund, 1), "refund"),
            (shop.listed(WorldKind::BalanceTransaction, 60), "balance_transaction"),
        ];
        for (id, _) in &gone {
            shop.act(&format!(r#"{{"do":"vanish","id":"{id}"}}"#));
        }
        shop.sync().await;
        assert!(shop.buried().await.is_empty(), "no event told of it: a sync cannot know");
        let before = store::feed::after(&shop.house.db, shop.connection, 0, 1_000_000).await.unwrap().len();
        let parts = shop.pass(Pass::Full).await;
        let expected: BTreeSet<_> = gone.iter().map(|(id, _)| found(Layer::Object, Kind::Extra, id)).collect();
        let told = shop.found().await;
        assert!(expected.is_subset(&told), "{expected:?} {told:?}");
        assert_eq!(sum(&parts, |part| part.extra), i64::try_from(gone.len()).unwrap(), "{told:?}");
        let buried = shop.buried().await;
        assert_eq!(buried.len(), gone.len());
        assert!(buried.iter().all(|row| row.deleted_cause.as_deref() == Some("reconciliation")), "{buried:?}");
        let changes = store::feed::after(&shop.house.db, shop.connection, 0, 1_000_000).await.unwrap();
        for (id, _) in &gone {
            let deleted = |one: &&change::Model| one.record_id == *id && one.kind == change::Kind::Deleted;
            assert!(changes[before..].iter().any(|one| deleted(&one)), "the feed does not tell of {id}");
        }
        compare(&shop.house, shop.connection, &shop.account).await;
        let again = shop.pass(Pass::Full).await;
        assert_eq!(sum(&again, |part| part.missing + part.extra + part.different), 0, "{again:#?}");
    }

    async fn r17_a_nightly_pass_finds_what_was_missed_within_its_days_and_what_is_still_open(shop: Shop) {
        shop.act(r#"{"do":"dispute"}"#);
        shop.sync().await;
        let dispute = shop.listed(WorldKind::Dispute, 0);
        let days = chrono::Duration::days(9);
        shop.house.simulator.clock.advance(days.num_milliseconds());
        shop.house.clock.advance(days);
        shop.act(r#"{"do":"charge"}"#);
        shop.act(r#"{"do":"charge"}"#);
        shop.house.simulator.clock.advance(600_000);
        shop.sync().await;
        let (newest, other) = (shop.listed(WorldKind::Charge, 0), shop.listed(WorldKind::Charge, 1));
        shop.act(&format!(r#"{{"do":"vanish","id":"{newest}"}}"#));
        shop.act(&format!(r#"{{"do":"patch","id":"{other}","fields":{{"description":"changed, and nobody told"}}}}"#));
        shop.act(&format!(r#"{{"do":"patch","id":"{dispute}","fields":{{"status":"lost"}}}}"#));
        let parts = shop.pass(Pass::Nightly).await;
        let expected = BTreeSet::from([
            found(Layer::Object, Kind::Extra, &newest),
            found(Layer::Object, Kind::Different, &other),
            found(Layer::Object, Kind::Different, &dispute),
        ]);
        assert_eq!(shop.found().await, expected);
        let open = parts.iter().find(|part| part.step == "open_objects").unwrap();
        assert_eq!((open.different, open.repaired), (1, 1), "the dispute is older than the lists: it is read by its id");
        let row = dispute::Entity::find_by_id((shop.connection, dispute)).one(&shop.house.db).await.unwrap().unwrap();
        assert_eq!(row.status, dispute::Status::Lost);
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r17_a_list_that_fails_or_is_cut_deletes_nothing(shop: Shop) {
        let before = shop.records().await;
        let empty = r#"{"object":"list","url":"/v1/charges","has_more":false,"data":[]}"#;
        let faults = [
            ("fails", Fault::Status(Refusal::new(500).should_retry(false)), true),
            ("is refused", Fault::Status(Refusal::new(403).code("more_permissions_required_for_application")), true),
            ("is empty", Fault::Status(Refusal::new(200).body(empty)), false),
            ("leaves a page out", Fault::MissingPage, false),
            ("has more and no rows", Fault::EmptyMore, true),
            ("comes in another order", Fault::Shuffled, false),
            ("comes short", Fault::ShortPage { rows: 37 }, false),
        ];
        for (name, fault, fails) in faults {
            let rule = Rule::new("GET /v1/charges", fault).named(name).account(&shop.account);
            // What is refused or has no rows goes on so, or the client would mend it; the rest happens once.
            let rule = if fails { rule.from(2).for_ever() } else { rule.from(1).times(1) };
            shop.house.simulator.faults.add(rule);
            let parts = shop.pass(Pass::Full).await;
            assert!(shop.house.simulator.faults.fired(name) > 0, "`{name}` did not happen");
            shop.house.simulator.faults.clear();
            assert!(shop.buried().await.is_empty(), "a list that {name} deleted {:?}", shop.buried().await);
            assert_eq!(shop.found().await, BTreeSet::new(), "a list that {name}");
            assert_eq!(shop.records().await, before, "a list that {name}");
            let charges = parts.iter().find(|part| part.step == "charges").unwrap();
            assert_eq!(charges.reason.is_some(), fails, "a list that {name}: {charges:?}");
            if matches!(name, "is empty" | "leaves a page out") {
                assert!(charges.unlisted > 0, "what the list left out was not asked for: {charges:?}");
            }
        }
        let whole = shop.pass(Pass::Full).await;
        assert!(whole.iter().all(|part| part.reason.is_none()), "{whole:#?}");
    }

    async fn r18_a_pass_goes_on_where_it_was_left(shop: Shop) {
        let seed = rand::random();
        let expected = harm(&shop, seed).await;
        let (charges, moved) = (shop.reads("GET /v1/charges").await, shop.reads("GET /v1/balance_transactions").await);
        let down = Fault::Status(Refusal::new(500).should_retry(false));
        let rule = Rule::new("GET /v1/balance_transactions", down).named("down").account(&shop.account);
        shop.house.simulator.faults.add(rule.from(3).times(1));
        shop.pass(Pass::Full).await;
        assert_eq!(shop.house.simulator.faults.fired("down"), 1, "the fault did not happen");
        let found = shop.found().await;
        assert_eq!(found, expected, "seed {seed}");
        let pages = |kind| {
            let (world, now) = (&shop.house.simulator.world, shop.house.simulator.clock.seconds());
            oracle::listed(world, &shop.account, kind, now).len().div_ceil(100) as u64
        };
        let read = shop.reads("GET /v1/charges").await - charges;
        assert_eq!(read, pages(WorldKind::Charge), "the list of charges was begun anew");
        let read = shop.reads("GET /v1/balance_transactions").await - moved;
        // Each page once, the failure, and the content of the payouts whose rows were harmed.
        let again = pages(WorldKind::BalanceTransaction) + 1;
        assert!(read >= again && read <= again + 30, "{read} of {again}");
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn r18_what_happens_while_it_is_compared_is_no_drift(shop: Shop) {
        // The events are read first; what happens after that is in the lists, and in events that were not followed yet.
        let held = Rule::new("GET /v1/account", Fault::Delay { ms: 300 }).named("held").account(&shop.account);
        shop.house.simulator.faults.add(held);
        let live = async {
            while shop.house.simulator.faults.fired("held") == 0 {
                tokio::task::yield_now().await;
            }
            for action in [r#"{"do":"charge"}"#, r#"{"do":"refund"}"#, r#"{"do":"edit_customer","name":"Another"}"#] {
                shop.act(action);
            }
        };
        let (parts, ()) = tokio::join!(shop.pass(Pass::Full), live);
        assert_eq!(shop.found().await, BTreeSet::new());
        assert!(sum(&parts, |part| part.fresh) > 0, "nothing happened meanwhile: {parts:#?}");
        shop.house.simulator.clock.advance(600_000);
        shop.sync().await;
        compare(&shop.house, shop.connection, &shop.account).await;
    }

    async fn passes_come_by_themselves_and_never_to_one_off_connections(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.integrate(integrations::Change { sync: Some("daily".to_owned()), ..Default::default() }).await;
        house.work().await;
        let open = store::reconciliations::open(&house.db, connection).await.unwrap();
        assert_eq!(open.len(), 3, "one of each kind is planned: {open:?}");
        for _ in 0..3 {
            house.simulator.clock.advance(chrono::Duration::hours(25).num_milliseconds());
            house.clock.advance(chrono::Duration::hours(25));
            house.work().await;
        }
        let done = store::reconciliations::latest(&house.db, connection, 10).await.unwrap();
        assert!(done.iter().filter(|row| row.pass == Pass::Nightly && !row.asked).count() >= 2, "{done:?}");
        assert!(done.iter().all(|row| row.state == State::Complete), "{done:?}");
        let rows = drift::Entity::find().filter(drift::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap();
        assert!(rows.is_empty(), "{rows:?}");
        let (_, other) = linked(&house, &house.simulator.world.accounts()[1].id.clone()).await;
        house.integrate(integrations::Change { sync: Some("once".to_owned()), ..Default::default() }).await;
        house.work().await;
        assert!(store::reconciliations::open(&house.db, other).await.unwrap().is_empty());
    }

    async fn the_api_tells_what_is_proven(shop: Shop) {
        let (house, key) = (&shop.house, shop.house.api_key().await);
        let path = format!("/companies/{}/connections/{}/reconciliation", shop.company, shop.connection);
        let payout = shop.finished_payout().await;
        shop.act(&format!(
            r#"{{"do":"patch","id":"{}","fields":{{"amount":{}}}}}"#,
            payout.id,
            payout.amount_minor + 7
        ));
        assert_eq!(house.post(&path, &key, &json!({"pass": "sometimes"})).await.0, 400);
        let (status, asked) = house.post(&path, &key, &json!({"pass": "full"})).await;
        assert_eq!((status, &asked["pass"]), (202, &json!("full")), "{asked}");
        let (_, again) = house.post(&path, &key, &json!({"pass": "full"})).await;
        assert_eq!(again["id"], asked["id"], "one that waits is not asked for twice");
        house.work().await;

        let (status, told) = house.get(&path, &key).await;
        assert_eq!(status, 200);
        let report = &told["reports"][0];
        assert_eq!((&report["id"], &report["state"], &report["isAsked"]), (&asked["id"], &json!("complete"), &json!(true)));
        assert_eq!((&report["found"], &report["repaired"]), (&json!(1), &json!(1)), "{report:#}");
        let charges = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "charges").unwrap();
        assert_eq!(charges["dataType"], "commerce-payments");
        assert!(charges["objectsAtStripe"].as_i64().unwrap() >= 300 && charges["moneyHere"].as_array().unwrap().len() > 1);
        assert_eq!(charges["moneyHere"], charges["moneyAtStripe"]);
        for kind in told["dataTypes"].as_array().unwrap() {
            let up_to: chrono::DateTime<chrono::Utc> = kind["completeUpTo"].as_str().unwrap().parse().unwrap();
            let behind = shop.house.simulator.clock.seconds() - up_to.timestamp();
            assert!((0..3_600).contains(&behind), "{kind}: {behind} seconds behind");
        }

        let (status, page) = house.get(&format!("{path}/drift?pageSize=1&query=kind%3Ddifferent"), &key).await;
        assert_eq!((status, &page["totalResults"]), (200, &json!(1)), "{page}");
        assert_eq!(page["results"][0]["objectId"], json!(payout.id));
        assert_eq!(page["results"][0]["fields"], json!(["amount"]));

        // The payout's own figures do not add up now: that is shown, with the difference, and never hidden.
        let shown = format!("/companies/{}/connections/{}/data/commerce-payouts", shop.company, shop.connection);
        let (_, one) = house.get(&format!("{shown}/{}", payout.id), &key).await;
        assert_eq!((&one["content"]["proof"], &one["content"]["addsUp"]), (&json!("mismatch"), &json!(false)), "{one:#}");
        assert_eq!(one["content"]["difference"], json!(tributary::money::Decimal::from_minor(7, &payout.currency)));
        let by_proof = told["payouts"].as_array().unwrap();
        let of = |proof: &str| by_proof.iter().filter(|row| row["proof"] == proof).collect::<Vec<_>>();
        assert_eq!(of("mismatch").len(), 1, "{by_proof:#?}");
        assert!(!of("proven").is_empty() && of("proven")[0]["reason"] == Value::Null);
        let impossible = of("notPossible");
        assert!(impossible.iter().any(|row| row["reason"].as_str().unwrap().contains("manual")), "{by_proof:#?}");
        let counted = by_proof.iter().flat_map(|row| row["amounts"].as_array().unwrap());
        let all = payout::Entity::find().filter(payout::Column::ConnectionId.eq(shop.connection));
        let all = all.count(&shop.house.db).await.unwrap();
        assert_eq!(counted.map(|one| one["count"].as_u64().unwrap()).sum::<u64>(), all, "every payout is counted once");
    }
}
