//! Whole lists as files: what the API lists is what is in them, and what breaks off is never taken for whole.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use chrono::DateTime;
use entity::connection::{self, Status};
use entity::data_type::DataType;
use entity::{dataset, payment};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use reqwest::{Method, Response};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use serde_json::value::RawValue;
use tributary::web::export::data_types;

use crate::both;
use crate::house::{Ground, House};
use crate::oracle::linked;
use crate::process::{answer, output, refusal, tributary};
use crate::rows;

/// A house with the first account read, its company's and connection's ids, and a key.
async fn read(house: &House) -> (String, String, String) {
    let account = house.simulator.world.accounts()[0].id.clone();
    let (company, connection) = linked(house, &account).await;
    house.work().await;
    (company.to_string(), connection.to_string(), house.api_key().await)
}

async fn asked(house: &House, path: &str, key: &str) -> Response {
    let client = crate::house::client().no_gzip().build().unwrap();
    client.get(format!("{}{path}", house.url)).bearer_auth(key).send().await.unwrap()
}

/// The rows of a list, each as it is written in the page of it.
async fn listed(house: &House, list: &str, key: &str) -> Vec<String> {
    let page = asked(house, list, key).await;
    assert_eq!(page.status(), 200, "{list}");
    let page: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&page.text().await.unwrap()).unwrap();
    let rows: Vec<Box<RawValue>> = serde_json::from_str(page["results"].get()).unwrap();
    assert_eq!(page["totalResults"].get(), rows.len().to_string(), "one page is not the whole list");
    rows.iter().map(|row| row.get().to_owned()).collect()
}

/// The value of a row at a dotted name, as it is written; nothing for null.
fn written(row: &str, name: &str) -> Option<String> {
    let properties: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row).unwrap();
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let value = properties.get(first).map(|value| value.get().to_owned()).filter(|value| value != "null")?;
    rest.map_or(Some(value.clone()), |rest| written(&value, rest))
}

/// What a text in JSON says; other values as they are written.
fn said(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// The rows of a Parquet file: each leaf by its dotted name, as the API would write it.
fn parquet(bytes: Vec<u8>) -> Vec<BTreeMap<String, String>> {
    let reader = SerializedFileReader::new(axum::body::Bytes::from(bytes)).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let mut cells = BTreeMap::new();
        row.unwrap().get_column_iter().for_each(|(name, field)| leaves(name, field, &mut cells));
        cells
    });
    rows.collect()
}

fn leaves(name: &str, field: &Field, cells: &mut BTreeMap<String, String>) {
    let text = match field {
        Field::Null => return,
        Field::Group(inside) => {
            return inside.get_column_iter().for_each(|(last, field)| leaves(&format!("{name}.{last}"), field, cells));
        }
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Bool(flag) => flag.to_string(),
        Field::TimestampMicros(micros) => moment(DateTime::from_timestamp_micros(*micros).unwrap()),
        Field::Decimal(decimal) => {
            assert_eq!((decimal.precision(), decimal.scale()), (22, 3));
            decimal_text(i128::from_be_bytes(decimal.data().try_into().unwrap()))
        }
        other => panic!("{name} is {other:?}"),
    };
    cells.insert(name.to_owned(), text);
}

fn moment(at: DateTime<chrono::Utc>) -> String {
    said(&serde_json::to_string(&at).unwrap())
}

/// Thousandths in the shortest decimal text.
fn decimal_text(milli: i128) -> String {
    let mut text = String::new();
    let sign = if milli < 0 { "-" } else { "" };
    write!(text, "{sign}{}.{:03}", milli.abs() / 1000, milli.abs() % 1000).unwrap();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn csv_rows(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect());
    (names, rows.collect())
}

