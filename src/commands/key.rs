//! `tributary key create` and `tributary key generate-master`: each prints the key alone.

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use tributary::connect::api_keys;
use tributary::vault::MasterKey;

use super::settings::Settings;
use super::{parts, print};

/// The options of `key`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an API key, beside a running `serve` or without one, and print it; it is never shown again
    Create(Create),
    /// Print a new master key; nothing is read or stored
    GenerateMaster,
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What the key is for
    #[arg(long)]
    name: String,
    #[command(flatten)]
    settings: Settings,
}

/// Makes a key and prints it.
///
/// # Errors
/// When a setting is not usable, there are too many API keys, or standard output is closed.
#[expect(clippy::disallowed_methods, reason = "the new key is shown once, here")]
pub async fn run(args: Args) -> anyhow::Result<()> {
    let text = match args.action {
        Action::Create(create) => api_key(create).await?,
        Action::GenerateMaster => MasterKey::generate().to_text(),
    };
    print(&format!("{}\n", text.expose_secret()))?;
    Ok(())
}

async fn api_key(create: Create) -> anyhow::Result<SecretString> {
    let config = create.settings.load([])?;
    let parts::Ground { db, clock, keys, .. } = parts::ground(&config).await?;
    let (_, key) = api_keys::create(&db, &keys, clock.as_ref(), Some(create.name)).await?;
    Ok(key)
}
