//! The schema's rules, read from the catalogue: what a table must be like so that its rows can be spread over machines.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::both;
use crate::house::Ground;

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

both! {
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
