//! Records one after the other, as the database gives them, so that none is held while the next is read. Each comes with the
//! object of Stripe's behind it, where one is asked for: in the same statement, and so of the same moment.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::source_object::{self, Column};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{
    Condition, DbBackend, ExprTrait, FromQueryResult, IdenStatic, Iterable, JoinType, QueryResult, QuerySelect,
    QueryTrait, TryGetError,
};

use super::Tx;
use super::lists::{self, Listed, Listing, Way};
use super::source_objects::Kept;

/// Begins the names of the columns of the object behind a record.
const BEHIND: &str = "source_";

/// Records, or what became of the database.
pub type Rows<'a, M> = BoxStream<'a, Result<Backed<M>, DbErr>>;

/// A record, and the object of Stripe's that it is named after.
#[derive(Debug)]
pub struct Backed<M> {
    /// The record.
    pub record: M,
    /// The object; none when it is of no kind that was asked for, or gone.
    pub object: Option<Kept>,
}

impl<M: FromQueryResult> FromQueryResult for Backed<M> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let object = if_there::<source_object::Model>(row, BEHIND)?;
        Ok(Self { record: M::from_query_result(row, prefix)?, object: object.map(Kept::from) })
    }
}

/// What was joined, when it is there. Its columns are named with this before them.
pub(super) fn if_there<M: FromQueryResult>(row: &QueryResult, prefix: &str) -> Result<Option<M>, DbErr> {
    match M::from_query_result_nullable(row, prefix) {
        Ok(joined) => Ok(Some(joined)),
        Err(TryGetError::Null(_)) => Ok(None),
        Err(TryGetError::DbErr(error)) => Err(error),
    }
}

/// One page of a list.
pub struct Streamed<'a, M> {
    /// The records of the page.
    pub rows: Rows<'a, M>,
    /// Whether they come in the opposite order: the page is nearer to the list's end.
    pub is_backwards: bool,
    /// How many records the filter leaves in all.
    pub total: u64,
}

/// One page of a connection's records that are not deleted, newest first unless an order is given; with the objects of these
/// kinds.
///
/// # Errors
/// When the database does not answer; also later, in the place of a record.
pub async fn page<'a, E: Listed>(
    tx: &'a Tx,
    connection: ConnectionId,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Streamed<'a, E::Row>, DbErr> {
    page_of(tx, lists::of_connection::<E>(connection), connection, listing, kinds).await
}

/// The same of what `rows` selects.
pub(super) async fn page_of<'a, E: Listed>(
    tx: &'a Tx,
    rows: Select<E>,
    connection: ConnectionId,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Streamed<'a, E::Row>, DbErr> {
    let (total, part) = lists::part(tx, rows, "created_at", listing).await?;
    let Some((rows, way)) = part else {
        return Ok(Streamed { rows: futures::stream::empty().boxed(), is_backwards: false, total });
    };
    Ok(Streamed { rows: run(tx, rows, connection, kinds).await?, is_backwards: way == Way::Back, total })
}

/// All of a connection's records that the listing's filter leaves, in its order: one statement, however many there are. The
/// listing's part of the list does not matter.
///
/// # Errors
/// When the database does not answer; also later, in the place of a record.
pub async fn all<'a, E: Listed>(
    tx: &'a Tx,
    connection: ConnectionId,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Rows<'a, E::Row>, DbErr> {
    all_of(tx, lists::of_connection::<E>(connection), connection, listing, kinds).await
}

/// The same of what `rows` selects.
pub(super) async fn all_of<'a, E: Listed>(
    tx: &'a Tx,
    rows: Select<E>,
    connection: ConnectionId,
    listing: &Listing,
    kinds: &[&'static str],
) -> Result<Rows<'a, E::Row>, DbErr> {
    run(tx, lists::whole(rows, listing, tx.get_database_backend()), connection, kinds).await
}

/// The connection's record with this id, unless it was deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn one<E: Listed>(
    tx: &Tx,
    connection: ConnectionId,
    id: &str,
    kinds: &[&'static str],
) -> Result<Option<Backed<E::Row>>, DbErr> {
    let rows = lists::of_connection::<E>(connection).filter(lists::column::<E>("id").eq(id));
    run(tx, rows, connection, kinds).await?.try_next().await
}

async fn run<'a, E: Listed>(
    tx: &'a Tx,
    rows: Select<E>,
    connection: ConnectionId,
    kinds: &[&'static str],
) -> Result<Rows<'a, E::Row>, DbErr> {
    let rows = E::widened(rows);
    if kinds.is_empty() {
        let rows = rows.into_model::<E::Row>().stream(tx.inner()).await?;
        return Ok(rows.map_ok(|record| Backed { record, object: None }).boxed());
    }
    let rows = backed(rows, connection, kinds, tx.get_database_backend());
    Ok(rows.into_model::<Backed<E::Row>>().stream(tx.inner()).await?.boxed())
}

fn backed<E: Listed>(
    mut rows: Select<E>,
    connection: ConnectionId,
    kinds: &[&'static str],
    backend: DbBackend,
) -> Select<E> {
    let of = |column| Expr::col((source_object::Entity, column));
    let on = Condition::all()
        .add(of(Column::ConnectionId).eq(connection))
        .add(of(Column::Object).is_in(kinds.iter().copied()))
        .add(of(Column::Id).eq(named_after::<E>(backend)))
        .add(of(Column::DeletedAt).is_null());
    QueryTrait::query(&mut rows).join(JoinType::LeftJoin, source_object::Entity, on);
    with_columns::<E, source_object::Entity>(rows, BEHIND)
}

/// Reads all columns of `F` too, their names with this before them.
pub(super) fn with_columns<E: EntityTrait, F: EntityTrait>(rows: Select<E>, prefix: &str) -> Select<E> {
    let column = |rows: Select<E>, column: F::Column| {
        rows.expr_as(Expr::col((F::default(), column)), format!("{prefix}{}", column.as_str()))
    };
    F::Column::iter().fold(rows, column)
}

/// The id of the object: a record's own, but for the parts of a balance transaction, which have it up to a colon.
fn named_after<E: Listed>(backend: DbBackend) -> Expr {
    let id = lists::column::<E>("id");
    match (E::DATA_TYPE, backend) {
        (DataType::Transactions, DbBackend::Sqlite) => {
            Expr::cust_with_exprs("substr(?, 1, instr(? || ':', ':') - 1)", [id.clone(), id])
        }
        (DataType::Transactions, _) => Expr::cust_with_expr("split_part($1, ':', 1)", id),
        _ => id,
    }
}
