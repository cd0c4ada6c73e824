//! `tributary demo`: a simulated Stripe, the platform and its worker in one process, with two shops that were linked on
//! the Link pages and synced, and one company still to link.

mod api;
mod browser;
mod owner;
mod place;

use std::ffi::OsString;
use std::iter;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use simulator::http::{DEFAULT_CLIENT_ID, DEFAULT_PACE, DEFAULT_SECRET_KEY, Options, Running};
use tributary::clock::{Clock, SystemClock};
use tributary::config::Config;
use tributary::connect::integrations::{self, Change};
use tributary::connect::{Means, api_keys, users};
use tributary::vault::random_text;
use tributary::web;

use self::api::{Api, Company, PLATFORM_KEY};
use self::place::{Place, State};
use super::serve::Serving;
use super::sqlite_lock::SqliteLock;
use super::{Usage, logging, parts, print, signals};

/// The accounts of the demo's Stripe: a few more than are linked, so that there is a choice.
const ACCOUNTS: usize = 5;
/// The portal's user.
const EMAIL: &str = "admin@example.com";
/// The company that is left for the reader to link.
const TO_LINK: &str = "A company of yours";
/// Variables that a demo heeds; all others would lead it out of its folder.
const VARIABLES: [&str; 2] = ["TRIBUTARY_LOG_FORMAT", LOG_FILTER];
const LOG_FILTER: &str = "TRIBUTARY_LOG_FILTER";

/// The options of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the platform listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the simulated Stripe listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    simulator_listen: SocketAddr,
    /// The folder of all its data; started again on the same folder, the demo goes on
    #[arg(long, default_value = "demo-data")]
    data_dir: PathBuf,
    /// How many charges the largest shop has; 2000 unless given
    #[arg(long)]
    charges: Option<u64>,
    /// The same seed gives the same data; 7 unless given
    #[arg(long)]
    seed: Option<u64>,
    /// Let things happen at the simulated Stripe as time goes; its webhooks tell of them, and they are read at once
    #[arg(long)]
    live: bool,
}

/// Starts everything, says how to use it, and waits until it is told to end.
///
/// # Errors
/// When anything of it does not start or sync.
pub async fn run(args: Args) -> anyhow::Result<()> {
    // Before the folder keeps what it is made from.
    Options { charges: args.charges.unwrap_or_default(), ..Options::default() }.check().map_err(Usage::of)?;
    let place = Place::open(&args.data_dir)?;
    let state = place.state(args.seed, args.charges, SystemClock.now().timestamp())?;
    let stripe = simulator::http::start(Options {
        listen: args.simulator_listen,
        seed: state.seed,
        charges: state.charges,
        accounts: ACCOUNTS,
        now: Some(state.now),
        live_per_minute: if args.live { DEFAULT_PACE.get() } else { 0 },
        journal: Some(place.journal()),
        ..Options::default()
    })
    .await?;
    let config = config(&place, args.listen, &stripe)?;
    logging::start(&config.log)?;
    print("Starting a simulated Stripe and the platform; two shops are linked and synced first.\n")?;
    let shutdown = signals::shutdown()?;
    let lock = SqliteLock::take(&config.database_url)?;
    prepare(&config, &stripe).await?;
    let serving = Serving::start(&config, lock, shutdown.clone()).await?;
    let ready = furnish(&place, state, &serving, &stripe);
    tokio::select! {
        furnished = ready => {
            print(&furnished?)?;
        }
        () = shutdown.cancelled() => {}
    }
    serving.ended().await?;
    stripe.stop().await
}

#[expect(clippy::disallowed_methods, reason = "only the log's settings are taken from outside")]
fn config(place: &Place, listen: SocketAddr, stripe: &Running) -> anyhow::Result<Config> {
    // What is printed for the reader shall not be carried away by what happens in the shops.
    let quiet = (OsString::from(LOG_FILTER), OsString::from("warn"));
    let told = VARIABLES.into_iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let variables = iter::once(quiet).chain(told);
    let key_file = place.master_key();
    let options = [
        ("listen", listen.to_string()),
        ("database_url", place.database_url()),
        ("master_key_file", key_file.to_str().context("the data folder's path is not UTF-8")?.to_owned()),
        ("stripe.api_base", stripe.url.clone()),
        ("stripe.connect_base", stripe.url.clone()),
        ("stripe.rate_per_endpoint", "0".to_owned()),
        ("stripe.rate_per_account", "0".to_owned()),
        ("worker.poll_milliseconds", "100".to_owned()),
        // A receiver of webhooks on this machine can be tried.
        ("webhooks.networks", "127.0.0.0/8, ::1".to_owned()),
    ];
    Ok(Config::load(None, variables, options)?)
}

