//! `tributary integration set`: sets up a way in to Stripe, beside a running `serve` or without one.

use clap::{ArgAction, Subcommand};
use secrecy::SecretString;
use tributary::connect::Means;
use tributary::connect::integrations::{self, Change};
use tributary::connect::webhooks;
use url::Url;

use super::settings::Settings;
use super::{Usage, parts, print};

/// The options of `integration`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set an integration up, or change a part of it; the secret key is tried at Stripe first
    Set(Set),
}

#[derive(Debug, clap::Args)]
struct Set {
    /// exgd is Stripe (live), yzth is Stripe Test
    platform_key: String,
    /// The Connect client id
    #[arg(long, value_name = "ca_...")]
    client_id: Option<String>,
    /// The platform's secret key
    #[arg(long, value_name = "sk_...")]
    secret_key: Option<SecretString>,
    /// The signing secret of the Connect webhook endpoint
    #[arg(long, value_name = "whsec_...")]
    webhook_secret: Option<SecretString>,
    /// What is asked of the owner: read_only or read_write
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// How often a linked company is synced: once, hourly, daily, weekly or monthly
    #[arg(long, value_name = "FREQUENCY")]
    sync: Option<String>,
    /// The hour that daily and rarer syncs keep to, such as 03:00; "" for none
    #[arg(long, value_name = "HH:MM")]
    sync_at: Option<String>,
    /// The time zone of that hour, such as Europe/Berlin; "" for UTC
    #[arg(long, value_name = "ZONE")]
    sync_time_zone: Option<String>,
    /// Whether it starts links and syncs: true or false
    #[arg(long, action = ArgAction::Set, value_name = "BOOL")]
    enabled: Option<bool>,
    /// Make the webhook endpoint at Stripe, for this origin or whole address; without one, for the setting `public_url`
    #[arg(long, value_name = "URL", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "an option whose value may be left out, in the words of clap")]
    register_webhook: Option<Option<Url>>,
    #[command(flatten)]
    settings: Settings,
}

/// Sets the integration, and then makes its webhook endpoint, where that is asked for.
///
/// # Errors
/// When a value is not taken, the endpoint's address among them, or Stripe refuses the key; nothing is saved then. When
/// Stripe does not make the endpoint; the rest is saved.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Action::Set(set) = args.action;
    let config = set.settings.load([])?;
    let public_url = config.public_url(config.listen)?;
    let parts::Ground { db, clock, keys, .. } = parts::ground(&config).await?;
    let change = Change {
        client_id: set.client_id,
        secret_key: set.secret_key,
        webhook_secret: set.webhook_secret,
        scope: set.scope,
        sync: set.sync,
        sync_at: set.sync_at,
        sync_time_zone: set.sync_time_zone,
        enabled: set.enabled,
    };
    let stripe = parts::gate(&config.stripe)?;
    let means = Means { db: &db, clock: &clock, keys: &keys, stripe: &stripe, public_url: &public_url };
    let endpoint = set.register_webhook.map(|url| url.unwrap_or_else(|| public_url.clone()));
    if let Some(url) = &endpoint {
        let keyed = change.secret_key.is_some();
        webhooks::check(means, &set.platform_key, url, keyed).await.map_err(no_endpoint)?;
    }
    let row = integrations::set(means, &set.platform_key, change).await.map_err(not_set)?;
    let state = if row.enabled { "enabled" } else { "not enabled" };
    let (scope, sync) = (row.scope.as_str(), row.sync.as_str());
    print(&format!("{} ({}) is {state}; scope {scope}, sync {sync}\n", row.name, row.platform_key))?;
    if let Some(url) = endpoint {
        let row = webhooks::register(means, &set.platform_key, &url).await.map_err(no_endpoint)?;
        let (endpoint, url) = (row.webhook_endpoint_id.unwrap_or_default(), row.webhook_url.unwrap_or_default());
        print(&format!(
            "the endpoint {endpoint} posts to {url}; `tributary doctor` shows when its first event has arrived\n"
        ))?;
    }
    Ok(())
}

/// What was given and is not taken is a fault of the command line.
fn not_set(error: integrations::Error) -> anyhow::Error {
    match error {
        integrations::Error::NotFound(_) | integrations::Error::Refused(_) => Usage::of(error).into(),
        error => error.into(),
    }
}

/// The same for the endpoint.
fn no_endpoint(error: webhooks::Error) -> anyhow::Error {
    match error {
        webhooks::Error::NotFound(_) | webhooks::Error::Refused(_) => Usage::of(error).into(),
        error => error.into(),
    }
}
