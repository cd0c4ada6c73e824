//! Records compared with what they should be: field by field, one noun after the other.

use std::collections::{BTreeMap, HashMap};

use entity::data_type::DataType;
use entity::drift::Kind;
use entity::id::ConnectionId;
use entity::reconciliation_part::Money;
use entity::record::Record;
use entity::{
    company_info, customer, dispute, invoice, order, payment, payment_method, payout, product, source_object,
    subscription, transaction,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect};
use serde_json::Value;

use super::bulk::Records;
use crate::Executor;
use crate::Tx;
use base::boxed;

/// A record that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// Its data type.
    pub data_type: DataType,
    /// Its id.
    pub id: String,
    /// The object that it is made of: of a fee the balance transaction.
    pub object_id: String,
    /// What is wrong.
    pub kind: Kind,
    /// The fields that differ; `content_hash` and `read_no` when only the row's claims about itself are wrong, `row`
    /// when it does not even read.
    pub fields: Vec<String>,
}

/// What a comparison gave.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What is not as it should be.
    pub unlike: Vec<Unlike>,
    /// Money of the records as they should be.
    pub there: Money,
    /// Money of the records as they are.
    pub here: Money,
}

/// Whose records are compared with what.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The connection.
    pub connection: ConnectionId,
    /// The reading that the comparison is based on: a record that was read later is newer, and left alone.
    pub read_no: i64,
    /// The highest number that a reading can have by now: what claims a higher one claims wrong.
    pub highest: i64,
}

/// A record that may count money.
trait Counted: Record {
    /// Currency and minor units.
    fn money(&self) -> Option<(&str, i64)> {
        None
    }
    /// The object that it is made of.
    fn object_id(&self) -> &str {
        self.id()
    }
    /// Whether this field says the same whatever object it was made of.
    fn is_fixed(_field: &str) -> bool {
        true
    }
}

impl Counted for company_info::Model {}
impl Counted for customer::Model {}
impl Counted for product::Model {}
// What is worth something each month is no money that moved; an invoice's money is counted as the order that it becomes.
impl Counted for subscription::Model {}
impl Counted for invoice::Model {}

impl Counted for payment_method::Model {
    /// The first charge that showed a way of paying gave its time; which one that was is not known any more.
    fn is_fixed(field: &str) -> bool {
        field != "created_at"
    }
}

impl Counted for payment::Model {
    fn money(&self) -> Option<(&str, i64)> {
        Some((&self.currency, self.amount_minor))
    }
}

impl Counted for transaction::Model {
    fn money(&self) -> Option<(&str, i64)> {
        Some((&self.currency, self.total_minor))
    }

    fn object_id(&self) -> &str {
        &self.parent_id
    }
}

impl Counted for payout::Model {
    fn money(&self) -> Option<(&str, i64)> {
        Some((&self.currency, self.amount_minor))
    }
}

impl Counted for dispute::Model {
    fn money(&self) -> Option<(&str, i64)> {
        Some((&self.currency, self.amount_minor))
    }
}

impl Counted for order::Model {
    fn money(&self) -> Option<(&str, i64)> {
        Some((&self.currency, self.total_minor))
    }
}

/// Compares records as they should be with those that are kept.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn compare(db: &dyn Executor, scope: Scope, records: &Records) -> Result<Compared, DbErr> {
    let mut out = Compared::default();
    noun::<company_info::Entity>(db, scope, &records.company_info, &mut out).await?;
    noun::<customer::Entity>(db, scope, &records.customers, &mut out).await?;
    noun::<payment::Entity>(db, scope, &records.payments, &mut out).await?;
    noun::<transaction::Entity>(db, scope, &records.transactions, &mut out).await?;
    noun::<payout::Entity>(db, scope, &records.payouts, &mut out).await?;
    noun::<dispute::Entity>(db, scope, &records.disputes, &mut out).await?;
    noun::<product::Entity>(db, scope, &records.products, &mut out).await?;
    noun::<payment_method::Entity>(db, scope, &records.payment_methods, &mut out).await?;
    noun::<order::Entity>(db, scope, &records.orders, &mut out).await?;
    noun::<subscription::Entity>(db, scope, &records.subscriptions, &mut out).await?;
    noun::<invoice::Entity>(db, scope, &records.invoices, &mut out).await?;
    Ok(out)
}

async fn noun<E>(db: &dyn Executor, scope: Scope, rows: &[E::Model], out: &mut Compared) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Counted,
{
    if rows.is_empty() {
        return Ok(());
    }
    let due: BTreeMap<&str, &E::Model> = rows.iter().map(|row| (row.id(), row)).collect();
    let ids: Vec<String> = due.keys().map(|id| (*id).to_owned()).collect();
    let kept = kept::<E>(db, scope.connection, ids).await?;
    for (id, due) in due {
        count(&mut out.there, due);
        let unlike = match kept.get(id) {
            None => Some((Kind::Missing, Vec::new())),
            Some(None) => Some((Kind::Different, vec!["row".to_owned()])),
            Some(Some(kept)) => {
                count(&mut out.here, kept);
                let fields = differing(scope, due, kept)?;
                (!fields.is_empty()).then_some((Kind::Different, fields))
            }
        };
        if let Some((kind, fields)) = unlike {
            let (id, object_id) = (id.to_owned(), due.object_id().to_owned());
            out.unlike.push(Unlike { data_type: E::Model::DATA_TYPE, id, object_id, kind, fields });
        }
    }
    Ok(())
}