/// Compares the three files of a list with the list.
async fn compare(house: &House, list: &str, key: &str) -> Vec<String> {
    let (path, query) = list.split_once('?').unwrap_or((list, ""));
    let rows = listed(house, &format!("{path}?pageSize=5000&{query}"), key).await;
    let file = async |format: &str| asked(house, &format!("{path}?format={format}&{query}"), key).await;
    let bytes = |response: Response| async {
        let status = response.status();
        let body = response.bytes().await.unwrap().to_vec();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        body
    };

    let lines = String::from_utf8(bytes(file("jsonl").await).await).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let sorted = |row: &str| serde_json::from_str::<serde_json::Value>(row).unwrap();
    assert_eq!(
        lines.iter().map(|row| sorted(row)).collect::<Vec<_>>(),
        rows.iter().map(|row| sorted(row)).collect::<Vec<_>>()
    );
    assert!(query.contains("fields=") || lines == rows, "{list}: every digit is as the list has it");

    let (names, cells) = csv_rows(&bytes(file("csv").await).await);
    assert_eq!(cells.len(), rows.len(), "{list}");
    let columns = parquet(bytes(file("parquet").await).await);
    assert_eq!(columns.len(), rows.len(), "{list}");
    for ((row, cells), columns) in rows.iter().zip(cells).zip(columns) {
        let wanted: BTreeMap<&str, String> =
            names.iter().filter_map(|name| Some((name.as_str(), said(&written(row, name)?)))).collect();
        let given: BTreeMap<&str, String> =
            names.iter().map(String::as_str).zip(cells).filter(|(_, cell)| !cell.is_empty()).collect();
        let not_empty =
            wanted.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.clone()));
        assert_eq!(given, not_empty.collect(), "{list} as CSV");
        let columns: BTreeMap<&str, String> =
            columns.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        assert_eq!(columns, wanted, "{list} as Parquet");
        // Nothing of the row is left out: each of its properties is a column, or begins some.
        let properties: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row).unwrap();
        for name in properties.keys() {
            let has = |column: &String| column == name || column.starts_with(&format!("{name}."));
            assert!(names.iter().any(has), "{list}: no column for {name}");
        }
    }
    names
}

