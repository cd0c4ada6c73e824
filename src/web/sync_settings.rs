//! How data types are synced: for all companies, and for one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::CompanyId;
use entity::sync_setting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::api::Refusals;
use super::body::Body;
use super::error::Error;
use super::who::{Caller, OfCompany};
use base::query::Date;
use connect::schedules;
use store::connections::Among;
use store::sync_settings::PROFILE;

/// How one data type is synced.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncSetting {
    /// The data type. Payouts follow transactions, subscriptions and invoices follow orders.
    pub data_type: DataType,
    /// Whether the first sync reads it.
    pub fetch_on_first_link: bool,
    /// Hours between syncs: 0 (as the integration has it), 1, 24, 168 or 720.
    pub sync_schedule: i32,
    /// Order within a sync.
    pub sync_order: i32,
    /// Only what was created from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_from_utc: Option<DateTime<Utc>>,
    /// Only the last months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_from_window: Option<i32>,
    /// Kept for the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_sync: Option<i32>,
    /// Whether it may be changed.
    pub is_locked: bool,
}

impl From<sync_setting::Model> for SyncSetting {
    fn from(row: sync_setting::Model) -> Self {
        Self {
            data_type: row.data_type,
            fetch_on_first_link: row.fetch_on_first_link,
            sync_schedule: row.sync_schedule,
            sync_order: row.sync_order,
            sync_from_utc: row.sync_from_utc,
            sync_from_window: row.sync_from_window,
            months_to_sync: row.months_to_sync,
            is_locked: row.is_locked,
        }
    }
}

/// The contract's list of data types is closed, so those of our own are left out; each follows one of the contract's.
fn shown(rows: Vec<sync_setting::Model>) -> Vec<SyncSetting> {
    rows.into_iter().filter(|row| row.data_type.follows().is_none()).map(SyncSetting::from).collect()
}

/// How one data type shall be synced.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncSettingBody {
    /// The data type.
    pub data_type: String,
    /// Whether the first sync reads it.
    pub fetch_on_first_link: bool,
    /// Hours between syncs: 0 (as the integration has it), 1, 24, 168 or 720.
    pub sync_schedule: i32,
    /// Order within a sync.
    #[serde(default)]
    pub sync_order: i32,
    /// Only what was created from here on; a date or a time of ISO 8601.
    #[serde(default)]
    pub sync_from_utc: Option<String>,
    /// Only the last months; not together with `syncFromUtc`.
    #[serde(default)]
    pub sync_from_window: Option<i32>,
    /// Kept for the contract.
    #[serde(default)]
    pub months_to_sync: Option<i32>,
    /// Kept as it is.
    #[serde(default)]
    pub is_locked: bool,
}

impl SyncSettingBody {
    fn check(self) -> Result<sync_setting::Model, Error> {
        let name = &self.data_type;
        let refuse = |said: &str| Err(Error::BadRequest(format!("{name}: {said}")));
        let Some(data_type) = DataType::parse(name).filter(|kind| kind.follows().is_none()) else {
            return refuse("is no data type that can be set.");
        };
        if ![0, 1, 24, 168, 720].contains(&self.sync_schedule) {
            return refuse("syncSchedule must be 0, 1, 24, 168 or 720 hours.");
        }
        if self.sync_from_utc.is_some() && self.sync_from_window.is_some() {
            return refuse("set syncFromUtc or syncFromWindow, not both.");
        }
        if self.sync_from_window.is_some_and(|months| months < 0) {
            return refuse("syncFromWindow must be a number of months.");
        }
        let sync_from_utc = match &self.sync_from_utc {
            None => None,
            Some(text) => match Date::parse(text) {
                Some(date) => Some(date.floor),
                None => return refuse("syncFromUtc must be a date or a time of ISO 8601."),
            },
        };
        Ok(sync_setting::Model {
            owner: PROFILE,
            data_type,
            fetch_on_first_link: self.fetch_on_first_link,
            sync_schedule: self.sync_schedule,
            sync_order: self.sync_order,
            sync_from_utc,
            sync_from_window: self.sync_from_window,
            months_to_sync: self.months_to_sync,
            is_locked: self.is_locked,
        })
    }
}

