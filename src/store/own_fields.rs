//! Which of Stripe's own fields are served: beside the records of a data type, or as a data type of a developer's own.

use entity::custom_data_type;
use entity::data_type::DataType;
use entity::id::{ConnectionId, IntegrationId};
use entity::source_object;
use entity::supplemental_config::{self, Sources};
use futures::stream::{BoxStream, StreamExt};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::{Tx, source_objects};
use crate::Executor;
use base::boxed;

/// What is served beside the records of a data type; nothing unless it was set.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn supplemental(
    db: &dyn Executor,
    integration: IntegrationId,
    data_type: DataType,
) -> Result<Sources, DbErr> {
    let row = supplemental_config::Entity::find_by_id((integration, data_type)).one(&db).await?;
    Ok(row.map(|row| row.sources).unwrap_or_default())
}

/// Sets that anew.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_supplemental(
    tx: &Tx,
    integration_id: IntegrationId,
    data_type: DataType,
    sources: Sources,
) -> Result<(), DbErr> {
    supplemental_config::Entity::delete_by_id((integration_id, data_type)).exec(tx).await?;
    if !sources.0.is_empty() {
        let row = supplemental_config::Model { integration_id, data_type, sources };
        supplemental_config::Entity::insert(supplemental_config::ActiveModel::from(row))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// A custom data type.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn custom(
    db: &dyn Executor,
    integration: IntegrationId,
    identifier: &str,
) -> Result<Option<custom_data_type::Model>, DbErr> {
    custom_data_type::Entity::find_by_id((integration, identifier.to_owned())).one(&db).await
}

/// Sets a custom data type anew.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_custom(tx: &Tx, row: custom_data_type::Model) -> Result<(), DbErr> {
    custom_data_type::Entity::delete_by_id((row.integration_id, row.identifier.clone())).exec(tx).await?;
    custom_data_type::Entity::insert(custom_data_type::ActiveModel::from(row)).exec_without_returning(tx).await?;
    Ok(())
}

/// How many custom data types an integration has.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn customs(db: &dyn Executor, integration: IntegrationId) -> Result<u64, DbErr> {
    let of = custom_data_type::Column::IntegrationId.eq(integration);
    custom_data_type::Entity::find().filter(of).count(&db).await
}

/// One page of a connection's source objects of a kind, one after the other in the order of their ids, and how many there are;
/// gone ones are left out.
///
/// # Errors
/// When the database does not answer; also later, in the place of an object.
#[boxed]
pub async fn objects<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    object: &str,
    offset: u64,
    limit: u64,
) -> Result<(BoxStream<'a, Result<source_object::Model, DbErr>>, u64), DbErr> {
    use source_object::Column;
    let of = source_objects::live(connection).filter(Column::Object.eq(object));
    let total = of.clone().count(tx).await?;
    let page = of.order_by_asc(Column::Id).offset(offset).limit(limit);
    Ok((page.stream(tx.inner()).await?.boxed(), total))
}
