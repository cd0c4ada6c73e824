//! What goes to and comes from the accounts of partners.

use crate::world::money::Currency;

/// A transfer of a part of a charge to a partner's account.
#[derive(Debug)]
pub struct Transfer {
    /// When it was made.
    pub created: i64,
    /// How much the partner gets.
    pub amount: i64,
    /// What it is in.
    pub currency: Currency,
    /// What it is a part of.
    pub charge: u32,
    /// Its balance transaction.
    pub entry: u32,
}

/// A fee earned on a partner's charge.
#[derive(Debug)]
pub struct ApplicationFee {
    /// When it was earned.
    pub created: i64,
    /// How much.
    pub amount: i64,
    /// What it is in.
    pub currency: Currency,
    /// Its balance transaction.
    pub entry: u32,
}
