//! Source objects: what Stripe sent, compressed, guarded by the order of readings.

use std::collections::HashMap;
use std::io;

use entity::id::ConnectionId;
use entity::source_object::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, Condition, ExprTrait, IdenStatic, Iterable, QueryOrder, QuerySelect};

use crate::Executor;
use crate::Tx;
use base::boxed;

/// The body is as Stripe sent it.
const RAW: i16 = 0;
/// The body is one zstd frame.
const ZSTD: i16 = 1;
/// Of zstd: the least time for most of the gain.
const LEVEL: i32 = 1;
/// Bytes that are made room for because a frame says so; no answer of Stripe's that is read is longer.
const LARGEST: usize = 64 << 20;

/// An object as Stripe sent it, packed for keeping.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Stripe's `object`.
    pub object: String,
    /// Stripe's id.
    pub id: String,
    /// The object that it hangs on.
    pub parent_id: Option<String>,
    /// Stripe's `created`.
    pub created: Option<i64>,
    /// The body, in `codec`.
    pub body: Vec<u8>,
    /// How the body is kept.
    pub codec: i16,
    /// Hash of the raw body.
    pub hash: i64,
}

impl Packed {
    /// Packs a raw body; one that does not get smaller is kept as it is.
    #[must_use]
    pub fn new(object: &str, id: &str, parent_id: Option<String>, created: Option<i64>, raw: &str) -> Self {
        let (body, codec) = pack(raw.as_bytes());
        let hash = super::hash(raw.as_bytes());
        Self { object: object.to_owned(), id: id.to_owned(), parent_id, created, body, codec, hash }
    }
}

/// Packs bytes, and tells how.
#[must_use]
pub fn pack(raw: &[u8]) -> (Vec<u8>, i16) {
    match zstd::bulk::compress(raw, LEVEL) {
        Ok(packed) if packed.len() < raw.len() => (packed, ZSTD),
        _ => (raw.to_vec(), RAW),
    }
}

/// The bytes of a kept body.
///
/// # Errors
/// When the codec is unknown or the frame is broken.
pub fn unpack(body: &[u8], codec: i16) -> Result<Vec<u8>, DbErr> {
    match codec {
        RAW => Ok(body.to_vec()),
        ZSTD => unframed(body).map_err(|error| DbErr::Custom(format!("a source object: {error}"))),
        other => Err(DbErr::Custom(format!("a source object has the unknown codec {other}"))),
    }
}

/// A frame tells how long its content is: into a place of that length a small object unpacks several times faster than as a
/// stream, whose window is made anew for each.
fn unframed(frame: &[u8]) -> io::Result<Vec<u8>> {
    let told = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    match told.and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= LARGEST) {
        Some(length) => zstd::bulk::decompress(frame, length),
        None => zstd::stream::decode_all(frame),
    }
}

/// Keeps objects under this reading; one that is the same already, or was read later, stays. Returns how many changed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn keep(
    tx: &Tx,
    connection: ConnectionId,
    objects: Vec<Packed>,
    read_no: i64,
    version: &str,
    now: DateTimeUtc,
) -> Result<usize, DbErr> {
    let mut by_kind: HashMap<String, Vec<Packed>> = HashMap::new();
    for object in objects {
        by_kind.entry(object.object.clone()).or_default().push(object);
    }
    let mut changed = 0;
    for (kind, objects) in by_kind {
        let known = known(tx, connection, &kind, objects.iter().map(|object| object.id.clone()).collect()).await?;
        let mut fresh: HashMap<String, Packed> = HashMap::new();
        for object in objects {
            let same = known
                .get(&object.id)
                .is_some_and(|known| known.read_no > read_no || (known.hash == object.hash && !known.deleted));
            if !same {
                fresh.insert(object.id.clone(), object);
            }
        }
        changed += fresh.len();
        let mut rows: Vec<_> =
            fresh.into_values().map(|object| row(connection, object, read_no, version, now)).collect();
        rows.sort_by(|a, b| a.id.as_ref().cmp(b.id.as_ref()));
        insert(tx, rows).await?;
    }
    Ok(changed)
}

struct Known {
    hash: i64,
    read_no: i64,
    deleted: bool,
}

async fn known(
    tx: &Tx,
    connection: ConnectionId,
    kind: &str,
    ids: Vec<String>,
) -> Result<HashMap<String, Known>, DbErr> {
    let rows: Vec<(String, i64, i64, Option<DateTimeUtc>)> = source_object::Entity::find()
        .select_only()
        .columns([Column::Id, Column::BodyHash, Column::ReadNo, Column::DeletedAt])
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(kind))
        .filter(Column::Id.is_in(ids))
        .into_tuple()
        .all(tx)
        .await?;
    let known =
        |(id, hash, read_no, deleted): (_, _, _, Option<_>)| (id, Known { hash, read_no, deleted: deleted.is_some() });
    Ok(rows.into_iter().map(known).collect())
}

