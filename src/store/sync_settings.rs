//! How data types are synced: for all companies, and for those that have settings of their own.

use entity::company;
use entity::data_type::DataType;
use entity::sync_setting::{ActiveModel, Column, Entity, Model};
use sea_orm::entity::prelude::*;

use super::Tx;
use crate::Executor;
use base::boxed;

/// The owner of the settings for all companies.
pub const PROFILE: Uuid = Uuid::nil();

/// The settings that hold for a company, one for each data type: its own when it overrides, else those of the profile;
/// defaults where nothing was set.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn effective(db: &dyn Executor, company: &company::Model) -> Result<Vec<Model>, DbErr> {
    let profile = of(db, PROFILE).await?;
    Ok(if company.overrides_sync { laid_over(&profile, stored(db, company.id.0).await?) } else { profile })
}

/// The owner's settings, one for each data type: defaults where nothing was set.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of(db: &dyn Executor, owner: Uuid) -> Result<Vec<Model>, DbErr> {
    let defaults: Vec<Model> = DataType::ALL.into_iter().zip(0..).map(|(kind, order)| default(kind, order)).collect();
    Ok(laid_over(&defaults, stored(db, owner).await?))
}

/// Replaces what the owner had for these data types.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn put(tx: &Tx, owner: Uuid, rows: Vec<Model>) -> Result<(), DbErr> {
    for row in rows {
        let row = Model { owner, ..row };
        Entity::delete_by_id((owner, row.data_type)).exec(tx).await?;
        Entity::insert(ActiveModel::from(row)).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Read when first linked, no schedule of its own, everything there is.
fn default(data_type: DataType, sync_order: i32) -> Model {
    Model {
        owner: PROFILE,
        data_type,
        fetch_on_first_link: true,
        sync_schedule: 0,
        sync_order,
        sync_from_utc: None,
        sync_from_window: None,
        months_to_sync: None,
        is_locked: false,
    }
}

async fn stored(db: &dyn Executor, owner: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Owner.eq(owner)).all(&db).await
}

fn laid_over(below: &[Model], above: Vec<Model>) -> Vec<Model> {
    let mut all = below.to_vec();
    for row in above {
        if let Some(place) = all.iter_mut().find(|one| one.data_type == row.data_type) {
            *place = row;
        }
    }
    // What was set before a type of our own was known holds for it, too.
    for place in 0..all.len() {
        let Some(kind) = all.get(place).map(|row| row.data_type) else { continue };
        let followed = all.iter().find(|row| Some(row.data_type) == kind.follows()).cloned();
        if let (Some(row), Some(followed)) = (all.get_mut(place), followed) {
            *row = Model { data_type: kind, sync_order: row.sync_order, ..followed };
        }
    }
    all
}
