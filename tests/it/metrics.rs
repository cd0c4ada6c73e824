//! Commerce metrics: what is counted equals what anybody can count from the API's own lists.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use entity::data_type::DataType;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tributary::clock::Clock;
use tributary::money;

use crate::billing::Business;
use crate::both;
use crate::house::House;
use crate::oracle::linked;
use crate::rows;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"];
const UNITS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

/// Everything that the API lists of a connection.
struct Lists {
    transactions: Vec<Value>,
    orders: Vec<Value>,
    payouts: Vec<Value>,
    subscriptions: Vec<Value>,
    now: DateTime<Utc>,
}

impl Lists {
    async fn of(house: &House, data: &str, key: &str) -> Self {
        let all = async |list: &str| {
            let mut rows = Vec::new();
            for page in 1.. {
                let (status, body) = house.get(&format!("{data}/{list}?pageSize=5000&page={page}"), key).await;
                assert_eq!(status, 200, "{body}");
                rows.extend(body["results"].as_array().unwrap().iter().cloned());
                if rows.len() as u64 >= body["totalResults"].as_u64().unwrap() {
                    break;
                }
            }
            rows
        };
        Self {
            transactions: all("commerce-transactions").await,
            orders: all("commerce-orders").await,
            payouts: all("commerce-payouts").await,
            subscriptions: all("commerce-subscriptions").await,
            now: house.clock.now(),
        }
    }
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// An amount of the API's in minor units.
pub fn minor(amount: &Value, currency: &str) -> i128 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<digits$}", digits = money::exponent(currency) as usize).parse().unwrap()
}

/// The first day of the period that a day is in.
fn first_day(day: NaiveDate, unit: &str) -> NaiveDate {
    let of = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap();
    match unit {
        "day" => day,
        "week" => NaiveDate::from_isoywd_opt(day.iso_week().year(), day.iso_week().week(), Weekday::Mon).unwrap(),
        "month" => of(day.month()),
        "quarter" => of([1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10][day.month0() as usize]),
        _ => of(1),
    }
}

/// Whether a figure of the API is the sum of these rows.
fn is_sum(of: &Value, name: &str, currency: &str, rows: impl Iterator<Item = i128>) -> i64 {
    let rows: Vec<i128> = rows.collect();
    assert_eq!(minor(&of[name], currency), rows.iter().sum::<i128>(), "{currency} {name} of {of}");
    i64::try_from(rows.len()).unwrap()
}

fn is_average(average: &Value, of: i128, count: i64, currency: &str) {
    if count == 0 {
        assert!(average.is_null(), "{average}");
        return;
    }
    let off = (minor(average, currency) * i128::from(count) - of).abs();
    assert!(off * 2 <= i128::from(count), "{average} is no average of {of} over {count}");
}

/// Whether a decimal with so many digits is `part` of `whole`, rounded to the nearest.
fn is_part(of: &Value, digits: usize, part: i128, whole: i128) {
    if whole == 0 {
        assert!(of.is_null(), "{of}");
        return;
    }
    let text = of.to_string();
    let (units, parts) = text.split_once('.').unwrap_or((&text, ""));
    let unscaled: i128 = format!("{units}{parts:0<digits$}").parse().unwrap();
    let scale = 10_i128.pow(u32::try_from(digits).unwrap());
    assert!((unscaled * whole - part * scale).abs() * 2 <= whole, "{of} is not {part} of {whole}");
}

fn is_rate(rate: &Value, part: usize, whole: usize) {
    is_part(rate, 4, i128::try_from(part).unwrap(), i128::try_from(whole).unwrap());
}

