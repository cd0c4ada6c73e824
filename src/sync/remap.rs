//! History is ours: when the mapper changes, every record is made anew from the objects that are kept, without a call to
//! Stripe.
//!
//! It goes in batches, each a transaction with its checkpoint. A record is one row, so a reader sees it as the old mapper
//! made it or as the new one does; what comes out the same is not written.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::{checkpoint, sync_head};
use sea_orm::DbErr;

use super::error::Error;
use super::local::Local;
use super::map::MAPPER_VERSION;
use super::prepare::Prepared;
use base::boxed;
use store::Db;
use store::source_objects::Kept;
use store::verify::{self, Scope};

/// The checkpoint; its cursor is the kind and id of the last object, its window the mapper's version.
pub const STREAM: &str = "remap";
/// Objects of one transaction.
const BATCH: u64 = 200;
/// Batches of one turn; then whatever else waits has its turn.
const SLICE: usize = 20;

/// Whether the records were made by an older mapper. Before the first sync is complete there is nothing to map again.
#[must_use]
pub fn is_due(head: &sync_head::Model) -> bool {
    head.first_done_at.is_some() && head.mapper_version < MAPPER_VERSION
}

/// Asks for a connection's history to be mapped again, as if an older mapper had made it. Returns whether there is any.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn ask(db: &Db, connection: ConnectionId) -> Result<bool, DbErr> {
    let tx = store::write(db).await?;
    let Some(head) = store::sync_heads::find(&tx, connection).await? else { return Ok(false) };
    if head.first_done_at.is_none() {
        return Ok(false);
    }
    store::sync_heads::set_mapper_version(&tx, connection, 0).await?;
    tx.commit().await?;
    Ok(true)
}

/// How far mapping again is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether all is mapped by this version's mapper.
    pub done: bool,
    /// Objects mapped again.
    pub objects: i64,
    /// Objects that are kept.
    pub of: u64,
}

/// How far a connection is.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn progress(db: &Db, connection: ConnectionId) -> Result<Progress, DbErr> {
    let head = store::sync_heads::find(db, connection).await?;
    let done = !head.as_ref().is_some_and(is_due);
    let of = store::source_objects::count(db, connection).await?;
    let rows = store::checkpoints::of(db, connection).await?;
    let at = rows.iter().find(|row| row.stream == STREAM && row.window_from == i64::from(MAPPER_VERSION));
    // The checkpoint of an earlier time counts only once it is over.
    let objects = at.filter(|row| done == row.done).map_or(0, |row| row.objects);
    Ok(Progress { done, objects, of })
}

/// Maps the next objects again. Returns whether some are left.
///
/// # Errors
/// When the database does not answer, or another run has taken the connection.
pub async fn slice(local: &Local) -> Result<bool, Error> {
    let head = store::sync_heads::find(&local.db, local.connection).await?;
    if !head.as_ref().is_some_and(is_due) {
        return Ok(false);
    }
    let mut at = start(local).await?;
    for _ in 0..SLICE {
        let after = at.cursor.as_deref().and_then(|cursor| cursor.split_once(' ')).unwrap_or_default();
        let objects = store::source_objects::after(&local.db, local.connection, after, BATCH).await?;
        let Some(last) = objects.last() else { return end(local, at).await.map(|()| false) };
        at.cursor = Some(format!("{} {}", last.object, last.id));
        at.objects += i64::try_from(objects.len()).unwrap_or(0);
        at.pages += 1;
        at.updated_at = local.clock.now();
        batch(local, &objects, at.clone()).await?;
    }
    Ok(true)
}

/// Where it was left, or its beginning.
async fn start(local: &Local) -> Result<checkpoint::Model, Error> {
    let rows = store::checkpoints::of(&local.db, local.connection).await?;
    let window_from = i64::from(MAPPER_VERSION);
    let left = rows.into_iter().find(|row| row.stream == STREAM && row.window_from == window_from && !row.done);
    Ok(left.unwrap_or_else(|| checkpoint::Model {
        connection_id: local.connection,
        stream: STREAM.to_owned(),
        window_from,
        window_until: None,
        cursor: None,
        done: false,
        pages: 0,
        objects: 0,
        version: 0,
        updated_at: local.clock.now(),
    }))
}

async fn batch(local: &Local, objects: &[Kept], at: checkpoint::Model) -> Result<(), Error> {
    let connection = local.connection;
    let mut prepared = Prepared::default();
    for kept in objects {
        // One that does not read was told of when it was loaded; the next reconciliation brings it again.
        if let Some(raw) = std::str::from_utf8(&kept.body).ok().filter(|raw| !raw.is_empty()) {
            prepared.add(connection, raw, kept.parent_id.as_deref());
        }
    }
    // The objects stay as they are.
    prepared.sources.clear();
    let moved: Vec<String> =
        objects.iter().filter(|one| one.object == "balance_transaction").map(|one| one.id.clone()).collect();
    let mut page = local.page().await?;
    page.checkpoint(at).await?;
    for id in verify::other_parts(page.tx(), connection, moved, &prepared.records.transactions).await? {
        page.bury_record(DataType::Transactions, &id, local.read_no()).await?;
    }
    methods(local, &page, &prepared).await?;
    page.keep(prepared, local.read_no()).await?;
    page.commit().await?;
    Ok(())
}

/// Ways of paying are written once and never again: those that the mapper names differently now give way.
async fn methods(local: &Local, page: &super::keep::Page, prepared: &Prepared) -> Result<(), Error> {
    let scope = Scope { connection: local.connection, read_no: local.read_no(), highest: i64::MAX };
    let methods = prepared.records.payment_methods.clone();
    let methods = store::bulk::Records { payment_methods: methods, ..Default::default() };
    let unlike = verify::compare(page.tx(), scope, &methods).await?.unlike;
    let ids = unlike.into_iter().map(|one| one.id).collect();
    Ok(verify::distrust(page.tx(), local.connection, DataType::PaymentMethods, ids).await?)
}

async fn end(local: &Local, mut at: checkpoint::Model) -> Result<(), Error> {
    at.done = true;
    at.updated_at = local.clock.now();
    let objects = at.objects;
    let mut page = local.page().await?;
    page.checkpoint(at).await?;
    store::sync_heads::set_mapper_version(page.tx(), local.connection, MAPPER_VERSION).await?;
    let fresh = newcomers(page.tx(), local.connection).await?;
    store::datasets::queue(page.tx(), local.connection, &fresh, false, local.clock.now()).await?;
    page.commit().await?;
    tracing::info!(connection.id = %local.connection, objects, version = MAPPER_VERSION, "history was mapped again");
    Ok(())
}

/// Data types that an older version did not know, of a connection that has those that they follow: they are asked for, and
/// the next sync reads what they are made of.
async fn newcomers(tx: &store::Tx, connection: ConnectionId) -> Result<Vec<DataType>, DbErr> {
    let mut fresh = Vec::new();
    for (kind, followed) in DataType::ALL.into_iter().filter_map(|kind| Some((kind, kind.follows()?))) {
        let known = store::datasets_read::best(tx, connection, kind).await?;
        if known.is_none() && store::datasets_read::best(tx, connection, followed).await?.is_some() {
            fresh.push(kind);
        }
    }
    Ok(fresh)
}
