//! The change feed: which records were created, updated and deleted, of one connection and of everything.

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use entity::change::{self, Kind};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::App;
use super::api::Refusals;
use super::error::{Error, ErrorBody};
use super::parameters::{Parameters, whole};
use super::who::{Caller, OfConnection};
use store::feed_read::{self, Lost, Place, Spot, Told};

/// The most changes that one page looks at.
const MOST: u32 = 1000;
/// Instead of a cursor: the present end of the feed.
const LATEST: &str = "latest";
/// The form of our cursors; another form gets another number.
const FORM: u8 = 1;

/// The parameters of a feed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// A cursor that this feed gave, to go on behind it; `latest` for the present end. Without it the feed begins with
    /// the first change that is kept.
    #[serde(default)]
    #[param(required = false)]
    pub after: Option<String>,
    /// The most changes that are looked at, up to 1000.
    #[serde(default)]
    #[param(required = false, value_type = u32, default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<String>,
    /// Only changes of this data type. A page may then hold fewer than `limit`, even none, while there is more.
    #[serde(default)]
    #[param(required = false, value_type = DataType)]
    pub data_type: Option<String>,
}

impl FeedParams {
    fn limit(&self) -> Result<u64, Error> {
        whole("limit", self.limit.as_deref(), 100, 1..=MOST).map(u64::from)
    }

    fn data_type(&self) -> Result<Option<DataType>, Error> {
        let Some(text) = &self.data_type else { return Ok(None) };
        let known = DataType::parse(text).ok_or_else(|| {
            let all = DataType::ALL.map(DataType::as_str).join(", ");
            Error::BadRequest(format!("dataType must be one of {all}."))
        })?;
        Ok(Some(known))
    }
}

/// One change of one record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// To go on behind this change.
    pub cursor: String,
    /// Whose record.
    pub company_id: CompanyId,
    /// The connection it came through.
    pub connection_id: ConnectionId,
    /// The record's data type.
    pub data_type: DataType,
    /// The record's id: read it from its list.
    pub record_id: String,
    /// What became of it.
    pub kind: Kind,
    /// When it became so here.
    pub at: DateTime<Utc>,
}

impl Change {
    fn new(cursor: String, company_id: CompanyId, row: change::Model) -> Self {
        Self {
            cursor,
            company_id,
            connection_id: row.connection_id,
            data_type: row.data_type,
            record_id: row.record_id,
            kind: row.kind,
            at: row.at,
        }
    }
}

/// A page of a feed, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// The changes.
    pub results: Vec<Change>,
    /// The cursor for the next page; keep it, also when there is no more yet.
    pub next: String,
    /// Whether there is more already. A page without results is not the end while this is true.
    pub has_more: bool,
}

/// List a connection's changes
///
/// Every record that was created, updated or deleted, in the order in which it became visible here, without gaps: whoever
/// follows `next` misses nothing. A record may be told of several times; what it is now stands in its list. Begin with
/// `after=latest`, read the lists once, then follow.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/changes",
    operation_id = "list-connection-changes", tag = "Changes",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), FeedParams),
    responses((status = 200, description = "One page.", body = Changes),
        (status = 410, description = "What came after the cursor is no longer kept.", body = ErrorBody), Refusals))]
pub async fn of_connection(
    State(app): State<App>,
    of: OfConnection,
    Parameters(params): Parameters<FeedParams>,
) -> Result<Json<Changes>, Error> {
    let (id, limit, only) = (of.connection.id, params.limit()?, params.data_type()?);
    let tx = store::read(&app.db).await?;
    let after = match params.after.as_deref() {
        Some(LATEST) => return Ok(Json(nothing_before(of_place(id, feed_read::end_of(&tx, id).await?)))),
        Some(text) => Some(place(text, id)?),
        None => None,
    };
    let told = feed_read::of_connection(&tx, id, after, limit).await?.map_err(lost)?;
    let company = of.company.id;
    Ok(Json(page(told, only, |place| of_place(id, place), |_| Some(company))))
}

/// List all changes
///
/// As the feed of one connection, over all of them: one after the other in an order that stays, and within a connection
/// in the order of its own feed. The changes of a deleted connection are no longer told.
#[utoipa::path(get, path = "/changes", operation_id = "list-changes", tag = "Changes", params(FeedParams),
    responses((status = 200, description = "One page.", body = Changes),
        (status = 410, description = "What came after the cursor is no longer kept.", body = ErrorBody), Refusals))]
