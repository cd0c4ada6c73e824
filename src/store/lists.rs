//! Lists for the API: a filter becomes a condition, one page and the whole count are read in one transaction.
//!
//! Both databases compare alike: only the letters of ASCII are folded by them, other letters were folded by us when the
//! row was written.

use entity::id::ConnectionId;
use sea_orm::QueryTrait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, Expr, LikeExpr, NullOrdering, Query, SelectStatement};
use sea_orm::{Condition, DbBackend, ExprTrait, FromQueryResult, Order, QueryOrder, QuerySelect};

use crate::Executor;
use base::query::{self, Field, Filter, Kind, Op, Test, Value};

/// Where a field is read from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A column.
    Column(&'static str),
    /// A column of whole numbers; the field's thousandths are a thousand times it.
    Whole(&'static str),
    /// A column of flags, shown as the first text when set and as the second when not.
    Flag(&'static str, &'static str, &'static str),
    /// The same text in every record, in lower case.
    Constant(&'static str),
    /// False in every record.
    Never,
    /// The status of a company's connections: any of them counts.
    ConnectionStatus,
    /// Whether what a payout is made of is known.
    PayoutState,
    /// What is proven of a payout.
    PayoutProof,
}

/// A field that is a column and always there.
#[must_use]
pub const fn field(name: &'static str, kind: Kind, column: &'static str) -> Field<Source> {
    Field { name, kind, nullable: false, source: Source::Column(column) }
}

/// A noun whose fields are columns.
pub type Noun = query::Noun<Source>;

/// What part of a list is asked for.
#[derive(Debug, Default)]
pub struct Listing {
    /// Only these.
    pub filter: Option<Filter<Source>>,
    /// In this order; ids decide between equals.
    pub order: Option<query::Order<Source>>,
    /// How many to leave out.
    pub offset: u64,
    /// How many at most.
    pub limit: u64,
}

/// One page of a list.
#[derive(Debug)]
pub struct Found<M> {
    /// The rows of the page.
    pub rows: Vec<M>,
    /// How many rows the filter leaves in all.
    pub total: u64,
}

/// What `rows` selects, as the listing filters and orders it.
pub(super) fn whole<E: EntityTrait>(rows: Select<E>, listing: &Listing, backend: DbBackend) -> Select<E> {
    ordered(filtered(rows, listing, backend), "created_at", listing.order.as_ref(), Way::Forth, Means::Index, backend)
}

/// The connection's record with this id, unless it was deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn record<E: Listed>(
    db: &dyn Executor,
    connection: ConnectionId,
    id: &str,
) -> Result<Option<E::Model>, DbErr> {
    of_connection::<E>(connection).filter(column::<E>("id").eq(id)).one(&db).await
}

/// A connection's records that are not deleted.
pub(super) fn of_connection<E: EntityTrait>(connection: ConnectionId) -> Select<E> {
    E::find().filter(column::<E>("connection_id").eq(connection)).filter(column::<E>("deleted_at").is_null())
}

/// One page of what `rows` selects; newest first by `created` unless an order is given.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn page<E>(
    db: &dyn Executor,
    rows: Select<E>,
    created: &'static str,
    listing: &Listing,
) -> Result<Found<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let (total, part) = part(db, rows, created, listing).await?;
    let Some((rows, way)) = part else { return Ok(Found { rows: Vec::new(), total }) };
    let mut rows = rows.all(&db).await?;
    if way == Way::Back {
        rows.reverse();
    }
    Ok(Found { rows, total })
}

/// How many rows there are, and what selects those of the page; nothing when it has none.
pub(super) async fn part<E: EntityTrait>(
    db: &dyn Executor,
    rows: Select<E>,
    created: &'static str,
    listing: &Listing,
) -> Result<(u64, Option<(Select<E>, Way)>), DbErr> {
    let backend = db.get_database_backend();
    let rows = filtered(rows, listing, backend);
    let total = count(db, &rows).await?;
    let limit = Ord::min(listing.limit, total.saturating_sub(listing.offset));
    if limit == 0 {
        return Ok((total, None));
    }
    // What is skipped is read: it is skipped from the nearer end.
    let way = if listing.offset > total / 2 { Way::Back } else { Way::Forth };
    let skipped = if way == Way::Back { total - listing.offset - limit } else { listing.offset };
    let order = |rows, means| ordered(rows, created, listing.order.as_ref(), way, means, backend);
    let rows = if skipped < SHALLOW {
        order(rows, Means::Index).offset(skipped).limit(limit)
    } else {
        // An index is enough to skip by; whole rows are read of the page alone, and then put into order.
        let ids = order(rows.clone().select_only().expr(column::<E>("id")), Means::Index);
        let ids = ids.offset(skipped).limit(limit).into_query();
        order(rows.filter(column::<E>("id").in_subquery(ids)), Means::Sorting)
    };
    Ok((total, Some((rows, way))))
}

