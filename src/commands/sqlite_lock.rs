//! One `serve` on one SQLite file: a lock file beside the database, held as long as the process lives.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use tributary::config::sqlite_file;

/// The lock. It is free again when this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct SqliteLock(#[expect(dead_code, reason = "it is held for its lock")] File);

impl SqliteLock {
    /// Locks the database for one `serve`; `None` when it is no SQLite file.
    ///
    /// # Errors
    /// When another process holds the lock, naming the lock.
    pub fn take(database_url: &SecretString) -> anyhow::Result<Option<Self>> {
        let Some(database) = sqlite_file(database_url) else { return Ok(None) };
        let path = beside(&database);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open the lock {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => bail!(
                "another tributary serves {}: it holds the lock {}; stop it first, or use PostgreSQL for several",
                database.display(),
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot take the lock {}", path.display()))
            }
        }
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".lock");
    name.into()
}
