//! R33, R34: a database of every schema that ever was comes up to date with all of its rows, also when it is killed on
//! the way.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use futures::future::try_join_all;
use futures::{StreamExt, stream};
use migration::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio_util::sync::CancellationToken;
use tributary::store;

use crate::both;
use crate::house::{Ground, Kind};
use crate::process::{Served, answer, tributary};
use crate::running::{Dice, rounds, seed, until};

/// The columns of tables, with their types.
type Columns = BTreeMap<String, Vec<(String, String)>>;

/// A database without any schema.
struct Bare(Ground);

impl Bare {
    async fn on(kind: Kind) -> Self {
        Self(Ground::bare(kind).await)
    }
}

async fn rows(db: &store::Db, sql: &str) -> Vec<sea_orm::QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
}

async fn texts(db: &store::Db, sql: &str) -> Vec<String> {
    rows(db, sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Everything that makes the schema, as text.
async fn schema(db: &store::Db) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1",
        _ => {
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
                    coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = current_schema()
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
             UNION ALL SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                       WHERE connamespace = current_schema()::regnamespace ORDER BY 1"
        }
    };
    texts(db, sql).await
}

async fn tables(db: &store::Db) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        }
        _ => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
    };
    texts(db, sql).await.into_iter().filter(|name| name != "seaql_migrations").collect()
}

/// A table's columns with their types, in lower case.
async fn columns(db: &store::Db, table: &str) -> Vec<(String, String)> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT name, lower(type) FROM pragma_table_info('{table}') ORDER BY cid"),
        _ => format!(
            "SELECT column_name::text, data_type::text FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    let rows = rows(db, &sql).await;
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

/// A value of a type, another one for each number.
fn value(kind: &str, number: usize) -> String {
    match kind {
        _ if kind.contains("uuid") => format!("'00000000-0000-4000-8000-{number:012}'"),
        _ if kind.contains("time") => format!("'2026-01-{:02}T00:00:00+00:00'", number % 28 + 1),
        _ if kind.contains("bool") => if number.is_multiple_of(2) { "true" } else { "false" }.to_owned(),
        _ if kind.contains("json") => "'[]'".to_owned(),
        "bytea" => format!("'\\x{:02x}'", number % 256),
        _ if kind.contains("blob") => format!("x'{:02x}'", number % 256),
        _ if kind.contains("int") || kind.contains("double") || kind.contains("real") || kind.contains("numeric") => {
            number.to_string()
        }
        _ => format!("'text {number}'"),
    }
}

/// Fills every table with some rows.
async fn fill(db: &store::Db) -> usize {
    const ROWS: usize = 20;
    let mut filled = 0;
    for table in tables(db).await {
        let columns = columns(db, &table).await;
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        // A migration may have put rows of its own, with the first numbers.
        let row = |number| {
            let values: Vec<String> = columns.iter().map(|(_, kind)| value(kind, number)).collect();
            format!("({})", values.join(", "))
        };
        let rows: Vec<String> = (1_001..=1_000 + ROWS).map(row).collect();
        let sql = format!("INSERT INTO \"{table}\" ({}) VALUES {}", names.join(", "), rows.join(", "));
        db.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        filled += rows.len();
    }
    filled
}

/// What stands in the columns that a table had, as text, by table.
async fn contents(db: &store::Db, of: &Columns) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (table, columns) in of {
        let cast = |(name, kind): &(String, String)| {
            let bytes = kind == "bytea" || kind.contains("blob");
            match (bytes, db.get_database_backend()) {
                (true, DbBackend::Sqlite) => format!("hex(\"{name}\")"),
                (true, _) => format!("encode(\"{name}\", 'hex')"),
                (false, _) => format!("coalesce(CAST(\"{name}\" AS text), 'null')"),
            }
        };
        let columns: Vec<String> = columns.iter().map(cast).collect();
        let sql = format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join(" || '|' || "));
        all.insert(table.clone(), texts(db, &sql).await);
    }
    all
}

/// A value of a type for each row of `generate_series(...) n`, as an expression of PostgreSQL.
fn numbered(kind: &str) -> String {
    match kind {
        _ if kind.contains("uuid") => "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid".to_owned(),
        _ if kind.contains("time") => "'2026-01-01T00:00:00+00:00'::timestamptz".to_owned(),
        _ if kind.contains("bool") => "n % 2 = 0".to_owned(),
        _ if kind.contains("json") => "'[]'".to_owned(),
        "bytea" => "'\\x00'::bytea".to_owned(),
        "smallint" => "(n % 30000)::smallint".to_owned(),
        _ if kind.contains("int") || kind.contains("double") || kind.contains("real") || kind.contains("numeric") => {
            "n".to_owned()
        }
        _ => "'text ' || n".to_owned(),
    }
}

