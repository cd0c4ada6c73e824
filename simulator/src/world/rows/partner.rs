//! What goes to and comes from the accounts of partners.

use crate::world::money::Currency;

/// A transfer of a part of a charge to a partner's account.
#[derive(Debug)]
pub struct Transfer {
    pub created: i64,
    pub amount: i64,
    pub currency: Currency,
    pub charge: u32,
    pub entry: u32,
}

/// A fee earned on a partner's charge.
#[derive(Debug)]
pub struct ApplicationFee {
    pub created: i64,
    pub amount: i64,
    pub currency: Currency,
    pub entry: u32,
}
