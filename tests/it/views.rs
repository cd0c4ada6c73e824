//! The views for other tools: what the API lists is what they show, on both databases.

use std::collections::BTreeMap;

use entity::id::{CompanyId, ConnectionId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;

use crate::billing::Business;
use crate::both;
use crate::house::{Ground, House};
use crate::oracle::linked;

/// Each view with the list that it shows.
const VIEWS: [(&str, &str); 10] = [
    ("commerce_customers", "commerce-customers"),
    ("commerce_payments", "commerce-payments"),
    ("commerce_transactions", "commerce-transactions"),
    ("commerce_payouts", "commerce-payouts"),
    ("commerce_disputes", "commerce-disputes"),
    ("commerce_products", "commerce-products"),
    ("commerce_payment_methods", "commerce-paymentMethods"),
    ("commerce_orders", "commerce-orders"),
    ("commerce_subscriptions", "commerce-subscriptions"),
    ("commerce_invoices", "commerce-invoices"),
];

/// The rows of a query, each as JSON that the database made.
async fn rows(ground: &Ground, view: &str, filter: &str) -> Vec<BTreeMap<String, Value>> {
    let backend = ground.db.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        format!("SELECT to_jsonb(v)::text FROM {view} v WHERE {filter}")
    } else {
        let names = Statement::from_string(backend, format!("SELECT name FROM pragma_table_info('{view}')"));
        let names = ground.db.query_all_raw(names).await.unwrap();
        let names = names.iter().map(|row| row.try_get_by_index::<String>(0).unwrap());
        let pairs: Vec<String> = names.map(|name| format!("'{name}', \"{name}\"")).collect();
        format!("SELECT json_object({}) FROM {view} WHERE {filter}", pairs.join(", "))
    };
    let rows = ground.db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.try_get_by_index::<String>(0).unwrap()).unwrap()).collect()
}

/// The properties of a record as the views name them: `dueDate` is `due_date`, `paymentMethodRef.id` is `payment_method_id`.
fn named_as_columns(record: &Value, before: &str, all: &mut BTreeMap<String, Value>) {
    for (name, value) in record.as_object().unwrap() {
        let snake: String = name
            .chars()
            .flat_map(|letter| {
                let hump = letter.is_ascii_uppercase().then_some('_');
                hump.into_iter().chain([letter.to_ascii_lowercase()])
            })
            .collect();
        match value {
            Value::Object(_) => named_as_columns(value, &format!("{before}{}_", snake.trim_end_matches("_ref")), all),
            Value::Array(_) => {}
            value => drop(all.insert(format!("{before}{snake}"), value.clone())),
        }
    }
}

/// The same value, however the database writes its kind: an amount with or without zeros behind, a moment with or without
/// an offset, a flag as a number.
fn same(api: &Value, view: &Value) -> bool {
    match (api, view) {
        (Value::Number(api), Value::Number(view)) => api.as_f64() == view.as_f64(),
        (Value::Bool(api), Value::Number(view)) => Some(u64::from(*api)) == view.as_u64(),
        (Value::String(api), Value::String(view)) if api != view => {
            let moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
            moment(api).is_some() && moment(api) == moment(view)
        }
        (api, view) => api == view,
    }
}

