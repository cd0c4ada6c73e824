//! Filters in the database: both compare as the grammar says, which in memory is easy to see.

use std::collections::BTreeSet;

use entity::id::ConnectionId;
use entity::payment;
use futures::TryStreamExt;
use sea_orm::{EntityTrait, IntoActiveModel};
use tributary::money::to_milli;
use tributary::query::{self, Datum, Field};
use tributary::store::lists::{Found, Listed, Listing, Source};
use tributary::store::{companies, read, records};

use crate::both;
use crate::house::Ground;
use crate::rows;

/// A generator of numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }
}

fn payments(connection: ConnectionId) -> Vec<payment::Model> {
    let mut dice = Dice(11);
    let statuses = [payment::Status::Paid, payment::Status::Failed, payment::Status::Pending];
    (0..60)
        .map(|number| {
            let currency = *dice.one_of(&["USD", "JPY", "KWD"]);
            let minor = i64::try_from(dice.roll(4000)).unwrap() - 1000;
            let mut row = rows::payment(connection, &format!("ch_{number}A%b_"), minor, currency);
            row.status = *dice.one_of(&statuses);
            row.due_at = *dice.one_of(&[None, Some(rows::at("2026-03-01T00:00:00Z"))]);
            row.payment_method_name = dice.one_of(&[None, Some("Card"), Some("SEPA_Debit")]).map(ToOwned::to_owned);
            row.created_at = rows::at("2026-01-31T10:00:00Z") + chrono::Duration::seconds(number % 7);
            row.modified_at = rows::at("2026-02-01T00:00:00.123456Z") + chrono::Duration::microseconds(number % 5);
            row
        })
        .collect()
}

fn field(row: &payment::Model, field: &Field<Source>) -> Option<Datum> {
    let text = |text: &str| Some(Datum::Text(text.to_owned()));
    match field.name {
        "id" => text(&row.id),
        "amount" => Some(Datum::Number(row.amount_milli)),
        "currency" => text(&row.currency),
        "status" => text(row.status.as_str()),
        "paymentMethodRef.name" => text(row.payment_method_name.as_deref()?),
        "dueDate" => row.due_at.map(Datum::Date),
        "createdDate" => Some(Datum::Date(row.created_at)),
        "modifiedDate" => Some(Datum::Date(row.modified_at)),
        other => panic!("no test asks for {other}"),
    }
}

/// Comparisons of every kind, with values that are, that nearly are, and that are meant to break out.
fn comparisons() -> Vec<String> {
    let mut all = Vec::new();
    for name in ["id", "currency", "status", "paymentMethodRef.name"] {
        for value in [
            "ch_1A%b_",
            "CH_1a%B_",
            "usd",
            "PAID",
            "card",
            "a%b",
            "%",
            "_",
            "\\",
            "a_b",
            "'",
            "\" OR 1=1 --",
            "é",
            "SEPA_",
        ] {
            all.extend(["=", "!=", "~"].map(|op| format!("{name}{op}{value}")));
        }
    }
    for value in ["0", "1.5", "12.345", "12.3456", "-0.0001", "9223372036854775", "20"] {
        all.extend(["=", "!=", ">", "<", ">=", "<="].map(|op| format!("amount {op} {value}")));
    }
    let dates = [
        "2026-01-31",
        "2026-01-31T10:00:03Z",
        "2026-01-31T11:00:03+01:00",
        "2026-03-01",
        "2026-02-01T00:00:00.123458Z",
        "2026-02-01T00:00:00.1234585Z",
        "0001-01-01",
        "9999-12-31T23:59:59Z",
    ];
    for name in ["createdDate", "modifiedDate", "dueDate"] {
        for value in dates {
            all.extend(["=", "!=", ">", "<", ">=", "<="].map(|op| format!("{name}{op}{value}")));
        }
    }
    all
}

