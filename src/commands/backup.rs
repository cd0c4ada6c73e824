//! `tributary backup FILE`: all data as it was at one moment, in one new file, beside a `serve` that goes on.
//!
//! SQLite copies itself. PostgreSQL is copied by its own `pg_dump`, which we start, so that on both databases one command
//! keeps one promise: the file is whole or not there, nothing is overwritten, and only its owner may read it.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use tokio::process::Command;
use tributary::config::sqlite_file;
use tributary::store::{self, backup};
use url::Url;

use super::settings::Settings;
use super::{Usage, parts, print};

/// The options of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to make; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// Makes the backup.
///
/// # Errors
/// When the file is there already, its folder is not, or it cannot be made, there is no database, or its copy is not whole.
/// Then no file is left.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    let file = args.file;
    if file.exists() {
        bail!(Usage(format!("{} is there already: a backup never overwrites; name a new file", file.display())));
    }
    let folder = parts::folder_of(&file)?;
    parts::must_be_there(&config.database_url, "nothing to back up")?;
    // Made beside the file, for its owner only, and given its name when it is whole.
    let partial = tempfile::Builder::new().prefix(".tributary-backup-").suffix(".partial").tempfile_in(folder);
    let partial = partial.map_err(|error| anyhow!("cannot write into {}: {}", folder.display(), error.kind()))?;
    let restore = if sqlite_file(&config.database_url).is_some() {
        copy_sqlite(&config.database_url, &partial).await?
    } else {
        dump_postgres(&config.database_url, &partial).await?
    };
    partial.as_file().sync_all()?;
    let bytes = partial.as_file().metadata()?.len();
    let made = partial.persist_noclobber(&file).map_err(|error| error.error);
    made.with_context(|| format!("cannot make {}", file.display()))?;
    print(&format!(
        "{}: {bytes} bytes, whole. {restore} The master key is not in it: keep that apart, without it no secret opens.\n",
        file.display()
    ))?;
    Ok(())
}

async fn copy_sqlite(url: &SecretString, copy: &NamedTempFile) -> anyhow::Result<&'static str> {
    let db = parts::open(url).await?;
    backup::copy_into(&db, copy.path()).await.context("the database could not be copied")?;
    let copied = store::open(&format!("sqlite://{}", copy.path().display())).await;
    let copied = copied.context("the copy cannot be opened")?;
    let faults = backup::faults(&copied).await?;
    copied.close().await?;
    if let Some(first) = faults.first() {
        bail!("the copy is damaged, so the database may be as well; no backup was made: {first}");
    }
    Ok("To restore, let `tributary serve` use the file as its database.")
}

/// The password goes by the environment: arguments are seen by everyone on the machine.
#[expect(clippy::disallowed_methods, reason = "pg_dump is told where the database is, and its password")]
async fn dump_postgres(url: &SecretString, dump: &NamedTempFile) -> anyhow::Result<&'static str> {
    let url = Url::parse(url.expose_secret());
    let mut url = url.map_err(|error| Usage(format!("the setting `database_url` is no URL: {error}")))?;
    let mut command = Command::new("pg_dump");
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", percent_encoding::percent_decode_str(password).decode_utf8_lossy().as_ref());
    }
    let _ = url.set_password(None);
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    command.arg("--file").arg(dump.path()).arg("--dbname").arg(url.as_str());
    let ended = match command.kill_on_drop(true).output().await {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(Usage(
            "a backup of PostgreSQL is made by its own pg_dump, which is not installed here: install the client programs \
             of the server's version, or run `pg_dump --format=custom` where they are"
                .to_owned()
        )),
        ended => ended.context("pg_dump cannot be started")?,
    };
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        bail!("pg_dump did not make the backup: {said}");
    }
    Ok("To restore, give it to `pg_restore --no-owner --dbname=URL` on an empty database.")
}
