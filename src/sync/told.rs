//! What a read tells outside when datasets end: written with their end, or not at all.

use chrono::{DateTime, Utc};
use entity::dataset::{self, Status};
use entity::id::{ConnectionId, DatasetId};
use sea_orm::DbErr;
use serde_json::{Value, json};

use base::boxed;
use store::{Db, Tx};

/// Some datasets of a connection ended.
pub const COMPLETED: &str = "read.completed";
/// The first sync of a connection ended.
pub const INITIAL: &str = "read.completed.initial";

/// Tells of datasets that end in this transaction, in one event; without any, nothing. Call it last: it takes the numbers
/// of the connection's feed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn tell(
    tx: &Tx,
    connection: ConnectionId,
    kind: &str,
    ended: &[DatasetId],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let rows = store::datasets::with_ids(tx, connection, ended).await?;
    if rows.is_empty() { Ok(()) } else { store::feed::tell(tx, connection, kind, &payload(&rows), now).await }
}

/// Tells that the first sync ended, with all that was asked for in it.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_first(tx: &Tx, connection: ConnectionId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let rows = store::datasets::of_first(tx, connection).await?;
    store::feed::tell(tx, connection, INITIAL, &payload(&rows), now).await
}

/// Ends every dataset of a connection that is not final, with the reason, and tells of it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn end_all(
    db: &Db,
    connection: ConnectionId,
    word: Status,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let tx = store::write(db).await?;
    let open = store::datasets::unfinished(&tx, connection).await?;
    if open.is_empty() {
        return Ok(());
    }
    store::sync_heads::hold(&tx, connection).await?;
    let mut ended = Vec::with_capacity(open.len());
    for one in open {
        if store::datasets::finish(&tx, connection, one.id, word, Some(reason), now).await? {
            ended.push(one.id);
        }
    }
    tell(&tx, connection, COMPLETED, &ended, now).await?;
    tx.commit().await
}

/// Whatever these reads changed has a `modifiedDate` from `modifiedFromDate` on.
fn payload(rows: &[dataset::Model]) -> Value {
    let begun = rows.iter().map(|row| row.started_at.unwrap_or(row.requested_at)).min();
    json!({ "modifiedFromDate": begun, "dataTypes": rows.iter().map(about).collect::<Vec<_>>() })
}

fn about(row: &dataset::Model) -> Value {
    let mut issues = Vec::new();
    if let Some(message) = &row.error_message {
        issues.push(json!({ "type": "error.read", "message": message }));
    }
    if row.quarantined > 0 {
        let objects = if row.quarantined == 1 { "object" } else { "objects" };
        let message =
            format!("{} {objects} could not be mapped and are kept in the connection's quarantine.", row.quarantined);
        issues.push(json!({ "type": "warning.validation", "message": message }));
    }
    json!({
        "connectionId": row.connection_id,
        "dataType": row.data_type,
        "datasetId": row.id,
        "recordsModified": row.changed > 0,
        "status": row.status,
        "issues": issues,
    })
}
