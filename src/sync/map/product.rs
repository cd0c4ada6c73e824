//! Products with their prices as variants.

use entity::product::{Model, Variant};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, folded, text};
use crate::money;
use crate::stripe::wire::{Price, Product};

/// The product with all its prices; stubs of deleted prices are left out.
///
/// # Errors
/// When the id or a time is missing, or the currency or amount of a price cannot be told. The error names the price then.
pub fn product(source: Source, product: &Product, prices: &[Price]) -> Result<Model, Unmapped> {
    let subject = Subject::new("product", &product.id)?;
    let name = text(product.name.as_ref());
    let description = text(product.description.as_ref());
    let there = prices.iter().filter(|price| !price.deleted);
    let mut variants = there.map(|price| variant(product, price)).collect::<Result<Vec<_>, _>>()?;
    variants.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        name_folded: folded(name.as_ref()),
        name,
        description_folded: folded(description.as_ref()),
        description,
        active: product.active.unwrap_or_default(),
        variants,
        created_at: subject.time("created", product.created)?,
        source_modified_at: subject.maybe_time("updated", product.updated)?,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

fn variant(product: &Product, price: &Price) -> Result<Variant, Unmapped> {
    let subject = Subject::new("price", &price.id)?;
    let currency = subject.currency("currency", price.currency.as_ref())?;
    Ok(Variant {
        id: subject.id(),
        name: name(product, price),
        unit_price: unit_price(&subject, price, &currency)?,
        currency,
        active: price.active.unwrap_or_default(),
        shipping_required: product.shippable,
        created_at: subject.time("created", price.created)?,
    })
}

fn name(product: &Product, price: &Price) -> String {
    let nickname = text(price.nickname.as_ref()).filter(|nickname| !nickname.is_empty());
    nickname.unwrap_or_else(|| match text(product.name.as_ref()) {
        Some(product) => format!("{product} - Standard Price"),
        None => "Standard Price".to_owned(),
    })
}

/// What one costs, in the currency's unit; none for tiers and for what the buyer may choose.
fn unit_price(subject: &Subject<'_>, price: &Price, currency: &str) -> Result<Option<String>, Unmapped> {
    if price.billing_scheme.as_deref() == Some("tiered") {
        return Ok(None);
    }
    let exact = price.unit_amount_decimal.as_ref().map(|exact| exact.0.clone());
    let Some(minor) = exact.or_else(|| price.unit_amount.map(|minor| minor.to_string())) else {
        return Ok(None);
    };
    let major = to_major(&minor, money::exponent(currency) as usize);
    major.map(Some).ok_or_else(|| subject.unmapped("unit_amount_decimal", format!("no decimal number: {minor:?}")))
}

/// Moves the point of plain decimal text to the left, over any number of digits; none when it is no such text.
fn to_major(minor: &str, places: usize) -> Option<String> {
    let (sign, digits) = minor.strip_prefix('-').map_or(("", minor), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let padded = format!("{whole:0>width$}", width = places + 1);
    let (units, parts) = padded.split_at(padded.len() - places);
    let units = units.trim_start_matches('0');
    let parts = format!("{parts}{fraction}");
    let parts = parts.trim_end_matches('0');
    let units = if units.is_empty() { "0" } else { units };
    let sign = if units == "0" && parts.is_empty() { "" } else { sign };
    let point = if parts.is_empty() { "" } else { "." };
    Some(format!("{sign}{units}{point}{parts}"))
}
