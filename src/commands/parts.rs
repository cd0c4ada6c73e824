//! The parts that the commands wire: the database, the clock, the keys, the way to Stripe.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use tributary::clock::{SharedClock, SystemClock};
use tributary::config::{self, Config};
use tributary::connect::keys::Keys;
use tributary::store::{self, Db, database};
use tributary::stripe::client::{Gate, Settings};

/// Opens the database.
///
/// # Errors
/// When it does not answer.
#[expect(clippy::disallowed_methods, reason = "the database is told its own password")]
pub async fn open(database_url: &SecretString) -> anyhow::Result<Db> {
    let db = store::open(database_url.expose_secret()).await;
    db.context("cannot open the database that the setting `database_url` names")
}

/// Opens the database and refuses a schema that is not this version's.
///
/// # Errors
/// When it does not answer, or has another schema.
pub async fn open_migrated(database_url: &SecretString) -> anyhow::Result<Db> {
    let db = open(database_url).await?;
    database::check(&db).await?;
    Ok(db)
}

/// The machine's clock and the keys under the configured master key, tried on the database.
///
/// # Errors
/// When no master key is set, it is unusable, or it is not the one that the database was made with.
pub async fn keys(config: &Config, db: &Db) -> anyhow::Result<(SharedClock, Keys)> {
    let clock = SystemClock::shared();
    let keys = Keys::new(config.master_key()?, clock.clone());
    keys.installation(db).await?;
    Ok((clock, keys))
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