fn row(
    connection: ConnectionId,
    object: Packed,
    read_no: i64,
    version: &str,
    now: DateTimeUtc,
) -> source_object::ActiveModel {
    source_object::ActiveModel {
        connection_id: Set(connection),
        object: Set(object.object),
        id: Set(object.id),
        parent_id: Set(object.parent_id),
        body: Set(object.body),
        codec: Set(object.codec),
        dictionary_id: Set(None),
        body_hash: Set(object.hash),
        api_version: Set(version.to_owned()),
        read_no: Set(read_no),
        read_at: Set(now),
        source_created: Set(object.created),
        deleted_at: Set(None),
        deleted_cause: Set(None),
    }
}

async fn insert(tx: &Tx, rows: Vec<source_object::ActiveModel>) -> Result<(), DbErr> {
    let newest = Expr::col((source_object::Entity, Column::ReadNo)).lte(Expr::col(("excluded", Column::ReadNo)));
    let key = [Column::ConnectionId, Column::Object, Column::Id];
    let rest = Column::iter().filter(|column| !key.iter().any(|part| part.as_str() == column.as_str()));
    let keep = OnConflict::columns(key).update_columns(rest).action_and_where(newest).to_owned();
    for rows in rows.chunks(super::ROWS) {
        source_object::Entity::insert_many(rows.to_vec()).on_conflict(keep.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// An object as Stripe sent it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Stripe's `object`.
    pub object: String,
    /// Stripe's id.
    pub id: String,
    /// The object that it hangs on.
    pub parent_id: Option<String>,
    /// The raw JSON. One that does not unpack is empty: it makes no record, never fails the others, and the next
    /// reconciliation finds it.
    pub body: Vec<u8>,
}

impl From<source_object::Model> for Kept {
    fn from(row: source_object::Model) -> Self {
        let body = unpack(&row.body, row.codec).unwrap_or_else(|error| {
            tracing::error!(%error, stripe.object = row.object, stripe.id = row.id, "a kept object does not read");
            Vec::new()
        });
        Self { object: row.object, id: row.id, parent_id: row.parent_id, body }
    }
}

/// The objects of one kind with these ids; gone ones are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn with_ids(
    db: &dyn Executor,
    connection: ConnectionId,
    kind: &str,
    ids: Vec<String>,
) -> Result<Vec<Kept>, DbErr> {
    let rows = live(connection).filter(Column::Object.eq(kind)).filter(Column::Id.is_in(ids)).all(&db).await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// The objects of these kinds that hang on these parents; gone ones are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hanging_on(
    db: &dyn Executor,
    connection: ConnectionId,
    kinds: &[&str],
    parents: Vec<String>,
) -> Result<Vec<Kept>, DbErr> {
    let rows = live(connection)
        .filter(Column::Object.is_in(kinds.iter().copied()))
        .filter(Column::ParentId.is_in(parents))
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// What was known of an object that is marked as gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buried {
    /// The object that it hung on.
    pub parent_id: Option<String>,
}

/// Marks an object as gone, with how that was found. Returns what was known of it, when it was there.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn bury(
    tx: &Tx,
    connection: ConnectionId,
    kind: &str,
    id: &str,
    read_no: i64,
    cause: &str,
    now: DateTimeUtc,
) -> Result<Option<Buried>, DbErr> {
    let row: Option<(String, Option<String>)> = live(connection)
        .select_only()
        .columns([Column::Id, Column::ParentId])
        .filter(Column::Object.eq(kind))
        .filter(Column::Id.eq(id))
        .into_tuple()
        .one(tx)
        .await?;
    let Some((_, parent_id)) = row else { return Ok(None) };
    source_object::Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(now))
        .col_expr(Column::DeletedCause, Expr::value(cause))
        .col_expr(Column::ReadNo, Expr::value(read_no))
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.eq(kind))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(Some(Buried { parent_id }))
}

/// Whether an object is here, or was.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn is_known(db: &dyn Executor, connection: ConnectionId, object: &str, id: &str) -> Result<bool, DbErr> {
    Ok(kept(db, connection, object, id).await?.is_some())
}

/// Whether an object is known to be gone at Stripe.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn is_gone(db: &dyn Executor, connection: ConnectionId, object: &str, id: &str) -> Result<bool, DbErr> {
    Ok(kept(db, connection, object, id).await?.is_some_and(|row| row.deleted_at.is_some()))
}

