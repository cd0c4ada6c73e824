//! Transactions: a balance transaction, and each of its fees as a transaction of its own.

use std::collections::HashSet;

use entity::transaction::{Model, SourceType, Type};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, id, text};
use stripe::wire::{BalanceTransaction, FeeDetail};

/// The longest id of a fee, in characters: a description may be longer than what a database can index.
const LONGEST: usize = 200;

/// The balance transaction itself, with its gross amount, then its fees in Stripe's order.
///
/// # Errors
/// When the id, amount, currency or time is missing or cannot be counted, its own or those of a fee.
pub fn transactions(source: Source, moved: &BalanceTransaction) -> Result<Vec<Model>, Unmapped> {
    let whole = itself(source, moved)?;
    let mut taken = HashSet::from([whole.id.clone()]);
    let mut all = Vec::with_capacity(1 + moved.fee_details.len());
    let fees: Result<Vec<_>, _> = moved.fee_details.iter().map(|detail| fee(&whole, detail, &mut taken)).collect();
    all.push(whole);
    all.extend(fees?);
    Ok(all)
}

fn itself(source: Source, moved: &BalanceTransaction) -> Result<Model, Unmapped> {
    let subject = Subject::new("balance_transaction", &moved.id)?;
    let currency = subject.currency("currency", moved.currency.as_ref())?;
    let amount = subject.money("amount", subject.required("amount", moved.amount)?, &currency)?;
    let source_id = id(moved.source.as_ref());
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        parent_id: subject.id(),
        total_minor: amount.minor,
        total_milli: amount.milli,
        currency,
        r#type: kind(moved),
        sub_type: text(moved.kind.as_ref()).unwrap_or_default(),
        reporting_category: text(moved.reporting_category.as_ref()),
        source_type: source_id.as_deref().map(source_type),
        source_id,
        fee_minor: moved.fee,
        net_minor: moved.net,
        exchange_rate: moved.exchange_rate.as_ref().map(|rate| clean(&rate.0)),
        status: text(moved.status.as_ref()),
        available_at: subject.maybe_time("available_on", moved.available_on)?,
        description: text(moved.description.as_ref()),
        created_at: subject.time("created", moved.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// A fee takes from the balance, so its amount is negative; a fee given back is positive.
fn fee(whole: &Model, detail: &FeeDetail, taken: &mut HashSet<String>) -> Result<Model, Unmapped> {
    let subject = Subject::new("balance_transaction", &whole.id)?;
    let currency = subject.currency("fee_details.currency", detail.currency.as_ref())?;
    let charged = subject.required("fee_details.amount", detail.amount)?;
    let minor = subject.negated("fee_details.amount", charged)?;
    let amount = subject.money("fee_details.amount", minor, &currency)?;
    let sub_type = text(detail.kind.as_ref()).unwrap_or_default();
    let description = text(detail.description.as_ref());
    let name = description.as_ref().filter(|words| !words.is_empty()).unwrap_or(&sub_type);
    Ok(Model {
        id: fee_id(&whole.id, name, taken),
        total_minor: amount.minor,
        total_milli: amount.milli,
        currency,
        r#type: if charged < 0 { Type::PaymentFeeRefund } else { Type::PaymentFee },
        reporting_category: None,
        fee_minor: None,
        net_minor: None,
        exchange_rate: None,
        sub_type,
        description,
        ..whole.clone()
    })
}

/// `{transaction}:{description}` in letters that fit a URL's path, with a number behind it when that is taken.
fn fee_id(parent: &str, description: &str, taken: &mut HashSet<String>) -> String {
    let plain = |letter: char| letter.is_ascii() && !letter.is_ascii_control() && !"/?#%\\".contains(letter);
    let safe: String =
        description.chars().map(|letter| if plain(letter) { letter } else { '_' }).take(LONGEST).collect();
    let first = format!("{parent}:{safe}");
    let mut id = first.clone();
    let mut number = 1;
    while !taken.insert(id.clone()) {
        number += 1;
        id = format!("{first} ({number})");
    }
    id
}

/// The contract's type. Disputes are adjustments, which it has no word for: `sub_type` and `reporting_category` tell.
fn kind(moved: &BalanceTransaction) -> Type {
    let word = moved.kind.as_deref().unwrap_or_default();
    let given_back = moved.amount.is_some_and(|amount| amount > 0);
    match word {
        "charge" | "payment" => Type::Payment,
        // One that failed comes back.
        "refund" | "payment_refund" | "payment_failure_refund" | "refund_failure" => Type::Refund,
        "payout" => Type::Payout,
        "payout_failure" | "payout_cancel" => Type::FailedPayout,
        // Payouts were called transfers until April 2017.
        "transfer" if moved.source.as_ref().is_some_and(|source| source.id.starts_with("po_")) => Type::Payout,
        // An account that is a platform itself earns application fees, and gives them back: no fees that it pays.
        "stripe_fee" | "stripe_fx_fee" | "tax_fee" | "application_fee" if !given_back => Type::PaymentFee,
        "stripe_fee" | "stripe_fx_fee" | "tax_fee" | "application_fee_refund" if given_back => Type::PaymentFeeRefund,
        _ if word.starts_with("transfer") => Type::Transfer,
        _ => Type::Unknown,
    }
}

/// The contract's word for what moved the money, by the prefix of its id.
fn source_type(id: &str) -> SourceType {
    match id.split_once('_').map_or("", |(prefix, _)| prefix) {
        "ch" | "py" | "re" | "pyr" | "dp" | "du" => SourceType::Payment,
        "fee" | "fr" => SourceType::Fee,
        _ => SourceType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::{
        read,
        testing::{changed, source},
    };

    fn mapped(changes: &Value) -> Result<Vec<Model>, Unmapped> {
        let base = json!({"id": "txn_1", "amount": 10000, "fee": 320, "net": 9680, "currency": "usd", "type": "charge",
            "source": "ch_1", "created": 1_700_000_000, "available_on": 1_700_600_000, "status": "pending",
            "reporting_category": "charge"});
        transactions(source(), &changed(&base, changes))
    }

    fn fee(amount: i64, kind: &str, description: Option<&str>) -> Value {
        json!({"amount": amount, "currency": "usd", "type": kind, "description": description, "application": null})
    }

    #[test]
    fn every_type_has_its_word() {
        let cases = [
            ("charge", 1, Type::Payment),
            // 12: other than cards.
            ("payment", 1, Type::Payment),
            ("refund", -1, Type::Refund),
            ("payment_refund", -1, Type::Refund),
            ("payment_failure_refund", -1, Type::Refund),
            ("refund_failure", 1, Type::Refund),
            ("stripe_fx_fee", -1, Type::PaymentFee),
            ("tax_fee", -1, Type::PaymentFee),
            ("tax_fee", 1, Type::PaymentFeeRefund),
            ("payout", -1, Type::Payout),
            ("payout_failure", 1, Type::FailedPayout),
            ("payout_cancel", 1, Type::FailedPayout),
            ("transfer", -1, Type::Transfer),
            ("transfer_refund", 1, Type::Transfer),
            // 29: fees that are billed on their own.
            ("stripe_fee", -1, Type::PaymentFee),
            ("stripe_fee", 1, Type::PaymentFeeRefund),
            ("application_fee", -1, Type::PaymentFee),
            ("application_fee", 1, Type::Unknown),
            ("application_fee_refund", 1, Type::PaymentFeeRefund),
            ("application_fee_refund", -1, Type::Unknown),
            // 9 and 10: disputes; 37: reserves; 58: a word that we do not know.
            ("adjustment", -1, Type::Unknown),
            ("reserve_transaction", -1, Type::Unknown),
            ("levitation", 0, Type::Unknown),
        ];
        for (word, amount, expected) in cases {
            let all = mapped(&json!({"type": word, "amount": amount})).unwrap();
            assert_eq!((all[0].r#type, all[0].sub_type.as_str()), (expected, word));
        }
        // 40: payouts were called transfers.
        let old = mapped(&json!({"type": "transfer", "source": "po_1"})).unwrap();
        assert_eq!((old[0].r#type, old[0].sub_type.as_str()), (Type::Payout, "transfer"));
    }

    #[test]
    fn the_source_tells_its_kind() {
        let of = |source: Value| mapped(&json!({ "source": source })).unwrap()[0].source_type;
        for id in ["ch_1", "py_1", "re_1", "pyr_1", "dp_1", "du_1"] {
            assert_eq!(of(json!(id)), Some(SourceType::Payment), "{id}");
        }
        assert_eq!(of(json!("fee_1")), Some(SourceType::Fee));
        assert_eq!((of(json!("po_1")), of(json!("odd"))), (Some(SourceType::Unknown), Some(SourceType::Unknown)));
        assert_eq!(of(json!({"id": "ch_1", "object": "charge"})), Some(SourceType::Payment));
        // 29: a fee without a charge.
        assert_eq!(of(json!(null)), None);
    }

    #[test]
    fn each_fee_is_a_transaction_of_its_own() {
        // 28: three kinds, and a fee given back.
        let fees = [
            fee(320, "stripe_fee", Some("Stripe processing fees")),
            fee(61, "tax", Some("VAT")),
            fee(100, "application_fee", Some("my/app?#50%")),
            fee(-20, "stripe_fee", None),
        ];
        let all = mapped(&json!({ "fee_details": fees })).unwrap();
        let seen: Vec<_> =
            all.iter().map(|one| (one.id.as_str(), one.total_minor, one.total_milli, one.r#type)).collect();
        let expected = [
            ("txn_1", 10000, 100_000, Type::Payment),
            ("txn_1:Stripe processing fees", -320, -3200, Type::PaymentFee),
            ("txn_1:VAT", -61, -610, Type::PaymentFee),
            ("txn_1:my_app__50_", -100, -1000, Type::PaymentFee),
            ("txn_1:stripe_fee", 20, 200, Type::PaymentFeeRefund),
        ];
        assert_eq!(seen, expected);
        assert!(all.iter().all(|one| one.parent_id == "txn_1" && one.source_id.as_deref() == Some("ch_1")));
        assert!(all[1..].iter().all(|one| one.fee_minor.is_none() && one.created_at == all[0].created_at));
        assert_eq!((all[0].fee_minor, all[0].net_minor, all[2].sub_type.as_str()), (Some(320), Some(9680), "tax"));
        assert_eq!(all[3].description.as_deref(), Some("my/app?#50%"));
    }

    #[test]
    fn the_ids_of_fees_are_single_short_and_plain() {
        let ids = |fees: &[Value]| -> Vec<String> {
            mapped(&json!({ "fee_details": fees })).unwrap().into_iter().skip(1).map(|fee| fee.id).collect()
        };
        let same = [fee(1, "x", Some("A")), fee(2, "x", Some("A")), fee(3, "x", Some("A (2)"))];
        assert_eq!(ids(&same), ["txn_1:A", "txn_1:A (2)", "txn_1:A (2) (2)"]);
        assert_eq!(ids(&[fee(1, "x", Some("caf\u{e9}\u{0}\n"))]), ["txn_1:caf___"]);
        let long = "L".repeat(5000);
        assert_eq!(ids(&[fee(1, "x", Some(&long)), fee(1, "x", Some(&long))])[1].len(), "txn_1:".len() + LONGEST + 4);
        assert_eq!(ids(&[fee(1, "", Some("")), fee(1, "", None)]), ["txn_1:", "txn_1: (2)"]);
    }

    #[test]
    fn a_rate_stays_as_it_was_written() {
        // 26 and 27: in minor units, with as many digits as Stripe has.
        for rate in ["1.139610", "0.00666667", "1e-7", "150.00"] {
            let json = format!(r#"{{"id":"txn_1","amount":5,"currency":"usd","created":1,"exchange_rate":{rate}}}"#);
            let all = transactions(source(), &read(&json).unwrap()).unwrap();
            assert_eq!(all[0].exchange_rate.as_deref(), Some(rate));
        }
    }

    #[test]
    fn zero_is_an_amount_and_nothing_is_none() {
        // 30.
        assert_eq!(mapped(&json!({"amount": 0, "fee": 0, "net": 0, "fee_details": null})).unwrap().len(), 1);
        assert_eq!(mapped(&json!({"amount": null})).unwrap_err().field, "amount");
        let broken = mapped(&json!({"fee_details": [fee(i64::MIN, "stripe_fee", None)]})).unwrap_err();
        assert_eq!((broken.field, broken.id.as_str()), ("fee_details.amount", "txn_1"));
    }
}
