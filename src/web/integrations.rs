//! Integrations: the ways in to Stripe, as clients see them and as the admin sets them up.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::IntegrationId;
use entity::integration::{self, Mode, Scope, Sync};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::api::Refusals;
use super::body::Body;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::who::{Caller, Last};
use super::{App, assets};
use ::connect::{integrations as connect, webhooks};
use base::query::{Datum, Field, Kind, Noun, ascending};

/// An integration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its key of four letters.
    pub key: String,
    /// Where its logo is.
    pub logo_url: String,
    /// Its name.
    pub name: String,
    /// Whether it starts links and syncs.
    pub enabled: bool,
    /// The source.
    pub source_id: Uuid,
    /// Always `Commerce`.
    pub source_type: &'static str,
    /// Its id.
    pub integration_id: IntegrationId,
    /// Kept for the contract; always false.
    pub is_offline_connector: bool,
    /// Kept for the contract; always false.
    pub is_beta: bool,
    /// Always `Stripe`.
    pub data_provided_by: &'static str,
    /// The data types that it reads.
    pub datatype_features: Vec<DataTypeFeature>,
    /// How it is set up; secrets are shown by their last characters alone.
    pub settings: IntegrationSettings,
}

/// A data type that an integration reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataTypeFeature {
    /// The data type.
    pub data_type: DataType,
    /// What can be done with it.
    pub supported_features: Vec<Feature>,
}

/// What can be done with a data type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// Always `Get`.
    pub feature_type: &'static str,
    /// Always `Release`.
    pub feature_state: &'static str,
}

/// How an integration is set up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationSettings {
    /// Live or test data.
    pub mode: Mode,
    /// The client id of the platform's Connect settings.
    pub client_id: Option<String>,
    /// The end of the secret key.
    pub secret_key_hint: Option<String>,
    /// The end of the webhook secret.
    pub webhook_secret_hint: Option<String>,
    /// What is asked of owners.
    pub scope: Scope,
    /// How often is synced; `once` only when the company authorizes.
    pub sync: Sync,
    /// The hour that daily and rarer syncs keep to, `03:00`.
    pub sync_at: Option<String>,
    /// The time zone of that hour; absent, it is UTC.
    pub sync_time_zone: Option<String>,
    /// When Stripe refused the secret key: until it is replaced nothing is synced, but for one try a minute, which clears
    /// this when Stripe takes the key again.
    pub refused_at: Option<DateTime<Utc>>,
    /// How Stripe tells what happens.
    pub webhook: IntegrationWebhook,
}

/// The webhook endpoint of an integration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationWebhook {
    /// Where it posts to; none before it was registered here.
    pub url: Option<String>,
    /// Its id at Stripe, `we_...`.
    pub endpoint_id: Option<String>,
    /// When it was registered.
    pub registered_at: Option<DateTime<Utc>>,
    /// Until when what was signed with the secret before is taken.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When a delivery was last taken. None, or one from before `registeredAt`: nothing has arrived yet.
    pub last_received_at: Option<DateTime<Utc>>,
    /// What today's deliveries became, a day in UTC.
    pub today: Deliveries,
}

/// What became of deliveries.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Deliveries {
    /// Events that were followed.
    pub received: i64,
    /// Deliveries of an event that was there already.
    pub duplicates: i64,
    /// Events that change nothing here, by reason: `unknown_account`, `unknown_type`, `wrong_mode`, `disconnected`, ...
    pub ignored: BTreeMap<String, i64>,
    /// Deliveries that were not believed or not readable, by reason: `wrong_signature`, `too_old`, `thin_event`, ...
    pub refused: BTreeMap<String, i64>,
}

impl IntegrationWebhook {
    async fn of(app: &App, row: &integration::Model) -> Result<Self, Error> {
        let now = app.clock.now();
        let mut today = Deliveries::default();
        for one in store::stripe_events::today(&app.db, row.id, now).await? {
            match one.outcome.split_once(':') {
                Some(("ignored", reason)) => _ = today.ignored.insert(reason.to_owned(), one.count),
                Some(("refused", reason)) => _ = today.refused.insert(reason.to_owned(), one.count),
                _ if one.outcome == "duplicate" => today.duplicates = one.count,
                _ => today.received += one.count,
            }
        }
        Ok(Self {
            url: row.webhook_url.clone(),
            endpoint_id: row.webhook_endpoint_id.clone(),
            registered_at: row.webhook_registered_at,
            previous_secret_until: row.webhook_previous_until.filter(|until| now < *until),
            last_received_at: store::stripe_events::last_received(&app.db, row.id).await?,
            today,
        })
    }
}

