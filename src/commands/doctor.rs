//! `tributary doctor`: looks at everything that `serve` needs, one line each, and changes nothing.

use std::fmt::Display;

use anyhow::bail;
use secrecy::SecretString;
use tributary::clock::SystemClock;
use tributary::config::{Config, sqlite_file};
use tributary::connect::keys::Keys;
use tributary::connect::{Means, webhooks};
use tributary::store::{self, Db, database};
use tributary::stripe::error::Error as StripeError;
use tributary::vault::MasterKey;

use super::settings::Settings;
use super::{parts, print, sentence};

/// The options of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

/// Looks, and says what it found.
///
/// # Errors
/// When anything is not as `serve` needs it.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    let mut findings = Findings::default();
    findings.say("settings", Ok::<_, String>("every setting is known and usable".to_owned()))?;
    findings.say("public url", config.public_url(config.listen))?;
    findings.say("master key", config.master_key().map(|key| format!("there, with the id {}", key.id())))?;
    look_at_database(&config, &mut findings).await?;
    findings.say("stripe", reach_stripe(&config).await)?;
    if findings.faults > 0 {
        bail!("{} of {} checks failed", findings.faults, findings.checks);
    }
    Ok(())
}

#[derive(Default)]
struct Findings {
    checks: usize,
    faults: usize,
}

impl Findings {
    fn say<T: Display, E: Display>(&mut self, what: &str, found: Result<T, E>) -> std::io::Result<()> {
        self.checks += 1;
        match found {
            Ok(good) => print(&format!("ok    {what}: {good}\n")),
            Err(bad) => {
                self.faults += 1;
                print(&format!("FAULT {what}: {bad}\n"))
            }
        }
    }
}

async fn look_at_database(config: &Config, findings: &mut Findings) -> anyhow::Result<()> {
    // To open a file that is not there would make it.
    if let Some(file) = sqlite_file(&config.database_url).filter(|file| !file.exists()) {
        let missing = format!("there is no file {}; `tributary serve` makes it", file.display());
        return Ok(findings.say("database", Err::<String, _>(missing))?);
    }
    let db = match parts::open(&config.database_url).await {
        Ok(db) => db,
        Err(error) => return Ok(findings.say("database", Err::<String, _>(sentence(&error)))?),
    };
    findings.say("database", Ok::<_, String>("it answers"))?;
    let schema = database::check(&db).await;
    let usable = schema.is_ok();
    findings.say("schema", schema.map(|()| "it is the one of this version"))?;
    if usable && let Ok(master) = config.master_key() {
        let fits = match store::data_keys::any(&db).await? {
            Some(row) => master.unwrap(row.owner, &row.wrapped).map(|_| "it opens this database's keys"),
            None => Ok("the database has no keys yet"),
        };
        let fits = findings.say("master key and database", fits).map(|()| findings.faults == 0)?;
        if fits {
            look_at_webhooks(config, db, master, findings).await?;
        }
    }
    Ok(())
}

/// Whether each registered endpoint is there at Stripe, and when something of it last arrived here.
async fn look_at_webhooks(config: &Config, db: Db, master: MasterKey, findings: &mut Findings) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let (keys, stripe) = (Keys::new(master, clock.clone()), parts::gate(&config.stripe)?);
    let public_url = config.public_url(config.listen)?;
    let means = Means { db: &db, clock: &clock, keys: &keys, stripe: &stripe, public_url: &public_url };
    for row in store::integrations::all(&db).await?.into_iter().filter(|row| row.enabled) {
        let last = store::stripe_events::last_received(&db, row.id).await?;
        let arrived = match (last, row.webhook_registered_at) {
            (None, None) => String::new(),
            (Some(last), since) if since.is_none_or(|since| last >= since) => format!("; last arrival {last}"),
            (_, since) => format!("; nothing has arrived since it was registered at {}", since.unwrap_or_default()),
        };
        let found = webhooks::look(means, &row).await.map(|said| format!("{said}{arrived}"));
        findings.say(&format!("webhooks of {} ({})", row.name, row.platform_key), found)?;
    }
    Ok(())
}

/// Asks for a balance without a key: the refusal of it shows that Stripe is there.
async fn reach_stripe(config: &Config) -> anyhow::Result<String> {
    let gate = parts::gate(&config.stripe)?;
    let nobody = gate.account(SecretString::from("none"), None, false);
    match nobody.get("/v1/balance", "/v1/balance", &[]).await {
        Ok(_) | Err(StripeError::PlatformKey(_)) => Ok(format!("{} answers", config.stripe.api_base)),
        Err(error) => bail!("{}: {error}", config.stripe.api_base),
    }
}
