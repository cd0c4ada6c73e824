//! Events of Stripe's that were followed already.

use std::collections::HashSet;

use entity::id::ConnectionId;
use entity::seen_event::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, QuerySelect};

use crate::Executor;
use crate::Tx;
use base::boxed;

/// Which of these were seen.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn among(db: &dyn Executor, connection: ConnectionId, events: &[&str]) -> Result<HashSet<String>, DbErr> {
    if events.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<String> = seen_event::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Id.is_in(events.iter().copied()))
        .into_tuple()
        .all(&db)
        .await?;
    Ok(ids.into_iter().collect())
}

/// Notes events, and forgets those before a second.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn note(
    tx: &Tx,
    connection: ConnectionId,
    events: &[(String, i64)],
    forget_before: i64,
) -> Result<(), DbErr> {
    let there = OnConflict::columns([Column::ConnectionId, Column::Id]).do_nothing().to_owned();
    for events in events.chunks(super::ROWS) {
        let row = |(id, created): &(String, i64)| seen_event::ActiveModel {
            connection_id: Set(connection),
            id: Set(id.clone()),
            created: Set(*created),
        };
        let rows: Vec<_> = events.iter().map(row).collect();
        seen_event::Entity::insert_many(rows).on_conflict(there.clone()).exec_without_returning(tx).await?;
    }
    seen_event::Entity::delete_many()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Created.lt(forget_before))
        .exec(tx)
        .await?;
    Ok(())
}
