//! The installation's profile: one row, made when it is first asked for.

use entity::profile::{ActiveModel, Column, Entity, Model};
use entity::shape::Texts;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::Executor;
use base::boxed;

/// The profile.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn get(db: &dyn Executor) -> Result<Model, DbErr> {
    if let Some(row) = Entity::find_by_id(1).one(&db).await? {
        return Ok(row);
    }
    let row = Model {
        id: 1,
        client_id: Uuid::now_v7(),
        name: "Tributary".to_owned(),
        redirect_url: String::new(),
        icon_url: None,
        logo_url: None,
        white_list_urls: Texts::default(),
        confirm_company_name: false,
        allowed_origins: Texts::default(),
    };
    // Two may ask first at once: the one that was kept is the one.
    let keep_first = OnConflict::column(Column::Id).do_nothing().to_owned();
    Entity::insert(ActiveModel::from(row.clone())).on_conflict(keep_first).exec_without_returning(&db).await?;
    Ok(Entity::find_by_id(1).one(&db).await?.unwrap_or(row))
}

/// Holds the profile's row until the transaction ends: whoever counts users, keys or consumers before adding or removing
/// one does so alone.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold(tx: &super::Tx) -> Result<(), DbErr> {
    get(tx).await?;
    Entity::find_by_id(1).lock_exclusive().one(tx).await?;
    Ok(())
}

/// Replaces everything but the installation's id and the allowed origins.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn replace(db: &dyn Executor, row: Model) -> Result<(), DbErr> {
    let mut row = ActiveModel::from(row).reset_all();
    row.client_id = sea_orm::NotSet;
    row.allowed_origins = sea_orm::NotSet;
    row.id = sea_orm::Unchanged(1);
    Entity::update(row).exec(&db).await?;
    Ok(())
}

/// Replaces the origins of web pages that may ask the API.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_allowed_origins(db: &dyn Executor, origins: Vec<String>) -> Result<(), DbErr> {
    let id = get(db).await?.id;
    let row =
        ActiveModel { id: sea_orm::Unchanged(id), allowed_origins: sea_orm::Set(Texts(origins)), ..Default::default() };
    Entity::update(row).exec(&db).await?;
    Ok(())
}
