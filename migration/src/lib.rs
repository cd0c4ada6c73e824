//! The history of Tributary's schema. Names are literal: a migration never imports the entities, which change.

pub use sea_orm_migration::prelude::*;

mod m20261121_000001_first;
mod m20261121_000002_platform;
mod m20261121_000003_stripe_webhooks;
mod m20261121_000004_reconciliation;
mod m20261121_000005_feed;
mod m20261121_000006_engine;
mod m20261121_000007_deliveries;
mod m20261121_000008_pass_times;
mod m20261122_000009_subscriptions_and_invoices;
mod m20261122_000010_views;
mod m20261122_000011_calls;
mod m20261122_000014_list_indexes;
mod m20261122_000015_billing_views;
mod m20261122_000016_quota_days;
mod m20261122_000017_commerce_days;
mod m20261122_000018_payment_methods_in_use;

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_first::Migration),
            Box::new(m20261121_000002_platform::Migration),
            Box::new(m20261121_000003_stripe_webhooks::Migration),
            Box::new(m20261121_000004_reconciliation::Migration),
            Box::new(m20261121_000005_feed::Migration),
            Box::new(m20261121_000006_engine::Migration),
            Box::new(m20261121_000007_deliveries::Migration),
            Box::new(m20261121_000008_pass_times::Migration),
            Box::new(m20261122_000009_subscriptions_and_invoices::Migration),
            Box::new(m20261122_000010_views::Migration),
            Box::new(m20261122_000011_calls::Migration),
            Box::new(m20261122_000014_list_indexes::Migration),
            Box::new(m20261122_000015_billing_views::Migration),
            Box::new(m20261122_000016_quota_days::Migration),
            Box::new(m20261122_000017_commerce_days::Migration),
            Box::new(m20261122_000018_payment_methods_in_use::Migration),
        ]
    }
}