/// Rows that are skipped with all that is in them.
const SHALLOW: u64 = 1_000;

/// From which end a list is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forth,
    Back,
}

/// How rows come into their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// As the database likes best.
    Index,
    /// By sorting them: SQLite would go through a whole list in an index's order to find the few rows of a page.
    Sorting,
}

/// How many rows there are. Counting a subquery that selects all columns would read all columns on SQLite.
async fn count<E: EntityTrait>(db: &dyn Executor, rows: &Select<E>) -> Result<u64, DbErr> {
    let count = rows.clone().select_only().expr(Expr::cust("COUNT(*)")).into_tuple::<i64>().one(&db).await?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

fn filtered<E: EntityTrait>(rows: Select<E>, listing: &Listing, backend: DbBackend) -> Select<E> {
    match &listing.filter {
        Some(filter) => rows.filter(condition::<E>(filter, backend)),
        None => rows,
    }
}

fn ordered<E: EntityTrait>(
    rows: Select<E>,
    created: &'static str,
    order: Option<&query::Order<Source>>,
    way: Way,
    means: Means,
    backend: DbBackend,
) -> Select<E> {
    let descending = order.is_none_or(|order| order.descending);
    let direction = if descending == (way == Way::Forth) { Order::Desc } else { Order::Asc };
    let by = |key: Expr| {
        let sorted = means == Means::Sorting && backend == DbBackend::Sqlite;
        if sorted { Expr::cust_with_expr("+?", key) } else { key }
    };
    let Some(order) = order else {
        return rows.order_by(by(column::<E>(created)), direction.clone()).order_by(column::<E>("id"), direction);
    };
    let key = by(read::<E>(order.field, backend));
    let rows = if order.field.nullable {
        let gaps = if way == Way::Forth { NullOrdering::Last } else { NullOrdering::First };
        rows.order_by_with_nulls(key, direction.clone(), gaps)
    } else {
        rows.order_by(key, direction.clone())
    };
    rows.order_by(column::<E>("id"), direction)
}

pub(super) fn column<E: EntityTrait>(name: &'static str) -> Expr {
    Expr::col((E::default(), name))
}

/// A filter as a condition on the columns of `E`.
fn condition<E: EntityTrait>(filter: &Filter<Source>, backend: DbBackend) -> Condition {
    let add = |all: Condition, part| all.add(condition::<E>(part, backend));
    match filter {
        Filter::All(parts) => parts.iter().fold(Condition::all(), add),
        Filter::Any(parts) => parts.iter().fold(Condition::any(), add),
        Filter::Test(test) => Condition::all().add(tested::<E>(test, backend)),
    }
}

fn tested<E: EntityTrait>(test: &Test<Source>, backend: DbBackend) -> Expr {
    if matches!(test.field.source, Source::ConnectionStatus) {
        return by_connections::<E>(test, backend);
    }
    let holds = compared(&read::<E>(test.field, backend), test, backend);
    // What is not there differs from everything.
    if test.op == Op::Differs && test.field.nullable {
        return holds.or(read::<E>(test.field, backend).is_null());
    }
    holds
}

/// The field as it is compared and ordered by.
fn read<E: EntityTrait>(field: &Field<Source>, backend: DbBackend) -> Expr {
    let source = match field.source {
        Source::Column(name) => column::<E>(name),
        Source::Whole(name) => column::<E>(name).mul(1000_i64),
        Source::Flag(name, yes, no) => CaseStatement::new().case(column::<E>(name).eq(true), yes).finally(no).into(),
        Source::Constant(text) => Expr::value(text),
        Source::Never => Expr::value(false),
        Source::PayoutState => super::payouts_read::state(),
        Source::PayoutProof => super::payouts_read::proof(),
        // It is compared in a query of its own; an order by it falls back to the id.
        Source::ConnectionStatus => column::<E>("id"),
    };
    if field.kind == Kind::Text { folded(source, backend) } else { source }
}

/// Folds the letters of ASCII, and no others, whatever the database's own collation is.
///
/// Templates are filled at `?` for SQLite and at `$1` for PostgreSQL; the other's mark would stay in the SQL and be
/// taken for the first bound value.
fn folded(text: Expr, backend: DbBackend) -> Expr {
    let template = if backend == DbBackend::Sqlite { "lower(?)" } else { r#"lower($1 COLLATE "C")"# };
    Expr::cust_with_expr(template, text)
}

fn compared(field: &Expr, test: &Test<Source>, backend: DbBackend) -> Expr {
    match &test.value {
        Value::Text(text) if test.op == Op::Contains => contains(field.clone(), text, test.field.kind, backend),
        Value::Text(text) => same(field.clone(), test.op, text.as_str()),
        Value::Uuid(Some(id)) => same(field.clone(), test.op, *id),
        Value::Uuid(None) => Expr::value(test.op == Op::Differs),
        Value::Bool(flag) => same(field.clone(), test.op, *flag),
        Value::Number(bound) => against(field.clone(), test.op, bound.floor, bound.exact),
        Value::Date(bound) => against(field.clone(), test.op, bound.floor, bound.exact),
    }
}

fn same(field: Expr, op: Op, value: impl Into<Expr>) -> Expr {
    if op == Op::Differs { field.ne(value) } else { field.eq(value) }
}

/// Compares with a bound that was rounded down. What is equal to the floor of a bound that is not exact lies below it.
fn against(field: Expr, op: Op, floor: impl Into<sea_orm::Value>, exact: bool) -> Expr {
    let floor = Expr::value(floor);
    match (op, exact) {
        (Op::Equal, true) => field.eq(floor),
        (Op::Differs, true) => field.ne(floor),
        (Op::AtLeast, true) => field.gte(floor),
        (Op::Below, true) => field.lt(floor),
        (Op::Above, _) | (Op::AtLeast, false) => field.gt(floor),
        (Op::AtMost, _) | (Op::Below, false) => field.lte(floor),
        (Op::Equal | Op::Contains, _) => Expr::value(false),
        (Op::Differs, false) => Expr::value(true),
    }
}

/// Whether the field has the text in it; the text's own `%` and `_` mean themselves.
fn contains(field: Expr, text: &str, kind: Kind, backend: DbBackend) -> Expr {
    let field = match kind {
        Kind::Id => folded(field, backend),
        Kind::Uuid if backend == DbBackend::Sqlite => Expr::cust_with_expr("lower(hex(?))", field),
        Kind::Uuid => Expr::cust_with_expr("replace($1::text, '-', '')", field),
        _ => field,
    };
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    field.like(LikeExpr::new(pattern).escape('\\'))
}

/// Companies of which any connection is meant; `!=`: of which none has the status.
fn by_connections<E: EntityTrait>(test: &Test<Source>, backend: DbBackend) -> Expr {
    use entity::connection::{Column, Entity};
    let op = if test.op == Op::Differs { Op::Equal } else { test.op };
    let status = folded(Expr::col((Entity, Column::Status)), backend);
    let field = Test { field: test.field, op, value: test.value.clone() };
    let companies: SelectStatement = Query::select()
        .column((Entity, Column::CompanyId))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::DeletedAt)).is_null())
        .and_where(compared(&status, &field, backend))
        .to_owned();
    let id = column::<E>("id");
    if test.op == Op::Differs { id.not_in_subquery(companies) } else { id.in_subquery(companies) }
}