async fn kept(
    db: &dyn Executor,
    connection: ConnectionId,
    object: &str,
    id: &str,
) -> Result<Option<source_object::Model>, DbErr> {
    source_object::Entity::find_by_id((connection, object.to_owned(), id.to_owned())).one(&db).await
}

pub(super) fn live(connection: ConnectionId) -> Select<source_object::Entity> {
    source_object::Entity::find().filter(Column::ConnectionId.eq(connection)).filter(Column::DeletedAt.is_null())
}

/// All objects of one kind; only for kinds that have few.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_kind(db: &dyn Executor, connection: ConnectionId, kind: &str) -> Result<Vec<Kept>, DbErr> {
    let rows = live(connection).filter(Column::Object.eq(kind)).all(&db).await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// Kind and id of the objects of these kinds that hang on these parents; gone ones are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn ids_hanging_on(
    db: &dyn Executor,
    connection: ConnectionId,
    kinds: &[&str],
    parents: Vec<String>,
) -> Result<Vec<(String, String)>, DbErr> {
    hanging(connection, kinds, parents).into_tuple().all(&db).await
}

fn hanging(connection: ConnectionId, kinds: &[&str], parents: Vec<String>) -> Select<source_object::Entity> {
    live(connection)
        .select_only()
        .columns([Column::Object, Column::Id])
        .filter(Column::Object.is_in(kinds.iter().copied()))
        .filter(Column::ParentId.is_in(parents))
}

/// Kind and id of the objects of these kinds that hang on these parents and that no later reading has brought; gone ones
/// are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn parts_before(
    db: &dyn Executor,
    connection: ConnectionId,
    kinds: &[&str],
    parents: Vec<String>,
    read_no: i64,
) -> Result<Vec<(String, String)>, DbErr> {
    hanging(connection, kinds, parents).filter(Column::ReadNo.lte(read_no)).into_tuple().all(&db).await
}

/// The next objects of a connection behind a kind and an id, in that order; gone ones are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn after(
    db: &dyn Executor,
    connection: ConnectionId,
    after: (&str, &str),
    limit: u64,
) -> Result<Vec<Kept>, DbErr> {
    let (object, id) = after;
    let same = Condition::all().add(Column::Object.eq(object)).add(Column::Id.gt(id));
    let rows = live(connection)
        .filter(Condition::any().add(Column::Object.gt(object)).add(same))
        .order_by_asc(Column::Object)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db)
        .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// How many objects of a connection are kept; gone ones are left out.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor, connection: ConnectionId) -> Result<u64, DbErr> {
    live(connection).count(&db).await
}

/// The objects of these kinds with these ids as they are kept, gone ones with the time of their end.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn shown(
    db: &dyn Executor,
    connection: ConnectionId,
    kinds: &[&str],
    ids: Vec<String>,
) -> Result<Vec<source_object::Model>, DbErr> {
    as_kept(connection, kinds).filter(Column::Id.is_in(ids)).all(&db).await
}

/// The same for what hangs on one parent.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn shown_with(
    db: &dyn Executor,
    connection: ConnectionId,
    kinds: &[&str],
    parent: &str,
) -> Result<Vec<source_object::Model>, DbErr> {
    as_kept(connection, kinds).filter(Column::ParentId.eq(parent)).all(&db).await
}

fn as_kept(connection: ConnectionId, kinds: &[&str]) -> Select<source_object::Entity> {
    source_object::Entity::find()
        .filter(Column::ConnectionId.eq(connection))
        .filter(Column::Object.is_in(kinds.iter().copied()))
        .order_by_asc(Column::Object)
        .order_by_asc(Column::Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_unpacks_and_what_is_broken_says_so() {
        for raw in [&b"{}"[..], &b"{\"id\":\"ch_1\"}".repeat(300), &vec![b'x'; 3 << 20]] {
            let (body, codec) = pack(raw);
            assert_eq!(codec, if raw.len() > 100 { ZSTD } else { RAW });
            assert_eq!(unpack(&body, codec).unwrap(), raw);
        }
        // A stream does not know its length beforehand.
        let streamed = zstd::stream::encode_all(&b"abc".repeat(500)[..], 1).unwrap();
        assert_eq!(unpack(&streamed, ZSTD).unwrap(), b"abc".repeat(500));

        let (mut body, codec) = pack(&b"{\"id\":\"ch_1\"}".repeat(300));
        unpack(&body[..body.len() - 1], codec).unwrap_err();
        unpack(&[], codec).unwrap_err();
        unpack(b"{}", 7).unwrap_err();
        // A frame that lies about its length: more than is made room for, and less than there is.
        body[4] = 0xf0;
        unpack(&body, codec).unwrap_err();
    }
}
