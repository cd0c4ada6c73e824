//! Rows for tests that need data and no sync: made here, changed by the test, written as they are.

use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::{CompanyId, ConnectionId};
use entity::shape::TextMap;
use entity::{company, connection, order, payment, payout, transaction};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, ModelTrait};
use tributary::money::to_milli;
use tributary::store;

use crate::house::Ground;

/// Writes a row as it is.
pub async fn put<M>(ground: &Ground, row: M) -> M
where
    M: ModelTrait + Clone + IntoActiveModel<<M::Entity as sea_orm::EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
{
    M::Entity::insert(row.clone().into_active_model()).exec_without_returning(&ground.db).await.unwrap();
    row
}

/// A moment.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A company.
pub async fn company(ground: &Ground, name: &str, tags: &[(&str, &str)]) -> company::Model {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let row = company::Model {
        id: CompanyId::new(),
        name: name.to_owned(),
        name_folded: name.to_lowercase(),
        description: None,
        tags: TextMap(tags),
        link_serial: 0,
        overrides_sync: false,
        created_at: tributary::clock::Clock::now(&ground.clock),
        last_sync_at: None,
        deleted_at: None,
    };
    put(ground, row).await
}

/// A connection of the company, through Stripe Test, with this status.
pub async fn connection(ground: &Ground, company: &company::Model, status: connection::Status) -> connection::Model {
    let now = tributary::clock::Clock::now(&ground.clock);
    store::integrations::ensure_defaults(&ground.db, now).await.unwrap();
    let test = store::integrations::by_key(&ground.db, "yzth").await.unwrap().unwrap();
    let row = store::connections::create(&ground.db, company.id, test.id, now).await.unwrap();
    if status != connection::Status::PendingAuth {
        let changed = connection::ActiveModel {
            id: sea_orm::Unchanged(row.id),
            status: sea_orm::Set(status),
            account_id: sea_orm::Set(Some("acct_1".to_owned())),
            livemode: sea_orm::Set(Some(false)),
            ..Default::default()
        };
        connection::Entity::update(changed).exec(&ground.db).await.unwrap();
    }
    connection::Model { status, ..row }
}

/// A dataset that ended so; its times are the clock's.
pub async fn dataset(
    ground: &Ground,
    connection: ConnectionId,
    kind: DataType,
    status: Status,
) -> entity::dataset::Model {
    let now = tributary::clock::Clock::now(&ground.clock);
    let mut row = store::datasets::fresh(connection, kind, true, now);
    row.status = status;
    if status.is_final() {
        row.progress = 100;
        row.completed_at = Some(now);
    }
    put(ground, row).await
}

/// A payment of so many minor units.
pub fn payment(connection: ConnectionId, id: &str, minor: i64, currency: &str) -> payment::Model {
    payment::Model {
        connection_id: connection,
        id: id.to_owned(),
        kind: if minor < 0 { payment::Kind::Refund } else { payment::Kind::Charge },
        amount_minor: minor,
        amount_milli: to_milli(minor, currency).unwrap(),
        currency: currency.to_owned(),
        status: payment::Status::Paid,
        payment_method_id: Some("card".to_owned()),
        payment_method_name: Some("Card".to_owned()),
        payment_provider: "Stripe".to_owned(),
        charge_id: Some(id.to_owned()),
        payment_intent_id: None,
        customer_id: None,
        balance_transaction_id: None,
        refunded_minor: 0,
        description: None,
        due_at: None,
        created_at: at("2026-01-31T10:00:00Z"),
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: at("2026-02-01T00:00:00.123456Z"),
        deleted_at: None,
    }
}

/// A balance transaction of so many minor units.
pub fn transaction(connection: ConnectionId, id: &str, minor: i64, currency: &str) -> transaction::Model {
    transaction::Model {
        connection_id: connection,
        id: id.to_owned(),
        parent_id: id.to_owned(),
        total_minor: minor,
        total_milli: to_milli(minor, currency).unwrap(),
        currency: currency.to_owned(),
        r#type: transaction::Type::Payment,
        sub_type: "charge".to_owned(),
        reporting_category: Some("charge".to_owned()),
        source_id: Some("ch_1".to_owned()),
        source_type: Some(transaction::SourceType::Payment),
        fee_minor: Some(0),
        net_minor: Some(minor),
        exchange_rate: None,
        status: Some("available".to_owned()),
        available_at: None,
        description: None,
        created_at: at("2026-01-31T10:00:00Z"),
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: at("2026-02-01T00:00:00Z"),
        deleted_at: None,
    }
}

/// An order of so many minor units.
pub fn order(connection: ConnectionId, id: &str, minor: i64, customer: Option<&str>) -> order::Model {
    order::Model {
        connection_id: connection,
        id: id.to_owned(),
        number: None,
        country: None,
        currency: "EUR".to_owned(),
        closed_at: None,
        total_minor: minor,
        total_milli: minor * 10,
        refund_minor: 0,
        refund_milli: 0,
        tax_minor: 0,
        tax_milli: 0,
        discount_minor: 0,
        discount_milli: 0,
        shipping_minor: 0,
        lines: Vec::new(),
        payments: Vec::new(),
        customer_id: customer.map(str::to_owned),
        customer_email: None,
        created_at: at("2026-01-31T12:00:00Z"),
        source_modified_at: None,
        content_hash: 0,
        read_no: 1,
        modified_at: at("2026-01-31T12:00:00Z"),
        deleted_at: None,
    }
}

/// A payout of so many minor units.
pub fn payout(connection: ConnectionId, id: &str, minor: i64, currency: &str) -> payout::Model {
    payout::Model {
        connection_id: connection,
        id: id.to_owned(),
        amount_minor: minor,
        amount_milli: to_milli(minor, currency).unwrap(),
        currency: currency.to_owned(),
        status: payout::Status::Paid,
        arrival_at: at("2026-02-03T00:00:00Z"),
        automatic: true,
        method: "standard".to_owned(),
        destination_type: "bank_account".to_owned(),
        reconciliation: "completed".to_owned(),
        balance_transaction_id: Some(format!("txn_{id}")),
        failure_balance_transaction_id: None,
        failure_code: None,
        failure_message: None,
        original_payout_id: None,
        statement_descriptor: None,
        description: None,
        created_at: at("2026-01-31T10:00:00Z"),
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: at("2026-02-01T00:00:00Z"),
        deleted_at: None,
    }
}
