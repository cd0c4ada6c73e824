//! `tributary remap`: has the records made anew from the objects that are kept, without a call to Stripe.

use std::time::Duration;

use anyhow::bail;
use entity::id::ConnectionId;
use tributary::store::{self, Db};
use tributary::sync::remap;
use tributary::task::Task;

use super::settings::Settings;
use super::{Usage, parts, print};

/// How often the progress is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// The options of `remap`.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = false, args = ["connection", "all"])]
pub struct Args {
    /// The connection whose records are made anew
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// All connections
    #[arg(long)]
    all: bool,
    /// Ask for it only; do not wait for its end
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Asks for the records to be made anew, and shows how far that is until it is done. The work is done by the running
/// `serve` or `work`; this command can be ended at any time.
///
/// # Errors
/// When a setting is not usable, or there is no such database or connection, or its first sync is not complete.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    parts::must_be_there(&config.database_url, "nothing to map again")?;
    let parts::Ground { db, clock, .. } = parts::migrated_ground(&config).await?;
    let connections = match &args.connection {
        Some(id) => vec![existing(&db, id).await?],
        None => store::connections::all_ids(&db).await?,
    };
    let mut asked = Vec::new();
    for connection in connections {
        if remap::ask(&db, connection).await? {
            store::jobs::enqueue(&db, &Task::Sync { connection }, clock.now()).await?;
            asked.push(connection);
        } else if args.connection.is_some() {
            bail!("connection {connection} has nothing to map again: its first sync is not complete");
        }
    }
    print(&format!("{} connections are to be mapped again; a running `serve` or `work` does it\n", asked.len()))?;
    if args.no_wait {
        return Ok(());
    }
    watch(&db, asked).await
}

/// The connection of this id.
async fn existing(db: &Db, id: &str) -> anyhow::Result<ConnectionId> {
    let id = id.parse::<ConnectionId>().map_err(|_| Usage(format!("{id} is no connection's id")))?;
    let found = store::connections::by_id(db, id).await?;
    Ok(found.map(|row| row.id).ok_or_else(|| Usage(format!("there is no connection {id}")))?)
}

/// Prints how far each is whenever that has moved.
async fn watch(db: &Db, asked: Vec<ConnectionId>) -> anyhow::Result<()> {
    for connection in asked {
        let mut shown = None;
        loop {
            let progress = remap::progress(db, connection).await?;
            let is_done = progress.done;
            if shown.as_ref() != Some(&progress) {
                let remap::Progress { objects, of, .. } = &progress;
                let end = if is_done { ", done" } else { "" };
                print(&format!("{connection}: {objects} of {of} objects{end}\n"))?;
                shown = Some(progress);
            }
            if is_done {
                break;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
    Ok(())
}
