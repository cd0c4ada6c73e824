//! The fast path for records: a page of them is compared and written in a few statements.

use std::collections::{BTreeMap, HashMap};

use entity::change::Kind;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::record::{Record, Stamp};
use entity::{
    company_info, customer, dispute, invoice, order, payment, payment_method, payout, product, subscription,
    transaction,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ExprTrait, IdenStatic, IntoActiveModel, Iterable, QuerySelect};

use crate::{Tx, days};
use base::boxed;

/// A change of a record, before it has its number in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The record's data type.
    pub data_type: DataType,
    /// The record.
    pub id: String,
    /// What became of it.
    pub kind: Kind,
}

/// Records of all nouns, not yet stamped.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Account information.
    pub company_info: Vec<company_info::Model>,
    /// Customers.
    pub customers: Vec<customer::Model>,
    /// Payments.
    pub payments: Vec<payment::Model>,
    /// Transactions.
    pub transactions: Vec<transaction::Model>,
    /// Payouts.
    pub payouts: Vec<payout::Model>,
    /// Disputes.
    pub disputes: Vec<dispute::Model>,
    /// Products.
    pub products: Vec<product::Model>,
    /// Ways of paying; only new ones are kept, since the first charge that showed one says all there is.
    pub payment_methods: Vec<payment_method::Model>,
    /// Orders.
    pub orders: Vec<order::Model>,
    /// Subscriptions.
    pub subscriptions: Vec<subscription::Model>,
    /// Invoices.
    pub invoices: Vec<invoice::Model>,
}

/// Which reading, when.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Whose.
    pub connection: ConnectionId,
    /// Its number.
    pub read_no: i64,
    /// When it is kept.
    pub now: DateTimeUtc,
}

/// What is kept by day besides: a change forgets its day.
const COUNTED: [DataType; 2] = [DataType::Transactions, DataType::Orders];

/// What may be written over a record that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// What was read later.
    Newest,
    /// Nothing.
    OnlyNew,
    /// Whatever was composed: it is made of all objects that are kept now, however late the reading came that brought the
    /// last of them. Lists are read side by side, so a charge may be kept after the session that it pays, though it was
    /// asked for before.
    Composed,
}

/// Keeps records; one that is the same already, or was read later, stays and is no change.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn keep(tx: &Tx, reading: Reading, records: Records) -> Result<Vec<Changed>, DbErr> {
    let mut changed = noun::<company_info::Entity>(tx, reading, records.company_info, Rule::Composed).await?;
    changed.extend(noun::<customer::Entity>(tx, reading, records.customers, Rule::Newest).await?);
    changed.extend(noun::<payment::Entity>(tx, reading, records.payments, Rule::Newest).await?);
    changed.extend(noun::<transaction::Entity>(tx, reading, records.transactions, Rule::Newest).await?);
    changed.extend(noun::<payout::Entity>(tx, reading, records.payouts, Rule::Newest).await?);
    changed.extend(noun::<dispute::Entity>(tx, reading, records.disputes, Rule::Newest).await?);
    changed.extend(noun::<product::Entity>(tx, reading, records.products, Rule::Composed).await?);
    changed.extend(noun::<payment_method::Entity>(tx, reading, records.payment_methods, Rule::OnlyNew).await?);
    changed.extend(noun::<order::Entity>(tx, reading, records.orders, Rule::Composed).await?);
    changed.extend(noun::<subscription::Entity>(tx, reading, records.subscriptions, Rule::Newest).await?);
    changed.extend(noun::<invoice::Entity>(tx, reading, records.invoices, Rule::Composed).await?);
    Ok(changed)
}

async fn noun<E>(tx: &Tx, reading: Reading, rows: Vec<E::Model>, rule: Rule) -> Result<Vec<Changed>, DbErr>
where
    E: EntityTrait,
    E::Model: Record + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // One statement may name a row only once; sorted, two writers would lock them in one order.
    let rows: BTreeMap<String, E::Model> = rows.into_iter().map(|row| (row.id().to_owned(), row)).collect();
    let known = known::<E>(tx, reading.connection, rows.keys().cloned().collect()).await?;
    let (mut changed, mut fresh, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    for (id, mut row) in rows {
        let content_hash = super::hash(&serde_json::to_vec(&row).map_err(|error| DbErr::Json(error.to_string()))?);
        let known = known.get(&id);
        let kind = match known {
            None => Kind::Created,
            Some(_) if rule == Rule::OnlyNew => continue,
            Some(known) if known.read_no > reading.read_no && rule != Rule::Composed => continue,
            Some(known) if known.deleted => Kind::Created,
            Some(known) if known.content_hash == content_hash => continue,
            Some(_) => Kind::Updated,
        };
        let read_no = known.map_or(reading.read_no, |known| Ord::max(known.read_no, reading.read_no));
        row.set_stamp(Stamp { content_hash, read_no, modified_at: reading.now });
        changed.push(Changed { data_type: E::Model::DATA_TYPE, id, kind });
        moments.push(row.created_at());
        moments.extend(known.map(|known| known.created_at));
        fresh.push(row.into_active_model());
    }
    insert::<E>(tx, fresh).await?;
    if COUNTED.contains(&E::Model::DATA_TYPE) {
        days::forget(tx, reading.connection, &moments).await?;
    }
    Ok(changed)
}

