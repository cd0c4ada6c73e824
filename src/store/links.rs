//! Uses of Link URLs: one that was made before the last use is spent.

use entity::id::{CompanyId, ConnectionId};
use entity::{company, connection};
use sea_orm::entity::prelude::*;
use sea_orm::{EntityTrait, ExprTrait, QuerySelect};

use crate::Executor;
use base::boxed;

/// Spends the URLs of a connection that were made with this serial. `false` when another use came first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn spend(db: &dyn Executor, id: ConnectionId, serial: i32) -> Result<bool, DbErr> {
    use connection::Column;
    let spent = connection::Entity::update_many()
        .col_expr(Column::LinkSerial, Expr::col(Column::LinkSerial).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::LinkSerial.eq(serial))
        .exec(&db)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// Spends the URLs of a company that were made with this serial. `false` when another use came first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn spend_company(db: &dyn Executor, id: CompanyId, serial: i32) -> Result<bool, DbErr> {
    use company::Column;
    let spent = company::Entity::update_many()
        .col_expr(Column::LinkSerial, Expr::col(Column::LinkSerial).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::LinkSerial.eq(serial))
        .exec(&db)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// The company, held against others until the transaction ends; none when it is deleted.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold_company(db: &dyn Executor, id: CompanyId) -> Result<Option<company::Model>, DbErr> {
    let held = company::Entity::find_by_id(id).filter(company::Column::DeletedAt.is_null());
    held.lock_exclusive().one(&db).await
}
