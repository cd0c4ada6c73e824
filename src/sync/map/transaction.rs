//! Transactions: a balance transaction, and each of its fees as a transaction of its own.

use std::collections::HashSet;

use entity::transaction::{Model, SourceType, Type};

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, id, text};
use crate::stripe::wire::{BalanceTransaction, FeeDetail};

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
        "refund" | "payment_refund" | "payment_failure_refund" => Type::Refund,
        "payout" => Type::Payout,
        "payout_failure" | "payout_cancel" => Type::FailedPayout,
        // Payouts were called transfers until April 2017.
        "transfer" if moved.source.as_ref().is_some_and(|source| source.id.starts_with("po_")) => Type::Payout,
        "stripe_fee" if given_back => Type::PaymentFeeRefund,
        "stripe_fee" | "application_fee" => Type::PaymentFee,
        "application_fee_refund" => Type::PaymentFeeRefund,
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