/// Compares one answer with the lists, figure by figure. Returns how many periods had sales and how many had orders.
fn compare(answer: &Value, lists: &Lists, unit: &str, zone: Tz, days: (NaiveDate, NaiveDate)) -> (usize, usize) {
    let period_of = |at: DateTime<Utc>| first_day(at.with_timezone(&zone).date_naive(), unit);
    let wanted: BTreeSet<NaiveDate> =
        days.0.iter_days().take_while(|day| *day <= days.1).map(|day| first_day(day, unit)).collect();
    let results = answer["results"].as_array().unwrap();
    let given: Vec<NaiveDate> = results.iter().map(|one| one["firstDay"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(given, wanted.into_iter().collect::<Vec<_>>());
    let (mut with_sales, mut with_orders) = (0, 0);
    for one in results {
        let first: NaiveDate = one["firstDay"].as_str().unwrap().parse().unwrap();
        let counts = currencies(one, lists, &|at| period_of(at) == first);
        with_sales += usize::from(counts.0 > 0);
        with_orders += usize::from(counts.1 > 0);
        let before = first_day(first.pred_opt().unwrap(), unit);
        customers(one, lists, first, before, &period_of);
    }
    (with_sales, with_orders)
}

/// The figures of each currency. Returns how many sales and orders the period has.
fn currencies(one: &Value, lists: &Lists, is_in: &dyn Fn(DateTime<Utc>) -> bool) -> (i64, i64) {
    let nothing = json!({});
    let known: BTreeMap<&str, &Value> =
        one["currencies"].as_array().unwrap().iter().map(|of| (of["currency"].as_str().unwrap(), of)).collect();
    let all = lists.transactions.iter().chain(&lists.orders).chain(&lists.payouts).chain(&lists.subscriptions);
    let all: BTreeSet<&str> = all.map(|row| row["currency"].as_str().unwrap()).collect();
    assert!(known.keys().all(|currency| all.contains(currency)));
    let (mut sales, mut orders) = (0, 0);
    for currency in all {
        let of = known.get(currency).copied().unwrap_or(&nothing);
        if of == &nothing {
            let moved = ["Payment", "Refund", "PaymentFee", "PaymentFeeRefund"];
            let counted = |row: &&Value| moved.contains(&row["type"].as_str().unwrap());
            let rows = lists.transactions.iter().filter(counted).chain(&lists.orders);
            let day = |row: &Value| time(&row["closedDate"]).or(time(&row["createdDate"])).unwrap();
            assert!(
                !rows.filter(|row| row["currency"] == currency).any(|row| is_in(day(row))),
                "{currency} is missing"
            );
            continue;
        }
        sales += revenue(&of["revenue"], lists, currency, is_in);
        orders += ordered(of, lists, currency, is_in, time(&one["until"]).unwrap());
        paid_out(&of["payouts"], lists, currency, one);
        subscribed(&of["subscriptions"], lists, currency, one);
    }
    (sales, orders)
}

fn revenue(of: &Value, lists: &Lists, currency: &str, is_in: &dyn Fn(DateTime<Utc>) -> bool) -> i64 {
    let rows = |kinds: &'static [&'static str]| {
        lists.transactions.iter().filter(move |row| {
            let kind = row["type"].as_str().unwrap();
            let disputed = row["subType"] == "adjustment"
                && row["transactionSourceRef"]["id"].as_str().is_some_and(|id| id.starts_with("du_"));
            let kind = if kind == "Unknown" && disputed { "Dispute" } else { kind };
            // Whatever it is called: what comes back of a refund makes refunds less.
            let kind = if row["subType"] == "refund_failure" { "Refund" } else { kind };
            row["currency"] == currency && kinds.contains(&kind) && is_in(time(&row["createdDate"]).unwrap())
        })
    };
    let amounts = |kinds| rows(kinds).map(|row| minor(&row["totalAmount"], currency));
    let sales = is_sum(of, "gross", currency, amounts(&["Payment"]));
    is_sum(of, "refunds", currency, amounts(&["Refund"]));
    let refunds = amounts(&["Refund"]).filter(|minor| *minor <= 0).count();
    let refunds = i64::try_from(refunds).unwrap();
    let disputes = is_sum(of, "disputes", currency, amounts(&["Dispute"]));
    is_sum(of, "fees", currency, amounts(&["PaymentFee", "PaymentFeeRefund"]));
    is_sum(of, "net", currency, amounts(&["Payment", "Refund", "Dispute", "PaymentFee", "PaymentFeeRefund"]));
    let counts = ["sales", "refundCount", "disputeCount"].map(|name| of[name].as_i64().unwrap());
    assert_eq!(counts, [sales, refunds, disputes]);
    sales
}

fn sold_at(order: &Value) -> DateTime<Utc> {
    time(&order["closedDate"]).or(time(&order["createdDate"])).unwrap()
}

fn ordered(
    of: &Value,
    lists: &Lists,
    currency: &str,
    is_in: &dyn Fn(DateTime<Utc>) -> bool,
    until: DateTime<Utc>,
) -> i64 {
    let own: Vec<&Value> = lists.orders.iter().filter(|row| row["currency"] == currency).collect();
    let total = |row: &&&Value| minor(&row["totalAmount"], currency);
    let within: Vec<&&Value> = own.iter().filter(|row| is_in(sold_at(row))).collect();
    let count = is_sum(&of["orders"], "total", currency, within.iter().map(total));
    assert_eq!(of["orders"]["count"].as_i64(), Some(count));
    is_average(&of["orders"]["averageOrderValue"], within.iter().map(total).sum(), count, currency);
    let to_date: Vec<&&Value> =
        own.iter().filter(|row| sold_at(row) < until && !row["customerRef"].is_null()).collect();
    is_sum(&of["lifetime"], "total", currency, to_date.iter().map(total));
    let customers: BTreeSet<&str> = to_date.iter().map(|row| row["customerRef"]["id"].as_str().unwrap()).collect();
    let customers = i64::try_from(customers.len()).unwrap();
    assert_eq!(of["lifetime"]["customers"].as_i64(), Some(customers));
    is_average(&of["lifetime"]["lifetimeValue"], to_date.iter().map(total).sum(), customers, currency);
    count
}

fn paid_out(of: &Value, lists: &Lists, currency: &str, period: &Value) {
    let end = time(&period["until"]).unwrap().min(lists.now);
    let [first, last] =
        ["firstDay", "lastDay"].map(|name| period[name].as_str().unwrap().parse::<NaiveDate>().unwrap());
    // The arrival is a day of the calendar, whatever the time zone.
    let arrives = |row: &Value| time(&row["arrivalDate"]).unwrap().date_naive();
    let own = || lists.payouts.iter().filter(|row| row["currency"] == currency);
    let date = |row: &Value, name: &str| time(&row[name]).unwrap();
    let arrived: Vec<&Value> = own()
        .filter(|row| row["status"] == "Paid")
        .filter(|row| (first..=last).contains(&arrives(row)) && date(row, "arrivalDate") < lists.now)
        .filter(|row| date(row, "createdDate") < end)
        .collect();
    let count = is_sum(of, "arrivedAmount", currency, arrived.iter().map(|row| minor(&row["amount"], currency)));
    assert_eq!(of["arrived"].as_i64(), Some(count));
    let on_the_way = arrived.iter().map(|row| (date(row, "arrivalDate") - date(row, "createdDate")).num_seconds());
    is_part(&of["averageDays"], 2, on_the_way.sum::<i64>().into(), i128::from(count) * 86_400);
    let in_transit = own().filter(|row| date(row, "createdDate") < end).filter(|row| {
        let status = row["status"].as_str().unwrap();
        let under_way = ["Pending", "InTransit"].contains(&status);
        !["Failed", "Cancelled"].contains(&status)
            && (under_way || arrives(row) > last || date(row, "arrivalDate") >= lists.now)
    });
    let count = is_sum(of, "inTransitAmount", currency, in_transit.map(|row| minor(&row["amount"], currency)));
    assert_eq!(of["inTransit"].as_i64(), Some(count));
}

fn subscribed(of: &Value, lists: &Lists, currency: &str, period: &Value) {
    let from = time(&period["from"]).unwrap();
    let end = time(&period["until"]).unwrap().min(lists.now).max(from);
    let earning = lists.subscriptions.iter().filter(|row| {
        row["currency"] == currency
            && ["Active", "Cancelled", "PastDue", "Trialing"].contains(&row["status"].as_str().unwrap())
    });
    let lives: Vec<(DateTime<Utc>, Option<DateTime<Utc>>, i128)> = earning
        .map(|row| {
            let started = time(&row["startedDate"]).unwrap();
            let begins = time(&row["trialEndDate"]).map_or(started, |trial| trial.max(started));
            (begins, time(&row["endedDate"]), minor(&row["monthlyAmount"], currency))
        })
        .filter(|(begins, ended, _)| ended.is_none_or(|ended| *begins < ended))
        .collect();
    let figure = |count: &str, amount: &str, holds: &dyn Fn(DateTime<Utc>, Option<DateTime<Utc>>) -> bool| {
        let rows = lives.iter().filter(|(begins, ended, _)| holds(*begins, *ended)).map(|(_, _, monthly)| *monthly);
        let number = is_sum(of, amount, currency, rows);
        assert_eq!(of[count].as_i64(), Some(number), "{count} of {of}");
        number
    };
    let started =
        figure("atStart", "monthlyAtStart", &|begins, ended| begins < from && ended.is_none_or(|at| at >= from));
    let begun = figure("begun", "monthlyBegun", &|begins, _| begins >= from && begins < end);
    let churned = figure("churned", "monthlyChurned", &|_, ended| ended.is_some_and(|at| at >= from && at < end));
    let last = figure("atEnd", "monthlyAtEnd", &|begins, ended| begins < end && ended.is_none_or(|at| at >= end));
    assert_eq!(started + begun - churned, last, "those that began less those that ended are the difference");
    is_part(&of["churnRate"], 4, churned.into(), started.into());
}

fn customers(
    one: &Value,
    lists: &Lists,
    first: NaiveDate,
    before: NaiveDate,
    period_of: &dyn Fn(DateTime<Utc>) -> NaiveDate,
) {
    let mut orders: BTreeMap<&str, Vec<NaiveDate>> = BTreeMap::new();
    let mut guests = 0;
    for order in &lists.orders {
        let of = period_of(sold_at(order));
        match order["customerRef"]["id"].as_str() {
            Some(customer) => orders.entry(customer).or_default().push(of),
            None => guests += i64::from(of == first),
        }
    }
    let came = |period: NaiveDate| -> BTreeSet<&str> {
        orders.iter().filter(|(_, all)| all.contains(&period)).map(|(customer, _)| *customer).collect()
    };
    let (now, earlier) = (came(first), came(before));
    let new = now.iter().filter(|customer| orders[*customer].iter().min() == Some(&first)).count();
    let repeated =
        now.iter().filter(|customer| orders[*customer].iter().filter(|at| **at <= first).count() > 1).count();
    let of = &one["customers"];
    let counts =
        ["customers", "newCustomers", "returningCustomers", "guestOrders"].map(|name| of[name].as_i64().unwrap());
    let [all, new] = [now.len(), new].map(|count| i64::try_from(count).unwrap());
    assert_eq!(counts, [all, new, all - new, guests], "{first}");
    is_rate(&of["retentionRate"], now.intersection(&earlier).count(), earlier.len());
    is_rate(&of["repeatRate"], repeated, now.len());
}

/// Random periods of a company with one synced connection.
async fn check(house: &House, company: &str, data: &str, seed: u64) {
    let key = house.api_key().await;
    let lists = Lists::of(house, data, &key).await;
    let mut random = StdRng::seed_from_u64(seed);
    let today = lists.now.date_naive();
    let (mut with_sales, mut with_orders) = (0, 0);
    for _ in 0..10 {
        let (unit, zone) = (*UNITS.choose(&mut random).unwrap(), *ZONES.choose(&mut random).unwrap());
        let to = today - TimeDelta::days(random.random_range(-40..200));
        let from = to - TimeDelta::days(random.random_range(0..if unit == "day" { 30 } else { 300 }));
        let asked = format!("/companies/{company}/metrics?period={unit}&timeZone={zone}&from={from}&to={to}");
        let (status, answer) = house.get(&asked, &key).await;
        assert_eq!((status, &answer["timeZone"]), (200, &json!(zone)), "{asked} {answer}");
        println!("seed {seed}: {asked}");
        let counts = compare(&answer, &lists, unit, zone.parse().unwrap(), (from, to));
        with_sales += counts.0;
        with_orders += counts.1;
    }
    assert!(with_sales > 0 && with_orders > 0, "seed {seed}: {with_sales} with sales, {with_orders} with orders");
}

both! {
    async fn what_is_counted_is_what_the_lists_add_up_to(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let data = format!("/companies/{company}/connections/{connection}/data");
        let key = house.api_key().await;
        let (_, failed) = house.get(&format!("{data}/commerce-transactions?query=subType=refund_failure"), &key).await;
        assert_ne!(failed["totalResults"], 0, "no refund has failed: nothing of it is shown here");
        check(&house, &company.to_string(), &data, rand::random()).await;
    }

    async fn what_subscriptions_are_worth_is_what_the_lists_add_up_to(business: Business) {
        business.house.work().await;
        let data = business.path("").trim_end_matches('/').to_owned();
        check(&business.house, &business.company.to_string(), &data, rand::random()).await;
        let (key, company) = (business.house.api_key().await, business.company);
        let (_, answer) = business.house.get(&format!("/companies/{company}/metrics"), &key).await;
        let results = answer["results"].as_array().unwrap();
        assert_eq!((results.len(), &answer["period"]), (12, &json!("month")), "a year of months up to today");
        assert_eq!(answer["timeZone"], answer["connections"][0]["timeZone"], "as the account's clocks say");
        assert_eq!(answer["connections"][0]["notRead"], json!([]));
        let last = results.last().unwrap();
        assert_eq!((&last["isOver"], &results[0]["isOver"]), (&json!(false), &json!(true)));
        let churned: i64 = results.iter().flat_map(|one| one["currencies"].as_array().unwrap())
            .map(|of| of["subscriptions"]["churned"].as_i64().unwrap()).sum();
        assert!(churned > 0, "some have ended");
    }

    async fn what_was_never_read_is_named_and_what_makes_no_sense_is_refused(house: House) {
        let key = house.api_key().await;
        let company = rows::company(&house, "One", &[]).await;
        let path = format!("/companies/{}/metrics", company.id);
        let (status, none) = house.get(&path, &key).await;
        assert_eq!((status, &none["connections"], &none["timeZone"]), (200, &json!([]), &json!("UTC")), "{none}");
        let connection = rows::connection(&house, &company, entity::connection::Status::Linked).await;
        rows::dataset(&house, connection.id, DataType::Orders, entity::dataset::Status::Complete).await;
        let (_, answer) = house.get(&path, &key).await;
        let missing = json!(["commerce-transactions", "commerce-payouts", "commerce-subscriptions"]);
        assert_eq!(answer["connections"][0]["notRead"], missing, "{answer}");
        for (bad, says) in [
            ("period=fortnight", "period"), ("period=", "period"), ("timeZone=Europe/Atlantis", "timeZone"), ("timeZone=%00", "timeZone"),
            ("from=yesterday", "from"), ("to=2026-02-30", "to"), ("to=9999-12-31", "to"), ("from=1969-12-31", "from"),
            ("from=2026-02-01&to=2026-01-01", "from"), ("period=day&from=2020-01-01&to=2026-01-01", "400 periods"), ("to=-1", "to"),
        ] {
            let (status, answer) = house.get(&format!("{path}?{bad}"), &key).await;
            assert!(status == 400 && answer["error"].as_str().unwrap().contains(says), "{bad}: {status} {answer}");
        }
        assert_eq!(house.get(&format!("{path}?from=1970-01-08&to=9997-12-31&period=year"), &key).await.0, 400);
        assert_eq!(house.get(&format!("/companies/{}/metrics", entity::id::CompanyId::new()), &key).await.0, 404);
        assert_eq!(house.get(&path, "").await.0, 401);
    }

    async fn the_reports_for_lending_have_the_figures_of_the_metrics(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        let key = house.api_key().await;
        let root = format!("/data/companies/{company}/connections/{connection}/assess/commerceMetrics");
        let day = house.clock.now().date_naive();
        let asked = format!("reportDate={}&periodLength=1&numberOfPeriods=4&periodUnit=Month", day.format("%d-%m-%Y"));
        let (status, early) = house.get(&format!("{root}/orders?{asked}"), &key).await;
        assert_eq!((status, &early["errors"][0]["type"]), (200, &json!("DataNotSynced")), "{early}");
        assert_eq!(early["errors"][0]["details"]["dataTypes"], json!(["commerce-orders"]));
        house.work().await;
        let (_, revenue) = house.get(&format!("{root}/revenue?{asked}"), &key).await;
        assert_eq!(revenue["errors"], json!([]));
        let zone = revenue["reportInfo"]["timeZone"].as_str().unwrap().to_owned();
        // Where the company is, it may be another day, and the metrics end with the month of that.
        let there = house.clock.now().with_timezone(&zone.parse::<chrono_tz::Tz>().unwrap()).date_naive();
        let asked = asked.replace(&day.format("%d-%m-%Y").to_string(), &there.format("%d-%m-%Y").to_string());
        let (_, revenue) = house.get(&format!("{root}/revenue?{asked}"), &key).await;
        let first = revenue["dimensions"][0]["items"][0]["start"].as_str().unwrap();
        let (_, metrics) = house.get(&format!("/companies/{company}/metrics?from={first}&timeZone={zone}"), &key).await;
        let (_, retention) = house.get(&format!("{root}/customerRetention?{asked}"), &key).await;
        let periods = metrics["results"].as_array().unwrap();
        assert_eq!((periods.len(), revenue["reportData"].as_array().unwrap().len()), (4, 4));
        let mut some = 0;
        for (place, period) in periods.iter().enumerate() {
            assert_eq!(revenue["dimensions"][0]["items"][place]["start"], period["firstDay"]);
            assert_eq!(revenue["dimensions"][0]["items"][place]["end"], period["lastDay"]);
            for figure in revenue["reportData"][place]["components"][0]["measures"].as_array().unwrap() {
                let index = usize::try_from(figure["index"].as_u64().unwrap()).unwrap();
                let currency = &revenue["measures"][index]["units"];
                let own = period["currencies"].as_array().unwrap().iter().find(|of| of["currency"] == *currency);
                let wanted = own.map_or(0.0, |of| of["revenue"]["gross"].as_f64().unwrap());
                assert_eq!(figure["value"].as_f64(), Some(wanted), "{currency} in {place}");
                some += usize::from(wanted > 0.0);
            }
            let line = |item: usize| &retention["reportData"][place]["components"][item]["measures"][0]["value"];
            assert_eq!([line(0), line(1), line(2)],
                ["returningCustomers", "newCustomers", "customers"].map(|name| &period["customers"][name]));
            let percent = period["customers"]["repeatRate"].as_f64().map(|rate| (rate * 10_000.0).round() / 100.0);
            assert_eq!(line(4).as_f64(), percent);
        }
        assert!(some > 0, "nothing was sold");
        assert!(retention["reportData"][0].get("itemDisplayName").is_none());
        for bad in ["reportDate=soon", "periodLength=0", "numberOfPeriods=401", "periodUnit=Quarter", "includeDisplayNames=7"] {
            let name = bad.split('=').next().unwrap();
            let rest: Vec<&str> = asked.split('&').filter(|one| !one.starts_with(name)).collect();
            let (status, answer) = house.get(&format!("{root}/refunds?{bad}&{}", rest.join("&")), &key).await;
            assert!(status == 400 && answer["error"].as_str().unwrap().contains(name), "{bad}: {status} {answer}");
        }
    }
}
