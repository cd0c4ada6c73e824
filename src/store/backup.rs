//! Copies of a SQLite file that is in use.

use std::path::Path;

use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, Statement};

use crate::Db;
use base::boxed;

/// Writes all of a SQLite database into `file`, which is not there or empty: one moment of it, whoever writes meanwhile.
///
/// # Errors
/// When the database does not answer, or the file cannot be written.
#[boxed]
pub async fn copy_into(db: &Db, file: &Path) -> Result<(), DbErr> {
    let name = file.to_str().ok_or_else(|| DbErr::Custom("the file's name is no text".to_owned()))?;
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", [name.into()]);
    db.execute_raw(copy).await?;
    Ok(())
}

/// What a SQLite database's own check finds wrong with it: nothing, when it is whole.
///
/// # Errors
/// When it does not answer.
#[boxed]
pub async fn faults(db: &Db) -> Result<Vec<String>, DbErr> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let rows = db.query_all_raw(check).await?;
    let said: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}
