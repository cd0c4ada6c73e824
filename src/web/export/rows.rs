//! The rows of a list, one after the other, each as the JSON that the list answers.

use std::sync::Arc;

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::{customer, dispute, invoice, order, payment, payment_method, payout, product, subscription, transaction};
use futures::stream::{BoxStream, StreamExt};
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
use super::super::supplemental::{Supplemented, Supplements};
use super::super::transactions::Transaction;
use store::lists::{Listed, Listing, Noun};
use store::{Tx, payouts_read, records};

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
                let kinds = self.supplements.kinds();
                let rows = payouts_read::all_transactions(&self.tx, self.connection, id, &self.listing, &kinds).await?;
                return Ok(self.made::<_, Transaction>(rows));
            }
        };
        match data_type {
            DataType::CompanyInfo => Ok(futures::stream::empty().boxed()),
            DataType::Customers => self.of::<customer::Entity, Customer>().await,
            DataType::Payments => self.of::<payment::Entity, Payment>().await,
            DataType::Transactions => self.of::<transaction::Entity, Transaction>().await,
            DataType::Payouts => self.of::<payout::Entity, Payout>().await,
            DataType::Disputes => self.of::<dispute::Entity, Dispute>().await,
            DataType::Products => self.of::<product::Entity, Product>().await,
            DataType::PaymentMethods => {
                let rows =
                    records::all::<payment_method::Entity>(&self.tx, self.connection, &self.listing, &[]).await?;
                Ok(rows.map(|row| json(&PaymentMethod::from(row?.record))).boxed())
            }
            DataType::Orders => self.of::<order::Entity, Order>().await,
            DataType::Subscriptions => self.of::<subscription::Entity, Subscription>().await,
            DataType::Invoices => self.of::<invoice::Entity, Invoice>().await,
        }
    }

    async fn of<E: Listed, T: From<E::Row> + Serialize + Supplemented>(&self) -> Result<Rows<'_>, DbErr> {
        let kinds = self.supplements.kinds();
        let rows = records::all::<E>(&self.tx, self.connection, &self.listing, &kinds).await?;
        Ok(self.made::<_, T>(rows))
    }

    /// The same rows as JSON, each with what is served beside it.
    fn made<'a, M: 'a, T: From<M> + Serialize + Supplemented>(&'a self, rows: records::Rows<'a, M>) -> Rows<'a> {
        rows.map(|row| json(&self.supplements.added::<_, T>(row?)?)).boxed()
    }
}

fn json(row: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(row)?)
}