fn checked(given: Vec<SyncSettingBody>) -> Result<Vec<sync_setting::Model>, Error> {
    let mut rows = given.into_iter().map(SyncSettingBody::check).collect::<Result<Vec<_>, _>>()?;
    let followers = DataType::ALL.into_iter().filter_map(|kind| {
        let followed = rows.iter().find(|row| Some(row.data_type) == kind.follows())?;
        Some(sync_setting::Model { data_type: kind, ..followed.clone() })
    });
    let followers: Vec<_> = followers.collect();
    rows.extend(followers);
    Ok(rows)
}

/// A company's sync settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanySyncSettings {
    /// The company.
    pub company_id: CompanyId,
    /// The settings that hold for it.
    pub settings: Vec<SyncSetting>,
    /// Whether they are its own.
    pub overrides_defaults: bool,
}

/// A company's new sync settings; a data type that is not named keeps what it has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanySyncSettingsBody {
    /// The settings.
    #[serde(default)]
    pub settings: Option<Vec<SyncSettingBody>>,
    /// False goes back to the settings for all companies; true when it is absent.
    #[serde(default)]
    pub overrides_defaults: Option<bool>,
}

/// Get a company's sync settings
#[utoipa::path(get, path = "/companies/{companyId}/syncSettings", operation_id = "get-company-syncSettings",
    tag = "Companies", params(("companyId" = CompanyId, Path)),
    responses((status = 200, description = "The settings that hold.", body = CompanySyncSettings), Refusals))]
pub async fn of_company(
    State(app): State<App>,
    OfCompany(company): OfCompany,
) -> Result<Json<CompanySyncSettings>, Error> {
    let settings = shown(store::sync_settings::effective(&app.db, &company).await?);
    Ok(Json(CompanySyncSettings { company_id: company.id, settings, overrides_defaults: company.overrides_sync }))
}

/// Set a company's sync settings
#[utoipa::path(post, path = "/companies/{companyId}/syncSettings", operation_id = "set-company-syncSettings",
    tag = "Companies", params(("companyId" = CompanyId, Path)), request_body = CompanySyncSettingsBody,
    responses((status = 204, description = "They hold from now on."), Refusals))]
pub async fn set_of_company(
    State(app): State<App>,
    OfCompany(company): OfCompany,
    Body(body): Body<CompanySyncSettingsBody>,
) -> Result<StatusCode, Error> {
    let rows = checked(body.settings.unwrap_or_default())?;
    let tx = store::write(&app.db).await?;
    store::sync_settings::put(&tx, company.id.0, rows).await?;
    store::companies::set_overrides(&tx, company.id, body.overrides_defaults.unwrap_or(true)).await?;
    schedules::renew(&tx, Among::Company(company.id), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sync settings for all companies.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileSyncSettings {
    /// The installation's id.
    pub client_id: Uuid,
    /// The settings.
    pub settings: Vec<SyncSetting>,
    /// Kept for the contract; always false.
    pub overrides_defaults: bool,
}

/// The new sync settings for all companies; a data type that is not named keeps what it has.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProfileSyncSettingsBody {
    /// The settings.
    #[serde(default)]
    pub settings: Option<Vec<SyncSettingBody>>,
}

/// Get the sync settings for all companies
#[utoipa::path(get, path = "/profile/syncSettings", operation_id = "get-profile-syncSettings", tag = "Settings",
    responses((status = 200, description = "The settings.", body = ProfileSyncSettings), Refusals))]
pub async fn of_profile(State(app): State<App>, _: Caller) -> Result<Json<ProfileSyncSettings>, Error> {
    let client_id = store::profiles::get(&app.db).await?.client_id;
    let settings = shown(store::sync_settings::of(&app.db, PROFILE).await?);
    Ok(Json(ProfileSyncSettings { client_id, settings, overrides_defaults: false }))
}

/// Set the sync settings for all companies
#[utoipa::path(post, path = "/profile/syncSettings", operation_id = "update-profile-syncSettings", tag = "Settings",
    request_body = ProfileSyncSettingsBody,
    responses((status = 204, description = "They hold from now on."), Refusals))]
pub async fn set_of_profile(
    State(app): State<App>,
    _: Caller,
    Body(body): Body<ProfileSyncSettingsBody>,
) -> Result<StatusCode, Error> {
    let rows = checked(body.settings.unwrap_or_default())?;
    let tx = store::write(&app.db).await?;
    store::sync_settings::put(&tx, PROFILE, rows).await?;
    schedules::renew(&tx, Among::All, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
