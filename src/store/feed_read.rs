//! Reading the change feed: of one connection by its numbers, of everything by the places that the merger gave.
//!
//! Both are dense, so a reader who was told of one change can be told of the next, or be told that it is lost; an empty
//! page always means that nothing happened.

use std::collections::HashMap;

use entity::id::{CompanyId, ConnectionId};
use entity::{change, connection, feed_clock, feed_head, feed_index};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use crate::Executor;
use base::boxed;

/// Why a reader cannot go on from where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The next changes are no longer kept.
    Expired,
    /// This database never told of that change: it was restored from an older backup, or is another one.
    Elsewhere,
}

/// A reader's place in the feed of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The last change that it was told of; 0 before the first.
    pub seq: i64,
    /// That change's print: in another history another change has the number. 0 when it is not known.
    pub print: i64,
}

/// A reader's place in the feed of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The range that it was told of last; 0 before the first.
    pub position: i64,
    /// The last change of that range that it was told of.
    pub seq: i64,
    /// Whether that was the last of the range.
    pub whole: bool,
    /// As in [`Place`].
    pub print: i64,
}

/// A page of a feed.
#[derive(Clone, Debug)]
pub struct Told<P> {
    /// The changes, each with the place of a reader who knows it.
    pub changes: Vec<(P, change::Model)>,
    /// The place behind the page.
    pub next: P,
    /// Whether there is more already.
    pub more: bool,
}

/// What tells a change from another one of the same number.
fn print(row: &change::Model) -> i64 {
    let at = row.at.timestamp_micros();
    super::hash(format!("{}|{}|{}|{at}", row.data_type.as_str(), row.record_id, row.kind.as_str()).as_bytes())
}

impl From<&change::Model> for Place {
    fn from(row: &change::Model) -> Self {
        Self { seq: row.seq, print: print(row) }
    }
}

/// The present end of a connection's feed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn end_of(db: &dyn Executor, connection: ConnectionId) -> Result<Place, DbErr> {
    let seq = feed_head::Entity::find_by_id(connection).one(&db).await?.map_or(0, |head| head.seq);
    let last = change::Entity::find_by_id((connection, seq)).one(&db).await?;
    Ok(last.as_ref().map_or(Place { seq, print: 0 }, Place::from))
}

/// The changes of a connection behind a place, or from the first that is kept; at most `limit`. Call it in a
/// transaction that [`super::read`] began.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_connection(
    db: &dyn Executor,
    connection: ConnectionId,
    after: Option<Place>,
    limit: u64,
) -> Result<Result<Told<Place>, Lost>, DbErr> {
    let end = end_of(db, connection).await?;
    // One before, to know it again; one beyond, to know whether there is more.
    let from = after.map_or(0, |place| place.seq);
    let mut rows = super::feed::after(db, connection, from - 1, limit + 2).await?;
    if let Some(place) = after {
        if let Err(lost) = arrive(place, rows.first(), end.seq) {
            return Ok(Err(lost));
        }
        rows.retain(|row| row.seq > place.seq);
    }
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let changes: Vec<_> = rows.into_iter().map(|row| (Place::from(&row), row)).collect();
    let next = changes.last().map_or_else(|| after.unwrap_or(end), |(place, _)| *place);
    Ok(Ok(Told { changes, next, more }))
}

/// Whether a reader can go on behind its place: `first` is the first kept change from there on.
fn arrive(place: Place, first: Option<&change::Model>, end: i64) -> Result<(), Lost> {
    match first {
        _ if place.seq > end => Err(Lost::Elsewhere),
        Some(row) if row.seq == place.seq && place.print != 0 && print(row) != place.print => Err(Lost::Elsewhere),
        Some(row) if row.seq > place.seq + 1 => Err(Lost::Expired),
        None if place.seq < end => Err(Lost::Expired),
        _ => Ok(()),
    }
}

/// The present end of the feed of everything.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn end_of_everything(db: &dyn Executor) -> Result<Spot, DbErr> {
    let position = feed_clock::Entity::find_by_id(1).one(&db).await?.map_or(0, |clock| clock.position);
    let Some(range) = feed_index::Entity::find_by_id(position).one(&db).await? else {
        return Ok(Spot { position, seq: 0, whole: true, print: 0 });
    };
    let last = change::Entity::find_by_id((range.connection_id, range.to_seq)).one(&db).await?;
    Ok(Spot { position, seq: range.to_seq, whole: true, print: last.as_ref().map_or(0, print) })
}

/// A part of a range that belongs to a page.
struct Piece {
    position: i64,
    connection: ConnectionId,
    from: i64,
    to: i64,
    whole: bool,
}

