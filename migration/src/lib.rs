//! The history of Tributary's schema. Names are literal: a migration never imports the entities, which change.

mod runner;

use sea_orm::{DbErr, IntoDatabaseExecutor};

pub use self::runner::{Migration, SchemaManager};

/// What a migration is written with.
mod prelude {
    pub use async_trait::async_trait;
    pub use sea_orm::sea_query::*;
    pub use sea_orm::{ConnectionTrait, DbBackend, DbErr};

    pub use crate::runner::{Migration, SchemaManager};
}

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

impl Migrator {
    /// Every migration, oldest first.
    #[must_use]
    pub fn migrations() -> Vec<Box<dyn Migration>> {
        vec![
            Box::new(m20261121_000001_first::Step),
            Box::new(m20261121_000002_platform::Step),
            Box::new(m20261121_000003_stripe_webhooks::Step),
            Box::new(m20261121_000004_reconciliation::Step),
            Box::new(m20261121_000005_feed::Step),
            Box::new(m20261121_000006_engine::Step),
            Box::new(m20261121_000007_deliveries::Step),
            Box::new(m20261121_000008_pass_times::Step),
            Box::new(m20261122_000009_subscriptions_and_invoices::Step),
            Box::new(m20261122_000010_views::Step),
            Box::new(m20261122_000011_calls::Step),
            Box::new(m20261122_000014_list_indexes::Step),
            Box::new(m20261122_000015_billing_views::Step),
            Box::new(m20261122_000016_quota_days::Step),
            Box::new(m20261122_000017_commerce_days::Step),
            Box::new(m20261122_000018_payment_methods_in_use::Step),
        ]
    }

    /// Those that were not applied yet, oldest first.
    ///
    /// # Errors
    /// Returns an error if a query fails, or if an applied migration is not one of these.
    pub async fn get_pending_migrations<'c>(
        db: impl IntoDatabaseExecutor<'c>,
    ) -> Result<Vec<Box<dyn Migration>>, DbErr> {
        runner::pending(&db.into_database_executor(), Self::migrations()).await
    }

    /// Applies the next `steps` of those that were not applied yet; all of them when it is `None`.
    ///
    /// # Errors
    /// When the database refuses one; those before it stay applied.
    pub async fn up<'c>(db: impl IntoDatabaseExecutor<'c>, steps: Option<u32>) -> Result<(), DbErr> {
        runner::up(db, Self::migrations(), steps).await
    }
}
