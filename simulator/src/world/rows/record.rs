//! Customers, their payment methods, products and prices.

use crate::world::money::Currency;

/// A customer.
#[derive(Debug)]
pub struct Customer {
    /// When it was made.
    pub created: i64,
    /// When the e-mail address and the phone number changed.
    pub edited_at: i64,
    /// When it was deleted.
    pub deleted_at: i64,
    /// What is billed in.
    pub currency: Currency,
    /// The last charge; the others follow through [`super::Charge::previous`].
    pub charge: u32,
    /// The first of the payment methods, and how many follow one another.
    pub method: u32,
    pub methods: u32,
}

/// A payment method of a customer.
#[derive(Debug)]
pub struct CustomerMethod {
    /// When it was attached.
    pub created: i64,
    /// Whose it is.
    pub customer: u32,
    /// When it was detached.
    pub detached_at: i64,
}

/// A product.
#[derive(Debug)]
pub struct Product {
    /// When it was made.
    pub created: i64,
    /// When it last changed.
    pub updated: i64,
    /// When it was deleted.
    pub deleted_at: i64,
    /// Whether it is for sale.
    pub active: bool,
    /// The price of one in US cents.
    pub cents: i64,
    /// The first of its prices; the others follow it.
    pub first_price: u32,
}

/// A price.
#[derive(Debug)]
pub struct Price {
    /// When it was made.
    pub created: i64,
    /// When it was deleted.
    pub deleted_at: i64,
    /// What it is the price of.
    pub product: u32,
    /// What it is in.
    pub currency: Currency,
    /// Of one piece.
    pub amount: i64,
    /// Whether it can be bought at.
    pub active: bool,
    /// Whether it is paid every month.
    pub recurring: bool,
}
