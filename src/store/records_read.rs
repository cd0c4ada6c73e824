//! What can be asked of each record of the commerce schema, and the one record that a connection has of its account.

use entity::company_info;
use entity::data_type::DataType;
use entity::id::ConnectionId;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

use super::lists::{self, Listed, Noun, Source};
use crate::Executor;
use base::boxed;
use base::query::{Field, Kind};

const fn field(name: &'static str, kind: Kind, column: &'static str) -> Field<Source> {
    Field { name, kind, nullable: false, source: Source::Column(column) }
}

/// A field that records may lack.
const fn maybe(name: &'static str, kind: Kind, column: &'static str) -> Field<Source> {
    Field { name, kind, nullable: true, source: Source::Column(column) }
}

const ID: Field<Source> = field("id", Kind::Id, "id");
const CREATED: Field<Source> = field("createdDate", Kind::Date, "created_at");
const MODIFIED: Field<Source> = field("modifiedDate", Kind::Date, "modified_at");
const SOURCE_MODIFIED: Field<Source> = maybe("sourceModifiedDate", Kind::Date, "source_modified_at");

/// Customers.
pub static CUSTOMER: Noun = Noun {
    name: "Customer",
    fields: &[
        ID,
        maybe("customerName", Kind::Folded, "name_folded"),
        maybe("emailAddress", Kind::Folded, "email_folded"),
        maybe("phone", Kind::Text, "phone"),
        maybe("defaultCurrency", Kind::Text, "default_currency"),
        maybe("note", Kind::Folded, "note_folded"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Payments.
pub static PAYMENT: Noun = Noun {
    name: "Payment",
    fields: &[
        ID,
        field("kind", Kind::Text, "kind"),
        field("amount", Kind::Number, "amount_milli"),
        field("currency", Kind::Text, "currency"),
        field("status", Kind::Text, "status"),
        maybe("chargeRef.id", Kind::Id, "charge_id"),
        maybe("customerRef.id", Kind::Id, "customer_id"),
        maybe("paymentMethodRef.id", Kind::Id, "payment_method_id"),
        maybe("paymentMethodRef.name", Kind::Text, "payment_method_name"),
        field("paymentProvider", Kind::Text, "payment_provider"),
        maybe("dueDate", Kind::Date, "due_at"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Transactions.
pub static TRANSACTION: Noun = Noun {
    name: "Transaction",
    fields: &[
        ID,
        field("parentId", Kind::Id, "parent_id"),
        field("totalAmount", Kind::Number, "total_milli"),
        field("currency", Kind::Text, "currency"),
        field("type", Kind::Text, "type"),
        field("subType", Kind::Text, "sub_type"),
        maybe("transactionSourceRef.id", Kind::Id, "source_id"),
        maybe("transactionSourceRef.type", Kind::Text, "source_type"),
        CREATED,
        field("sourceCreatedDate", Kind::Date, "created_at"),
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Disputes.
pub static DISPUTE: Noun = Noun {
    name: "Dispute",
    fields: &[
        ID,
        field("totalAmount", Kind::Number, "amount_milli"),
        field("currency", Kind::Text, "currency"),
        field("status", Kind::Text, "status"),
        maybe("reason", Kind::Text, "reason"),
        maybe("dueDate", Kind::Date, "due_at"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Products.
pub static PRODUCT: Noun = Noun {
    name: "Product",
    fields: &[
        ID,
        maybe("name", Kind::Folded, "name_folded"),
        maybe("description", Kind::Folded, "description_folded"),
        Field { name: "isGiftCard", kind: Kind::Bool, nullable: false, source: Source::Never },
        Field {
            name: "status",
            kind: Kind::Text,
            nullable: false,
            source: Source::Flag("active", "Published", "Unpublished"),
        },
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Payment methods.
pub static PAYMENT_METHOD: Noun = Noun {
    name: "PaymentMethod",
    fields: &[
        ID,
        field("name", Kind::Text, "name"),
        field("status", Kind::Text, "status"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Orders.
pub static ORDER: Noun = Noun {
    name: "Order",
    fields: &[
        ID,
        maybe("orderNumber", Kind::Text, "number"),
        maybe("country", Kind::Text, "country"),
        field("currency", Kind::Text, "currency"),
        maybe("closedDate", Kind::Date, "closed_at"),
        field("totalAmount", Kind::Number, "total_milli"),
        field("totalRefund", Kind::Number, "refund_milli"),
        field("totalTaxAmount", Kind::Number, "tax_milli"),
        field("totalDiscount", Kind::Number, "discount_milli"),
        maybe("customerRef.id", Kind::Id, "customer_id"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Payouts.
pub static PAYOUT: Noun = Noun {
    name: "Payout",
    fields: &[
        ID,
        field("amount", Kind::Number, "amount_milli"),
        field("currency", Kind::Text, "currency"),
        field("status", Kind::Text, "status"),
        field("method", Kind::Text, "method"),
        field("arrivalDate", Kind::Date, "arrival_at"),
        field("isAutomatic", Kind::Bool, "automatic"),
        field("destinationType", Kind::Text, "destination_type"),
        maybe("transactionId", Kind::Id, "balance_transaction_id"),
        maybe("originalPayoutId", Kind::Id, "original_payout_id"),
        Field { name: "content.state", kind: Kind::Text, nullable: false, source: Source::PayoutState },
        Field { name: "content.proof", kind: Kind::Text, nullable: false, source: Source::PayoutProof },
        maybe("failureCode", Kind::Text, "failure_code"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Subscriptions.
pub static SUBSCRIPTION: Noun = Noun {
    name: "Subscription",
    fields: &[
        ID,
        field("status", Kind::Text, "status"),
        field("currency", Kind::Text, "currency"),
        field("monthlyAmount", Kind::Number, "monthly_milli"),
        maybe("customerRef.id", Kind::Id, "customer_id"),
        maybe("collectionMethod", Kind::Text, "collection_method"),
        field("startedDate", Kind::Date, "started_at"),
        maybe("trialEndDate", Kind::Date, "trial_ends_at"),
        maybe("currentPeriodEndDate", Kind::Date, "period_ends_at"),
        field("cancelAtPeriodEnd", Kind::Bool, "cancel_at_period_end"),
        maybe("cancelledDate", Kind::Date, "cancelled_at"),
        maybe("endedDate", Kind::Date, "ended_at"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

/// Invoices.
pub static INVOICE: Noun = Noun {
    name: "Invoice",
    fields: &[
        ID,
        maybe("invoiceNumber", Kind::Text, "number"),
        field("status", Kind::Text, "status"),
        field("currency", Kind::Text, "currency"),
        field("totalAmount", Kind::Number, "total_milli"),
        field("totalTaxAmount", Kind::Number, "tax_milli"),
        field("totalDiscount", Kind::Number, "discount_milli"),
        field("amountDue", Kind::Number, "due_milli"),
        field("amountPaid", Kind::Number, "paid_milli"),
        field("amountRemaining", Kind::Number, "remaining_milli"),
        maybe("customerRef.id", Kind::Id, "customer_id"),
        maybe("subscriptionRef.id", Kind::Id, "subscription_id"),
        maybe("billingReason", Kind::Text, "reason"),
        maybe("issuedDate", Kind::Date, "issued_at"),
        maybe("dueDate", Kind::Date, "due_at"),
        maybe("paidDate", Kind::Date, "paid_at"),
        CREATED,
        MODIFIED,
        SOURCE_MODIFIED,
    ],
};

macro_rules! listed {
    ($($noun:ident $entity:ident $data_type:ident;)+) => {$(
        impl Listed for entity::$entity::Entity {
            const NOUN: &'static Noun = &$noun;
            const DATA_TYPE: DataType = DataType::$data_type;
            type Row = entity::$entity::Model;
        }
    )+};
}

listed! {
    CUSTOMER customer Customers;
    PAYMENT payment Payments;
    TRANSACTION transaction Transactions;
    DISPUTE dispute Disputes;
    PRODUCT product Products;
    PAYMENT_METHOD payment_method PaymentMethods;
    ORDER order Orders;
    SUBSCRIPTION subscription Subscriptions;
    INVOICE invoice Invoices;
}

/// The account itself.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn company_info(db: &dyn Executor, connection: ConnectionId) -> Result<Option<company_info::Model>, DbErr> {
    let rows = lists::of_connection::<company_info::Entity>(connection);
    rows.order_by_desc(company_info::Column::ModifiedAt).one(&db).await
}

/// How many payments (refunds are some, too) were made since.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn payments_since(db: &dyn Executor, connection: ConnectionId, since: DateTimeUtc) -> Result<i64, DbErr> {
    use entity::payment::{Column, Entity};
    let rows = Entity::find().filter(Column::ConnectionId.eq(connection)).filter(Column::CreatedAt.gte(since));
    Ok(i64::try_from(rows.count(&db).await?).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{Iterable, sea_query::Iden};

    fn columns<E: EntityTrait>(noun: &Noun) {
        let known: Vec<String> = E::Column::iter().map(|column| column.unquoted().to_owned()).collect();
        for field in noun.fields {
            if let Source::Column(name) | Source::Whole(name) | Source::Flag(name, ..) = field.source {
                assert!(known.iter().any(|one| one == name), "{}.{} reads {name}", noun.name, field.name);
            }
        }
    }

    #[test]
    fn every_field_reads_a_column_that_is_there() {
        columns::<entity::customer::Entity>(&CUSTOMER);
        columns::<entity::payment::Entity>(&PAYMENT);
        columns::<entity::transaction::Entity>(&TRANSACTION);
        columns::<entity::dispute::Entity>(&DISPUTE);
        columns::<entity::product::Entity>(&PRODUCT);
        columns::<entity::payment_method::Entity>(&PAYMENT_METHOD);
        columns::<entity::order::Entity>(&ORDER);
        columns::<entity::payout::Entity>(&PAYOUT);
        columns::<entity::subscription::Entity>(&SUBSCRIPTION);
        columns::<entity::invoice::Entity>(&INVOICE);
        columns::<entity::company::Entity>(&crate::companies::NOUN);
        columns::<entity::dataset::Entity>(&crate::datasets_read::NOUN);
    }
}
