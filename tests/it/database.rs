//! Opening, migrating, and refusing a database.

use std::time::Duration;

use futures::FutureExt;
use migration::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use tributary::store::{self, database::Unusable};

use crate::both;
use crate::house::{Ground, Kind};
use crate::process::tributary;
use crate::running::until_within;

both! {
    async fn a_second_migration_changes_nothing(ground: Ground) {
        store::database::migrate(&ground.db).await.unwrap();
        store::database::check(&ground.db).await.unwrap();
    }

    async fn a_newer_schema_is_refused_and_left_alone(ground: Ground) {
        ground
            .db
            .execute_unprepared("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)")
            .await
            .unwrap();
        for refused in [store::database::migrate(&ground.db).await, store::database::check(&ground.db).await] {
            assert!(matches!(refused, Err(Unusable::Newer(name)) if name == "m29990101_000001_later"));
        }
    }
}

/// On a large database a migration takes longer than any other statement may.
#[tokio::test]
async fn migrations_take_the_time_that_they_need_on_postgresql() {
    let ground = Ground::bare(Kind::Postgres).await;
    // Each migration is noted with the limit of the connection that ran it.
    let noted = "
        CREATE TABLE noted (statement_timeout text NOT NULL);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO noted VALUES (current_setting('statement_timeout')); RETURN NEW; END $$;
        CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL);
        CREATE TRIGGER noting BEFORE INSERT ON seaql_migrations FOR EACH ROW EXECUTE FUNCTION note();";
    ground.db.execute_unprepared(noted).await.unwrap();
    store::database::migrate(&ground.db).await.unwrap();
    let limits = "SELECT min(statement_timeout), max(statement_timeout), count(*) FROM noted";
    let row = ground.db.query_one_raw(Statement::from_string(DbBackend::Postgres, limits)).await.unwrap().unwrap();
    let (least, most): (String, String) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    assert_eq!((least.as_str(), most.as_str()), ("0", "0"));
    assert!(row.try_get_by_index::<i64>(2).unwrap() > 10);
}

/// A statement that waits for its turn would hold up the index that the other one makes beside reads and writes.
#[tokio::test]
async fn processes_that_start_at_once_on_an_empty_postgresql_all_come_up() {
    let ground = Ground::bare(Kind::Postgres).await;
    let mut processes: Vec<_> =
        (0..3).map(|_| tributary(&["migrate", "--database-url", &ground.url]).spawn().unwrap()).collect();
    for process in &mut processes {
        let ended = tokio::time::timeout(Duration::from_mins(2), process.wait()).await.expect("it waits for ever");
        assert!(ended.unwrap().success());
    }
    store::database::check(&ground.db).await.unwrap();
}

/// A step that changes a table which somebody holds waits behind him, and nobody waits behind the step for long.
#[tokio::test]
async fn a_migration_waits_for_a_table_that_is_held_and_holds_up_nobody_on_postgresql() {
    let ground = Ground::bare(Kind::Postgres).await;
    // The next step adds columns to it.
    Migrator::up(ground.db.pool(), Some(2)).await.unwrap();
    let holder = ground.db.pool().begin().await.unwrap();
    holder.execute_unprepared("LOCK TABLE integration IN ACCESS SHARE MODE").await.unwrap();
    let url = ground.url.clone();
    let mut process = tributary(&["migrate", "--database-url", &url]).spawn().unwrap();
    let other = store::open(&url).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'integration'::regclass";
    // It comes back for the table again and again.
    for _ in 0..3 {
        for there in [true, false] {
            until_within(Duration::from_mins(1), "the step waits, and gives way", async || {
                let row =
                    other.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap().unwrap();
                (row.try_get_by_index::<i64>(0).unwrap() > 0) == there
            })
            .await;
        }
    }
    assert!(process.try_wait().unwrap().is_none(), "it did not wait");
    holder.rollback().await.unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(2), process.wait()).await.expect("it waits for ever");
    assert!(ended.unwrap().success());
    store::database::check(&ground.db).await.unwrap();
}

/// Whoever is given up in the middle of a beginning leaves no connection with an open transaction behind.
#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_is_open_nowhere() {
    let ground = Ground::on(Kind::Postgres).await;
    let looking = store::open(&ground.url).await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    for looks in (1..=4).cycle().take(60) {
        let mut beginning = Box::pin(store::read(&ground.db));
        for _ in 0..looks {
            if beginning.as_mut().now_or_never().is_some() {
                break;
            }
            // By as many looks it is as far as that, and no further.
            ground.db.pool().execute_unprepared("SELECT 1").await.unwrap();
        }
        drop(beginning);
        // An open one would be ended by PostgreSQL itself, but later than this.
        until_within(Duration::from_secs(10), "nothing is open", async || {
            let row = looking.query_one_raw(Statement::from_string(DbBackend::Postgres, open)).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap() == 0
        })
        .await;
    }
}
