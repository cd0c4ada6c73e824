//! The parts that the commands wire: the database, the clock, the keys, the way to Stripe.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use tributary::clock::{SharedClock, SystemClock};
use tributary::config::{self, Config, sqlite_file};
use tributary::connect::keys::{self, Keys};
use tributary::courier::Courier;
use tributary::courier::address::{Rules, SystemNames};
use tributary::store::trouble::Trouble;
use tributary::store::{self, Db, database};
use tributary::stripe::client::{Gate, Settings};
use tributary::vault::MasterKey;
use tributary::work::{Settings as WorkSettings, Worker};
use url::Url;

use super::Usage;

/// What names the database unless an option does.
pub const SETTING: &str = "the setting `database_url`";

/// Opens the database.
///
/// # Errors
/// When it does not answer.
pub async fn open(database_url: &SecretString) -> anyhow::Result<Db> {
    open_named(database_url, SETTING).await
}

/// Opens a database that something other than its setting names, such as an option: a fault of it names that.
///
/// # Errors
/// When it does not answer.
#[expect(clippy::disallowed_methods, reason = "the database is told its own password")]
pub async fn open_named(url: &SecretString, name: &str) -> anyhow::Result<Db> {
    let db = store::open(url.expose_secret()).await;
    db.with_context(|| format!("cannot open the database that {name} names"))
}

/// Refuses a SQLite file that is not there, for whoever needs what is in it: to open it would make it. `so` is what
/// follows for them.
///
/// # Errors
/// When it is not there.
pub fn must_be_there(database_url: &SecretString, so: &str) -> anyhow::Result<()> {
    match sqlite_file(database_url).filter(|file| !file.exists()) {
        Some(file) => bail!(Usage(format!("there is no database {}: {so}", file.display()))),
        None => Ok(()),
    }
}

/// The folder that a new file is to be made in.
///
/// # Errors
/// When there is no such folder.
pub fn folder_of(file: &Path) -> anyhow::Result<&Path> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!(Usage(format!("there is no folder {}: make it first, or name another one", folder.display())));
    }
    Ok(folder)
}

/// Opens it a second time, for requests.
///
/// # Errors
/// When it does not answer.
#[expect(clippy::disallowed_methods, reason = "the database is told its own password")]
pub async fn open_to_answer(database_url: &SecretString) -> anyhow::Result<Db> {
    let db = store::open_to_answer(database_url.expose_secret()).await;
    db.with_context(|| format!("cannot open the database that {SETTING} names"))
}

/// The machine's clock, a database with this version's schema and first rows, and the keys under the configured master
/// key, tried on it.
#[derive(Debug)]
pub struct Ground {
    /// The database.
    pub db: Db,
    /// The machine's clock.
    pub clock: SharedClock,
    /// The keys.
    pub keys: Keys,
    master: MasterKey,
}

/// A sync with others waiting behind it goes to the end of the queue after this, so that a large account never keeps small
/// ones waiting.
const SLICE: std::time::Duration = std::time::Duration::from_secs(10);

impl Ground {
    /// A worker on this ground, with keys of its own under the same master key; the outside knows us by `public_url`.
    #[must_use]
    pub fn worker(
        &self,
        config: &Config,
        public_url: Url,
        stripe: Gate,
        courier: Courier,
        trouble: Trouble,
    ) -> Arc<Worker> {
        let config::Worker { concurrency, lease, poll } = config.worker;
        let disable_after = TimeDelta::days(config.webhooks.disable_after_days.into());
        let (retention, daily_quota) = (config.retention, config.server.daily_quota);
        let settings = WorkSettings { concurrency, lease, poll, slice: SLICE, retention, disable_after, daily_quota };
        let keys = Keys::new(self.master.clone(), self.clock.clone());
        let (db, clock) = (self.db.clone(), self.clock.clone());
        Arc::new(Worker { db, clock, keys, stripe, courier, trouble, public_url, settings })
    }
}

/// Makes the ground that `serve` and the short commands beside it stand on.
///
/// # Errors
/// When no master key is set or it is unusable, before anything is written; when the database does not answer or a
/// newer version made it; when the master key is not the one that the database was made with.
pub async fn ground(config: &Config) -> anyhow::Result<Ground> {
    let master = config.master_key()?;
    let db = open(&config.database_url).await?;
    database::migrate(&db).await?;
    let ground = stand_on(db, master).await?;
    store::integrations::ensure_defaults(&ground.db, ground.clock.now()).await?;
    Ok(ground)
}

/// The same ground for a process that must not change the schema.
///
/// # Errors
/// As [`ground`]; and when the schema is older than this version's.
pub async fn migrated_ground(config: &Config) -> anyhow::Result<Ground> {
    let master = config.master_key()?;
    let db = open(&config.database_url).await?;
    database::check(&db).await?;
    stand_on(db, master).await
}

async fn stand_on(db: Db, master: MasterKey) -> anyhow::Result<Ground> {
    let clock = SystemClock::shared();
    let keys = Keys::new(master.clone(), clock.clone());
    keys.installation(&db).await.map_err(|error| match error {
        keys::Error::Vault(_) => Usage::of(error).into(),
        keys::Error::Store(_) => anyhow::Error::from(error),
    })?;
    Ok(Ground { db, clock, keys, master })
}

/// The way to receivers of webhooks.
///
/// # Errors
/// When TLS cannot be set up.
pub fn courier(settings: &config::Webhooks) -> anyhow::Result<Courier> {
    let courier = Courier::new(Rules::new(settings), settings.timeout, Arc::new(SystemNames));
    courier.context("cannot set up TLS for receivers of webhooks")
}

/// The way to Stripe.
///
/// # Errors
/// When TLS cannot be set up.
pub fn gate(stripe: &config::Stripe) -> anyhow::Result<Gate> {
    let settings = Settings {
        api_base: stripe.api_base.clone(),
        connect_base: stripe.connect_base.clone(),
        rate_per_endpoint: stripe.rate_per_endpoint,
        rate_per_account: stripe.rate_per_account,
        timeout: stripe.timeout,
    };
    Gate::new(settings).context("cannot set up TLS for Stripe")
}