pub async fn of_everything(
    State(app): State<App>,
    _caller: Caller,
    Parameters(params): Parameters<FeedParams>,
) -> Result<Json<Changes>, Error> {
    let (limit, only) = (params.limit()?, params.data_type()?);
    let tx = store::read(&app.db).await?;
    let after = match params.after.as_deref() {
        Some(LATEST) => return Ok(Json(nothing_before(of_spot(feed_read::end_of_everything(&tx).await?)))),
        Some(text) => Some(spot(text)?),
        None => None,
    };
    let told = feed_read::of_everything(&tx, after, limit).await?.map_err(lost)?;
    let connections = told.changes.iter().map(|(_, row)| row.connection_id);
    let companies = feed_read::companies_of(&tx, connections).await?;
    Ok(Json(page(told, only, of_spot, |connection| companies.get(&connection).copied())))
}

fn nothing_before(next: String) -> Changes {
    Changes { results: Vec::new(), next, has_more: false }
}

fn page<P: Copy>(
    told: Told<P>,
    only: Option<DataType>,
    cursor: impl Fn(P) -> String,
    company: impl Fn(ConnectionId) -> Option<CompanyId>,
) -> Changes {
    let wanted = told.changes.into_iter().filter(|(_, row)| only.is_none_or(|only| row.data_type == only));
    let results = wanted
        .filter_map(|(place, row)| company(row.connection_id).map(|company| Change::new(cursor(place), company, row)));
    Changes { results: results.collect(), next: cursor(told.next), has_more: told.more }
}

fn lost(lost: Lost) -> Error {
    let why = match lost {
        Lost::Expired => "What came after this cursor is no longer kept.",
        Lost::Elsewhere => {
            "This cursor names a change that this database never told of: it was restored from an older backup."
        }
    };
    Error::Gone(format!(
        "{why} Ask with after=latest for a new cursor, read the records again from their lists, and follow from there."
    ))
}

fn of_place(connection: ConnectionId, place: Place) -> String {
    let bytes = [&[FORM, b'c'], &connection.0.into_bytes()[..], &place.seq.to_be_bytes(), &place.print.to_be_bytes()];
    BASE64_URL_SAFE_NO_PAD.encode(bytes.concat())
}

fn of_spot(spot: Spot) -> String {
    let numbers = [spot.position.to_be_bytes(), spot.seq.to_be_bytes(), spot.print.to_be_bytes()];
    BASE64_URL_SAFE_NO_PAD.encode([&[FORM, b'e', u8::from(spot.whole)][..], numbers.as_flattened()].concat())
}

fn place(text: &str, connection: ConnectionId) -> Result<Place, Error> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let read = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&[FORM, b'c'])).and_then(|bytes| {
        let (id, numbers) = bytes.split_first_chunk::<16>()?;
        let [seq, print] = numbers_of(numbers)?;
        (seq >= 0).then_some((ConnectionId(Uuid::from_bytes(*id)), Place { seq, print }))
    });
    match read {
        Some((of, place)) if of == connection => Ok(place),
        Some(_) => Err(Error::BadRequest("after is a cursor of another connection's feed.".to_owned())),
        None => Err(no_cursor()),
    }
}

fn spot(text: &str) -> Result<Spot, Error> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let read = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&[FORM, b'e'])).and_then(|bytes| {
        let (whole, numbers) = bytes.split_first()?;
        let [position, seq, print] = numbers_of(numbers)?;
        (position >= 0 && seq >= 0 && *whole <= 1).then_some(Spot { position, seq, whole: *whole == 1, print })
    });
    read.ok_or_else(no_cursor)
}

/// So many numbers and nothing else.
fn numbers_of<const N: usize>(bytes: &[u8]) -> Option<[i64; N]> {
    let (chunks, []) = bytes.as_chunks::<8>() else { return None };
    let numbers: Vec<i64> = chunks.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect();
    numbers.try_into().ok()
}

fn no_cursor() -> Error {
    Error::BadRequest("after must be a cursor that this feed gave, or `latest`.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let id = ConnectionId::new();
        for (seq, print) in [(0, 0), (1, -1), (i64::MAX, i64::MIN)] {
            assert_eq!(place(&of_place(id, Place { seq, print }), id).unwrap(), Place { seq, print });
            for whole in [false, true] {
                let one = Spot { position: seq, seq, whole, print };
                assert_eq!(spot(&of_spot(one)).unwrap(), one);
            }
        }
    }

    #[test]
    fn what_is_no_cursor_of_this_feed_is_refused() {
        let (id, other) = (ConnectionId::new(), ConnectionId::new());
        let good = of_place(id, Place { seq: 7, print: 9 });
        let everything = of_spot(Spot { position: 7, seq: 7, whole: true, print: 9 });
        assert!(place(&good, other).unwrap_err().to_string().contains("another connection"));
        for bad in ["", "7", "*", "AAAA", &good[..good.len() - 1], &format!("{good}AAAA"), &everything] {
            assert!(place(bad, id).is_err(), "{bad}");
        }
        for bad in ["", "AQ", &everything[1..], &good] {
            assert!(spot(bad).is_err(), "{bad}");
        }
        assert!(place(&of_place(id, Place { seq: -1, print: 0 }), id).is_err());
    }
}
