//! Requests that have one effect, however often they are sent.

use entity::idempotency_key::{ActiveModel, Column, Entity, Model};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::Executor;
use base::boxed;

/// Notes a request that comes for the first time: none. Returns what is known of one that came before.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn begin(db: &dyn Executor, row: Model) -> Result<Option<Model>, DbErr> {
    let key = (row.owner.clone(), row.key.clone());
    let there = OnConflict::columns([Column::Owner, Column::Key]).do_nothing().to_owned();
    let row = ActiveModel::from(row);
    if Entity::insert(row.clone()).on_conflict(there.clone()).exec_without_returning(&db).await? == 1 {
        return Ok(None);
    }
    if let Some(known) = Entity::find_by_id(key).one(&db).await? {
        return Ok(Some(known));
    }
    // It was given up between the two statements: whoever writes now is the first.
    let is_first = Entity::insert(row).on_conflict(there).exec_without_returning(&db).await? == 1;
    if is_first { Ok(None) } else { Err(DbErr::Custom("a request with this key came at the same moment".to_owned())) }
}

/// Keeps the answer of a request; `answer` is sealed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn end(db: &dyn Executor, owner: &str, key: &str, status: u16, answer: String) -> Result<(), DbErr> {
    let row = ActiveModel {
        owner: Set(owner.to_owned()),
        key: Set(key.to_owned()),
        status: Set(i16::try_from(status).ok()),
        answer: Set(Some(answer)),
        ..Default::default()
    };
    Entity::update(row).exec(&db).await.map(drop)
}

/// Gives a key up whose request had no effect.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn give_up(db: &dyn Executor, owner: &str, key: &str) -> Result<(), DbErr> {
    Entity::delete_by_id((owner.to_owned(), key.to_owned())).exec(&db).await.map(drop)
}

/// Forgets requests that began before a time. Returns how many.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget(db: &dyn Executor, before: DateTimeUtc) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::BeganAt.lt(before)).exec(&db).await?.rows_affected)
}
