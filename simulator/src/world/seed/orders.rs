//! What was bought: checkout sessions and invoices, also those that nobody paid.

use crate::world::{
    calendar::DAY,
    catalogue::{Order, order},
    chance::Chance,
    money::Currency,
    rows::{Bought, Checkout, Invoice, InvoicePayment, NEVER, Session, Settled},
    shop::Shop,
    table::NONE,
};

/// What a purchase looks like before it is paid.
pub struct Basket {
    /// What the lines follow from.
    pub key: u64,
    /// Whether it is bought in a checkout session, not by an invoice.
    pub checkout: bool,
    /// The lines.
    pub order: Order,
}

/// A basket for some of the purchases, `None` for the others.
pub fn basket(shop: &Shop, chance: Chance, currency: Currency, customer: u32, created: i64) -> Option<Basket> {
    let checkout = match chance.below("bought", 100) {
        0..24 => true,
        24..31 if customer != NONE => false,
        _ => return None,
    };
    let key = chance.bits("order");
    Some(Basket { key, checkout, order: shop.order_of(key, currency, checkout, created)? })
}

/// The session or invoice of a basket whose intent is `intent`, paid at `paid_at`.
pub fn place(
    shop: &mut Shop,
    chance: Chance,
    basket: &Basket,
    currency: Currency,
    customer: u32,
    intent: u32,
    paid_at: i64,
) -> Bought {
    let order = basket.key;
    if basket.checkout {
        let created = paid_at - chance.between("thinking", 40, 900);
        let expires_at = created + DAY;
        let checkout = Checkout::Payment;
        let session =
            Session { created, completed_at: paid_at, expires_at, customer, intent, currency, order, checkout };
        return Bought::Session(shop.sessions.add(session));
    }
    // Invoices are made days before they are paid, some months.
    let days =
        if chance.one_in("late", 10) { chance.between("months", 45, 120) } else { chance.between("days", 0, 14) };
    let created = (paid_at - days * DAY - 3_600).max(shop.customers.at(customer).created);
    let finalized_at = created + 1_800.min((paid_at - created) / 2);
    let payment = shop.invoice_payments.len();
    let number = shop.invoices.add(Invoice {
        created,
        finalized_at,
        paid_at,
        voided_at: NEVER,
        uncollectible_at: NEVER,
        customer,
        intent,
        payment,
        payments: 1,
        currency,
        order,
        subscription: NONE,
        settled: Settled::Payments,
    });
    let amount = basket.order.total;
    shop.invoice_payments.add(InvoicePayment { created: finalized_at, invoice: number, intent, amount, paid_at });
    Bought::Invoice(number)
}

/// A session that nobody completed.
pub fn abandon(shop: &mut Shop, chance: Chance, currency: Currency, created: i64) {
    let order = chance.bits("abandoned");
    if shop.order_of(order, currency, true, created).is_some() {
        shop.sessions.add(Session {
            created,
            completed_at: NEVER,
            expires_at: created + DAY,
            customer: NONE,
            intent: NONE,
            currency,
            order,
            checkout: Checkout::Payment,
        });
    }
}

/// An invoice that nobody paid: a draft, open, void or uncollectible.
pub fn unpaid(shop: &mut Shop, chance: Chance, currency: Currency, customer: u32, created: i64, now: i64) {
    let order = chance.bits("unpaid");
    if customer == NONE || shop.order_of(order, currency, false, created).is_none() {
        return;
    }
    let later = created + 20 * DAY;
    let (finalized_at, voided_at, uncollectible_at) = match chance.below("unpaid", 4) {
        0 => (NEVER, NEVER, NEVER),
        1 if later < now => (created + 3_600, later, NEVER),
        2 if later < now => (created + 3_600, NEVER, later),
        _ => (created + 3_600, NEVER, NEVER),
    };
    shop.invoices.add(Invoice {
        created,
        finalized_at,
        paid_at: NEVER,
        voided_at,
        uncollectible_at,
        customer,
        intent: NONE,
        payment: NONE,
        payments: 0,
        currency,
        order,
        subscription: NONE,
        settled: Settled::Payments,
    });
}

impl Shop {
    /// The order with this key; `None` when nothing was sold in the currency then.
    pub fn order_of(&self, key: u64, currency: Currency, ships: bool, at: i64) -> Option<Order> {
        let sold = u32::try_from(self.profile.products.len()).unwrap_or(NONE);
        if let Some(long) = Order::long(key, &self.products, &self.prices, currency, sold) {
            return Some(long);
        }
        order(Chance::new(key), &self.products, &self.prices, currency, ships, self.profile.products.len() as u64, at)
    }
}
