//! Addresses that are told of events.

use entity::id::WebhookConsumerId;
use entity::shape::Texts;
use entity::webhook_consumer::{ActiveModel, Column, Entity, Model};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder, QuerySelect};

use super::Tx;
use crate::Executor;
use base::boxed;

/// All of them, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn all(db: &dyn Executor) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(&db).await
}

/// Those that are told of events now.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn enabled(db: &dyn Executor) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Disabled.eq(false)).order_by_asc(Column::Id).all(&db).await
}

/// One of them.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, id: WebhookConsumerId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(&db).await
}

/// One of them, held against others until the transaction ends.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold(tx: &Tx, id: WebhookConsumerId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Keeps a new one.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(&db).await?;
    Ok(())
}

/// Removes one; `false` when it is not there.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn delete(db: &dyn Executor, id: WebhookConsumerId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id).exec(&db).await?.rows_affected == 1)
}

/// Sets where events go and of what it is told.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set(tx: &Tx, id: WebhookConsumerId, url: String, kinds: Texts, tags: Texts) -> Result<(), DbErr> {
    let row = ActiveModel { url: Set(url), event_types: Set(kinds), company_tags: Set(tags), ..Default::default() };
    update(tx, id, row).await
}

/// Tells it nothing for now; `reason` is none when that is the developer's wish.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn disable(
    db: &dyn Executor,
    id: WebhookConsumerId,
    reason: Option<&str>,
    now: DateTimeUtc,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        disabled: Set(true),
        disabled_reason: Set(reason.map(str::to_owned)),
        disabled_at: Set(Some(now)),
        ..Default::default()
    };
    update(db, id, row).await
}

/// Tells it again: it starts with a clean record, and what waits goes on.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn enable(db: &dyn Executor, id: WebhookConsumerId) -> Result<(), DbErr> {
    let row = ActiveModel {
        disabled: Set(false),
        disabled_reason: Set(None),
        disabled_at: Set(None),
        failing_since: Set(None),
        paused_until: Set(None),
        ..Default::default()
    };
    update(db, id, row).await
}

/// Notes that it took something.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn succeeded(db: &dyn Executor, id: WebhookConsumerId) -> Result<(), DbErr> {
    let row = ActiveModel { failing_since: Set(None), paused_until: Set(None), ..Default::default() };
    let either = Column::FailingSince.is_not_null().or(Column::PausedUntil.is_not_null());
    Entity::update_many().set(row).filter(Column::Id.eq(id)).filter(either).exec(&db).await?;
    Ok(())
}

/// Notes that it failed, and until when it asked to be left alone. Returns since when it has failed without a success.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn failed(
    tx: &Tx,
    id: WebhookConsumerId,
    now: DateTimeUtc,
    paused_until: Option<DateTimeUtc>,
) -> Result<Option<DateTimeUtc>, DbErr> {
    let Some(row) = hold(tx, id).await? else { return Ok(None) };
    let since = row.failing_since.unwrap_or(now);
    let until = Ord::max(row.paused_until, paused_until);
    if row.failing_since.is_none() || until != row.paused_until {
        let row = ActiveModel { failing_since: Set(Some(since)), paused_until: Set(until), ..Default::default() };
        update(tx, id, row).await?;
    }
    Ok(Some(since))
}

/// Replaces the signing secret; the one before signs too until a time. Both are sealed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn rotate(
    tx: &Tx,
    id: WebhookConsumerId,
    secret: String,
    previous: Option<(String, DateTimeUtc)>,
) -> Result<(), DbErr> {
    let (previous, until) = previous.unzip();
    let row = ActiveModel {
        secret: Set(secret),
        previous_secret: Set(previous),
        previous_secret_until: Set(until),
        ..Default::default()
    };
    update(tx, id, row).await
}

async fn update(db: &dyn Executor, id: WebhookConsumerId, row: ActiveModel) -> Result<(), DbErr> {
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(&db).await?;
    Ok(())
}
