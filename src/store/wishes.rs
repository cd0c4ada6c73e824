//! What was set about syncing: only what somebody set, not what holds by itself.

use std::collections::HashMap;

use entity::company;
use entity::id::CompanyId;
use entity::sync_setting::{self, Column, Model};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use crate::Executor;
use base::boxed;

/// The settings that hold for a company: its own where they replace those of the profile, and the profile's for the rest.
/// A data type that nobody set anything for has none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of(db: &dyn Executor, company: CompanyId) -> Result<Vec<Model>, DbErr> {
    Ok(of_each(db, &[company]).await?.remove(&company).unwrap_or_default())
}

/// As [`of`], for several companies.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_each(db: &dyn Executor, companies: &[CompanyId]) -> Result<HashMap<CompanyId, Vec<Model>>, DbErr> {
    let profile = set_by(db, &[Uuid::nil()]).await?;
    let mut wishes = HashMap::new();
    for companies in companies.chunks(super::ROWS) {
        let own = company::Entity::find()
            .select_only()
            .column(company::Column::Id)
            .filter(company::Column::Id.is_in(companies.iter().copied()))
            .filter(company::Column::OverridesSync.eq(true));
        let own: Vec<Uuid> = own.into_tuple().all(&db).await?;
        let own = if own.is_empty() { Vec::new() } else { set_by(db, &own).await? };
        wishes.extend(companies.iter().map(|company| (*company, profile.clone())));
        for wish in own {
            let of_company: &mut Vec<Model> = wishes.entry(CompanyId(wish.owner)).or_default();
            of_company.retain(|one| one.data_type != wish.data_type);
            of_company.push(wish);
        }
    }
    Ok(wishes)
}

async fn set_by(db: &dyn Executor, owners: &[Uuid]) -> Result<Vec<Model>, DbErr> {
    sync_setting::Entity::find().filter(Column::Owner.is_in(owners.iter().copied())).all(&db).await
}
