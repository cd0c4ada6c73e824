//! Integrations: the ways in to Stripe.

use entity::id::IntegrationId;
use entity::integration::{self, Mode, Scope, Sync};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel, QueryOrder};

use crate::Executor;
use base::boxed;

/// The platform key of the live integration.
pub const STRIPE: &str = "exgd";

/// The platform key of the test integration.
pub const STRIPE_TEST: &str = "yzth";

/// Makes the integrations that every installation has, unless they are there: `exgd` and `yzth`, both switched off
/// and without keys.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn ensure_defaults(db: &dyn Executor, now: DateTimeUtc) -> Result<(), DbErr> {
    let keep_first = OnConflict::column(integration::Column::PlatformKey).do_nothing().to_owned();
    let rows = [live(now), test(now)].map(IntoActiveModel::into_active_model);
    integration::Entity::insert_many(rows).on_conflict(keep_first).exec_without_returning(&db).await?;
    Ok(())
}

fn live(now: DateTimeUtc) -> integration::Model {
    // The ids are the contract's own: clients know the integration by them.
    let id = Uuid::from_u128(0x43b6_4770_a953_46d6_ab30_46c2_1094_a276);
    let source = Uuid::from_u128(0x9a96_f326_226a_4e0f_923a_6758_fdba_40cc);
    new(IntegrationId(id), STRIPE, "Stripe", source, Mode::Live, now)
}

fn test(now: DateTimeUtc) -> integration::Model {
    // The contract publishes none for test mode; these are ours, and the same in every installation.
    let id = Uuid::from_u128(0x5d1c_3a6e_8f42_4b7d_9c05_2e7a_91b3_c6f8);
    let source = Uuid::from_u128(0xe2b7_90d4_14c3_4f5a_8a6b_7d05_f9c8_1b32);
    new(IntegrationId(id), STRIPE_TEST, "Stripe Test", source, Mode::Test, now)
}

/// An integration without keys, switched off, that asks for reading alone and syncs once a day.
fn new(id: IntegrationId, key: &str, name: &str, source: Uuid, mode: Mode, now: DateTimeUtc) -> integration::Model {
    integration::Model {
        id,
        platform_key: key.to_owned(),
        name: name.to_owned(),
        source_id: source,
        mode,
        enabled: false,
        client_id: None,
        secret_key: None,
        secret_key_hint: None,
        webhook_secret: None,
        webhook_secret_hint: None,
        webhook_secret_previous: None,
        webhook_previous_until: None,
        webhook_endpoint_id: None,
        webhook_url: None,
        webhook_registered_at: None,
        scope: Scope::ReadOnly,
        sync: Sync::Daily,
        sync_at: None,
        sync_time_zone: None,
        refused_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// All of them, by platform key.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn all(db: &dyn Executor) -> Result<Vec<integration::Model>, DbErr> {
    integration::Entity::find().order_by_asc(integration::Column::PlatformKey).all(&db).await
}

/// The one with this platform key, such as `exgd`.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_key(db: &dyn Executor, key: &str) -> Result<Option<integration::Model>, DbErr> {
    integration::Entity::find().filter(integration::Column::PlatformKey.eq(key)).one(&db).await
}

/// The one with this id.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_id(db: &dyn Executor, id: IntegrationId) -> Result<Option<integration::Model>, DbErr> {
    integration::Entity::find_by_id(id).one(&db).await
}

/// Keeps every field of an integration as it is here.
///
/// # Errors
/// When the database does not answer, or the integration is not there.
#[boxed]
pub async fn save(db: &dyn Executor, row: integration::Model) -> Result<integration::Model, DbErr> {
    integration::Entity::update(row.into_active_model().reset_all()).exec(&db).await
}

/// Notes that Stripe refused the secret key (`Some`), which stops every sync, or that it is taken again (`None`).
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_refused(db: &dyn Executor, id: IntegrationId, refused_at: Option<DateTimeUtc>) -> Result<(), DbErr> {
    let row = integration::ActiveModel { refused_at: Set(refused_at), ..Default::default() };
    integration::Entity::update_many().set(row).filter(integration::Column::Id.eq(id)).exec(&db).await?;
    Ok(())
}