impl Integration {
    async fn new(app: &App, row: integration::Model) -> Result<Self, Error> {
        let webhook = IntegrationWebhook::of(app, &row).await?;
        Ok(Self {
            logo_url: picture(app, assets::LOGO)?,
            key: row.platform_key,
            name: row.name,
            enabled: row.enabled,
            source_id: row.source_id,
            source_type: "Commerce",
            integration_id: row.id,
            is_offline_connector: false,
            is_beta: false,
            data_provided_by: "Stripe",
            datatype_features: features(),
            settings: IntegrationSettings {
                mode: row.mode,
                client_id: row.client_id,
                secret_key_hint: row.secret_key_hint,
                webhook_secret_hint: row.webhook_secret_hint,
                scope: row.scope,
                sync: row.sync,
                sync_at: row.sync_at,
                sync_time_zone: row.sync_time_zone,
                refused_at: row.refused_at,
                webhook,
            },
        })
    }

    fn read(&self, field: &Field<()>) -> Option<Datum> {
        Some(match field.name {
            "key" => Datum::Text(self.key.clone()),
            "name" => Datum::Text(self.name.clone()),
            "enabled" => Datum::Bool(self.enabled),
            "sourceId" => Datum::Text(self.source_id.to_string()),
            "sourceType" => Datum::Text(self.source_type.to_owned()),
            "integrationId" => Datum::Text(self.integration_id.to_string()),
            "isOfflineConnector" | "isBeta" => Datum::Bool(false),
            "dataProvidedBy" => Datum::Text(self.data_provided_by.to_owned()),
            _ => return None,
        })
    }
}

/// What can be asked of integrations.
static NOUN: Noun<()> = Noun {
    name: "Integration",
    fields: &[
        Field { name: "key", kind: Kind::Text, nullable: false, source: () },
        Field { name: "name", kind: Kind::Text, nullable: false, source: () },
        Field { name: "enabled", kind: Kind::Bool, nullable: false, source: () },
        Field { name: "sourceId", kind: Kind::Uuid, nullable: false, source: () },
        Field { name: "sourceType", kind: Kind::Text, nullable: false, source: () },
        Field { name: "integrationId", kind: Kind::Uuid, nullable: false, source: () },
        Field { name: "isOfflineConnector", kind: Kind::Bool, nullable: false, source: () },
        Field { name: "isBeta", kind: Kind::Bool, nullable: false, source: () },
        Field { name: "dataProvidedBy", kind: Kind::Text, nullable: false, source: () },
    ],
};

/// Types of our own are left out: the contract's list of data types is closed, and clients refuse what is not on it.
fn features() -> Vec<DataTypeFeature> {
    let listed = DataType::ALL.into_iter().filter(|kind| kind.follows().is_none());
    let feature = || Feature { feature_type: "Get", feature_state: "Release" };
    listed.map(|data_type| DataTypeFeature { data_type, supported_features: vec![feature()] }).collect()
}

fn picture(app: &App, path: &str) -> Result<String, Error> {
    app.links().page(path).map(String::from).map_err(Error::fault)
}

pub(super) async fn find(app: &App, key: &str) -> Result<integration::Model, Error> {
    store::integrations::by_key(&app.db, key).await?.ok_or_else(|| Error::none("integration", key))
}

/// List integrations
#[utoipa::path(get, path = "/integrations", operation_id = "list-integrations", tag = "Integrations",
    params(ListParams),
    responses((status = 200, description = "One page.", body = Page<Integration>), Refusals))]
pub async fn list(State(app): State<App>, _: Caller, list: List) -> Result<Response, Error> {
    let (filter, order) = (list.filter(&NOUN)?, list.order(&NOUN)?);
    let mut rows = Vec::new();
    for row in store::integrations::all(&app.db).await? {
        rows.push(Integration::new(&app, row).await?);
    }
    if let Some(filter) = filter {
        rows.retain(|row| filter.matches(&|field| row.read(field)));
    }
    if let Some(order) = order {
        rows.sort_by(|one, other| ascending(one.read(order.field), other.read(order.field), order.descending));
    }
    list.cut(rows)
}

/// Get an integration
#[utoipa::path(get, path = "/integrations/{platformKey}", operation_id = "get-integration", tag = "Integrations",
    params(("platformKey" = String, Path)),
    responses((status = 200, description = "The integration.", body = Integration), Refusals))]
pub async fn get(State(app): State<App>, _: Caller, Last(key): Last) -> Result<Json<Integration>, Error> {
    Ok(Json(Integration::new(&app, find(&app, &key).await?).await?))
}

/// What is set up; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationBody {
    /// `ca_...`, from the platform's Connect settings.
    #[serde(default)]
    pub client_id: Option<String>,
    /// `sk_test_...` or `sk_live_...` (or `rk_...`), of the integration's mode. Stripe is asked whether it is good.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub secret_key: Option<SecretString>,
    /// `whsec_...`
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<SecretString>,
    /// `read_only` or `read_write`.
    #[serde(default)]
    pub scope: Option<String>,
    /// `once`, `hourly`, `daily`, `weekly` or `monthly`.
    #[serde(default)]
    pub sync: Option<String>,
    /// The hour that daily, weekly and monthly syncs keep to, `03:00`; an empty text is none.
    #[serde(default)]
    pub sync_at: Option<String>,
    /// The time zone of that hour, `Europe/Berlin`; an empty text is UTC.
    #[serde(default)]
    pub sync_time_zone: Option<String>,
    /// Whether it starts links and syncs.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// Set an integration up
