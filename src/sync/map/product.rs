//! Products with their prices as variants.

use entity::product::{Model, Variant};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, folded, text};
use base::money;
use stripe::wire::{Price, Product};

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
pub(super) fn unit_price(subject: &Subject<'_>, price: &Price, currency: &str) -> Result<Option<String>, Unmapped> {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value, prices: &[Value]) -> Result<Model, Unmapped> {
        let base = json!({"id": "prod_1", "name": "T-Shirt", "active": true, "created": 1_700_000_000,
            "updated": 1_710_000_000, "shippable": true});
        let prices: Vec<Price> = prices.iter().map(|price| changed(&json!({}), price)).collect();
        product(source(), &changed(&base, changes), &prices)
    }

    fn price(changes: &Value) -> Value {
        let mut price = json!({"id": "price_1", "product": "prod_1", "active": true, "created": 1_700_000_000,
            "currency": "usd", "unit_amount": 1999, "unit_amount_decimal": "1999", "billing_scheme": "per_unit"});
        let changes = changes.as_object().unwrap().clone();
        price.as_object_mut().unwrap().extend(changes);
        price
    }

    #[test]
    fn a_price_is_an_exact_decimal_in_the_currency_s_unit() {
        let cases = [
            (json!({}), Some("19.99")),
            (json!({"unit_amount_decimal": null}), Some("19.99")),
            // 59: 12 decimals of a minor unit, and no whole amount.
            (json!({"unit_amount": null, "unit_amount_decimal": "0.000000000001"}), Some("0.00000000000001")),
            (
                json!({"unit_amount": null, "unit_amount_decimal": "123456789012345678.123456789012"}),
                Some("1234567890123456.78123456789012"),
            ),
            (json!({"unit_amount_decimal": 1999.5}), Some("19.995")),
            // 25: as Stripe counts.
            (json!({"currency": "jpy", "unit_amount_decimal": "500"}), Some("500")),
            (json!({"currency": "jpy", "unit_amount_decimal": "500.5"}), Some("500.5")),
            (json!({"currency": "kwd", "unit_amount_decimal": "1230"}), Some("1.23")),
            (json!({"currency": "ugx", "unit_amount_decimal": "50000"}), Some("500")),
            // 30: free, and one that is below zero.
            (json!({"unit_amount_decimal": "0"}), Some("0")),
            (json!({"unit_amount_decimal": "-0.0"}), Some("0")),
            (json!({"unit_amount_decimal": "-5"}), Some("-0.05")),
            // No single amount.
            (json!({"billing_scheme": "tiered", "unit_amount": null, "unit_amount_decimal": null}), None),
            (json!({"unit_amount": null, "unit_amount_decimal": null, "custom_unit_amount": {"minimum": 100}}), None),
        ];
        for (changes, expected) in cases {
            let product = mapped(&json!({}), &[price(&changes)]).unwrap();
            assert_eq!(product.variants[0].unit_price.as_deref(), expected, "{changes}");
        }
    }

    #[test]
    fn variants_are_newest_first_and_have_a_name() {
        let prices = [
            price(&json!({"id": "price_a", "created": 1})),
            price(&json!({"id": "price_b", "created": 3, "nickname": "Half\u{0}"})),
            price(&json!({"id": "price_c", "created": 3, "nickname": "", "active": false})),
            price(&json!({"id": "price_d", "deleted": true})),
        ];
        let product = mapped(&json!({}), &prices).unwrap();
        let seen: Vec<_> =
            product.variants.iter().map(|one| (one.id.as_str(), one.name.as_str(), one.active)).collect();
        let standard = "T-Shirt - Standard Price";
        assert_eq!(
            seen,
            [("price_c", standard, false), ("price_b", "Half\u{fffd}", true), ("price_a", standard, true)]
        );
        assert!(product.variants.iter().all(|variant| variant.shipping_required == Some(true)));
    }

    #[test]
    fn a_product_may_have_no_price_and_no_name() {
        let bare = mapped(&json!({"name": null, "updated": null, "shippable": null}), &[price(&json!({}))]).unwrap();
        assert_eq!((bare.name, bare.source_modified_at), (None, None));
        assert_eq!((bare.variants[0].name.as_str(), bare.variants[0].shipping_required), ("Standard Price", None));
        let alone = mapped(&json!({}), &[]).unwrap();
        assert_eq!((alone.name_folded.as_deref(), alone.variants.len()), (Some("t-shirt"), 0));
        assert_eq!(alone.source_modified_at.unwrap().timestamp(), 1_710_000_000);
    }

    #[test]
    fn a_price_that_cannot_be_told_is_named() {
        let of = |changes: Value| mapped(&json!({}), &[price(&changes)]).unwrap_err();
        for odd in ["", ".", "1e3", "1,5", "one", "1.2.3", " 1"] {
            let error = of(json!({ "unit_amount_decimal": odd }));
            assert_eq!(
                (error.object.as_str(), error.id.as_str(), error.field),
                ("price", "price_1", "unit_amount_decimal")
            );
        }
        assert_eq!(of(json!({"currency": null})).field, "currency");
        assert_eq!(mapped(&json!({"created": null}), &[]).unwrap_err().object, "product");
    }
}
