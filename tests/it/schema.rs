//! The schema's rules, read from the catalogue: what a table must be like so that its rows can be spread over machines.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use simulator::http::Options;
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::{Ground, House, Kind};
use crate::oracle::linked;

async fn texts(ground: &Ground, sql: &str) -> Vec<String> {
    let backend = ground.db.get_database_backend();
    let rows = ground.db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

fn is_postgres(ground: &Ground) -> bool {
    ground.db.get_database_backend() == DbBackend::Postgres
}

async fn tables(ground: &Ground) -> Vec<String> {
    let sql = if is_postgres(ground) {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    };
    texts(ground, sql).await.into_iter().filter(|name| name != "seaql_migrations").collect()
}

/// The columns of each unique index of a table, the primary key's among them, each as `a,b,c`.
async fn unique_keys(ground: &Ground, table: &str) -> Vec<String> {
    let sql = if is_postgres(ground) {
        format!(
            "SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM pg_index i
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
             WHERE i.indrelid = '\"{table}\"'::regclass AND i.indisunique GROUP BY i.indexrelid"
        )
    } else {
        format!(
            "SELECT (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno))
             FROM pragma_index_list('{table}') l WHERE l.\"unique\" = 1"
        )
    };
    texts(ground, &sql).await
}

async fn foreign_keys(ground: &Ground, table: &str) -> Vec<String> {
    let sql = if is_postgres(ground) {
        format!("SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND conrelid = '\"{table}\"'::regclass")
    } else {
        format!("SELECT \"table\" FROM pragma_foreign_key_list('{table}')")
    };
    texts(ground, &sql).await
}

async fn type_of_connection_id(ground: &Ground, table: &str) -> Vec<String> {
    let sql = if is_postgres(ground) {
        format!(
            "SELECT data_type::text FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' AND column_name = 'connection_id'"
        )
    } else {
        format!("SELECT type FROM pragma_table_info('{table}') WHERE name = 'connection_id'")
    };
    texts(ground, &sql).await
}

/// Columns whose value the database would make itself.
async fn generated(ground: &Ground, table: &str) -> Vec<String> {
    let sql = if is_postgres(ground) {
        format!(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema()
             AND table_name = '{table}' AND (column_default IS NOT NULL OR is_identity = 'YES')"
        )
    } else {
        format!("SELECT name FROM pragma_table_info('{table}') WHERE dflt_value IS NOT NULL")
    };
    texts(ground, &sql).await
}

/// A house that notes its statements.
struct Noting {
    house: House,
    statements: Arc<Mutex<BTreeSet<String>>>,
}

impl Noting {
    async fn on(kind: Kind) -> Self {
        let statements = Arc::new(Mutex::new(BTreeSet::new()));
        let mut ground = Ground::on(kind).await;
        let noted = statements.clone();
        ground.db.listen(move |info| {
            noted.lock().unwrap().insert(info.statement.sql.clone());
        });
        let house = House::around(ground, Options { charges: 300, ..Options::default() }).await;
        Self { house, statements }
    }
}

/// Statements on data that ask over all connections, on purpose: for those with open datasets, and for those with changes
/// that have no place in the feed of everything yet, and for those with something to tell.
const SWEEPS: [&str; 3] = [
    r#"SELECT DISTINCT "dataset"."connection_id" FROM "dataset" WHERE "dataset"."status" IN"#,
    r#"SELECT "feed_head"."connection_id", "feed_head"."seq", "feed_head"."merged" FROM "feed_head""#,
    r#"SELECT "feed_head"."connection_id", "feed_head"."relayed" FROM "feed_head""#,
];

/// The tables that a statement names.
fn named(sql: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let before = ["FROM", "INTO", "UPDATE", "JOIN"];
    let pairs = words.windows(2).filter(|pair| before.contains(&pair[0].to_uppercase().as_str()));
    pairs.map(|pair| pair[1].trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '_')).collect()
}

/// Whether a statement on data says whose data: in its condition, or among the columns that it fills.
fn is_of_a_connection(sql: &str) -> bool {
    let upper = sql.to_uppercase();
    match upper.find("WHERE") {
        Some(place) if !upper.starts_with("INSERT") => upper[place..].contains("CONNECTION_ID"),
        _ => upper.starts_with("INSERT") && upper.contains("CONNECTION_ID"),
    }
}

