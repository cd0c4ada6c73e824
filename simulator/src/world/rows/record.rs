//! Customers, their payment methods, products and prices.

use crate::world::money::Currency;

/// A customer.
#[derive(Debug)]
pub struct Customer {
    pub created: i64,
    /// When the e-mail address and the phone number changed.
    pub edited_at: i64,
    pub deleted_at: i64,
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
    pub created: i64,
    pub customer: u32,
    pub detached_at: i64,
}

/// A product.
#[derive(Debug)]
pub struct Product {
    pub created: i64,
    pub updated: i64,
    pub deleted_at: i64,
    pub active: bool,
    /// The price of one in US cents.
    pub cents: i64,
    pub first_price: u32,
}

/// A price.
#[derive(Debug)]
pub struct Price {
    pub created: i64,
    pub deleted_at: i64,
    pub product: u32,
    pub currency: Currency,
    pub amount: i64,
    pub active: bool,
    pub recurring: bool,
}