/// Puts a version's rows into all of its tables, with the statements that this version knows.
async fn put(db: &impl ConnectionTrait, had: &Columns, from: u64, until: u64) -> Result<u64, sea_orm::DbErr> {
    let mut rows = 0;
    for (table, columns) in had {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let values: Vec<String> = columns.iter().map(|(_, kind)| numbered(kind)).collect();
        let sql = format!(
            "INSERT INTO \"{table}\" ({}) SELECT {} FROM generate_series({from}, {until}) n",
            names.join(", "),
            values.join(", ")
        );
        rows += db.execute_unprepared(&sql).await?.rows_affected();
    }
    Ok(rows)
}

/// A process of an older version at work: it writes and reads every table that it knows, and waits a second for a lock
/// at most. Returns how many rows it wrote.
async fn older_version(url: &str, had: &Columns, from: u64, stop: &CancellationToken) -> Result<u64, sea_orm::DbErr> {
    let db = sea_orm::Database::connect(format!("{url}?options=-c%20lock_timeout%3D1000")).await?;
    let (mut next, mut rows) = (from, 0);
    while !stop.is_cancelled() {
        rows += put(&db, had, next, next).await?;
        next += 1;
        for (table, columns) in had {
            let (name, _) = &columns[0];
            db.execute_unprepared(&format!("SELECT \"{name}\" FROM \"{table}\" LIMIT 5")).await?;
        }
    }
    db.close().await?;
    Ok(rows)
}

/// How many rows there are, by table.
async fn counted(db: &store::Db, had: &Columns) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for table in had.keys() {
        let row = rows(db, &format!("SELECT count(*) FROM \"{table}\"")).await;
        all.insert(table.clone(), row[0].try_get_by_index(0).unwrap());
    }
    all
}

/// `make soak` upgrades a database of a million rows in its largest tables with 50 rounds.
#[tokio::test]
async fn r33_the_three_versions_before_go_on_while_the_newest_one_migrates_and_beside_it() {
    const OF_ALL: u64 = 2_000;
    const LARGE: [&str; 4] = ["source_object", "transaction", "payment", "change"];
    // The seventh schema changed what the one before it wrote; since then each keeps what older versions know.
    const SINCE: usize = 7;
    let large = rounds(1) * 20_000;
    let known = Migrator::migrations().len();
    for version in SINCE.max(known - 3)..known {
        let old = Bare::on(Kind::Postgres).await.0;
        Migrator::up(old.db.pool(), Some(u32::try_from(version).unwrap())).await.unwrap();
        let mut had = Columns::new();
        for table in tables(&old.db).await {
            had.insert(table.clone(), columns(&old.db, &table).await);
        }
        put(&old.db, &had, 100_001, 100_000 + OF_ALL).await.unwrap();
        let most: Columns = had.clone().into_iter().filter(|(table, _)| LARGE.contains(&table.as_str())).collect();
        assert_eq!(most.len(), LARGE.len());
        put(&old.db, &most, 200_001, 200_000 + large).await.unwrap();
        let before = counted(&old.db, &had).await;

        let stop = CancellationToken::new();
        let processes = try_join_all((1..=4).map(|number| older_version(&old.url, &had, number * 1_000_000, &stop)));
        let upgrade = async {
            let written = async || counted(&old.db, &had).await.values().sum::<i64>() - before.values().sum::<i64>();
            until("they are at work", async || written().await > 100).await;
            answer(&mut tributary(&["migrate", "--database-url", &old.url])).await;
            store::database::check(&old.db).await.unwrap();
            // The older ones go on for a while beside the newer schema.
            let then = written().await;
            until("they work beside it", async || written().await > then + 100).await;
            stop.cancel();
            Ok(())
        };
        let (written, ()) = tokio::try_join!(processes, upgrade)
            .unwrap_or_else(|error| panic!("from schema {version}, an older process failed: {error}"));
        let rows: u64 = written.into_iter().sum();
        let grown: i64 = counted(&old.db, &had).await.values().sum::<i64>() - before.values().sum::<i64>();
        assert_eq!(u64::try_from(grown).unwrap(), rows, "from schema {version}: acknowledged rows are not all there");
        println!("from schema {version}: {rows} rows were written meanwhile, beside {large} in the large tables");
    }
}

