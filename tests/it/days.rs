//! Kept days: they are used, and whoever reads them reads what the records of the same moment add up to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use entity::data_type::DataType;
use entity::id::ConnectionId;
use entity::transaction::{self, Type};
use entity::{commerce_day, order};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::entity::prelude::*;
use tributary::clock::Clock;
use tributary::store::bulk::{self, Reading, Records};
use tributary::store::revenue::{self, Stretch};
use tributary::store::{self, Db, Tx, days, orders};

use crate::both;
use crate::house::{Ground, House};
use crate::oracle::linked;
use crate::rows;

/// Count and sum by currency and kind.
type Totals = BTreeMap<(String, &'static str), (i64, i128)>;

/// What the sums say of each stretch.
async fn told(tx: &Tx, connection: ConnectionId, stretches: &[Stretch]) -> Vec<Totals> {
    let all = revenue::moved(tx, connection, stretches).await.unwrap();
    let totals = all.into_iter().map(|rows| {
        let mut totals = Totals::new();
        for row in rows {
            let of = totals.entry((row.currency, row.kind.as_str())).or_default();
            *of = (of.0 + row.count, of.1 + i128::from(row.minor));
        }
        totals
    });
    totals.collect()
}

/// What anybody counts from the transactions themselves.
async fn plain(tx: &Tx, connection: ConnectionId, stretches: &[Stretch]) -> Vec<Totals> {
    let mine = transaction::Entity::find().filter(transaction::Column::ConnectionId.eq(connection));
    let rows: Vec<_> = mine.all(tx).await.unwrap().into_iter().filter(|row| row.deleted_at.is_none()).collect();
    let totals = stretches.iter().map(|(from, until)| {
        let mut totals = Totals::new();
        for row in rows.iter().filter(|row| *from <= row.created_at && row.created_at < *until) {
            let counted = match row.r#type {
                Type::Payment | Type::Refund | Type::PaymentFee | Type::PaymentFeeRefund => true,
                Type::Unknown => row.reporting_category.as_deref().is_some_and(|word| word.starts_with("dispute")),
                Type::Payout | Type::FailedPayout | Type::Transfer => false,
            };
            if counted {
                let of = totals.entry((row.currency.clone(), row.r#type.as_str())).or_default();
                // What comes back of a refund is no refund more.
                let comes_back = row.r#type == Type::Refund && row.total_minor > 0;
                *of = (of.0 + i64::from(!comes_back), of.1 + i128::from(row.total_minor));
            }
        }
        totals
    });
    totals.collect()
}

/// Orders, by the quarter of an hour in which they were paid, by customer and by currency: how many and their sum.
type Orders = BTreeMap<(i64, Option<String>, String), (i64, i128)>;

async fn told_orders(tx: &Tx, connection: ConnectionId) -> Orders {
    let mut all = Orders::new();
    let each = |sold: orders::Sold<'_>| {
        let key = (sold.at.timestamp() / 900, sold.customer.map(str::to_owned), sold.currency.to_owned());
        let of = all.entry(key).or_default();
        *of = (of.0 + sold.count, of.1 + i128::from(sold.minor));
    };
    orders::each(tx, connection, false, each).await.unwrap();
    all
}

/// The same from the orders themselves.
async fn plain_orders(tx: &Tx, connection: ConnectionId) -> Orders {
    let mine = order::Entity::find().filter(order::Column::ConnectionId.eq(connection));
    let mut all = Orders::new();
    for row in mine.all(tx).await.unwrap().into_iter().filter(|row| row.deleted_at.is_none()) {
        let paid_at = row.closed_at.unwrap_or(row.created_at).timestamp();
        let of = all.entry((paid_at / 900, row.customer_id, row.currency)).or_default();
        *of = (of.0 + 1, of.1 + i128::from(row.total_minor));
    }
    all
}

/// Compares both in one state of the database. Returns how many stretches had something.
async fn agree(db: &Db, connection: ConnectionId, stretches: &[Stretch], when: &str) -> usize {
    let tx = store::read(db).await.unwrap();
    let (told, plain) = (told(&tx, connection, stretches).await, plain(&tx, connection, stretches).await);
    assert_eq!(told_orders(&tx, connection).await, plain_orders(&tx, connection).await, "{when}");
    for ((told, plain), stretch) in told.iter().zip(&plain).zip(stretches) {
        assert_eq!(told, plain, "{when}: {stretch:?}");
    }
    plain.iter().filter(|totals| !totals.is_empty()).count()
}

/// Stretches that follow each other; one in two begins where a day of some time zone may begin, the others anywhere.
fn stretches(random: &mut StdRng, around: DateTime<Utc>) -> Vec<Stretch> {
    let mut moment = || {
        let at = around - TimeDelta::seconds(random.random_range(0..120 * 86_400));
        let (hour, quarter) = (at.hour(), at.minute() / 15);
        let whole = at.date_naive().and_hms_opt(hour, quarter * 15, 0).unwrap().and_utc();
        if random.random() { whole } else { at }
    };
    let mut moments: Vec<_> = (0..9).map(|_| moment()).collect();
    moments.sort_unstable();
    moments.windows(2).map(|two| (two[0], two[1])).collect()
}

async fn kept(ground: &Ground, connection: ConnectionId) -> Vec<commerce_day::Model> {
    let mine = commerce_day::Entity::find().filter(commerce_day::Column::ConnectionId.eq(connection));
    mine.all(&ground.db).await.unwrap()
}

/// Keeps all that is missing. Returns how many days were kept, and how often something was in the way.
async fn keep(db: &Db, connection: ConnectionId, until: DateTime<Utc>) -> (usize, usize) {
    let (mut days, mut refused) = (0, 0);
    for run in days::missing(db, connection, until).await.unwrap() {
        let done = days::keep(db, connection, run).await.unwrap();
        days += done;
        refused += usize::from(done == 0);
    }
    (days, refused)
}

/// A transaction that writes, as a page does: the fence is held until it ends.
async fn page(db: &Db, connection: ConnectionId) -> Tx {
    let head = store::sync_heads::find(db, connection).await.unwrap().unwrap();
    let tx = store::write(db).await.unwrap();
    assert!(store::sync_heads::holds(&tx, connection, head.fence).await.unwrap());
    tx
}

/// Keeps what is a change, as a page does.
async fn written(db: &Db, connection: ConnectionId, read_no: i64, records: Records, now: DateTime<Utc>) {
    let tx = page(db, connection).await;
    let changes = bulk::keep(&tx, Reading { connection, read_no, now }, records).await.unwrap();
    assert_eq!(changes.len(), 1, "it was no change");
    store::feed::append(&tx, connection, changes, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// Keeps a changed transaction as a later reading.
async fn change(db: &Db, row: transaction::Model, now: DateTime<Utc>) {
    let (connection, read_no) = (row.connection_id, row.read_no + 1);
    written(db, connection, read_no, Records { transactions: vec![row], ..Records::default() }, now).await;
}

/// Keeps a changed order.
async fn change_order(db: &Db, row: order::Model, now: DateTime<Utc>) {
    let (connection, read_no) = (row.connection_id, row.read_no + 1);
    written(db, connection, read_no, Records { orders: vec![row], ..Records::default() }, now).await;
}

/// Marks a record as gone at Stripe.
async fn bury(db: &Db, connection: ConnectionId, data_type: DataType, id: &str, now: DateTime<Utc>) {
    let tx = page(db, connection).await;
    let reading = Reading { connection, read_no: i64::MAX - 1, now };
    let gone = bulk::bury(&tx, reading, data_type, id).await.unwrap();
    store::feed::append(&tx, connection, gone.into_iter().collect(), now).await.unwrap();
    tx.commit().await.unwrap();
}

both! {
    async fn a_sync_keeps_sums_that_are_what_the_transactions_add_up_to(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let now = house.clock.now();
        let days = kept(&house, connection).await;
        assert!(days.len() > 30 && days.iter().any(|day| !day.revenue.0.is_empty()), "{} days are kept", days.len());
        let today = tributary::clock::day_of(now);
        assert!(days.iter().all(|row| row.day < today), "a day that is not over is not kept");
        let seed = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let mut some = 0;
        for _ in 0..20 {
            some += agree(&house.db, connection, &stretches(&mut random, now), &format!("seed {seed}")).await;
        }
        assert!(some > 20, "seed {seed}: {some} stretches had something");
        // They are what is read: a wrong one is seen.
        let wrong = days.into_iter().find(|day| !day.revenue.0.is_empty()).unwrap();
        let from = DateTime::from_timestamp(wrong.day * 86_400, 0).unwrap();
        let stretch = [(from, from + TimeDelta::days(1))];
        let mut revenue = wrong.revenue.clone();
        revenue.0[0].parts[0].1 += 1;
        let row = commerce_day::ActiveModel { revenue: sea_orm::Set(revenue), ..wrong.into() };
        row.update(&house.db).await.unwrap();
        let tx = store::read(&house.db).await.unwrap();
        assert_ne!(told(&tx, connection, &stretch).await, plain(&tx, connection, &stretch).await);
    }

    async fn a_change_of_a_day_long_past_is_counted_at_once(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let now = house.clock.now();
        let all = [(now - TimeDelta::days(400), now)];
        let days: Vec<Stretch> =
            (1..400).rev().map(|day| (now - TimeDelta::days(day + 1), now - TimeDelta::days(day))).collect();
        let whole = kept(&house, connection).await.len();
        let mine = transaction::Entity::find().filter(transaction::Column::ConnectionId.eq(connection));
        let sales = mine.filter(transaction::Column::Type.eq(Type::Payment)).all(&house.db).await.unwrap();
        let old = sales.iter().find(|row| row.created_at < now - TimeDelta::days(20)).unwrap();
        let before = agree(&house.db, connection, &days, "before").await;
        // Another amount; another day, of which nobody was told; gone; there again; a new one.
        let dearer = transaction::Model { total_minor: old.total_minor + 1, ..old.clone() };
        change(&house.db, dearer.clone(), now).await;
        assert_eq!(kept(&house, connection).await.len(), whole - 1, "its day is forgotten");
        agree(&house.db, connection, &days, "another amount").await;
        keep(&house.db, connection, now).await;
        assert_eq!(kept(&house, connection).await.len(), whole);
        agree(&house.db, connection, &days, "kept again").await;
        let moved = transaction::Model { created_at: old.created_at + TimeDelta::days(9), read_no: old.read_no + 1, ..dearer };
        change(&house.db, moved.clone(), now).await;
        assert_eq!(kept(&house, connection).await.len(), whole - 2, "both days are forgotten");
        agree(&house.db, connection, &days, "another day").await;
        keep(&house.db, connection, now).await;
        bury(&house.db, connection, DataType::Transactions, &old.id, now).await;
        assert_eq!(kept(&house, connection).await.len(), whole - 1);
        agree(&house.db, connection, &days, "gone").await;
        let back = transaction::Model { read_no: i64::MAX - 1, ..moved };
        change(&house.db, back.clone(), now).await;
        agree(&house.db, connection, &all, "there again").await;
        keep(&house.db, connection, now).await;
        let first = transaction::Model { id: "txn_new".to_owned(), created_at: now - TimeDelta::days(390), read_no: 0, ..back };
        change(&house.db, first, now).await;
        assert!(agree(&house.db, connection, &days, "before the first").await >= before);
        keep(&house.db, connection, now).await;
        assert!(kept(&house, connection).await.len() > 380, "from the new first day on");
        agree(&house.db, connection, &days, "from the new first day on").await;
    }

    async fn an_order_that_changes_is_counted_as_it_is_now(house: House) {
        let accounts = house.simulator.world.accounts();
        let account = accounts.iter().find(|one| one.description == "subscription business").unwrap().id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.work().await;
        let now = house.clock.now();
        let whole = kept(&house, connection).await;
        let with_orders = whole.iter().filter(|day| !day.orders.0.is_empty()).count();
        assert!(with_orders > 20, "{with_orders} of {} days have orders", whole.len());
        agree(&house.db, connection, &[], "after the sync").await;
        let all = order::Entity::find().filter(order::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap();
        let old = all.iter().find(|row| row.customer_id.is_some() && row.created_at < now - TimeDelta::days(20)).unwrap();
        // Dearer; paid later, on a day of its own; of a guest; made on another day; gone; there again.
        let dearer = order::Model { total_minor: old.total_minor + 1, ..old.clone() };
        let later = order::Model { closed_at: Some(old.created_at + TimeDelta::days(11)), ..dearer.clone() };
        let guest = order::Model { customer_id: None, ..later.clone() };
        let moved = order::Model { created_at: old.created_at + TimeDelta::days(3), ..guest.clone() };
        for (what, row, forgotten) in [("dearer", dearer, 1), ("later", later, 1), ("of a guest", guest, 1), ("moved", moved.clone(), 2)] {
            change_order(&house.db, row, now).await;
            assert_eq!(kept(&house, connection).await.len(), whole.len() - forgotten, "{what}");
            agree(&house.db, connection, &[], what).await;
            keep(&house.db, connection, now).await;
            assert_eq!(kept(&house, connection).await.len(), whole.len(), "{what}");
            agree(&house.db, connection, &[], what).await;
        }
        bury(&house.db, connection, DataType::Orders, &old.id, now).await;
        assert_eq!(kept(&house, connection).await.len(), whole.len() - 1);
        agree(&house.db, connection, &[], "gone").await;
        change_order(&house.db, order::Model { read_no: i64::MAX - 1, ..moved }, now).await;
        agree(&house.db, connection, &[], "there again").await;
        // They are what is read: a wrong one is seen.
        keep(&house.db, connection, now).await;
        let wrong = kept(&house, connection).await.into_iter().find(|day| !day.orders.0.is_empty()).unwrap();
        let mut orders = wrong.orders.clone();
        orders.0[0].parts[0].2 += 1;
        let row = commerce_day::ActiveModel { orders: sea_orm::Set(orders), ..wrong.into() };
        row.update(&house.db).await.unwrap();
        let tx = store::read(&house.db).await.unwrap();
        assert_ne!(told_orders(&tx, connection).await, plain_orders(&tx, connection).await);
    }

    async fn no_reader_meets_a_sum_that_is_older_than_its_records(ground: Ground) {
        let company = rows::company(&ground, "One", &[]).await;
        let connection = rows::connection(&ground, &company, entity::connection::Status::Linked).await.id;
        store::sync_heads::take(&ground.db, connection).await.unwrap();
        let now = ground.clock.now();
        let seed: u64 = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let mut mine = Vec::new();
        for number in 0..60 {
            let mut row = rows::transaction(connection, &format!("txn_{number}"), number, "EUR");
            row.created_at = now - TimeDelta::seconds(random.random_range(86_400..6 * 86_400));
            rows::put(&ground, row.clone()).await;
            mine.push(row);
            let mut order = rows::order(connection, &format!("in_{number}"), number, (number % 3 > 0).then_some("cus_1"));
            order.created_at = now - TimeDelta::seconds(random.random_range(86_400..6 * 86_400));
            rows::put(&ground, order).await;
        }
        let over = Arc::new(AtomicBool::new(false));
        let (kept_days, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let keepers: Vec<_> = (0..2)
            .map(|_| {
                let (db, over) = (ground.db.clone(), over.clone());
                let (kept_days, refused) = (kept_days.clone(), refused.clone());
                tokio::spawn(async move {
                    while !over.load(Ordering::Relaxed) {
                        let (days, in_the_way) = keep(&db, connection, now).await;
                        kept_days.fetch_add(days, Ordering::Relaxed);
                        refused.fetch_add(in_the_way, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let reader = {
            let (db, over) = (ground.db.clone(), over.clone());
            let days: Vec<Stretch> = (0..7).rev().map(|day| (now - TimeDelta::days(day + 1), now - TimeDelta::days(day))).collect();
            tokio::spawn(async move {
                let mut looks = 0;
                while !over.load(Ordering::Relaxed) {
                    agree(&db, connection, &days, &format!("seed {seed}")).await;
                    looks += 1;
                }
                looks
            })
        };
        // Until it has happened often enough that a sum was counted, and a change came before it was kept.
        let enough = async {
            let mut changes = 0;
            while changes < 200 || refused.load(Ordering::Relaxed) < 3 || kept_days.load(Ordering::Relaxed) < 20 {
                let row = mine.choose(&mut random).unwrap().id.clone();
                let row = transaction::Entity::find_by_id((connection, row)).one(&ground.db).await.unwrap().unwrap();
                let at = now - TimeDelta::seconds(random.random_range(86_400..6 * 86_400));
                change(&ground.db, transaction::Model { total_minor: row.total_minor + 1, created_at: at, ..row }, now).await;
                let row = format!("in_{}", random.random_range(0..60));
                let row = order::Entity::find_by_id((connection, row)).one(&ground.db).await.unwrap().unwrap();
                change_order(&ground.db, order::Model { total_minor: row.total_minor + 1, created_at: at, ..row }, now).await;
                changes += 2;
                tokio::task::yield_now().await;
            }
            changes
        };
        let changes = tokio::time::timeout(std::time::Duration::from_mins(2), enough).await.expect("they meet");
        over.store(true, Ordering::Relaxed);
        for keeper in keepers {
            keeper.await.unwrap();
        }
        let looks = reader.await.unwrap();
        println!("seed {seed}: {changes} changes, {looks} looks, {kept_days:?} days kept, {refused:?} refused");
        assert!(looks > 0);
        keep(&ground.db, connection, now).await;
        let days = kept(&ground, connection).await;
        assert!(days.len() >= 5, "{} days are kept", days.len());
        agree(&ground.db, connection, &[(now - TimeDelta::days(30), now)], "at the end").await;
    }

    async fn nothing_is_kept_of_a_deleted_connection(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let missing = 19_000..19_010;
        assert!(!kept(&house, connection).await.is_empty());
        let key = house.api_key().await;
        assert_eq!(house.send(reqwest::Method::DELETE, &format!("/companies/{company}"), &key, None).await.0, 204);
        house.work().await;
        assert!(kept(&house, connection).await.is_empty());
        // Whoever had begun to count before finds nothing to hold on to.
        assert_eq!(days::keep(&house.db, connection, missing).await.unwrap(), 0);
        assert!(kept(&house, connection).await.is_empty());
    }
}