/// A query on tags, whose names are the tags' keys. Only `=`, `!=` and `~` are known; the parser's caller has seen to
/// that. Letters beyond ASCII are compared as they are written.
pub(super) fn tags<E: EntityTrait>(expr: &query::Expr, name: &'static str, backend: DbBackend) -> Condition {
    let add = |all: Condition, part| all.add(tags::<E>(part, name, backend));
    match expr {
        query::Expr::All(parts) => parts.iter().fold(Condition::all(), add),
        query::Expr::Any(parts) => parts.iter().fold(Condition::any(), add),
        query::Expr::Term(term) => Condition::all().add(tag::<E>(term, name, backend)),
    }
}

fn tag<E: EntityTrait>(term: &query::Term, name: &'static str, backend: DbBackend) -> Expr {
    let template = if backend == DbBackend::Sqlite {
        "(SELECT value FROM json_each(?) WHERE key = ?)"
    } else {
        "($1 ->> $2::text)"
    };
    let value = || Expr::cust_with_exprs(template, [column::<E>(name), Expr::value(term.path.as_str())]);
    let wanted = term.value.to_ascii_lowercase();
    match term.op {
        Op::Contains => contains(folded(value(), backend), &wanted, Kind::Text, backend),
        Op::Differs => folded(value(), backend).ne(wanted).or(value().is_null()),
        _ => folded(value(), backend).eq(wanted),
    }
}

/// Records that the API lists.
pub trait Listed: EntityTrait {
    /// What can be asked of them.
    const NOUN: &'static Noun;
    /// Their data type.
    const DATA_TYPE: entity::data_type::DataType;
    /// A record as it is read.
    type Row: FromQueryResult + Send;

    /// Reads what a record has beyond its own columns.
    #[must_use]
    fn widened(rows: Select<Self>) -> Select<Self> {
        rows
    }
}