/// The changes of all connections behind a spot, or from the first that is kept; at most `limit`. Those of a deleted
/// connection are left out. Call it in a transaction that [`super::read`] began.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_everything(
    db: &dyn Executor,
    after: Option<Spot>,
    limit: u64,
) -> Result<Result<Told<Spot>, Lost>, DbErr> {
    let end = end_of_everything(db).await?;
    let ranges = feed_index::Entity::find()
        .filter(feed_index::Column::Position.gte(after.map_or(0, |spot| spot.position)))
        .order_by_asc(feed_index::Column::Position)
        .limit(limit + 2)
        .all(&db)
        .await?;
    if let Some(spot) = after
        && let Err(lost) = arrive_at(db, spot, ranges.first(), end.position).await?
    {
        return Ok(Err(lost));
    }
    let pieces = cut(&ranges, after, limit);
    let Some(last) = pieces.last() else {
        return Ok(Ok(Told { changes: Vec::new(), next: after.unwrap_or(end), more: false }));
    };
    let mut next = Spot { position: last.position, seq: last.to, whole: last.whole, print: 0 };
    let Some(changes) = rows_of(db, &pieces).await? else { return Ok(Err(Lost::Expired)) };
    if let Some((spot, _)) = changes.last().filter(|(spot, _)| (spot.position, spot.seq) == (next.position, next.seq)) {
        next = *spot;
    }
    let more = next.position < end.position || !next.whole;
    Ok(Ok(Told { changes, next, more }))
}

/// Whether a reader can go on behind its spot: `first` is the first kept range from there on.
async fn arrive_at(
    db: &dyn Executor,
    spot: Spot,
    first: Option<&feed_index::Model>,
    end: i64,
) -> Result<Result<(), Lost>, DbErr> {
    Ok(match first {
        _ if spot.position > end => Err(Lost::Elsewhere),
        Some(range) if range.position == spot.position => {
            let inside =
                (range.from_seq..=range.to_seq).contains(&spot.seq) && (spot.seq == range.to_seq) == spot.whole;
            let row = change::Entity::find_by_id((range.connection_id, spot.seq)).one(&db).await?;
            // The row of a deleted connection is gone: then nothing can be compared.
            let same = row.is_none_or(|row| spot.print == 0 || print(&row) == spot.print);
            if inside && same { Ok(()) } else { Err(Lost::Elsewhere) }
        }
        Some(range) if range.position == spot.position + 1 && spot.whole => Ok(()),
        None if spot.position == end && spot.whole => Ok(()),
        _ => Err(Lost::Expired),
    })
}

/// The ranges behind a spot, cut to `limit` changes.
fn cut(ranges: &[feed_index::Model], after: Option<Spot>, limit: u64) -> Vec<Piece> {
    let mut left = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut pieces = Vec::new();
    for range in ranges {
        let known = after.filter(|spot| spot.position == range.position).map_or(0, |spot| spot.seq);
        let from = range.from_seq.max(known + 1);
        let to = range.to_seq.min(from + left - 1);
        if from > range.to_seq {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= to - from + 1;
        let whole = to == range.to_seq;
        pieces.push(Piece { position: range.position, connection: range.connection_id, from, to, whole });
    }
    pieces
}

/// The changes of these pieces, in their order. `None` when some of a connection that is there are not.
async fn rows_of(db: &dyn Executor, pieces: &[Piece]) -> Result<Option<Vec<(Spot, change::Model)>>, DbErr> {
    let there = companies_of(db, pieces.iter().map(|piece| piece.connection)).await?;
    // The pieces of one connection lie side by side in its own feed: one statement reads them.
    let mut spans: HashMap<ConnectionId, (i64, i64)> = HashMap::new();
    for piece in pieces.iter().filter(|piece| there.contains_key(&piece.connection)) {
        let span = spans.entry(piece.connection).or_insert((piece.from, piece.to));
        *span = (span.0.min(piece.from), span.1.max(piece.to));
    }
    let mut rows: HashMap<(ConnectionId, i64), change::Model> = HashMap::new();
    for (connection, (from, to)) in spans {
        let span = change::Entity::find()
            .filter(change::Column::ConnectionId.eq(connection))
            .filter(change::Column::Seq.between(from, to))
            .all(&db)
            .await?;
        rows.extend(span.into_iter().map(|row| ((connection, row.seq), row)));
    }
    let mut told = Vec::new();
    for piece in pieces.iter().filter(|piece| there.contains_key(&piece.connection)) {
        for seq in piece.from..=piece.to {
            let Some(row) = rows.remove(&(piece.connection, seq)) else { return Ok(None) };
            let whole = piece.whole && seq == piece.to;
            told.push((Spot { position: piece.position, seq, whole, print: print(&row) }, row));
        }
    }
    Ok(Some(told))
}

/// The companies of those of these connections that are not deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn companies_of(
    db: &dyn Executor,
    connections: impl Iterator<Item = ConnectionId>,
) -> Result<HashMap<ConnectionId, CompanyId>, DbErr> {
    let ids: std::collections::BTreeSet<ConnectionId> = connections.collect();
    let rows: Vec<(ConnectionId, CompanyId)> = connection::Entity::find()
        .select_only()
        .columns([connection::Column::Id, connection::Column::CompanyId])
        .filter(connection::Column::Id.is_in(ids))
        .filter(connection::Column::DeletedAt.is_null())
        .into_tuple()
        .all(&db)
        .await?;
    Ok(rows.into_iter().collect())
}