/// A page of payments, in the order of the list.
async fn found(ground: &Ground, connection: ConnectionId, listing: &Listing) -> Found<payment::Model> {
    let tx = read(&ground.db).await.unwrap();
    let found = records::page::<payment::Entity>(&tx, connection, listing, &[]).await.unwrap();
    let mut rows: Vec<_> = found.rows.map_ok(|row| row.record).try_collect().await.unwrap();
    if found.is_backwards {
        rows.reverse();
    }
    Found { rows, total: found.total }
}

both! {
    async fn the_database_finds_what_the_grammar_means(ground: Ground) {
        let connection = ConnectionId::new();
        let all = payments(connection);
        for row in all.clone() {
            rows::put(&ground, row).await;
        }
        let mut dice = Dice(5);
        let single = comparisons();
        let joined: Vec<String> = (0..200)
            .map(|_| {
                let mut part = || dice.one_of(&single).clone();
                let (a, b, c) = (part(), part(), part());
                match dice.roll(3) {
                    0 => format!("{a}&&{b}||{c}"),
                    1 => format!("{{{a}||{b}}}&&{c}"),
                    _ => format!("{a} && {{ {b} || {{{c}}} }}"),
                }
            })
            .collect();
        for text in single.iter().chain(&joined) {
            let noun = payment::Entity::NOUN;
            let filter = noun.bind(&query::parse(text).unwrap()).unwrap();
            let meant: BTreeSet<String> =
                all.iter().filter(|row| filter.matches(&|one| field(row, one))).map(|row| row.id.clone()).collect();
            let listing = Listing { filter: Some(filter), limit: 1000, ..Listing::default() };
            let found = found(&ground, connection, &listing).await;
            assert_eq!(found.total, meant.len() as u64, "{text}");
            assert_eq!(found.rows.into_iter().map(|row| row.id).collect::<BTreeSet<_>>(), meant, "{text}");
        }
    }

    async fn every_order_is_total_and_gaps_come_last(ground: Ground) {
        let connection = ConnectionId::new();
        for row in payments(connection) {
            rows::put(&ground, row).await;
        }
        let noun = payment::Entity::NOUN;
        for name in noun.fields.iter().map(|field| field.name) {
            for way in [name.to_owned(), format!("-{name}")] {
                let mut seen = Vec::new();
                for offset in (0..60).step_by(7) {
                    let listing = Listing { order: Some(noun.order(&way).unwrap()), offset, limit: 7, ..Listing::default() };
                    seen.extend(found(&ground, connection, &listing).await.rows);
                }
                let ids: BTreeSet<&str> = seen.iter().map(|row| row.id.as_str()).collect();
                assert_eq!((seen.len(), ids.len()), (60, 60), "{way}");
                if name == "dueDate" {
                    let gap = seen.iter().position(|row| row.due_at.is_none()).unwrap();
                    assert!(seen[gap..].iter().all(|row| row.due_at.is_none()), "{way}");
                }
                if name == "amount" {
                    let amounts: Vec<i64> = seen.iter().map(|row| row.amount_milli).collect();
                    let sorted = if way.starts_with('-') { amounts.is_sorted_by(|a, b| a >= b) } else { amounts.is_sorted() };
                    assert!(sorted, "{way}: {amounts:?}");
                }
            }
        }
    }

    async fn a_page_is_the_same_from_whichever_end_it_is_found(ground: Ground) {
        let connection = ConnectionId::new();
        let made: Vec<payment::ActiveModel> = (0..2_600)
            .map(|number: i64| {
                let mut row = rows::payment(connection, &format!("ch_{number:04}"), number % 50, "USD");
                row.due_at = (number % 3 > 0).then(|| rows::at("2026-03-01T00:00:00Z") + chrono::Duration::days(number % 7));
                row.created_at += chrono::Duration::seconds(number % 900);
                row.deleted_at = (number % 100 == 0).then_some(row.created_at);
                row.into_active_model()
            })
            .collect();
        for some in made.chunks(500) {
            payment::Entity::insert_many(some.to_vec()).exec_without_returning(&ground.db).await.unwrap();
        }
        let noun = payment::Entity::NOUN;
        for order in ["", "amount", "-amount", "dueDate", "-dueDate", "-modifiedDate", "status"] {
            let page = async |offset, limit| {
                let order = (!order.is_empty()).then(|| noun.order(order).unwrap());
                let listing = Listing { order, offset, limit, ..Listing::default() };
                let found = found(&ground, connection, &listing).await;
                assert_eq!(found.total, 2_574, "deleted ones are not counted");
                found.rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
            };
            let whole = page(0, 5_000).await;
            assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 2_574);
            for offset in [0, 900, 1_000, 1_286, 1_287, 1_288, 1_400, 1_573, 1_574, 2_500, 2_573, 2_574, 9_999] {
                let wanted: Vec<String> = whole.iter().skip(offset).take(100).cloned().collect();
                assert_eq!(page(offset as u64, 100).await, wanted, "{order} at {offset}");
            }
        }
    }

    async fn names_of_any_letters_and_tags_are_found_without_case(ground: Ground) {
        rows::company(&ground, "Café ÖRESUND", &[("plan", "Gold"), ("$.a\"b", "x%y"), ("1", "é")]).await;
        rows::company(&ground, "Other", &[("plan", "silver")]).await;
        rows::company(&ground, "Bare", &[]).await;
        for (query, tags, count) in [
            ("name=CAFÉ öresund", "", 1),
            ("name~É ö", "", 1),
            ("name!=café öresund", "", 2),
            ("description=x", "", 0),
            ("description!=x", "", 3),
            ("platform=x", "", 0),
            ("", "plan=GOLD", 1),
            ("", "plan!=gold", 2),
            ("", "plan~L", 2),
            ("", "$.a\"b=X%Y", 1),
            ("", "$.a\"b~%", 1),
            ("", "1=é", 1),
            ("", "{plan=gold||plan=silver}&&1=é", 1),
            ("name~e", "plan!=gold", 2),
            ("", "' OR 1=1 --=1", 0),
        ] {
            let filter = (!query.is_empty()).then(|| companies::NOUN.bind(&query::parse(query).unwrap()).unwrap());
            let tags_query = (!tags.is_empty()).then(|| query::parse(tags).unwrap());
            let listing = Listing { filter, limit: 10, ..Listing::default() };
            let tx = read(&ground.db).await.unwrap();
            let found = companies::list(&tx, &listing, tags_query.as_ref()).await.unwrap();
            assert_eq!(found.total, count, "{query} {tags}");
        }
    }

    async fn our_ids_are_found_in_any_form(ground: Ground) {
        let company = rows::company(&ground, "One", &[]).await;
        rows::company(&ground, "Two", &[]).await;
        let id = company.id.to_string();
        for (query, count) in [
            (format!("id={id}"), 1),
            (format!("id={}", id.to_uppercase()), 1),
            (format!("id!={id}"), 1),
            (format!("id~{}", &id[14..]), 1),
            (format!("id~{}", &id[24..]), 1),
            ("id=nothing".to_owned(), 0),
            ("id!=nothing".to_owned(), 2),
            ("id~xyz".to_owned(), 0),
        ] {
            let filter = Some(companies::NOUN.bind(&query::parse(&query).unwrap()).unwrap());
            let listing = Listing { filter, limit: 10, ..Listing::default() };
            assert_eq!(companies::list(&ground.db, &listing, None).await.unwrap().total, count, "{query}");
        }
    }
}

#[test]
fn the_rows_of_these_tests_hold_what_they_are_meant_to() {
    let all = payments(ConnectionId::new());
    assert!(all.iter().all(|row| to_milli(row.amount_minor, &row.currency) == Some(row.amount_milli)));
    assert!(all.iter().any(|row| row.due_at.is_none()) && all.iter().any(|row| row.amount_minor < 0));
}
