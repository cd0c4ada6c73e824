//! `tributary work`: a worker alone, beside a `serve` on the same PostgreSQL.

use anyhow::bail;
use tributary::config::sqlite_file;
use tributary::fault;
use tributary::store::trouble::Trouble;

use super::settings::Settings;
use super::{Usage, logging, parts, signals};

/// The options of `work`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

/// Works until it is told to end, then lets every job come to its next page.
///
/// # Errors
/// When a setting is not usable, nobody could know an address of the installation, the database is a SQLite file, or its
/// schema is not this version's.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    if let Some(file) = sqlite_file(&config.database_url) {
        bail!(Usage(format!(
            "one process serves and works on the SQLite file {}: `tributary serve`; `work` needs PostgreSQL",
            file.display()
        )));
    }
    logging::start(&config.log)?;
    if let Some(armed) = config.fault {
        fault::arm(armed);
    }
    let shutdown = signals::shutdown()?;
    let public_url = config.public_url(config.listen)?;
    let ground = parts::migrated_ground(&config).await?;
    let (stripe, courier) = (parts::gate(&config.stripe)?, parts::courier(&config.webhooks)?);
    let worker = ground.worker(&config, public_url, stripe, courier, Trouble::default());
    tracing::info!(concurrency = config.worker.concurrency, "working");
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(config.server.drain).await;
    };
    tokio::select! {
        () = worker.run(shutdown.clone()) => {}
        () = patience => tracing::warn!("not everything ended in time; another worker goes on when the leases are over"),
    }
    Ok(())
}
