//! The installation's profile: one row, made when it is first asked for.

use entity::profile::{ActiveModel, Column, Entity, Model};
use entity::shape::Texts;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

/// The profile.
///
/// # Errors
/// When the database does not answer.
pub async fn get(db: &impl ConnectionTrait) -> Result<Model, DbErr> {
    if let Some(row) = Entity::find_by_id(1).one(db).await? {
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
    };
    // Two may ask first at once: the one that was kept is the one.
    let keep_first = OnConflict::column(Column::Id).do_nothing().to_owned();
    Entity::insert(ActiveModel::from(row.clone())).on_conflict(keep_first).exec_without_returning(db).await?;
    Ok(Entity::find_by_id(1).one(db).await?.unwrap_or(row))
}

/// Replaces everything but the installation's id.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let mut row = ActiveModel::from(row).reset_all();
    row.client_id = sea_orm::NotSet;
    row.id = sea_orm::Unchanged(1);
    Entity::update(row).exec(db).await?;
    Ok(())
}
