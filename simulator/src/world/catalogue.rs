//! What an order is made of: lines from the shop's prices, with discounts and taxes that add up.

use super::{
    chance::Chance,
    money::Currency,
    rows::{Price, Product},
    table::{NONE, Table},
};

/// A line of an order. `total` = `subtotal` - `discount` + `tax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is sold at.
    pub price: u32,
    /// How many.
    pub quantity: i64,
    /// The price of one.
    pub unit: i64,
    /// `unit` times `quantity`.
    pub subtotal: i64,
    /// Taken off before tax.
    pub discount: i64,
    /// On what is left.
    pub tax: i64,
    /// What is paid.
    pub total: i64,
}

/// An order. Its amounts are the sums over the lines, and `total` has the shipping too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// In their order.
    pub lines: Vec<Line>,
    /// What was taken off each line.
    pub discount_percent: i64,
    /// What was added to each line.
    pub tax_percent: i64,
    /// Before discount and tax.
    pub subtotal: i64,
    /// Taken off.
    pub discount: i64,
    /// Added.
    pub tax: i64,
    /// Without tax or discount.
    pub shipping: i64,
    /// What is paid.
    pub total: i64,
}

/// The keys of orders with so many lines and no other peculiarity end here: `LONG` - 300 is one of 300 lines (trap 53).
const LONG: u64 = u64::MAX;
/// How many lines such an order has at most.
const LONGEST: u64 = 500;

/// The key of an order with so many lines, up to [`LONGEST`] (trap 53).
pub fn long(lines: u64) -> u64 {
    LONG - lines.min(LONGEST)
}

/// How many lines the order with this key has, if it is a long one.
fn long_lines(key: u64) -> Option<u64> {
    Some(LONG - key).filter(|lines| *lines <= LONGEST)
}

impl Order {
    /// The long order with this key; `None` for any other key, and when nothing is sold in the currency.
    pub fn long(
        key: u64,
        products: &Table<Product>,
        prices: &Table<Price>,
        currency: Currency,
        sold: u32,
    ) -> Option<Self> {
        let sells = (0..sold).filter_map(|product| price_in(products, prices, product, currency));
        let sells: Vec<u32> = sells.collect();
        let line = |place: u64| {
            let price = *sells.get(usize::try_from(place).ok()? % sells.len().max(1))?;
            let (unit, quantity) = (prices.at(price).amount, (place % 3).cast_signed() + 1);
            let total = unit * quantity;
            Some(Line { price, quantity, unit, subtotal: total, discount: 0, tax: 0, total })
        };
        let lines: Vec<Line> = (0..long_lines(key)?).map(line).collect::<Option<_>>()?;
        let total = lines.iter().map(|line| line.total).sum();
        let (discount_percent, tax_percent, discount, tax, shipping) = (0, 0, 0, 0, 0);
        Some(Self { lines, discount_percent, tax_percent, subtotal: total, discount, tax, shipping, total })
    }

    /// So many of one thing, without discount or tax.
    pub fn of_one(price: u32, unit: i64, quantity: i64) -> Self {
        let total = unit * quantity;
        let line = Line { price, quantity, unit, subtotal: total, discount: 0, tax: 0, total };
        let (discount_percent, tax_percent, discount, tax, shipping) = (0, 0, 0, 0, 0);
        Self { lines: vec![line], discount_percent, tax_percent, subtotal: total, discount, tax, shipping, total }
    }

    /// The same as a gift: all is taken off (trap 30).
    #[must_use]
    pub fn free(mut self) -> Self {
        for line in &mut self.lines {
            (line.discount, line.tax, line.total) = (line.subtotal, 0, 0);
        }
        Self { discount_percent: 100, discount: self.subtotal, tax: 0, shipping: 0, total: 0, ..self }
    }
}

/// What the order from `chance` holds; `None` if nothing is sold in this currency at that second. The first
/// `sold` products are what orders choose from, so that a new one changes no old order. Only an order that ships has
/// shipping, one in 40 others has a dozen lines and more.
pub fn order(
    chance: Chance,
    products: &Table<Product>,
    prices: &Table<Price>,
    currency: Currency,
    ships: bool,
    sold: u64,
    at: i64,
) -> Option<Order> {
    if sold == 0 {
        return None;
    }
    let many = !ships && chance.one_in("many", 40);
    let count = if many { chance.between("lines", 11, 14) } else { chance.between("lines", 1, 3) };
    let discount_percent = if chance.one_in("discounted", 5) { 10 } else { 0 };
    let tax_percent = match currency {
        Currency::Eur | Currency::Gbp => 20,
        Currency::Jpy => 10,
        _ => 0,
    };
    let lines: Vec<Line> = (0..count)
        .filter_map(|number| {
            let chance = chance.of(number.cast_unsigned());
            let product = u32::try_from(chance.below("product", sold)).ok()?;
            let price = price_in(products, prices, product, currency)?;
            let row = prices.at(price);
            if at < row.created || row.deleted_at <= at {
                return None;
            }
            Some(line(chance, price, row.amount, discount_percent, tax_percent, currency.step()))
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let sum = |part: fn(&Line) -> i64| lines.iter().map(part).sum::<i64>();
    let shipping = if ships && chance.one_in("shipped", 2) { currency.price(495) } else { 0 };
    Some(Order {
        subtotal: sum(|line| line.subtotal),
        discount: sum(|line| line.discount),
        tax: sum(|line| line.tax),
        total: sum(|line| line.total) + shipping,
        lines,
        discount_percent,
        tax_percent,
        shipping,
    })
}

fn line(chance: Chance, price: u32, unit: i64, discount: i64, tax: i64, step: i64) -> Line {
    let quantity = if chance.one_in("several", 4) { chance.between("quantity", 2, 4) } else { 1 };
    let subtotal = unit * quantity;
    let discount = subtotal * discount / 100 / step * step;
    let tax = (subtotal - discount) * tax / 100 / step * step;
    Line { price, quantity, unit, subtotal, discount, tax, total: subtotal - discount + tax }
}

/// The one-time price of a product in a currency. Prices of a product follow one another.
pub fn price_in(products: &Table<Product>, prices: &Table<Price>, product: u32, currency: Currency) -> Option<u32> {
    let first = products.at(product).first_price;
    (first..prices.len())
        .take_while(|number| first != NONE && prices.at(*number).product == product)
        .find(|number| prices.at(*number).currency == currency && !prices.at(*number).recurring)
}
