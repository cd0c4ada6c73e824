//! The rows of a list, one after the other, each as the JSON that the list answers.

use std::sync::Arc;

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::{customer, dispute, invoice, order, payment, payment_method, payout, product, subscription, transaction};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sea_orm::DbErr;
use serde::Serialize;

use super::super::customers::Customer;
use super::super::disputes::Dispute;
use super::super::invoices::Invoice;
use super::super::orders::Order;
use super::super::payment_methods::PaymentMethod;
use super::super::payments::Payment;
use super::super::payouts::Payout;
use super::super::products::Product;
use super::super::subscriptions::Subscription;
use super::super::supplemental::{AT_ONCE, Supplemented, Supplements};
use super::super::transactions::Transaction;
use crate::store::lists::{self, Listed, Listing, Noun};
use crate::store::{Db, Tx, payouts_read};

/// The rows of a list.
pub(super) type Rows<'a> = BoxStream<'a, anyhow::Result<String>>;

/// What can be asked of the records of a data type; nothing when they are no list.
pub(super) fn noun(data_type: DataType) -> Option<&'static Noun> {
    Some(match data_type {
        DataType::CompanyInfo => return None,
        DataType::Customers => customer::Entity::NOUN,
        DataType::Payments => payment::Entity::NOUN,
        DataType::Transactions => transaction::Entity::NOUN,
        DataType::Payouts => payout::Entity::NOUN,
        DataType::Disputes => dispute::Entity::NOUN,
        DataType::Products => product::Entity::NOUN,
        DataType::PaymentMethods => payment_method::Entity::NOUN,
        DataType::Orders => order::Entity::NOUN,
        DataType::Subscriptions => subscription::Entity::NOUN,
        DataType::Invoices => invoice::Entity::NOUN,
    })
}

/// Which records make a file.
#[derive(Clone, Debug)]
pub(super) enum Records {
    /// All of a data type.
    Of(DataType),
    /// The transactions that the payout with this id is made of.
    OfPayout(String),
}

impl Records {
    /// What they are.
    pub(super) const fn data_type(&self) -> DataType {
        match self {
            Self::Of(data_type) => *data_type,
            Self::OfPayout(_) => DataType::Transactions,
        }
    }
}

/// Where the rows of a file come from.
#[derive(Debug)]
pub(super) struct Origin {
    /// The state of the database that the records are read in.
    pub(super) tx: Arc<Tx>,
    /// Supplemental data is looked up beside them, since the one statement that reads them has their connection for itself.
    pub(super) db: Db,
    /// Whose records they are.
    pub(super) connection: ConnectionId,
    /// Which.
    pub(super) records: Records,
    /// The filter that leaves them, and their order.
    pub(super) listing: Listing,
    /// What is served beside them.
    pub(super) supplements: Supplements,
}

impl Origin {
    /// All of them.
    pub(super) async fn rows(&self) -> Result<Rows<'_>, DbErr> {
        let data_type = match &self.records {
            Records::Of(data_type) => *data_type,
            Records::OfPayout(id) => {
                let rows = payouts_read::all_transactions(&self.tx, self.connection, id, &self.listing).await?;
                return Ok(self.supplemented(rows.map_ok(Transaction::from).boxed()));
            }
        };
        match data_type {
            DataType::CompanyInfo => Ok(futures::stream::empty().boxed()),
            DataType::Customers => self.of::<customer::Entity, Customer>().await,
            DataType::Payments => self.of::<payment::Entity, Payment>().await,
            DataType::Transactions => self.of::<transaction::Entity, Transaction>().await,
            DataType::Payouts => {
                let rows = payouts_read::stream(&self.tx, self.connection, &self.listing).await?;
                Ok(self.supplemented(rows.map_ok(|(row, content)| Payout::new(row, content)).boxed()))
            }
            DataType::Disputes => self.of::<dispute::Entity, Dispute>().await,
            DataType::Products => self.of::<product::Entity, Product>().await,
            DataType::PaymentMethods => {
                let rows = lists::stream::<payment_method::Entity>(&self.tx, self.connection, &self.listing).await?;
                Ok(rows.map_ok(PaymentMethod::from).map(json).boxed())
            }
            DataType::Orders => self.of::<order::Entity, Order>().await,
            DataType::Subscriptions => self.of::<subscription::Entity, Subscription>().await,
            DataType::Invoices => self.of::<invoice::Entity, Invoice>().await,
        }
    }

    async fn of<E: Listed, T>(&self) -> Result<Rows<'_>, DbErr>
    where
        E::Model: Send + Sync,
        T: From<E::Model> + Serialize + Supplemented + Send + 'static,
    {
        let rows = lists::stream::<E>(&self.tx, self.connection, &self.listing).await?;
        Ok(self.supplemented(rows.map_ok(T::from).boxed()))
    }

    /// The same rows as JSON, each with what is served beside it.
    fn supplemented<'a, T>(&'a self, rows: BoxStream<'a, Result<T, DbErr>>) -> Rows<'a>
    where
        T: Serialize + Supplemented + Send + 'static,
    {
        if self.supplements.is_empty() {
            return rows.map(json).boxed();
        }
        rows.chunks(AT_ONCE).then(|rows| self.completed(rows)).flat_map(futures::stream::iter).boxed()
    }

    async fn completed<T>(&self, rows: Vec<Result<T, DbErr>>) -> Vec<anyhow::Result<String>>
    where
        T: Serialize + Supplemented,
    {
        let made = async {
            let mut rows = rows.into_iter().collect::<Result<Vec<T>, DbErr>>()?;
            self.supplements.add(&self.db, self.connection, &mut rows).await?;
            anyhow::Ok(rows)
        };
        match made.await {
            Ok(rows) => rows.into_iter().map(|row| json(Ok(row))).collect(),
            Err(error) => vec![Err(error)],
        }
    }
}

fn json<T: Serialize>(row: Result<T, DbErr>) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&row?)?)
}