both! {
    async fn every_statement_on_data_names_the_connection_and_no_other_group(noting: Noting) {
        let Noting { house, statements } = noting;
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        for action in [r#"{"do":"refund"}"#, r#"{"do":"dispute"}"#, r#"{"do":"delete_customer"}"#] {
            let action = serde_json::from_str(action).unwrap();
            house.simulator.world.act(&account, action, house.simulator.clock.seconds()).unwrap();
        }
        store::jobs::enqueue(&house.db, &Task::Sync { connection }, house.clock.now()).await.unwrap();
        house.work().await;
        let key = house.api_key().await;
        for list in ["customers", "payments", "transactions", "payouts", "disputes", "products", "orders", "invoices"] {
            let path = format!("/companies/{company}/connections/{connection}/data/commerce-{list}?pageSize=3");
            let (status, page) = house.get(&path, &key).await;
            assert_eq!(status, 200, "{list}: {page}");
            let id = page["results"][0]["id"].as_str().unwrap().replace(' ', "%20");
            let (status, _) = house.get(&path.replace("?pageSize=3", &format!("/{id}")), &key).await;
            assert_eq!(status, 200, "{list}/{id}");
        }
        let subscriptions = format!("/companies/{company}/connections/{connection}/data/commerce-subscriptions");
        assert_eq!(house.get(&subscriptions, &key).await.0, 200);
        assert_eq!(house.get(&format!("/companies/{company}/dataStatus"), &key).await.0, 200);
        assert_eq!(house.get(&format!("/companies/{company}/data/history"), &key).await.0, 200);
        tributary::work::merge::merge(&house.db, house.clock.now()).await.unwrap();
        house.tell().await;
        for feed in [format!("/companies/{company}/connections/{connection}/changes"), "/changes".to_owned()] {
            let (status, page) = house.get(&format!("{feed}?limit=3"), &key).await;
            assert_eq!(status, 200, "{page}");
            let next = page["next"].as_str().unwrap();
            assert_eq!(house.get(&format!("{feed}?after={next}"), &key).await.0, 200);
        }
        house.clock.advance(chrono::Duration::days(100));
        let keep = tributary::config::Retention { changes_days: 90, deliveries_days: 30, datasets_days: 90 };
        let removed = tributary::work::retention::remove(&house.db, keep, house.clock.now(), &CancellationToken::new()).await;
        assert!(removed.unwrap().changes > 0);
        store::connections::set_deleted(&house.db, connection, house.clock.now()).await.unwrap();
        store::jobs::enqueue(&house.db, &Task::Erase { company, connection }, house.clock.now()).await.unwrap();
        house.work().await;

        let statements = statements.lock().unwrap().clone();
        let mut on_data = BTreeSet::<&str>::new();
        for sql in &statements {
            let tables = named(sql);
            let data: Vec<_> = entity::DATA.iter().filter(|table| tables.contains(**table)).collect();
            if data.is_empty() {
                continue;
            }
            assert!(is_of_a_connection(sql) || SWEEPS.iter().any(|sweep| sql.starts_with(sweep)), "{sql}");
            let coordination = entity::COORDINATION.iter().find(|table| tables.contains(**table));
            assert_eq!(coordination, None, "{sql}");
            on_data.extend(data.into_iter().copied());
        }
        let untouched: Vec<_> = entity::DATA.iter().filter(|table| !on_data.contains(**table)).collect();
        assert!(untouched.is_empty(), "no statement was seen on {untouched:?}");
    }

    async fn every_table_is_in_exactly_one_group(ground: Ground) {
        let mut known: Vec<&str> = entity::COORDINATION.iter().chain(entity::DATA).copied().collect();
        known.sort_unstable();
        assert_eq!(tables(&ground).await, known);
    }

    async fn every_key_of_a_data_table_begins_with_its_connection(ground: Ground) {
        for table in entity::DATA {
            let keys = unique_keys(&ground, table).await;
            assert!(!keys.is_empty(), "{table} has no key");
            for key in keys {
                assert!(key == "connection_id" || key.starts_with("connection_id,"), "{table}: unique ({key})");
            }
        }
    }

    async fn a_connection_id_has_one_type_everywhere(ground: Ground) {
        let expected = if is_postgres(&ground) { "uuid" } else { "uuid_text" };
        for table in entity::DATA {
            assert_eq!(type_of_connection_id(&ground, table).await, [expected], "{table}");
        }
    }

    async fn data_has_no_foreign_key_and_makes_no_value_itself(ground: Ground) {
        for table in entity::DATA {
            assert!(foreign_keys(&ground, table).await.is_empty(), "{table} has a foreign key");
            assert!(generated(&ground, table).await.is_empty(), "{table} has a default or a sequence");
        }
    }
}
