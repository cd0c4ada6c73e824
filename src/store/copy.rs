//! Copying everything from a SQLite file into an empty PostgreSQL: all of it, or nothing.
//!
//! The target's own catalogue says which columns there are and of which type, so a table or a column that a later
//! migration adds is copied without a word here. One transaction writes both groups of tables, which nothing else may:
//! nobody serves either database meanwhile, and a copy that broke off must leave nothing behind.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use futures::TryStreamExt;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Query, SelectStatement};
use sea_orm::{DbBackend, QueryResult, Statement, StreamTrait, Value};

use crate::{Db, Tx};
use base::boxed;

/// Rows of one insert.
const BATCH: usize = 500;

/// The rows that come with the schema: they are those of an empty database.
const FIRST: &str = "DELETE FROM feed_clock WHERE position = 0";

/// Why the copy was not made. The target is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The target holds something already.
    #[error("the target is not empty: its table `{0}` has rows")]
    NotEmpty(&'static str),
    /// The two schemas are not the same.
    #[error("the table `{table}` has other columns in the source than in the target: {columns}")]
    Shape {
        /// Which.
        table: &'static str,
        /// Those that only one of them has.
        columns: String,
    },
    /// A column of a type that is not known here.
    #[error("the column `{table}.{column}` has the type {kind}, which cannot be copied yet")]
    Type {
        /// Its table.
        table: &'static str,
        /// Its name.
        column: String,
        /// PostgreSQL's name of its type.
        kind: String,
    },
    /// What was read back is not what was sent.
    #[error(
        "the table `{table}` did not arrive as it was: {sent} rows were sent and {kept} are there, or their contents differ"
    )]
    Differs {
        /// Which.
        table: &'static str,
        /// Rows sent.
        sent: u64,
        /// Rows read back.
        kept: u64,
    },
    /// One of the databases does not answer, or refuses a row.
    #[error("{doing}: {cause}")]
    Database {
        /// What was being done.
        doing: String,
        /// What it says.
        #[source]
        cause: DbErr,
    },
}

fn while_doing(doing: impl Into<String>) -> impl FnOnce(DbErr) -> Trouble {
    let doing = doing.into();
    move |cause| Trouble::Database { doing, cause }
}

/// How many rows a table has, and a sum over the hashes of their contents: the same whatever their order is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    contents: i64,
}

impl Sum {
    fn add(&mut self, row: &[Value]) {
        let mut text = String::new();
        for value in row {
            // Either database gives a time with its own fraction; ours are whole microseconds.
            let _ = match value {
                Value::ChronoDateTimeUtc(time) => write!(text, "{:?}|", time.map(|time| time.timestamp_micros())),
                other => write!(text, "{other:?}|"),
            };
        }
        self.rows += 1;
        self.contents = self.contents.wrapping_add(super::hash(text.as_bytes()));
    }
}

#[derive(Clone, Copy, Debug)]
enum Type {
    Uuid,
    Text,
    Bool,
    Small,
    Int,
    Big,
    Time,
    Json,
    Bytes,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: Type,
}

/// Every table, coordination first.
fn tables() -> impl Iterator<Item = &'static str> {
    entity::COORDINATION.iter().chain(entity::DATA).copied()
}

/// Whether a PostgreSQL database has a schema of ours, of whatever version.
///
/// # Errors
/// When it does not answer.
#[boxed]
pub async fn has_schema(to: &Db) -> Result<bool, DbErr> {
    let asked = "SELECT to_regclass('seaql_migrations') IS NOT NULL AS there";
    let row = to.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "there"))
}

/// Copies every table from a SQLite file into an empty PostgreSQL of the same schema, reads all of it back and compares.
/// `progress` is told of each table when it is done, with its rows. Leases are not kept: who held them does not work on
/// the target.
///
/// # Errors
/// [`Trouble`]; the target is then as it was before.
pub async fn everything(from: &Db, to: &Db, mut progress: impl FnMut(&str, u64)) -> Result<u64, Trouble> {
    let tx = crate::write(to).await.map_err(while_doing("the target cannot be opened"))?;
    prepare(&tx).await?;
    let mut rows = 0;
    for table in tables() {
        let columns = columns_of(from, &tx, table).await?;
        let sent = copy(from, &tx, table, &columns).await?;
        let kept = sum(&tx, table, &columns).await?;
        if sent != kept {
            return Err(Trouble::Differs { table, sent: sent.rows, kept: kept.rows });
        }
        progress(table, kept.rows);
        rows += kept.rows;
    }
    super::jobs::free_all(&tx).await.map_err(while_doing("leases could not be freed"))?;
    tx.commit().await.map_err(while_doing("the copy could not be committed"))?;
    Ok(rows)
}

/// Keeps others out of the target's tables and makes sure that they are empty.
async fn prepare(tx: &Tx) -> Result<(), Trouble> {
    let all: Vec<String> = tables().map(|table| format!("\"{table}\"")).collect();
    let lock = format!("LOCK TABLE {} IN EXCLUSIVE MODE", all.join(", "));
    for statement in ["SET LOCAL statement_timeout = 0", &lock, FIRST] {
        tx.execute_unprepared(statement).await.map_err(while_doing("the target's tables cannot be taken"))?;
    }
    for table in tables() {
        let one = Query::select().expr(Expr::value(1)).from(table).limit(1).to_owned();
        if tx.query_one(&one).await.map_err(while_doing("the target cannot be read"))?.is_some() {
            return Err(Trouble::NotEmpty(table));
        }
    }
    Ok(())
}