struct Known {
    content_hash: i64,
    read_no: i64,
    created_at: DateTimeUtc,
    deleted: bool,
}

async fn known<E: EntityTrait>(
    tx: &Tx,
    connection: ConnectionId,
    ids: Vec<String>,
) -> Result<HashMap<String, Known>, DbErr> {
    let rows: Vec<(String, i64, i64, DateTimeUtc, Option<DateTimeUtc>)> = E::find()
        .select_only()
        .expr(Expr::col("id"))
        .expr(Expr::col("content_hash"))
        .expr(Expr::col("read_no"))
        .expr(Expr::col("created_at"))
        .expr(Expr::col("deleted_at"))
        .filter(Expr::col("connection_id").eq(connection))
        .filter(Expr::col("id").is_in(ids))
        .into_tuple()
        .all(tx)
        .await?;
    let known = |(id, content_hash, read_no, created_at, deleted): (_, _, _, _, Option<_>)| {
        (id, Known { content_hash, read_no, created_at, deleted: deleted.is_some() })
    };
    Ok(rows.into_iter().map(known).collect())
}

async fn insert<E>(tx: &Tx, rows: Vec<E::ActiveModel>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let own = |column: &E::Column| !matches!(IdenStatic::as_str(column), "connection_id" | "id");
    let newest = Expr::col((E::default(), "read_no")).lte(Expr::col(("excluded", "read_no")));
    let keep = OnConflict::columns(["connection_id", "id"])
        .update_columns(E::Column::iter().filter(own))
        .action_and_where(newest)
        .to_owned();
    for rows in rows.chunks(super::ROWS) {
        E::insert_many(rows.to_vec()).on_conflict(keep.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Marks a record as gone. Returns the change when it was there.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn bury(tx: &Tx, reading: Reading, data_type: DataType, id: &str) -> Result<Option<Changed>, DbErr> {
    let gone = match data_type {
        DataType::CompanyInfo => bury_in::<company_info::Entity>(tx, reading, id).await?,
        DataType::Customers => bury_in::<customer::Entity>(tx, reading, id).await?,
        DataType::Payments => bury_in::<payment::Entity>(tx, reading, id).await?,
        DataType::Transactions => bury_counted::<transaction::Entity>(tx, reading, id).await?,
        DataType::Payouts => bury_in::<payout::Entity>(tx, reading, id).await?,
        DataType::Disputes => bury_in::<dispute::Entity>(tx, reading, id).await?,
        DataType::Products => bury_in::<product::Entity>(tx, reading, id).await?,
        DataType::PaymentMethods => bury_in::<payment_method::Entity>(tx, reading, id).await?,
        DataType::Orders => bury_counted::<order::Entity>(tx, reading, id).await?,
        DataType::Subscriptions => bury_in::<subscription::Entity>(tx, reading, id).await?,
        DataType::Invoices => bury_in::<invoice::Entity>(tx, reading, id).await?,
    };
    Ok(gone.then(|| Changed { data_type, id: id.to_owned(), kind: Kind::Deleted }))
}

async fn bury_counted<E: EntityTrait>(tx: &Tx, reading: Reading, id: &str) -> Result<bool, DbErr> {
    let gone = bury_in::<E>(tx, reading, id).await?;
    if gone && let Some(row) = known::<E>(tx, reading.connection, vec![id.to_owned()]).await?.get(id) {
        days::forget(tx, reading.connection, &[row.created_at]).await?;
    }
    Ok(gone)
}

async fn bury_in<E: EntityTrait>(tx: &Tx, reading: Reading, id: &str) -> Result<bool, DbErr> {
    let buried = E::update_many()
        .col_expr("deleted_at", Expr::value(reading.now))
        .col_expr("modified_at", Expr::value(reading.now))
        .col_expr("read_no", Expr::value(reading.read_no))
        .filter(Expr::col("connection_id").eq(reading.connection))
        .filter(Expr::col("id").eq(id))
        .filter(Expr::col("deleted_at").is_null())
        .filter(Expr::col("read_no").lte(reading.read_no))
        .exec(tx)
        .await?;
    Ok(buried.rows_affected > 0)
}