/// A database of an older schema, with rows in every table, comes up to date and keeps them.
async fn comes_up_to_date(kind: Kind, version: u32, fresh: &store::Db, wanted: &Vec<String>) {
    let old = Bare::on(kind).await.0;
    Migrator::up(old.db.pool(), Some(version)).await.unwrap();
    let filled = fill(&old.db).await;
    let mut had = BTreeMap::new();
    for table in tables(&old.db).await {
        had.insert(table.clone(), columns(&old.db, &table).await);
    }
    // What a later schema gives up or renames has nothing to be compared with; it is told.
    for (table, columns) in &mut had {
        let left = self::columns(fresh, table).await;
        columns.retain(|(name, _)| {
            let stays = left.iter().any(|(other, _)| other == name);
            if !stays {
                println!("{table}.{name} of schema {version} is no more");
            }
            stays
        });
    }
    let before = contents(&old.db, &had).await;
    assert!(matches!(store::database::check(&old.db).await, Err(store::database::Unusable::Older)));
    store::database::migrate(&old.db).await.unwrap();
    store::database::check(&old.db).await.unwrap();
    assert_eq!(&schema(&old.db).await, wanted, "from schema {version}");
    // A migration may add rows of its own.
    let after = contents(&old.db, &had).await;
    for (table, rows) in before {
        let missing: Vec<_> = rows.iter().filter(|row| !after[&table].contains(row)).collect();
        assert!(missing.is_empty(), "rows of {table} of schema {version} are gone or changed: {missing:?}");
    }
    println!("{filled} rows came from schema {version}");
}

both! {
    async fn r33_every_schema_that_ever_was_comes_up_to_date_with_its_rows(fresh: Bare) {
        let kind = if fresh.0.url_is_sqlite() { Kind::Sqlite } else { Kind::Postgres };
        store::database::migrate(&fresh.0.db).await.unwrap();
        let wanted = schema(&fresh.0.db).await;
        let versions = Migrator::migrations().len();
        assert!(versions >= 2);
        let all = (1..u32::try_from(versions).unwrap()).map(|version| comes_up_to_date(kind, version, &fresh.0.db, &wanted));
        // Some at once: an index that is made beside readers and writers waits more than it works.
        stream::iter(all).buffer_unordered(4).collect::<Vec<()>>().await;
    }

    async fn r34_killed_in_a_migration_it_ends_with_the_next_start(fresh: Bare) {
        let kind = if fresh.0.url_is_sqlite() { Kind::Sqlite } else { Kind::Postgres };
        store::database::migrate(&fresh.0.db).await.unwrap();
        let wanted = schema(&fresh.0.db).await;
        let mut dice = Dice(seed());
        let (mut killed, mut untouched) = (0, 0);
        for round in 0..rounds(9) {
            let old = Bare::on(kind).await.0;
            let known = u64::try_from(Migrator::migrations().len()).unwrap();
            let version = u32::try_from(dice.roll(known)).unwrap();
            // The last moment, then between two steps, then any time.
            let fault = match round % 3 {
                0 => Some("abort:before_migrated:1".to_owned()),
                1 => Some(format!("abort:migrating:{}", 1 + dice.roll(known - u64::from(version)))),
                _ => None,
            };
            if version > 0 {
                Migrator::up(old.db.pool(), Some(version)).await.unwrap();
                fill(&old.db).await;
            }
            let before = schema(&old.db).await;
            let mut migrate = tributary(&["migrate", "--database-url", &old.url]);
            migrate.envs(fault.iter().map(|fault| ("TRIBUTARY_TEST_FAULT", fault)));
            let process = Served::spawn(&mut migrate);
            if fault.is_none() {
                tokio::time::sleep(Duration::from_millis(dice.roll(120))).await;
                process.signal("KILL").await;
            }
            let ended = process.ended().await;
            killed += u64::from(ended.signal().is_some());
            assert!(fault.is_none() || ended.signal() == Some(6), "{fault:?} did not happen");
            if kind == Kind::Sqlite && ended.signal().is_some() {
                let after = schema(&old.db).await;
                let is_whole = after == wanted || after.is_empty() || after == before;
                assert!(is_whole, "a file is half migrated: {after:?}");
                untouched += u64::from(after == before);
            }
            answer(&mut tributary(&["migrate", "--database-url", &old.url])).await;
            assert_eq!(schema(&old.db).await, wanted, "from schema {version}");
        }
        println!("killed {killed} times, {untouched} left as before");
        assert!(killed > 0, "nothing was killed");
    }
}