///
/// Nothing is saved unless all of it is good; the secret key is tried at Stripe.
#[utoipa::path(put, path = "/integrations/{platformKey}", operation_id = "set-integration", tag = "Integrations",
    params(("platformKey" = String, Path)), request_body = IntegrationBody,
    responses((status = 200, description = "The integration.", body = Integration), Refusals))]
pub async fn set(
    State(app): State<App>,
    _: Caller,
    Last(key): Last,
    Body(body): Body<IntegrationBody>,
) -> Result<Json<Integration>, Error> {
    let change = connect::Change {
        client_id: body.client_id,
        secret_key: body.secret_key,
        webhook_secret: body.webhook_secret,
        scope: body.scope,
        sync: body.sync,
        sync_at: body.sync_at,
        sync_time_zone: body.sync_time_zone,
        enabled: body.enabled,
    };
    let row = connect::set(app.means(), &key, change).await.map_err(|error| match error {
        connect::Error::NotFound(key) => Error::none("integration", key),
        connect::Error::Refused(refusal) => Error::BadRequest(refusal.to_string()),
        connect::Error::Unreachable(_) => Error::Unavailable(error.to_string()),
        connect::Error::Fault(fault) => Error::fault(fault),
    })?;
    Ok(Json(Integration::new(&app, row).await?))
}

/// Where the webhook endpoint is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookBody {
    /// The origin that Stripe reaches this installation by, or the endpoint's whole address. The public URL when absent.
    #[serde(default)]
    pub url: Option<String>,
}

/// Register the webhook endpoint
///
/// Makes a Connect endpoint at Stripe for the events that are followed, in the API version that is read, and keeps its
/// signing secret. One that was registered before is replaced; what it signed is taken for 24 hours more. Whether it
/// arrives is seen at `settings.webhook.lastReceivedAt`.
#[utoipa::path(post, path = "/integrations/{platformKey}/webhook", operation_id = "register-integration-webhook",
    tag = "Integrations", params(("platformKey" = String, Path)), request_body = WebhookBody,
    responses((status = 200, description = "The integration.", body = Integration), Refusals))]
pub async fn register_webhook(
    State(app): State<App>,
    _: Caller,
    Last(key): Last,
    Body(body): Body<WebhookBody>,
) -> Result<Json<Integration>, Error> {
    let url = match &body.url {
        None => app.settings.public_url.clone(),
        Some(text) => text.parse().map_err(|_| Error::BadRequest("url is no address.".to_owned()))?,
    };
    let row = webhooks::register(app.means(), &key, &url).await.map_err(|error| match error {
        webhooks::Error::NotFound(key) => Error::none("integration", key),
        webhooks::Error::Refused(said) => Error::BadRequest(format!("{said}.")),
        webhooks::Error::Stripe(refusal) if refusal.is_passing() => {
            Error::Unavailable(format!("Nothing was saved, because Stripe did not make the endpoint: {refusal}."))
        }
        webhooks::Error::Stripe(_) => Error::BadRequest(error.to_string()),
        webhooks::Error::Fault(fault) => Error::fault(fault),
    })?;
    Ok(Json(Integration::new(&app, row).await?))
}

/// The pictures of an integration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Branding {
    /// Its logo.
    pub logo: Logo,
    /// The button that leads to it.
    pub button: Button,
    /// The source.
    pub source_id: Uuid,
}

/// A logo in two shapes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Logo {
    /// Wide.
    pub full: Picture,
    /// Square.
    pub square: Picture,
}

/// A button in two states.
#[derive(Debug, Serialize, ToSchema)]
pub struct Button {
    /// At rest.
    pub default: Picture,
    /// Under the pointer.
    pub hover: Picture,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Picture {
    /// The picture.
    pub image: Image,
}

/// Where a picture is, and what it shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Image {
    /// Its address.
    pub src: String,
    /// What it shows.
    pub alt: &'static str,
}

/// Get an integration's branding
#[utoipa::path(get, path = "/integrations/{platformKey}/branding", operation_id = "get-integrations-branding",
    tag = "Integrations", params(("platformKey" = String, Path)),
    responses((status = 200, description = "Its pictures.", body = Branding), Refusals))]
pub async fn branding(State(app): State<App>, _: Caller, Last(key): Last) -> Result<Json<Branding>, Error> {
    let row = find(&app, &key).await?;
    let shown = |path, alt| Ok::<_, Error>(Picture { image: Image { src: picture(&app, path)?, alt } });
    Ok(Json(Branding {
        logo: Logo {
            full: shown(assets::LOGO, "A card, and the word Stripe")?,
            square: shown(assets::SQUARE, "A card")?,
        },
        button: Button {
            default: shown(assets::BUTTON, "Connect with Stripe")?,
            hover: shown(assets::BUTTON_HOVER, "Connect with Stripe")?,
        },
        source_id: row.source_id,
    }))
}
