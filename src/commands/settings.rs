//! The options that the commands share, and the settings they lead to.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use tributary::config::{Config, ConfigError};

/// Options of every command that opens the database.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Settings {
    /// A file of settings, in the form of defaults.toml
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the data lives: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// A file that holds the master key and that only its owner may read
    #[arg(long, value_name = "FILE")]
    pub master_key_file: Option<String>,
}

impl Settings {
    /// Reads all settings, with these options and `more` on top.
    ///
    /// # Errors
    /// When a setting is unknown or not usable.
    #[expect(clippy::disallowed_methods, reason = "this is where the settings take their variables from")]
    pub fn load(&self, more: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Result<Config, ConfigError> {
        let own = [("database_url", self.database_url.clone()), ("master_key_file", self.master_key_file.clone())];
        let given = own.into_iter().chain(more).filter_map(|(path, value)| Some((path, value?)));
        Config::load(self.config.as_deref(), std::env::vars_os(), given)
    }
}
