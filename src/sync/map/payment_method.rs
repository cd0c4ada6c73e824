//! Ways of paying, as the charges that used them tell.

use entity::payment_method::{Model, Status};

use super::subject::Subject;
use super::{Source, UNSTAMPED, clean};
use stripe::wire::Charge;

/// The way in which a charge was paid; none when the charge does not say, or not when it was made.
///
/// Many charges give the same way: the earliest of their times is when it was first seen.
#[must_use]
pub fn of_charge(source: Source, charge: &Charge) -> Option<Model> {
    let (id, name) = way(charge)?;
    // A charge without a time is not mapped itself, and is reported as such.
    let created_at =
        Subject::new("charge", &charge.id).and_then(|subject| subject.time("created", charge.created)).ok()?;
    Some(Model {
        connection_id: source.connection_id,
        id,
        name,
        status: Status::Active,
        created_at,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// Id and name of the way in which a charge was paid.
pub(super) fn way(charge: &Charge) -> Option<(String, String)> {
    let details = charge.payment_method_details.as_ref().and_then(|details| details.kind.clone());
    let kind = details.or_else(|| legacy(charge)).filter(|kind| !kind.is_empty())?;
    let kind = clean(&kind);
    let name = name(&kind);
    Some((kind, name))
}

/// Charges from before there were payment methods were paid with a card, a bank account, or a `source` with a type.
fn legacy(charge: &Charge) -> Option<String> {
    let instrument = charge.source.as_ref().or(charge.payment_method.as_ref())?;
    match instrument.object.as_deref() {
        Some("source" | "payment_method") => instrument.kind.clone(),
        Some(object) => Some(object.to_owned()),
        None => instrument.id.starts_with("card_").then(|| "card".to_owned()),
    }
}

/// Ways whose name is not their type in capitals.
const NAMES: [(&str, &str); 34] = [
    ("ach_credit_transfer", "ACH Credit Transfer"),
    ("ach_debit", "ACH Direct Debit"),
    ("acss_debit", "Canadian Pre-authorized Debit"),
    ("afterpay_clearpay", "Afterpay / Clearpay"),
    ("au_becs_debit", "BECS Direct Debit"),
    ("bacs_debit", "Bacs Direct Debit"),
    ("blik", "BLIK"),
    ("card_present", "Card (in person)"),
    ("cashapp", "Cash App Pay"),
    ("customer_balance", "Bank Transfer"),
    ("eps", "EPS"),
    ("fpx", "FPX"),
    ("giropay", "giropay"),
    ("grabpay", "GrabPay"),
    ("ideal", "iDEAL"),
    ("interac_present", "Interac (in person)"),
    ("kakao_pay", "KakaoPay"),
    ("kr_card", "Korean Card"),
    ("mb_way", "MB WAY"),
    ("mobilepay", "MobilePay"),
    ("naver_pay", "NaverPay"),
    ("nz_bank_account", "NZ BECS Direct Debit"),
    ("oxxo", "OXXO"),
    ("p24", "Przelewy24"),
    ("paynow", "PayNow"),
    ("paypal", "PayPal"),
    ("payto", "PayTo"),
    ("promptpay", "PromptPay"),
    ("sepa_credit_transfer", "SEPA Credit Transfer"),
    ("sepa_debit", "SEPA Direct Debit"),
    ("twint", "TWINT"),
    ("upi", "UPI"),
    ("us_bank_account", "ACH Direct Debit"),
    ("wechat", "WeChat Pay"),
];

/// What a way of paying is called; a type that we do not know by its own words.
fn name(kind: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == kind) {
        return (*name).to_owned();
    }
    let words = kind.split('_').filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn of(changes: &Value) -> Option<(String, String)> {
        let charge: Charge = changed(&json!({"id": "ch_1", "created": 1_700_000_000}), changes);
        of_charge(source(), &charge).map(|method| (method.id, method.name))
    }

    #[test]
    fn a_charge_tells_how_it_was_paid() {
        let cases = [
            (json!({"payment_method_details": {"type": "card", "card": {"brand": "visa"}}}), Some(("card", "Card"))),
            (json!({"payment_method_details": {"type": "sepa_debit"}}), Some(("sepa_debit", "SEPA Direct Debit"))),
            (json!({"payment_method_details": {"type": "ideal"}}), Some(("ideal", "iDEAL"))),
            // 13: a type that we do not know, with a key of its own.
            (
                json!({"payment_method_details": {"type": "moon_pay_2", "moon_pay_2": {"x": 1}}}),
                Some(("moon_pay_2", "Moon Pay 2")),
            ),
            // 13 and 40: charges from before there were payment methods.
            (json!({"source": {"id": "card_1", "object": "card", "brand": "Visa"}}), Some(("card", "Card"))),
            (json!({"source": {"id": "ba_1", "object": "bank_account"}}), Some(("bank_account", "Bank Account"))),
            (json!({"source": {"id": "src_1", "object": "source", "type": "giropay"}}), Some(("giropay", "giropay"))),
            (json!({"payment_method": "card_1"}), Some(("card", "Card"))),
            (json!({"payment_method": "src_1"}), None),
            (json!({"payment_method_details": null}), None),
            (json!({"payment_method_details": {"type": ""}}), None),
            (json!({"payment_method_details": {"type": "card"}, "created": null}), None),
        ];
        for (changes, expected) in cases {
            let expected = expected.map(|(id, name)| (id.to_owned(), name.to_owned()));
            assert_eq!(of(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn the_names_are_in_order_and_without_twins() {
        assert!(NAMES.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