async fn columns_of(from: &Db, to: &Tx, table: &'static str) -> Result<Vec<Column>, Trouble> {
    let asked = "SELECT column_name::text, udt_name::text FROM information_schema.columns
                  WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, asked, [table.into()]);
    let rows = to.query_all_raw(asked).await.map_err(while_doing(format!("the columns of `{table}`")))?;
    let mut columns = Vec::new();
    for row in rows {
        let text = |at| row.try_get_by_index::<String>(at).map_err(while_doing(format!("the columns of `{table}`")));
        let (name, kind) = (text(0)?, text(1)?);
        let Some(known) = type_of(&kind) else { return Err(Trouble::Type { table, column: name, kind }) };
        columns.push(Column { name, kind: known });
    }
    let theirs: BTreeSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let ours = names_in_sqlite(from, table).await.map_err(while_doing(format!("the columns of `{table}`")))?;
    // SQLite takes the name of a column that it does not have for a text: never ask for one.
    let odd: Vec<&str> = theirs.symmetric_difference(&ours).map(String::as_str).collect();
    if odd.is_empty() { Ok(columns) } else { Err(Trouble::Shape { table, columns: odd.join(", ") }) }
}

async fn names_in_sqlite(from: &Db, table: &str) -> Result<BTreeSet<String>, DbErr> {
    let asked = "SELECT name FROM pragma_table_info($1)";
    let asked = Statement::from_sql_and_values(DbBackend::Sqlite, asked, [table.into()]);
    from.query_all_raw(asked).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

fn type_of(name: &str) -> Option<Type> {
    Some(match name {
        "uuid" => Type::Uuid,
        "text" | "varchar" => Type::Text,
        "bool" => Type::Bool,
        "int2" => Type::Small,
        "int4" => Type::Int,
        "int8" => Type::Big,
        "timestamptz" => Type::Time,
        "jsonb" | "json" => Type::Json,
        "bytea" => Type::Bytes,
        _ => return None,
    })
}

fn all_of(table: &str, columns: &[Column]) -> SelectStatement {
    Query::select().columns(columns.iter().map(|column| Alias::new(&column.name))).from(Alias::new(table)).to_owned()
}

fn values(row: &QueryResult, columns: &[Column]) -> Result<Vec<Value>, DbErr> {
    let value = |(at, column): (usize, &Column)| {
        Ok(match column.kind {
            Type::Uuid => row.try_get_by_index::<Option<Uuid>>(at)?.into(),
            Type::Text => row.try_get_by_index::<Option<String>>(at)?.into(),
            Type::Bool => row.try_get_by_index::<Option<bool>>(at)?.into(),
            Type::Small => row.try_get_by_index::<Option<i16>>(at)?.into(),
            Type::Int => row.try_get_by_index::<Option<i32>>(at)?.into(),
            Type::Big => row.try_get_by_index::<Option<i64>>(at)?.into(),
            Type::Time => row.try_get_by_index::<Option<DateTimeUtc>>(at)?.into(),
            Type::Json => row.try_get_by_index::<Option<Json>>(at)?.into(),
            Type::Bytes => row.try_get_by_index::<Option<Vec<u8>>>(at)?.into(),
        })
    };
    columns.iter().enumerate().map(value).collect()
}

async fn copy(from: &Db, to: &Tx, table: &'static str, columns: &[Column]) -> Result<Sum, Trouble> {
    let reading = || while_doing(format!("the source's table `{table}` cannot be read"));
    let mut rows = from.pool().stream(&all_of(table, columns)).await.map_err(reading())?;
    let (mut sum, mut batch) = (Sum::default(), Vec::with_capacity(BATCH));
    while let Some(row) = rows.try_next().await.map_err(reading())? {
        let row = values(&row, columns).map_err(reading())?;
        sum.add(&row);
        batch.push(row);
        if batch.len() == BATCH {
            insert(to, table, columns, std::mem::take(&mut batch)).await?;
        }
    }
    insert(to, table, columns, batch).await?;
    Ok(sum)
}

async fn insert(to: &Tx, table: &'static str, columns: &[Column], rows: Vec<Vec<Value>>) -> Result<(), Trouble> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert.into_table(Alias::new(table)).columns(columns.iter().map(|column| Alias::new(&column.name)));
    let refused = || while_doing(format!("the target refuses rows of `{table}`"));
    for row in rows {
        let row = insert.values(row.into_iter().map(Expr::value));
        row.map_err(|error| refused()(DbErr::Custom(error.to_string())))?;
    }
    to.execute(&insert).await.map_err(refused())?;
    Ok(())
}

async fn sum(to: &Tx, table: &'static str, columns: &[Column]) -> Result<Sum, Trouble> {
    let reading = || while_doing(format!("the target's table `{table}` cannot be read back"));
    let mut rows = to.inner().stream(&all_of(table, columns)).await.map_err(reading())?;
    let mut sum = Sum::default();
    while let Some(row) = rows.try_next().await.map_err(reading())? {
        sum.add(&values(&row, columns).map_err(reading())?);
    }
    Ok(sum)
}
