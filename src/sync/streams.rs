//! Stripe's lists, and which data types are made of them.

use entity::data_type::DataType;

/// A list of Stripe's that is read from end to end once, and followed by events afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The account and its balance: one object each, read before all others.
    Account,
    /// `/v1/customers`
    Customers,
    /// `/v1/charges`
    Charges,
    /// `/v1/refunds`
    Refunds,
    /// `/v1/balance_transactions`
    BalanceTransactions,
    /// `/v1/payouts`
    Payouts,
    /// `/v1/disputes`
    Disputes,
    /// `/v1/prices`
    Prices,
    /// `/v1/products`
    Products,
    /// `/v1/checkout/sessions`
    Sessions,
    /// `/v1/invoices`
    Invoices,
    /// `/v1/subscriptions`
    Subscriptions,
}

impl Stream {
    /// What is read side by side; within a row one after the other, since products are made of prices.
    pub const SIDE_BY_SIDE: [&'static [Self]; 8] = [
        &[Self::Charges],
        &[Self::BalanceTransactions],
        &[Self::Customers],
        &[Self::Refunds, Self::Disputes],
        &[Self::Payouts],
        &[Self::Prices, Self::Products],
        &[Self::Sessions, Self::Invoices],
        &[Self::Subscriptions],
    ];

    /// Its name in checkpoints; never changed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Customers => "customers",
            Self::Charges => "charges",
            Self::Refunds => "refunds",
            Self::BalanceTransactions => "balance_transactions",
            Self::Payouts => "payouts",
            Self::Disputes => "disputes",
            Self::Prices => "prices",
            Self::Products => "products",
            Self::Sessions => "checkout_sessions",
            Self::Invoices => "invoices",
            Self::Subscriptions => "subscriptions",
        }
    }

    /// Where it is listed; an object of it is at this path and its id.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Account => "/v1/account",
            Self::Customers => "/v1/customers",
            Self::Charges => "/v1/charges",
            Self::Refunds => "/v1/refunds",
            Self::BalanceTransactions => "/v1/balance_transactions",
            Self::Payouts => "/v1/payouts",
            Self::Disputes => "/v1/disputes",
            Self::Prices => "/v1/prices",
            Self::Products => "/v1/products",
            Self::Sessions => "/v1/checkout/sessions",
            Self::Invoices => "/v1/invoices",
            Self::Subscriptions => "/v1/subscriptions",
        }
    }

    /// What its list is asked for besides a place in it: left alone, the list of subscriptions leaves out those that have
    /// ended (trap 52).
    #[must_use]
    pub const fn filter(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Subscriptions => Some(("status", "all")),
            _ => None,
        }
    }

    /// What is asked for within each object, beyond what Stripe gives by itself.
    #[must_use]
    pub const fn expand(self) -> Option<&'static str> {
        match self {
            Self::Sessions => Some("line_items"),
            Self::Invoices => Some("payments"),
            _ => None,
        }
    }

    /// What inner lists hold, of all streams.
    pub const PARTS: [&'static str; 3] = ["item", "line_item", "subscription_item"];

    /// What its objects have inner lists of, of which they show the first only: Stripe's words.
    #[must_use]
    pub const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Sessions => &["item"],
            Self::Invoices => &["line_item"],
            Self::Subscriptions => &["subscription_item"],
            _ => &[],
        }
    }

    /// The data types that it makes.
    #[must_use]
    pub const fn data_types(self) -> &'static [DataType] {
        match self {
            Self::Account => &[DataType::CompanyInfo],
            Self::Customers => &[DataType::Customers],
            Self::Charges => &[DataType::Payments, DataType::PaymentMethods],
            Self::Refunds => &[DataType::Payments],
            Self::BalanceTransactions => &[DataType::Transactions],
            Self::Payouts => &[DataType::Payouts],
            Self::Disputes => &[DataType::Disputes],
            Self::Prices | Self::Products => &[DataType::Products],
            Self::Sessions => &[DataType::Orders],
            Self::Invoices => &[DataType::Orders, DataType::Invoices],
            Self::Subscriptions => &[DataType::Subscriptions],
        }
    }

    /// The data type that its objects are counted for.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Account => DataType::CompanyInfo,
            Self::Customers => DataType::Customers,
            Self::Charges | Self::Refunds => DataType::Payments,
            Self::BalanceTransactions => DataType::Transactions,
            Self::Payouts => DataType::Payouts,
            Self::Disputes => DataType::Disputes,
            Self::Prices | Self::Products => DataType::Products,
            Self::Sessions | Self::Invoices => DataType::Orders,
            Self::Subscriptions => DataType::Subscriptions,
        }
    }

    /// The streams that a data type is made of.
    #[must_use]
    pub const fn of(data_type: DataType) -> &'static [Self] {
        match data_type {
            DataType::CompanyInfo => &[Self::Account],
            DataType::Customers => &[Self::Customers],
            DataType::Payments => &[Self::Charges, Self::Refunds],
            DataType::Transactions => &[Self::BalanceTransactions],
            DataType::Payouts => &[Self::Payouts],
            DataType::Disputes => &[Self::Disputes],
            DataType::Products => &[Self::Prices, Self::Products],
            DataType::PaymentMethods => &[Self::Charges],
            DataType::Orders => &[Self::Sessions, Self::Invoices],
            DataType::Subscriptions => &[Self::Subscriptions],
            DataType::Invoices => &[Self::Invoices],
        }
    }

    /// The stream that an object belongs to, by Stripe's `object`.
    #[must_use]
    pub fn of_object(object: &str) -> Option<Self> {
        Some(match object {
            "account" | "balance" => Self::Account,
            "customer" => Self::Customers,
            "charge" => Self::Charges,
            "refund" => Self::Refunds,
            "balance_transaction" => Self::BalanceTransactions,
            "payout" => Self::Payouts,
            "dispute" => Self::Disputes,
            "price" => Self::Prices,
            "product" => Self::Products,
            "checkout.session" => Self::Sessions,
            "invoice" => Self::Invoices,
            "subscription" => Self::Subscriptions,
            _ => return None,
        })
    }
}
