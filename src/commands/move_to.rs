//! `tributary move`: from a SQLite file to PostgreSQL, with everything kept: ids, numbers, cursors, sealed secrets.

use anyhow::{Context, bail};
use secrecy::SecretString;
use tributary::config::sqlite_file;
use tributary::store::copy::{self, Trouble};
use tributary::store::{Db, database};

use super::settings::Settings;
use super::sqlite_lock::SqliteLock;
use super::{Usage, parts, print};

/// What a target must be.
const TO: &str = "--to must be PostgreSQL, postgres://USER:PASSWORD@HOST/NAME: there a move ends";

/// The options of `move`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The SQLite file to move from: sqlite://FILE; nobody may serve it meanwhile, and it is left as it is
    #[arg(long, value_name = "URL")]
    from: String,
    /// The empty PostgreSQL to move to: postgres://USER:PASSWORD@HOST/NAME; without it, the setting `database_url`
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// A file of settings, in the form of defaults.toml
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_CONFIG")]
    config: Option<std::path::PathBuf>,
}

/// Moves all of it, or nothing.
///
/// # Errors
/// When the source is not there or served, the target is no empty PostgreSQL, or what arrived is not what was sent. Then
/// the target is as empty as it was.
pub async fn run(args: Args) -> anyhow::Result<()> {
    // As a setting it would be refused under another option's name.
    if args.to.as_ref().is_some_and(|to| !to.starts_with("postgres://") && !to.starts_with("postgresql://")) {
        bail!(Usage(TO.to_owned()));
    }
    let named = if args.to.is_some() { "--to" } else { parts::SETTING };
    let settings = Settings { config: args.config, database_url: args.to, master_key_file: None };
    let target = settings.load([])?.database_url;
    let source = SecretString::from(args.from);
    let Some(file) = sqlite_file(&source) else {
        bail!(Usage("--from must be a SQLite file, sqlite://FILE: from there a move begins".to_owned()));
    };
    if sqlite_file(&target).is_some() {
        bail!(Usage(TO.to_owned()));
    }
    parts::must_be_there(&source, "nothing to move")?;
    let _lock = SqliteLock::take(&source)?;
    let from = parts::open_named(&source, "--from").await?;
    database::check(&from).await.with_context(|| format!("{} cannot be moved", file.display()))?;
    let to = parts::open_named(&target, named).await?;
    prepare(&to).await?;
    print(&format!("moving {}: all of it or nothing\n", file.display()))?;
    let rows = copy::everything(&from, &to, |table, rows| {
        let _ = print(&format!("{table}: {rows} rows, read back and compared\n"));
    });
    let rows = rows.await.map_err(|trouble| match trouble {
        Trouble::NotEmpty(_) => Usage(format!("{trouble}; a move needs an empty database; nothing was changed")).into(),
        other => anyhow::Error::from(other).context("nothing was moved, and the source is as it was"),
    })?;
    print(&format!(
        "{rows} rows moved. Serve PostgreSQL from now on, with the same master key, and put {} away: two that serve the \
         same accounts would drift apart.\n",
        file.display()
    ))?;
    Ok(())
}

/// Makes the target's schema; a schema of another version is somebody's, and stays as it is.
async fn prepare(to: &Db) -> anyhow::Result<()> {
    if copy::has_schema(to).await? {
        database::check(to).await.context("the target is not of this version")?;
    } else {
        database::migrate(to).await?;
    }
    Ok(())
}
