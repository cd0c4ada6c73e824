//! The rows of a list, one after the other, each as the JSON that the list answers.

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
use super::super::transactions::Transaction;
use crate::store::lists::{self, Listed, Listing, Noun};
use crate::store::{Tx, payouts_read};

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

/// All records of a connection that the listing's filter leaves, in its order.
pub(super) async fn all<'a>(
    tx: &'a Tx,
    connection: ConnectionId,
    data_type: DataType,
    listing: &Listing,
) -> Result<Rows<'a>, DbErr> {
    match data_type {
        DataType::CompanyInfo => Ok(futures::stream::empty().boxed()),
        DataType::Customers => of::<customer::Entity, Customer>(tx, connection, listing).await,
        DataType::Payments => of::<payment::Entity, Payment>(tx, connection, listing).await,
        DataType::Transactions => of::<transaction::Entity, Transaction>(tx, connection, listing).await,
        DataType::Payouts => {
            let rows = payouts_read::stream(tx, connection, listing).await?;
            Ok(rows.map(|row| json(row.map(|(row, content)| Payout::new(row, content)))).boxed())
        }
        DataType::Disputes => of::<dispute::Entity, Dispute>(tx, connection, listing).await,
        DataType::Products => of::<product::Entity, Product>(tx, connection, listing).await,
        DataType::PaymentMethods => of::<payment_method::Entity, PaymentMethod>(tx, connection, listing).await,
        DataType::Orders => of::<order::Entity, Order>(tx, connection, listing).await,
        DataType::Subscriptions => of::<subscription::Entity, Subscription>(tx, connection, listing).await,
        DataType::Invoices => of::<invoice::Entity, Invoice>(tx, connection, listing).await,
    }
}

async fn of<'a, E: Listed, T: From<E::Model> + Serialize>(
    tx: &'a Tx,
    connection: ConnectionId,
    listing: &Listing,
) -> Result<Rows<'a>, DbErr>
where
    E::Model: Send + Sync,
{
    let rows = lists::stream::<E>(tx, connection, listing).await?;
    Ok(rows.map(|row| json(row.map(T::from))).boxed())
}

fn json<T: Serialize>(row: Result<T, DbErr>) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&row?)?)
}
