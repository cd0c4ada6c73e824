//! The data types of the commerce schema.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A data type, in the contract's spelling.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum DataType {
    /// The account itself.
    #[sea_orm(string_value = "commerce-companyInfo")]
    #[serde(rename = "commerce-companyInfo")]
    CompanyInfo,
    /// Customers.
    #[sea_orm(string_value = "commerce-customers")]
    #[serde(rename = "commerce-customers")]
    Customers,
    /// Charges, and refunds as negative payments.
    #[sea_orm(string_value = "commerce-payments")]
    #[serde(rename = "commerce-payments")]
    Payments,
    /// Balance transactions and their fees.
    #[sea_orm(string_value = "commerce-transactions")]
    #[serde(rename = "commerce-transactions")]
    Transactions,
    /// Payouts and what they are made of.
    #[sea_orm(string_value = "commerce-payouts")]
    #[serde(rename = "commerce-payouts")]
    Payouts,
    /// Disputes.
    #[sea_orm(string_value = "commerce-disputes")]
    #[serde(rename = "commerce-disputes")]
    Disputes,
    /// Products with their prices as variants.
    #[sea_orm(string_value = "commerce-products")]
    #[serde(rename = "commerce-products")]
    Products,
    /// Ways of paying that charges show.
    #[sea_orm(string_value = "commerce-paymentMethods")]
    #[serde(rename = "commerce-paymentMethods")]
    PaymentMethods,
    /// Checkout sessions and paid invoices.
    #[sea_orm(string_value = "commerce-orders")]
    #[serde(rename = "commerce-orders")]
    Orders,
    /// Subscriptions.
    #[sea_orm(string_value = "commerce-subscriptions")]
    #[serde(rename = "commerce-subscriptions")]
    Subscriptions,
    /// Invoices, whatever became of them.
    #[sea_orm(string_value = "commerce-invoices")]
    #[serde(rename = "commerce-invoices")]
    Invoices,
}

impl DataType {
    /// Every data type, in the order in which they are synced and shown.
    pub const ALL: [Self; 11] = [
        Self::CompanyInfo,
        Self::Customers,
        Self::Payments,
        Self::Transactions,
        Self::Payouts,
        Self::Disputes,
        Self::Products,
        Self::PaymentMethods,
        Self::Orders,
        Self::Subscriptions,
        Self::Invoices,
    ];

    /// The type whose settings hold for this one, too, when it is none of the contract's: the contract's list of data types
    /// is closed, and clients refuse what is not on it.
    #[must_use]
    pub const fn follows(self) -> Option<Self> {
        match self {
            Self::Payouts => Some(Self::Transactions),
            Self::Subscriptions | Self::Invoices => Some(Self::Orders),
            _ => None,
        }
    }

    /// The contract's spelling, such as `commerce-payments`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CompanyInfo => "commerce-companyInfo",
            Self::Customers => "commerce-customers",
            Self::Payments => "commerce-payments",
            Self::Transactions => "commerce-transactions",
            Self::Payouts => "commerce-payouts",
            Self::Disputes => "commerce-disputes",
            Self::Products => "commerce-products",
            Self::PaymentMethods => "commerce-paymentMethods",
            Self::Orders => "commerce-orders",
            Self::Subscriptions => "commerce-subscriptions",
            Self::Invoices => "commerce-invoices",
        }
    }

    /// The data type with this spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}