/// What must be true before the worker looks: the simulated Stripe knows the accounts that are linked, and the
/// integration knows the simulated Stripe.
async fn prepare(config: &Config, stripe: &Running) -> anyhow::Result<()> {
    let parts::Ground { db, clock, keys, .. } = parts::ground(config).await?;
    owner::grant_again(&db, stripe).await?;
    let change = Change {
        client_id: Some(DEFAULT_CLIENT_ID.to_owned()),
        secret_key: Some(DEFAULT_SECRET_KEY.to_owned().into()),
        sync: Some("hourly".to_owned()),
        enabled: Some(true),
        ..Change::default()
    };
    let gate = parts::gate(&config.stripe)?;
    let public_url = config.public_url(config.listen)?;
    let means = Means { db: &db, keys: &keys, stripe: &gate, clock: &clock, public_url: &public_url };
    integrations::set(means, PLATFORM_KEY, change).await?;
    db.close().await?;
    Ok(())
}

/// Registers the webhook endpoint, links and syncs what is not yet, all through the platform's own front door, writes
/// `demo.json`, and returns what to tell the reader.
#[expect(clippy::disallowed_methods, reason = "a client of our own API, on loopback")]
async fn furnish(place: &Place, mut state: State, serving: &Serving, stripe: &Running) -> anyhow::Result<String> {
    let key = api_key(place, &mut state, serving).await?;
    let password = password(place, &mut state, serving).await?;
    let api = Api::new(reqwest::Client::new(), &serving.public_url, key.clone());
    api.register_webhook().await?;
    let mut companies = Vec::new();
    for account in stripe.world.accounts().iter().take(2) {
        companies.push(linked(&api, stripe, &account.name, &account.id).await?);
    }
    companies.push(api.company(TO_LINK).await?);
    for company in companies.iter().filter(|company| company.status == "Linked") {
        api.synced(company).await?;
    }
    let url = serving.public_url.as_str().trim_end_matches('/');
    place.announce(&json!({
        "api_url": url,
        "portal_url": format!("{url}{}", web::portal::PATH),
        "simulator_url": stripe.url,
        "api_key": key,
        "login": { "email": EMAIL, "password": password },
        "companies": companies,
    }))?;
    Ok(told(url, &api, &[&key, &password], &companies, stripe, place))
}

/// The API key of the last run, or a new one.
#[expect(clippy::disallowed_methods, reason = "the demo keeps its own API key in its folder")]
async fn api_key(place: &Place, state: &mut State, serving: &Serving) -> anyhow::Result<String> {
    if let Some(key) = &state.api_key {
        return Ok(key.clone());
    }
    let app = &serving.app;
    let (_, key) = api_keys::create(&app.db, &app.keys, app.clock.as_ref(), Some("demo".to_owned())).await?;
    let key = key.expose_secret().to_owned();
    state.api_key = Some(key.clone());
    place.keep(state)?;
    Ok(key)
}

/// The password of the portal's user: of the last run, or of the user that is made now.
#[expect(clippy::disallowed_methods, reason = "the demo keeps its own password in its folder")]
async fn password(place: &Place, state: &mut State, serving: &Serving) -> anyhow::Result<String> {
    if let Some(password) = &state.password {
        return Ok(password.clone());
    }
    let web::Inner { db, keys, clock, .. } = &*serving.app;
    let password = match users::set_up_token(db, keys).await? {
        Some(token) => {
            let password = SecretString::from(random_text());
            users::set_up(db, keys, clock.as_ref(), &token, EMAIL, password.clone()).await?;
            password
        }
        // The last run ended between making the user and keeping the password.
        None => users::reset_password(db, clock.as_ref(), EMAIL).await?,
    };
    state.password = Some(password.expose_secret().to_owned());
    place.keep(state)?;
    Ok(password.expose_secret().to_owned())
}

/// The company of this name, linked to this account through the real pages when it never was.
async fn linked(api: &Api, stripe: &Running, name: &str, account: &str) -> anyhow::Result<Company> {
    let company = api.company(name).await?;
    if company.status != "PendingAuth" {
        return Ok(company);
    }
    owner::link(&company.link_url, stripe, account).await.with_context(|| format!("cannot link {name}"))?;
    let company = api.company(name).await?;
    anyhow::ensure!(company.status == "Linked", "{name} is {} after its link", company.status);
    Ok(company)
}

fn told(
    url: &str,
    api: &Api,
    [key, password]: &[&String; 2],
    companies: &[Company],
    stripe: &Running,
    place: &Place,
) -> String {
    let shop = &companies[0];
    let payments = format!("{url}/companies/{}/connections/{}/data/commerce-payments", shop.id, shop.connection_id);
    let open = companies.last().filter(|company| company.status == "PendingAuth");
    let link = open.map_or_else(
        || format!("Every company is linked, \"{TO_LINK}\" too."),
        |company| format!("Link \"{TO_LINK}\" in a browser:\n  {}", company.link_url),
    );
    let authorization = api.authorization();
    format!(
        "
Tributary is ready.

  Portal         {url}/portal/  (sign in as {EMAIL} with {password})
  API            {url}
  API key        {key}
  Stripe         {} (simulated)
  for scripts    {}
  the log        warnings only; all of it with {LOG_FILTER}=info

{link}

Read the payments of \"{}\":
  curl -H 'Authorization: {authorization}' '{payments}?pageSize=2'

Ctrl-C stops all; the same command goes on with the same data.
",
        stripe.url,
        place.ready().display(),
        shop.name,
    )
}