/// Compares a view with the list that it shows, value by value. Returns how many rows they have.
async fn shows(
    house: &House,
    view: &str,
    list: &str,
    company: CompanyId,
    connection: ConnectionId,
    key: &str,
) -> usize {
    let path = format!("/companies/{company}/connections/{connection}/data/{list}?pageSize=5000");
    let (_, page) = house.get(&path, key).await;
    let mut shown: BTreeMap<String, BTreeMap<String, Value>> =
        rows(house, view, "1 = 1").await.into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect();
    assert_eq!(page["totalResults"].as_u64(), Some(shown.len() as u64), "{view}");
    let records = page["results"].as_array().unwrap();
    for record in records {
        let row = shown.remove(record["id"].as_str().unwrap()).unwrap();
        let mut wanted = BTreeMap::new();
        named_as_columns(record, "", &mut wanted);
        let compared = wanted.iter().filter(|(name, _)| row.contains_key(*name));
        let compared = compared.inspect(|(name, value)| {
            assert!(same(value, &row[*name]), "{view}.{name}: {value} in the API, {} here", row[*name]);
        });
        assert!(compared.count() >= 6, "{view} has too few of the API's properties: {wanted:?}");
        assert_eq!(row["company_id"], company.to_string());
        assert_eq!(row["connection_id"], connection.to_string());
        for (name, value) in row.iter().filter(|(name, _)| name.ends_with("_milli")) {
            let amount = row[name.trim_end_matches("_milli")].as_f64().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "an amount of a small shop")]
            let milli = (amount * 1000.0).round() as i64;
            assert_eq!(value.as_i64(), Some(milli), "{view}.{name}");
        }
    }
    records.len()
}

both! {
    async fn every_view_shows_what_the_api_lists(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let key = house.api_key().await;
        for (view, list) in VIEWS {
            shows(&house, view, list, company, connection, &key).await;
        }
        let (_, info) = house.get(&format!("/companies/{company}/connections/{connection}/data/commerce-info"), &key).await;
        let shown = rows(&house, "commerce_company_info", "1 = 1").await;
        assert_eq!(shown.len(), 1);
        for (column, property) in [("company_name", "companyName"), ("commerce_platform_ref", "commercePlatformRef")] {
            assert_eq!(shown[0][column], info[property], "{column}");
        }
    }

    async fn the_views_of_subscriptions_and_invoices_leave_nothing_out(business: Business) {
        business.house.work().await;
        let (house, key) = (&business.house, business.house.api_key().await);
        for (view, list) in [("commerce_subscriptions", "commerce-subscriptions"), ("commerce_invoices", "commerce-invoices")] {
            assert!(shows(house, view, list, business.company, business.connection, &key).await > 0, "{list} has rows");
            let (_, page) = house.get(&business.path(&format!("{list}?pageSize=1")), &key).await;
            let mut wanted = BTreeMap::new();
            named_as_columns(&page["results"][0], "", &mut wanted);
            let row = rows(house, view, "1 = 1").await.swap_remove(0);
            for (name, value) in wanted.iter().filter(|(_, value)| !value.is_null()) {
                assert!(row.contains_key(name), "{view} has no {name}: {value}");
            }
        }
        // Minor units of whatever size become the currency's unit.
        for (currency, wanted) in [("EUR", 12.34), ("JPY", 1234.0), ("KWD", 1.234)] {
            let set = format!("UPDATE invoice SET currency = '{currency}', paid_elsewhere_minor = 1234");
            house.db.execute_unprepared(&set).await.unwrap();
            let shown = rows(house, "commerce_invoices", "1 = 1").await;
            assert!(shown.iter().all(|row| row["amount_paid_elsewhere"].as_f64() == Some(wanted)), "{currency}");
        }
    }

    async fn what_is_deleted_is_in_no_view(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let before = rows(&house, "commerce_payments", "1 = 1").await;
        let one = before[0]["id"].as_str().unwrap().to_owned();
        let gone = format!("UPDATE payment SET deleted_at = '2026-01-01T00:00:00+00:00' WHERE id = '{one}'");
        house.db.execute_unprepared(&gone).await.unwrap();
        assert_eq!(rows(&house, "commerce_payments", "1 = 1").await.len(), before.len() - 1);
        assert!(rows(&house, "commerce_payments", &format!("id = '{one}'")).await.is_empty());
        let filtered = rows(&house, "commerce_payments", &format!("connection_id = '{connection}'")).await;
        assert_eq!(filtered.len(), before.len() - 1, "an id is found as it is written");
        let key = house.api_key().await;
        assert_eq!(house.send(reqwest::Method::DELETE, &format!("/companies/{company}"), &key, None).await.0, 204);
        for (view, _) in VIEWS {
            assert!(rows(&house, view, "1 = 1").await.is_empty(), "{view} shows a deleted company");
        }
    }
}
