//! Companies, with what hangs on them.

use entity::company::{self, ActiveModel, Column, Entity};
use entity::id::CompanyId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use super::lists::{self, Found, Listing, Noun, Source};
use crate::Executor;
use base::boxed;
use base::query::{self, Field, Kind};

/// What can be asked of companies.
pub static NOUN: Noun = Noun {
    name: "Company",
    fields: &[
        Field { name: "id", kind: Kind::Uuid, nullable: false, source: Source::Column("id") },
        Field { name: "name", kind: Kind::Folded, nullable: false, source: Source::Column("name_folded") },
        Field { name: "description", kind: Kind::Text, nullable: true, source: Source::Column("description") },
        Field { name: "platform", kind: Kind::Text, nullable: false, source: Source::Constant("") },
        Field { name: "created", kind: Kind::Date, nullable: false, source: Source::Column("created_at") },
        Field { name: "lastSync", kind: Kind::Date, nullable: true, source: Source::Column("last_sync_at") },
        Field { name: "dataConnections.status", kind: Kind::Text, nullable: false, source: Source::ConnectionStatus },
    ],
};

/// One page of the companies that are not deleted, newest first; `tags` is a query on the tags' keys.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn list(
    db: &dyn Executor,
    listing: &Listing,
    tags: Option<&query::Expr>,
) -> Result<Found<company::Model>, DbErr> {
    let mut rows = Entity::find().filter(Column::DeletedAt.is_null());
    if let Some(tags) = tags {
        rows = rows.filter(lists::tags::<Entity>(tags, "tags", db.get_database_backend()));
    }
    lists::page(db, rows, "created_at", listing).await
}

/// The company, unless it was deleted.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, id: CompanyId) -> Result<Option<company::Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::DeletedAt.is_null()).one(&db).await
}

/// The company, deleted or not: for what is still to be told of it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn even_deleted(db: &dyn Executor, id: CompanyId) -> Result<Option<company::Model>, DbErr> {
    Entity::find_by_id(id).one(&db).await
}

/// How many there are.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor) -> Result<u64, DbErr> {
    Entity::find().filter(Column::DeletedAt.is_null()).count(&db).await
}

/// Keeps a new company.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn insert(db: &dyn Executor, row: company::Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row)).exec_without_returning(&db).await?;
    Ok(())
}

/// Writes the name, the description and the tags; other columns have other writers.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn update(db: &dyn Executor, row: &company::Model) -> Result<(), DbErr> {
    Entity::update_many()
        .set(ActiveModel {
            name: Set(row.name.clone()),
            name_folded: Set(row.name_folded.clone()),
            description: Set(row.description.clone()),
            tags: Set(row.tags.clone()),
            ..Default::default()
        })
        .filter(Column::Id.eq(row.id))
        .exec(&db)
        .await?;
    Ok(())
}

/// From now on nothing of it is served. `false` when that was so before.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn delete(db: &dyn Executor, id: CompanyId, now: DateTimeUtc) -> Result<bool, DbErr> {
    let deleted = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null())
        .exec(&db)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Says whether the company's own sync settings replace those of the profile.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_overrides(db: &dyn Executor, id: CompanyId, overrides: bool) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::OverridesSync, Expr::value(overrides))
        .filter(Column::Id.eq(id))
        .exec(&db)
        .await?;
    Ok(())
}