both! {
    async fn every_list_as_a_file_is_the_list(house: House) {
        let (company, connection, key) = read(&house).await;
        let data = format!("/companies/{company}/connections/{connection}/data");
        for data_type in data_types() {
            let names = compare(&house, &format!("{data}/{}", data_type.as_str()), &key).await;
            assert_eq!(names[0], "id");
        }
        let trimmed = format!("{data}/commerce-payments?query=status=Paid%26%26amount%3E50&orderBy=-amount&fields=amount,id");
        assert_eq!(compare(&house, &trimmed, &key).await, ["id", "amount"]);
        let empty = format!("{data}/commerce-payments?query=id=none");
        assert!(compare(&house, &empty, &key).await.contains(&"paymentMethodRef.name".to_owned()));
        let packed = crate::house::client().no_gzip().build().unwrap();
        let packed = packed.get(format!("{}{data}/commerce-customers?format=csv", house.url)).bearer_auth(&key);
        let packed = packed.header("accept-encoding", "gzip").send().await.unwrap();
        let named = packed.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert_eq!(named, format!("attachment; filename=\"commerce-customers-{connection}.csv\""));
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        assert!(packed.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    }

    async fn what_is_configured_of_stripes_own_fields_is_in_the_files_too(house: House) {
        let (company, connection, key) = read(&house).await;
        let data = format!("/companies/{company}/connections/{connection}/data");
        let plain = compare(&house, &format!("{data}/commerce-payments"), &key).await;
        let path = "/integrations/yzth/dataTypes/commerce-payments/supplementalDataConfig";
        let config = json!({ "supplementalDataConfig": {
            "charge": { "dataSource": "/v1/charges", "pullData": { "captured": "captured", "network": "payment_method_details.card.network",
                "outcome": "outcome", "nothing": "no.such.field" } },
            "refund": { "dataSource": "/v1/refunds", "pullData": { "why": "reason" } }
        } });
        assert_eq!(house.send(Method::PUT, path, &key, Some(&config)).await.0, 200);
        let names = compare(&house, &format!("{data}/commerce-payments"), &key).await;
        let more = ["charge.captured", "charge.network", "charge.nothing", "charge.outcome", "refund.why"];
        let wanted: Vec<String> =
            plain.iter().cloned().chain(more.map(|name| format!("supplementalData.content.{name}"))).collect();
        assert_eq!(names, wanted, "the other columns stay where they were");
        let rows = listed(&house, &format!("{data}/commerce-payments?pageSize=5000"), &key).await;
        let networks = rows.iter().filter(|row| written(row, "supplementalData.content.charge.network").is_some()).count();
        assert!(rows.len() > networks && networks > 100, "{networks} of {}", rows.len());
        // More records than are looked up together, each with its own values; a fee with those of its transaction.
        let of_transactions = "/integrations/yzth/dataTypes/commerce-transactions/supplementalDataConfig";
        let net = json!({ "supplementalDataConfig": { "txn": { "dataSource": "/v1/balance_transactions", "pullData": { "net": "net", "id": "id" } } } });
        assert_eq!(house.send(Method::PUT, of_transactions, &key, Some(&net)).await.0, 200);
        let transactions = format!("{data}/commerce-transactions");
        assert!(compare(&house, &transactions, &key).await.ends_with(&["supplementalData.content.txn.net".to_owned()]));
        let rows = listed(&house, &format!("{transactions}?pageSize=5000"), &key).await;
        assert!(rows.len() > 550, "{}", rows.len());
        for row in &rows {
            let id = said(&written(row, "id").unwrap());
            assert_eq!(said(&written(row, "supplementalData.content.txn.id").unwrap()), id.split(':').next().unwrap());
        }
        let some = format!("{data}/commerce-payments?orderBy=-amount&fields=id,supplementalData");
        assert_eq!(compare(&house, &some, &key).await.len(), 6);
        assert_eq!(house.send(Method::PUT, path, &key, Some(&json!({}))).await.0, 200);
        assert_eq!(compare(&house, &format!("{data}/commerce-payments"), &key).await, plain);
    }

    async fn what_a_payout_is_made_of_is_a_file_too(house: House) {
        let (company, connection, key) = read(&house).await;
        let data = format!("/companies/{company}/connections/{connection}/data");
        let whole = |row: &String| written(row, "content.state").as_deref() == Some("\"complete\"");
        let payouts = listed(&house, &format!("{data}/commerce-payouts?pageSize=5000"), &key).await;
        let payout = payouts.iter().find(|row| whole(row)).expect("no payout is complete");
        let id = said(&written(payout, "id").unwrap());
        let list = format!("{data}/commerce-payouts/{id}/transactions");
        let rows = listed(&house, &format!("{list}?pageSize=5000"), &key).await;
        assert!(rows.len() > 1, "{rows:?}");
        assert_eq!(compare(&house, &list, &key).await[0], "id");
        assert_eq!(compare(&house, &format!("{list}?query=type=Payment&orderBy=totalAmount&fields=id,totalAmount"), &key).await, ["id", "totalAmount"]);
        let file = asked(&house, &format!("{list}?format=csv"), &key).await;
        let named = file.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert_eq!(named, format!("attachment; filename=\"payout-{id}-transactions.csv\""));
        for (path, status) in [
            (format!("{list}?format=xml"), 400),
            (format!("{list}?format=csv&page=1"), 400),
            (format!("{data}/commerce-payouts/po_none/transactions?format=csv"), 404),
        ] {
            assert_eq!(house.get(&path, &key).await.0, status, "{path}");
        }
    }

    async fn a_file_that_cannot_be_made_is_refused_before_its_first_byte(house: House) {
        let (company, connection, key) = read(&house).await;
        let data = format!("/companies/{company}/connections/{connection}/data");
        let nil = "00000000-0000-4000-8000-000000000000";
        let other = rows::company(&house, "Other", &[]).await;
        let unread = rows::connection(&house, &other, Status::Linked).await;
        for (path, key, status, says) in [
            (format!("{data}/commerce-payments?format=xml"), key.as_str(), 400, "csv, jsonl or parquet"),
            (format!("{data}/commerce-payments?format=CSV"), &key, 400, "csv, jsonl or parquet"),
            (format!("{data}/commerce-payments?format=csv&page=2"), &key, 400, "whole list"),
            (format!("{data}/commerce-payments?format=csv&pageSize=10"), &key, 400, "whole list"),
            (format!("{data}/commerce-payments?format=csv&query=x=1"), &key, 400, "Could not resolve property x"),
            (format!("{data}/commerce-payments?format=csv&orderBy=x"), &key, 400, "Could not resolve property x"),
            (format!("{data}/commerce-payments?format=csv&fields=x"), &key, 400, "no `x`"),
            (format!("{data}/commerce-payments?format=csv"), "", 401, "key"),
            (format!("/companies/{nil}/connections/{connection}/data/commerce-payments?format=csv"), &key, 404, "company"),
            (format!("/companies/{}/connections/{connection}/data/commerce-payments?format=csv", other.id), &key, 404, "connection"),
            (format!("/companies/{}/connections/{}/data/commerce-payments?format=csv", other.id, unread.id), &key, 409, "never synced"),
        ] {
            let (given, body) = house.get(&path, key).await;
            assert_eq!((given, body["statusCode"].as_u64()), (status, Some(u64::from(status))), "{path}: {body}");
            assert!(body["error"].as_str().unwrap().contains(says), "{path}: {body}");
        }
    }

    async fn what_breaks_off_is_never_taken_for_a_whole_file(house: House) {
        let (company, connection, key) = many(&house, 18_000).await;
        let list = format!("/companies/{}/connections/{}/data/commerce-payments", company.id, connection.id);
        let whole = asked(&house, &format!("{list}?format=parquet"), &key).await.bytes().await.unwrap();
        let groups = SerializedFileReader::new(whole).unwrap().metadata().num_row_groups();
        assert!(groups > 1, "a large file is written group by group, and so is not held in memory: {groups}");

        // The last row of the list becomes one that nobody can read.
        spoil(&house, "ch_00000").await;
        let (status, _) = house.get(&format!("{list}?query=id=ch_00000"), &key).await;
        assert_eq!(status, 500, "the row cannot be read");
        for (format, way) in [("csv", "identity"), ("csv", "gzip"), ("jsonl", "zstd"), ("parquet", "identity")] {
            let client = crate::house::client().no_gzip().build().unwrap();
            let file = client.get(format!("{}{list}?format={format}", house.url)).bearer_auth(&key);
            let file = file.header("accept-encoding", way).send().await.unwrap();
            assert_eq!(file.status(), 200, "it begins well");
            assert!(file.bytes().await.is_err(), "{format}, {way}: its end tells that it is not whole");
        }
        // The first row: no byte is sent, so the answer can still say it.
        spoil(&house, "ch_17999").await;
        let (status, body) = house.get(&format!("{list}?format=csv"), &key).await;
        assert_eq!((status, &body["statusCode"]), (500, &500.into()), "{body}");
    }

    async fn the_command_writes_whole_files_and_never_over_others(house: House) {
        let (company, connection, key) = read(&house).await;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let export = |more: &[&str]| {
            let mut command = tributary(&["export", "--company", &company, "--connection", &connection]);
            command.args(["--database-url", &house.ground.url]).args(more);
            command
        };
        let list = format!("/companies/{company}/connections/{connection}/data/commerce-payments");
        let file = asked(&house, &format!("{list}?format=csv"), &key).await.text().await.unwrap();
        answer(&mut export(&["--type", "payments", "--format", "csv", "--out", &path("payments.csv")])).await;
        assert_eq!(std::fs::read_to_string(path("payments.csv")).unwrap(), file);
        let wanted = ["--query", "status=Paid", "--order-by", "-amount", "--fields", "id,amount"];
        let stdout = output(export(&["--type", "payments", "--format", "jsonl", "--out", "-"]).args(wanted)).await.stdout;
        let same = format!("{list}?format=jsonl&query=status=Paid&orderBy=-amount&fields=id,amount");
        assert_eq!(String::from_utf8(stdout).unwrap(), asked(&house, &same, &key).await.text().await.unwrap());

        let told = answer(&mut export(&["--format", "parquet", "--out", &path("all")])).await;
        for data_type in data_types() {
            let name = format!("{}.parquet", data_type.as_str().trim_start_matches("commerce-"));
            assert!(told.contains(&format!("{name}: ")), "{told}");
            let rows = parquet(std::fs::read(Path::new(&path("all")).join(name)).unwrap());
            // The shop sells nothing that is paid again and again.
            assert_eq!(rows.is_empty(), data_type == DataType::Subscriptions, "{told}");
        }

        let missing = path("none/payments.csv");
        for (more, code, says) in [
            (vec!["--type", "payments", "--format", "csv", "--out", &path("payments.csv")], 2, "never overwrites"),
            (vec!["--format", "csv", "--out", &path("all")], 2, "never overwrites"),
            (vec!["--type", "shoes", "--format", "csv", "--out", "-"], 2, "shoes"),
            (vec!["--type", "payments", "--format", "xls", "--out", "-"], 2, "xls"),
            (vec!["--format", "csv", "--out", "-"], 2, "--type"),
            (vec!["--format", "csv", "--out", &path("new"), "--query", "id=1"], 2, "--type"),
            (vec!["--type", "payments", "--format", "csv", "--out", "-", "--query", "shoe=1"], 2, "property shoe"),
            (vec!["--type", "payments", "--format", "csv", "--out", "-", "--fields", "shoe"], 2, "`shoe`"),
            (vec!["--type", "payments", "--format", "csv", "--out", &missing], 2, "there is no folder"),
        ] {
            let (sentence, given) = refusal(&mut export(&more)).await;
            assert!(given == code && sentence.contains(says), "{given}: {sentence}");
        }
        let mut stranger = tributary(&["export", "--company", &connection, "--connection", &connection]);
        stranger.args(["--database-url", &house.ground.url, "--type", "payments", "--format", "csv", "--out", "-"]);
        let (sentence, code) = refusal(&mut stranger).await;
        assert!(code == 2 && sentence.contains("has no connection"), "{sentence}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "nothing half made is left: {left:?}");
    }
}

/// A connection with so many payments, `ch_00000` the oldest of them.
async fn many(house: &House, count: usize) -> (entity::company::Model, connection::Model, String) {
    let ground: &Ground = house;
    let company = rows::company(ground, "Large", &[]).await;
    let connection = rows::connection(ground, &company, Status::Linked).await;
    rows::dataset(ground, connection.id, DataType::Payments, dataset::Status::Complete).await;
    let first = rows::at("2026-01-01T00:00:00Z");
    let made: Vec<payment::ActiveModel> = (0..count)
        .map(|number| {
            let row = rows::payment(connection.id, &format!("ch_{number:05}"), 12_345, "USD");
            let later = chrono::TimeDelta::seconds(i64::try_from(number).unwrap());
            payment::Model { created_at: first + later, ..row }.into_active_model()
        })
        .collect();
    for rows in made.chunks(500) {
        payment::Entity::insert_many(rows.to_vec()).exec_without_returning(&ground.db).await.unwrap();
    }
    (company, connection, house.api_key().await)
}

/// Makes a row one that cannot be read.
async fn spoil(house: &House, id: &str) {
    let sql = format!("UPDATE payment SET status = 'Nonsense' WHERE id = '{id}'");
    house.db.execute_unprepared(&sql).await.unwrap();
}
