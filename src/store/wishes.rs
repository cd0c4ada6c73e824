//! What was set about syncing: only what somebody set, not what holds by itself.

use entity::company;
use entity::id::CompanyId;
use entity::sync_setting::{self, Column, Model};
use sea_orm::entity::prelude::*;

/// The settings that hold for a company: its own where they replace those of the profile, and the profile's for the rest.
/// A data type that nobody set anything for has none.
///
/// # Errors
/// When the database does not answer.
pub async fn of(db: &impl ConnectionTrait, company: CompanyId) -> Result<Vec<Model>, DbErr> {
    let row = company::Entity::find_by_id(company).one(db).await?;
    let mut wishes = set_by(db, Uuid::nil()).await?;
    if row.is_some_and(|row| row.overrides_sync) {
        let own = set_by(db, company.0).await?;
        wishes.retain(|wish| own.iter().all(|own| own.data_type != wish.data_type));
        wishes.extend(own);
    }
    Ok(wishes)
}

async fn set_by(db: &impl ConnectionTrait, owner: Uuid) -> Result<Vec<Model>, DbErr> {
    sync_setting::Entity::find().filter(Column::Owner.eq(owner)).all(db).await
}