fn count(money: &mut Money, row: &impl Counted) {
    if let Some((currency, minor)) = row.money() {
        money.add(currency, minor);
    }
}

/// The fields in which a kept record is not as it should be.
fn differing<M: Counted>(scope: Scope, due: &M, kept: &M) -> Result<Vec<String>, DbErr> {
    let json = |error: serde_json::Error| DbErr::Json(error.to_string());
    let stamp = kept.stamp();
    if stamp.read_no > scope.highest {
        return Ok(vec!["read_no".to_owned()]);
    }
    if stamp.read_no > scope.read_no {
        return Ok(Vec::new());
    }
    let (Value::Object(due), Value::Object(fields)) =
        (serde_json::to_value(due).map_err(json)?, serde_json::to_value(kept).map_err(json)?)
    else {
        return Err(DbErr::Json("a record is an object".to_owned()));
    };
    let wrong = due.iter().filter(|(name, value)| M::is_fixed(name) && fields.get(*name) != Some(value));
    let mut wrong: Vec<String> = wrong.map(|(name, _)| name.clone()).collect();
    if wrong.is_empty() && super::hash(&serde_json::to_vec(kept).map_err(json)?) != stamp.content_hash {
        wrong.push("content_hash".to_owned());
    }
    Ok(wrong)
}

fn live<E: EntityTrait>(connection: ConnectionId, ids: Vec<String>) -> Select<E> {
    E::find()
        .filter(Expr::col("connection_id").eq(connection))
        .filter(Expr::col("deleted_at").is_null())
        .filter(Expr::col("id").is_in(ids))
}

/// The kept records with these ids that are not deleted; none for one that does not read.
async fn kept<E>(
    db: &dyn Executor,
    connection: ConnectionId,
    ids: Vec<String>,
) -> Result<HashMap<String, Option<E::Model>>, DbErr>
where
    E: EntityTrait,
    E::Model: Counted,
{
    if let Ok(rows) = live::<E>(connection, ids.clone()).all(&db).await {
        return Ok(rows.into_iter().map(|row| (row.id().to_owned(), Some(row))).collect());
    }
    // One row that does not read fails all of them. A database that does not answer fails here, too.
    let mut rows = HashMap::new();
    for id in ids_of(live::<E>(connection, ids), db).await? {
        let row = live::<E>(connection, vec![id.clone()]).one(&db).await.ok().flatten();
        rows.insert(id, row);
    }
    Ok(rows)
}

async fn ids_of<E: EntityTrait>(rows: Select<E>, db: &dyn Executor) -> Result<Vec<String>, DbErr> {
    rows.select_only().expr(Expr::col("id")).into_tuple().all(&db).await
}

/// Does the same with the entity of a data type.
macro_rules! of_type {
    ($data_type:expr, $function:ident($($argument:expr),*)) => {
        match $data_type {
            DataType::CompanyInfo => $function::<company_info::Entity>($($argument),*).await,
            DataType::Customers => $function::<customer::Entity>($($argument),*).await,
            DataType::Payments => $function::<payment::Entity>($($argument),*).await,
            DataType::Transactions => $function::<transaction::Entity>($($argument),*).await,
            DataType::Payouts => $function::<payout::Entity>($($argument),*).await,
            DataType::Disputes => $function::<dispute::Entity>($($argument),*).await,
            DataType::Products => $function::<product::Entity>($($argument),*).await,
            DataType::PaymentMethods => $function::<payment_method::Entity>($($argument),*).await,
            DataType::Orders => $function::<order::Entity>($($argument),*).await,
            DataType::Subscriptions => $function::<subscription::Entity>($($argument),*).await,
            DataType::Invoices => $function::<invoice::Entity>($($argument),*).await,
        }
    };
}

/// Lets the next content of these records be kept, whatever their rows claim.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn distrust(tx: &Tx, connection: ConnectionId, data_type: DataType, ids: Vec<String>) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    if data_type == DataType::PaymentMethods {
        // Only new ways of paying are ever written.
        return forget_methods(tx, connection, ids).await;
    }
    of_type!(data_type, distrust_in(tx, connection, ids))
}

