//! Rows of every kind of record that is listed, thrown by dice: few values, so that many rows share them; gaps; letters of
//! other alphabets; amounts of currencies without cents; moments that differ in microseconds.

use chrono::{DateTime, TimeDelta, Utc};
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::ConnectionId;
use entity::shape::{Address, Texts};
use entity::{
    customer, dispute, invoice, order, payment, payment_method, payout, payout_content, product, subscription,
    transaction,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use tributary::money::to_milli;

use crate::house::Ground;
use crate::rows::{self, at};

/// Texts that a record may hold: what is special in SQL, in patterns and in the grammar, and letters with two cases.
pub const TEXTS: [&str; 12] = [
    "Café",
    "CAFÉ 100%",
    "Ünal & Söhne",
    "a_b",
    "aXb",
    "O'Brien",
    "x:y",
    "naïve ~ = <b>",
    "\\",
    "日本",
    "zz",
    "Zz top",
];
const CURRENCIES: [&str; 4] = ["USD", "EUR", "JPY", "KWD"];

/// Rows of each kind.
const EACH: usize = 45;

/// Fills a connection with records of every kind, all of them read to their end.
pub async fn fill(ground: &Ground, connection: ConnectionId, random: &mut StdRng) {
    for number in 0..EACH {
        let id = |prefix: &str| format!("{prefix}_{}{number}", ["A", "a", "B%", "b_"][number % 4]);
        rows::put(ground, payment(connection, &id("ch"), random)).await;
        rows::put(ground, transaction(connection, &id("txn"), random)).await;
        let payout = rows::put(ground, payout(connection, &id("po"), random)).await;
        if random.random_bool(0.7) {
            rows::put(ground, content(&payout, random)).await;
        }
        rows::put(ground, customer(connection, id("cus"), random)).await;
        rows::put(ground, dispute(connection, id("dp"), random)).await;
        rows::put(ground, product(connection, id("prod"), random)).await;
        rows::put(ground, payment_method(connection, id("pm"), random)).await;
        rows::put(ground, order(connection, id("in"), random)).await;
        rows::put(ground, subscription(connection, id("sub"), random)).await;
        rows::put(ground, invoice(connection, id("in"), random)).await;
    }
    for data_type in DataType::ALL {
        rows::dataset(ground, connection, data_type, Status::Complete).await;
    }
}

fn one_of<T: Clone>(all: &[T], random: &mut impl Rng) -> T {
    all.choose(random).unwrap().clone()
}

fn text(random: &mut impl Rng) -> Option<String> {
    random.random_bool(0.8).then(|| one_of(&TEXTS, random).to_owned())
}

/// Text in letters of ASCII, as Stripe's own words are.
fn word(random: &mut impl Rng) -> String {
    one_of(&["card", "Card", "SEPA_Debit", "p24", "100%"], random).to_owned()
}

fn moment(random: &mut impl Rng) -> DateTime<Utc> {
    let base = at("2026-01-31T10:00:00Z") + TimeDelta::days(random.random_range(0..4));
    base + TimeDelta::microseconds(one_of(&[0, 0, 1, 500_000, 123_456], random))
}

fn maybe_moment(random: &mut impl Rng) -> Option<DateTime<Utc>> {
    random.random_bool(0.6).then(|| moment(random))
}

fn money(random: &mut impl Rng) -> (i64, &'static str) {
    let minor = if random.random_bool(0.2) { 0 } else { random.random_range(-3_000..30_000) };
    (minor, one_of(&CURRENCIES, random))
}

/// One in ten is gone at Stripe.
fn gone(random: &mut impl Rng) -> Option<DateTime<Utc>> {
    random.random_bool(0.1).then(|| moment(random))
}

fn payment(connection: ConnectionId, id: &str, random: &mut impl Rng) -> payment::Model {
    use payment::Status::{Cancelled, Failed, Paid, Pending};
    let (minor, currency) = money(random);
    let method = random.random_bool(0.7).then(|| word(random));
    payment::Model {
        status: one_of(&[Paid, Paid, Failed, Pending, Cancelled], random),
        payment_method_name: method.as_ref().and_then(|_| random.random_bool(0.7).then(|| word(random))),
        payment_method_id: method,
        charge_id: random.random_bool(0.8).then(|| format!("ch_{}", word(random))),
        customer_id: random.random_bool(0.6).then(|| format!("cus_{}", word(random))),
        due_at: maybe_moment(random),
        created_at: moment(random),
        modified_at: moment(random),
        source_modified_at: maybe_moment(random),
        deleted_at: gone(random),
        ..rows::payment(connection, id, minor, currency)
    }
}

fn transaction(connection: ConnectionId, id: &str, random: &mut impl Rng) -> transaction::Model {
    use transaction::Type::{Payment, PaymentFee, Payout, Refund};
    let (minor, currency) = money(random);
    let source = random.random_bool(0.8).then(|| (format!("ch_{}", word(random)), transaction::SourceType::Payment));
    transaction::Model {
        r#type: one_of(&[Payment, PaymentFee, Payout, Refund], random),
        sub_type: word(random),
        parent_id: format!("txn_{}", word(random)),
        source_id: source.as_ref().map(|(id, _)| id.clone()),
        source_type: source.map(|(_, kind)| kind),
        created_at: moment(random),
        modified_at: moment(random),
        source_modified_at: maybe_moment(random),
        deleted_at: gone(random),
        ..rows::transaction(connection, id, minor, currency)
    }
}

fn payout(connection: ConnectionId, id: &str, random: &mut impl Rng) -> payout::Model {
    let (minor, currency) = money(random);
    payout::Model {
        status: one_of(&[payout::Status::Paid, payout::Status::Failed, payout::Status::InTransit], random),
        automatic: random.random(),
        reconciliation: one_of(&["completed", "completed", "in_progress", "not_applicable"], random).to_owned(),
        balance_transaction_id: random.random_bool(0.8).then(|| format!("txn_{}", word(random))),
        original_payout_id: random.random_bool(0.2).then(|| format!("po_{}", word(random))),
        method: one_of(&["standard", "instant"], random).to_owned(),
        failure_code: random.random_bool(0.3).then(|| word(random)),
        arrival_at: moment(random),
        created_at: moment(random),
        modified_at: moment(random),
        source_modified_at: maybe_moment(random),
        deleted_at: gone(random),
        ..rows::payout(connection, id, minor, currency)
    }
}

/// What a payout is made of: known or not, and adding up to it or not.
fn content(payout: &payout::Model, random: &mut impl Rng) -> payout_content::Model {
    use payout_content::State::{Complete, Pending, Unavailable};
    payout_content::Model {
        connection_id: payout.connection_id,
        payout_id: payout.id.clone(),
        state: one_of(&[Complete, Complete, Pending, Unavailable], random),
        count: 1,
        net_minor: payout.amount_minor + one_of(&[0, 0, -1], random),
        read_no: 1,
        read_at: moment(random),
    }
}

fn folded(text: Option<&String>) -> Option<String> {
    text.map(|text| text.to_lowercase())
}

fn customer(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> customer::Model {
    let (name, email, note) = (text(random), text(random), text(random));
    customer::Model {
        connection_id,
        id,
        name_folded: folded(name.as_ref()),
        name,
        email_folded: folded(email.as_ref()),
        email,
        phone: random.random_bool(0.5).then(|| one_of(&["+49 30 1", "030-1", "555"], random).to_owned()),
        default_currency: random.random_bool(0.7).then(|| one_of(&["eur", "usd"], random).to_owned()),
        addresses: vec![Address { kind: "Billing".to_owned(), city: text(random), ..Address::default() }],
        note_folded: folded(note.as_ref()),
        note,
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn dispute(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> dispute::Model {
    let (amount_minor, currency) = money(random);
    dispute::Model {
        connection_id,
        id,
        amount_minor,
        amount_milli: to_milli(amount_minor, currency).unwrap(),
        currency: currency.to_owned(),
        status: one_of(&[dispute::Status::Won, dispute::Status::Lost, dispute::Status::Processing], random),
        reason: random.random_bool(0.7).then(|| word(random)),
        due_at: maybe_moment(random),
        transactions: Texts(vec!["txn_1".to_owned()]),
        charge_id: None,
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn product(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> product::Model {
    let (name, description) = (text(random), text(random));
    product::Model {
        connection_id,
        id,
        name_folded: folded(name.as_ref()),
        name,
        description_folded: folded(description.as_ref()),
        description,
        active: random.random(),
        variants: Vec::new(),
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn payment_method(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> payment_method::Model {
    payment_method::Model {
        connection_id,
        id,
        name: word(random),
        status: one_of(&[payment_method::Status::Active, payment_method::Status::Archived], random),
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn order(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> order::Model {
    let (total_minor, currency) = money(random);
    let milli = |minor| to_milli(minor, currency).unwrap();
    let (tax_minor, discount_minor, refund_minor) = (total_minor / 5, total_minor % 7, -(total_minor % 100).abs());
    order::Model {
        connection_id,
        id,
        number: random.random_bool(0.7).then(|| format!("R-{}", random.random_range(1..9))),
        country: random.random_bool(0.7).then(|| one_of(&["DE", "US", "JP"], random).to_owned()),
        currency: currency.to_owned(),
        closed_at: maybe_moment(random),
        total_minor,
        total_milli: milli(total_minor),
        refund_minor,
        refund_milli: milli(refund_minor),
        tax_minor,
        tax_milli: milli(tax_minor),
        discount_minor,
        discount_milli: milli(discount_minor),
        shipping_minor: 0,
        lines: Vec::new(),
        payments: Vec::new(),
        customer_id: random.random_bool(0.7).then(|| format!("cus_{}", word(random))),
        customer_email: None,
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn subscription(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> subscription::Model {
    use subscription::Status::{Active, Cancelled, PastDue};
    let (monthly_minor, currency) = money(random);
    subscription::Model {
        connection_id,
        id,
        customer_id: random.random_bool(0.7).then(|| format!("cus_{}", word(random))),
        status: one_of(&[Active, Cancelled, PastDue], random),
        currency: currency.to_owned(),
        items: Vec::new(),
        monthly_minor,
        monthly_milli: to_milli(monthly_minor, currency).unwrap(),
        unpriced_items: 0,
        discounts: Texts(Vec::new()),
        collection_method: random.random_bool(0.7).then(|| word(random)),
        started_at: moment(random),
        trial_ends_at: maybe_moment(random),
        period_ends_at: maybe_moment(random),
        cancel_at_period_end: random.random(),
        cancel_at: None,
        cancelled_at: maybe_moment(random),
        ended_at: maybe_moment(random),
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}

fn invoice(connection_id: ConnectionId, id: String, random: &mut impl Rng) -> invoice::Model {
    let (total_minor, currency) = money(random);
    let milli = |minor| to_milli(minor, currency).unwrap();
    let (tax_minor, discount_minor, paid_minor) = (total_minor / 5, total_minor % 7, total_minor / 2);
    invoice::Model {
        connection_id,
        id,
        number: random.random_bool(0.7).then(|| format!("R-{}", random.random_range(1..9))),
        status: one_of(&[invoice::Status::Draft, invoice::Status::Open, invoice::Status::Paid], random),
        reason: random.random_bool(0.7).then(|| word(random)),
        customer_id: random.random_bool(0.7).then(|| format!("cus_{}", word(random))),
        subscription_id: random.random_bool(0.7).then(|| format!("sub_{}", word(random))),
        currency: currency.to_owned(),
        total_minor,
        total_milli: milli(total_minor),
        tax_minor,
        tax_milli: milli(tax_minor),
        discount_minor,
        discount_milli: milli(discount_minor),
        due_minor: total_minor,
        due_milli: milli(total_minor),
        paid_minor,
        paid_milli: milli(paid_minor),
        paid_elsewhere_minor: 0,
        remaining_minor: total_minor - paid_minor,
        remaining_milli: milli(total_minor - paid_minor),
        issued_at: maybe_moment(random),
        due_at: maybe_moment(random),
        paid_at: maybe_moment(random),
        voided_at: None,
        uncollectible_at: None,
        lines: Vec::new(),
        payments: Vec::new(),
        created_at: moment(random),
        source_modified_at: maybe_moment(random),
        content_hash: 0,
        read_no: 0,
        modified_at: moment(random),
        deleted_at: gone(random),
    }
}
