//! What a record was made of: which of Stripe's objects stand behind it, and which of their fields became which of its own.

use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::{invoice, order, source_object};
use sea_orm::DbErr;

use base::boxed;
use store::Executor;
use store::{lists, source_objects, verify};

/// A property of a record, by the API's name, and Stripe's fields that it is made from; several are tried in this order,
/// or counted together. Empty for what is not from Stripe.
pub type Property = (&'static str, &'static [&'static str]);

const OURS: &[&str] = &[];
const OURS_ALONE: &[Property] = &[];

/// The properties of a data type's records; none for a type that is not made of Stripe's objects.
#[must_use]
pub const fn properties(data_type: DataType) -> &'static [Property] {
    match data_type {
        DataType::CompanyInfo => COMPANY_INFO,
        DataType::Customers => CUSTOMER,
        DataType::Payments => PAYMENT,
        DataType::Transactions => TRANSACTION,
        DataType::Payouts => PAYOUT,
        DataType::Disputes => DISPUTE,
        DataType::Products => PRODUCT,
        DataType::Orders => ORDER,
        DataType::Subscriptions => SUBSCRIPTION,
        DataType::Invoices => INVOICE,
        // What many charges say: no object stands behind it.
        DataType::PaymentMethods => OURS_ALONE,
    }
}

const COMPANY_INFO: &[Property] = &[
    ("commercePlatformRef", &["account.id"]),
    (
        "companyName",
        &["account.business_profile.name", "account.settings.dashboard.display_name", "account.company.name"],
    ),
    ("companyLegalName", &["account.company.name"]),
    ("baseCurrency", &["account.default_currency"]),
    ("addresses", &["account.business_profile.support_address"]),
    ("phoneNumbers", &["account.business_profile.support_phone"]),
    ("webLinks", &["account.business_profile.url", "account.business_profile.support_url"]),
    ("accountBalances", &["balance.available", "balance.pending", "balance.connect_reserved"]),
    ("createdDate", &["account.created"]),
    ("registrationNumber", OURS),
    ("sourceUrls", OURS),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
];

const CUSTOMER: &[Property] = &[
    ("id", &["customer.id"]),
    ("customerName", &["customer.name"]),
    ("emailAddress", &["customer.email"]),
    ("phone", &["customer.phone"]),
    ("defaultCurrency", &["customer.currency"]),
    ("addresses", &["customer.address", "customer.shipping.address"]),
    ("note", &["customer.description"]),
    ("createdDate", &["customer.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const PAYMENT: &[Property] = &[
    ("id", &["charge.id", "refund.id"]),
    ("amount", &["charge.amount", "charge.amount_captured", "refund.amount"]),
    ("currency", &["charge.currency", "refund.currency"]),
    ("chargeRef", &["charge.id", "refund.charge"]),
    ("customerRef", &["charge.customer"]),
    ("paymentMethodRef", &["charge.payment_method_details.type"]),
    ("status", &["charge.status", "charge.captured", "charge.refunded", "refund.status"]),
    ("createdDate", &["charge.created", "refund.created"]),
    ("kind", OURS),
    ("paymentProvider", OURS),
    ("dueDate", OURS),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const TRANSACTION: &[Property] = &[
    ("id", &["balance_transaction.id", "balance_transaction.fee_details.description"]),
    ("parentId", &["balance_transaction.id"]),
    ("totalAmount", &["balance_transaction.amount", "balance_transaction.fee_details.amount"]),
    ("currency", &["balance_transaction.currency", "balance_transaction.fee_details.currency"]),
    ("type", &["balance_transaction.type", "balance_transaction.amount"]),
    ("subType", &["balance_transaction.type", "balance_transaction.fee_details.type"]),
    ("transactionSourceRef", &["balance_transaction.source"]),
    ("createdDate", &["balance_transaction.created"]),
    ("sourceCreatedDate", &["balance_transaction.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const PAYOUT: &[Property] = &[
    ("id", &["payout.id"]),
    ("amount", &["payout.amount"]),
    ("currency", &["payout.currency"]),
    ("status", &["payout.status"]),
    ("arrivalDate", &["payout.arrival_date"]),
    ("isAutomatic", &["payout.automatic"]),
    ("method", &["payout.method"]),
    ("destinationType", &["payout.type"]),
    ("transactionId", &["payout.balance_transaction"]),
    ("failureTransactionId", &["payout.failure_balance_transaction"]),
    ("failureCode", &["payout.failure_code"]),
    ("failureMessage", &["payout.failure_message"]),
    ("originalPayoutId", &["payout.original_payout"]),
    ("statementDescriptor", &["payout.statement_descriptor"]),
    ("description", &["payout.description"]),
    ("createdDate", &["payout.created"]),
    // Proven here, from the transactions of the payout.
    ("content", OURS),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const DISPUTE: &[Property] = &[
    ("id", &["dispute.id"]),
    ("totalAmount", &["dispute.amount"]),
    ("currency", &["dispute.currency"]),
    ("status", &["dispute.status"]),
    ("reason", &["dispute.reason"]),
    ("dueDate", &["dispute.evidence_details.due_by"]),
    ("disputedTransactions", &["dispute.balance_transactions"]),
    ("createdDate", &["dispute.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const PRODUCT: &[Property] = &[
    ("id", &["product.id"]),
    ("name", &["product.name"]),
    ("description", &["product.description"]),
    ("status", &["product.active"]),
    ("variants", &["price.id", "price.nickname", "price.currency", "price.unit_amount_decimal", "price.active"]),
    ("createdDate", &["product.created"]),
    ("sourceModifiedDate", &["product.updated"]),
    ("isGiftCard", OURS),
    ("productCategoryRefs", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const ORDER: &[Property] = &[
    ("id", &["checkout.session.id", "invoice.id"]),
    ("orderNumber", &["checkout.session.client_reference_id", "invoice.number"]),
    ("country", &["checkout.session.customer_details.address.country", "invoice.customer_address.country"]),
    ("currency", &["checkout.session.currency", "invoice.currency"]),
    ("totalAmount", &["checkout.session.amount_total", "invoice.total"]),
    ("totalTaxAmount", &["checkout.session.total_details.amount_tax", "invoice.total_taxes"]),
    ("totalDiscount", &["checkout.session.total_details.amount_discount", "invoice.total_discount_amounts"]),
    ("totalRefund", &["charge.amount_refunded"]),
    ("serviceCharges", &["checkout.session.shipping_cost.amount_total", "invoice.shipping_cost.amount_total"]),
    ("orderLineItems", &["checkout.session.line_items", "item", "invoice.lines", "line_item"]),
    ("payments", &["checkout.session.payment_intent", "invoice.payments", "charge.amount"]),
    ("customerRef", &["checkout.session.customer", "invoice.customer"]),
    ("closedDate", &["charge.created", "invoice.status_transitions.paid_at"]),
    ("createdDate", &["checkout.session.created", "invoice.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const SUBSCRIPTION: &[Property] = &[
    ("id", &["subscription.id"]),
    ("status", &["subscription.status"]),
    ("customerRef", &["subscription.customer"]),
    ("currency", &["subscription.currency"]),
    ("items", &["subscription.items", "subscription_item"]),
    ("monthlyAmount", &["subscription.items", "subscription_item"]),
    ("unpricedItems", &["subscription.items", "subscription_item"]),
    ("discounts", &["subscription.discounts"]),
    ("collectionMethod", &["subscription.collection_method"]),
    ("startedDate", &["subscription.start_date", "subscription.created"]),
    ("trialEndDate", &["subscription.trial_end"]),
    ("currentPeriodEndDate", &["subscription.items", "subscription_item"]),
    ("cancelAtPeriodEnd", &["subscription.cancel_at_period_end"]),
    ("cancelDate", &["subscription.cancel_at"]),
    ("cancelledDate", &["subscription.canceled_at"]),
    ("endedDate", &["subscription.ended_at"]),
    ("createdDate", &["subscription.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

const INVOICE: &[Property] = &[
    ("id", &["invoice.id"]),
    ("invoiceNumber", &["invoice.number"]),
    ("status", &["invoice.status"]),
    ("billingReason", &["invoice.billing_reason"]),
    ("customerRef", &["invoice.customer"]),
    ("subscriptionRef", &["invoice.parent.subscription_details.subscription"]),
    ("currency", &["invoice.currency"]),
    ("totalAmount", &["invoice.total"]),
    ("totalTaxAmount", &["invoice.total_taxes"]),
    ("totalDiscount", &["invoice.total_discount_amounts"]),
    ("amountDue", &["invoice.amount_due"]),
    ("amountPaid", &["invoice.amount_paid"]),
    ("amountPaidElsewhere", &["invoice.amount_paid_off_stripe"]),
    ("amountRemaining", &["invoice.amount_remaining"]),
    ("issuedDate", &["invoice.status_transitions.finalized_at"]),
    ("dueDate", &["invoice.due_date"]),
    ("paidDate", &["invoice.status_transitions.paid_at"]),
    ("voidedDate", &["invoice.status_transitions.voided_at"]),
    ("uncollectibleDate", &["invoice.status_transitions.marked_uncollectible_at"]),
    ("lines", &["invoice.lines", "line_item"]),
    ("payments", &["invoice.payments", "charge.amount"]),
    ("createdDate", &["invoice.created"]),
    ("sourceModifiedDate", OURS),
    ("modifiedDate", OURS),
    // What was configured, whatever the field.
    ("supplementalData", OURS),
];

/// Stripe's objects behind a record, with what became of each: the one that it is named after first. Empty when none is kept,
/// as for a payment method, which is what many charges say.
///
/// # Errors
/// When the database does not answer, or a kept body cannot be unpacked.
#[boxed]
pub async fn objects(
    db: &dyn Executor,
    connection: ConnectionId,
    data_type: DataType,
    id: &str,
) -> Result<Vec<source_object::Model>, DbErr> {
    let kinds = verify::objects(data_type);
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    // A fee's id is that of its balance transaction and more.
    let own = if data_type == DataType::Transactions { id.split(':').next().unwrap_or(id) } else { id };
    let mut all = source_objects::shown(db, connection, kinds, vec![own.to_owned()]).await?;
    if all.is_empty() {
        return Ok(all);
    }
    match data_type {
        DataType::CompanyInfo => {
            all.extend(source_objects::shown(db, connection, &["balance"], vec!["balance".to_owned()]).await?);
        }
        DataType::Products => all.extend(source_objects::shown_with(db, connection, &["price"], own).await?),
        DataType::Subscriptions => {
            all.extend(source_objects::shown_with(db, connection, &["subscription_item"], own).await?);
        }
        DataType::Orders => {
            let parts = ["item", "line_item"];
            all.extend(source_objects::shown_with(db, connection, &parts, own).await?);
            let order = lists::record::<order::Entity>(db, connection, own).await?;
            let paid_by = order.map(|row| row.payments.into_iter().map(|one| one.id).collect()).unwrap_or_default();
            all.extend(source_objects::shown(db, connection, &["charge"], paid_by).await?);
        }
        DataType::Invoices => {
            all.extend(source_objects::shown_with(db, connection, &["line_item"], own).await?);
            let invoice = lists::record::<invoice::Entity>(db, connection, own).await?;
            let paid_by = invoice.map(|row| row.payments.into_iter().map(|one| one.id).collect()).unwrap_or_default();
            all.extend(source_objects::shown(db, connection, &["charge"], paid_by).await?);
        }
        _ => {}
    }
    Ok(all)
}

/// The raw JSON of an object.
///
/// # Errors
/// When its body cannot be unpacked.
pub fn body(object: &source_object::Model) -> Result<String, DbErr> {
    let bytes = source_objects::unpack(&object.body, object.codec)?;
    String::from_utf8(bytes).map_err(|error| DbErr::Custom(format!("a source object is no text: {error}")))
}
