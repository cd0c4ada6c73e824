//! How many requests with an API key came, by day.

use entity::connection;
use entity::quota_day::{ActiveModel, Column, Entity, Model};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ExprTrait, QuerySelect};

use super::Tx;
use crate::Executor;
use base::boxed;

/// A day; none when nothing was counted.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, day: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(day).one(&db).await
}

/// Adds requests to a day. Returns it with them.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn add(tx: &Tx, day: i64, calls: i64) -> Result<Model, DbErr> {
    let row = Model { day, calls, reached_quota: None };
    let sum = Expr::col((Entity, Column::Calls)).add(calls);
    let there = OnConflict::column(Column::Day).value(Column::Calls, sum).to_owned();
    Entity::insert(ActiveModel::from(row)).on_conflict(there).exec_with_returning(tx).await
}

/// Notes that it was told that a day's quota is reached; `false` when that, or the same of a larger one, was told before.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn reached(tx: &Tx, day: i64, quota: i64) -> Result<bool, DbErr> {
    let untold = Column::ReachedQuota.is_null().or(Column::ReachedQuota.lt(quota));
    let row = ActiveModel { reached_quota: Set(Some(quota)), ..Default::default() };
    let told = Entity::update_many().set(row).filter(Column::Day.eq(day)).filter(untold).exec(tx).await?;
    Ok(told.rows_affected == 1)
}

/// The days before one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn before(db: &dyn Executor, day: i64) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Day.lt(day)).all(&db).await
}

/// Removes a day; `false` when another has done so.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn remove(tx: &Tx, day: i64) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(day).exec(tx).await?.rows_affected == 1)
}

/// Companies with a linked connection.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn active_companies(db: &dyn Executor) -> Result<i64, DbErr> {
    let count = connection::Entity::find()
        .select_only()
        .column_as(Expr::col(connection::Column::CompanyId).count_distinct(), "active")
        .filter(connection::Column::Status.eq(connection::Status::Linked))
        .filter(connection::Column::DeletedAt.is_null());
    Ok(count.into_tuple::<i64>().one(&db).await?.unwrap_or_default())
}
