//! `tributary migrate`: brings the schema up to date. It never reads the master key.

use tributary::fault;
use tributary::store::database;

use super::settings::Settings;
use super::{parts, print};

/// The options of `migrate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

/// Migrates.
///
/// # Errors
/// When the database does not answer, or a newer version made it.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    if let Some(armed) = config.fault {
        fault::arm(armed);
    }
    let db = parts::open(&config.database_url).await?;
    database::migrate(&db).await?;
    print("the schema is up to date\n")?;
    Ok(())
}