async fn forget_methods(tx: &Tx, connection: ConnectionId, ids: Vec<String>) -> Result<(), DbErr> {
    payment_method::Entity::delete_many()
        .filter(payment_method::Column::ConnectionId.eq(connection))
        .filter(payment_method::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

async fn distrust_in<E: EntityTrait>(tx: &Tx, connection: ConnectionId, ids: Vec<String>) -> Result<(), DbErr> {
    E::update_many()
        .col_expr("content_hash", Expr::value(0_i64))
        .col_expr("read_no", Expr::value(0_i64))
        .filter(Expr::col("connection_id").eq(connection))
        .filter(Expr::col("id").is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

/// Which of these records are there and not deleted, and their money.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn there(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
    ids: Vec<String>,
) -> Result<(Vec<String>, Money), DbErr> {
    of_type!(data_type, there_in(db, connection, ids))
}

async fn there_in<E>(
    db: &dyn Executor,
    connection: ConnectionId,
    ids: Vec<String>,
) -> Result<(Vec<String>, Money), DbErr>
where
    E: EntityTrait,
    E::Model: Counted,
{
    let rows = kept::<E>(db, connection, ids).await?;
    let mut money = Money::default();
    for row in rows.values().flatten() {
        count(&mut money, row);
    }
    Ok((rows.into_keys().collect(), money))
}

/// The records of these balance transactions, their fees among them, that are not in `expected`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn other_parts(
    db: &dyn Executor,
    connection: ConnectionId,
    parents: Vec<String>,
    expected: &[transaction::Model],
) -> Result<Vec<String>, DbErr> {
    let rows = transaction::Entity::find()
        .filter(transaction::Column::ConnectionId.eq(connection))
        .filter(transaction::Column::DeletedAt.is_null())
        .filter(transaction::Column::ParentId.is_in(parents));
    let ids = ids_of(rows, db).await?;
    Ok(ids.into_iter().filter(|id| expected.iter().all(|row| row.id != *id)).collect())
}

/// The next records of a type, behind an id, that nothing kept makes, of those made from a time on; with the id of the
/// object that should make each.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn orphans(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
    from: DateTimeUtc,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, String)>, DbErr> {
    of_type!(data_type, orphans_in(db, connection, data_type, from, after, limit))
}

async fn orphans_in<E>(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
    from: DateTimeUtc,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, String)>, DbErr>
where
    E: EntityTrait,
{
    let key = if data_type == DataType::Transactions { "parent_id" } else { "id" };
    E::find()
        .select_only()
        .expr(Expr::col((E::default(), "id")))
        .expr(Expr::col((E::default(), key)))
        .filter(Expr::col((E::default(), "connection_id")).eq(connection))
        .filter(Expr::col((E::default(), "deleted_at")).is_null())
        .filter(Expr::col((E::default(), "created_at")).gte(from))
        .filter(Expr::col((E::default(), "id")).gt(after))
        .filter(Expr::not_exists(maker::<E>(connection, data_type, key)))
        .order_by(Expr::col((E::default(), "id")), sea_orm::Order::Asc)
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// Whether something kept makes a record.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn is_made(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
    id: &str,
    object: &str,
) -> Result<bool, DbErr> {
    if data_type == DataType::PaymentMethods {
        let users = payment::Entity::find()
            .filter(payment::Column::ConnectionId.eq(connection))
            .filter(payment::Column::PaymentMethodId.eq(id))
            .filter(payment::Column::DeletedAt.is_null());
        return Ok(users.one(&db).await?.is_some());
    }
    let makers = source_object::Entity::find()
        .select_only()
        .column(source_object::Column::Id)
        .filter(source_object::Column::ConnectionId.eq(connection))
        .filter(source_object::Column::Object.is_in(objects(data_type).iter().copied()))
        .filter(source_object::Column::Id.eq(object))
        .filter(source_object::Column::DeletedAt.is_null());
    Ok(makers.into_tuple::<String>().one(&db).await?.is_some())
}

/// What makes a record: the object of its id; a way of paying is made by the payments that used it.
fn maker<E: EntityTrait>(connection: ConnectionId, data_type: DataType, key: &'static str) -> SelectStatement {
    use source_object::{Column, Entity};
    let own = Expr::col((E::default(), key));
    let mut maker = Query::select();
    maker.expr(Expr::value(1));
    if data_type == DataType::PaymentMethods {
        use payment::{Column, Entity};
        return maker
            .from(Entity)
            .and_where(Expr::col((Entity, Column::ConnectionId)).eq(connection))
            .and_where(Expr::col((Entity, Column::PaymentMethodId)).eq(own))
            .and_where(Expr::col((Entity, Column::DeletedAt)).is_null())
            .to_owned();
    }
    maker
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ConnectionId)).eq(connection))
        .and_where(Expr::col((Entity, Column::Object)).is_in(objects(data_type).iter().copied()))
        .and_where(Expr::col((Entity, Column::Id)).eq(own))
        .and_where(Expr::col((Entity, Column::DeletedAt)).is_null())
        .to_owned()
}

/// Stripe's words for the objects that make the records of a type.
#[must_use]
pub const fn objects(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::CompanyInfo => &["account"],
        DataType::Customers => &["customer"],
        DataType::Payments => &["charge", "refund"],
        DataType::Transactions => &["balance_transaction"],
        DataType::Payouts => &["payout"],
        DataType::Disputes => &["dispute"],
        DataType::Products => &["product"],
        DataType::PaymentMethods => &[],
        DataType::Orders => &["checkout.session", "invoice"],
        DataType::Subscriptions => &["subscription"],
        DataType::Invoices => &["invoice"],
    }
}
