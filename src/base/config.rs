//! The settings: options win over `TRIBUTARY_...` variables, these over a file, this over `defaults.toml`.
//!
//! `defaults.toml` is embedded and is the manual: every setting that exists is in it, with a sentence. A setting that is
//! unknown or not usable is refused with its name, where it came from, and what is allowed.

mod layers;
mod reader;
mod webhooks;

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::layers::DEFAULTS;
pub use self::webhooks::{Networks, Ports, Webhooks};
use self::{layers::Layers, reader::Reader};
use crate::fault::{self, Fault};
use crate::vault::{MasterKey, VaultError};

/// Why the settings cannot be used. No variant shows a value, since values may be secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A setting has a value that is not allowed.
    #[error("the setting `{setting}` from {source_name} is not usable: it must be {allowed}")]
    Bad {
        /// Its path.
        setting: String,
        /// Where the value was set.
        source_name: String,
        /// What may stand there.
        allowed: String,
    },
    /// There is no such setting.
    #[error("there is no setting `{setting}` (it came from {source_name}); there are: {known}")]
    Unknown {
        /// The path that was asked for.
        setting: String,
        /// Where it was named.
        source_name: String,
        /// All paths.
        known: String,
    },
    /// A file cannot be used.
    #[error("{source_name} cannot be used: {reason}")]
    File {
        /// Which.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// No master key is set.
    #[error(
        "no master key is set: set `master_key_file` or TRIBUTARY_MASTER_KEY to what `tributary key generate-master` prints"
    )]
    NoMasterKey,
    /// The master key is set, and is none.
    #[error("the setting `{setting}` from {source_name} is not usable: {cause}")]
    MasterKey {
        /// `master_key` or `master_key_file`.
        setting: &'static str,
        /// Where it was set.
        source_name: String,
        /// What is wrong with it.
        #[source]
        cause: VaultError,
    },
}

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address that `serve` listens on.
    pub listen: SocketAddr,
    /// Where the data lives: `sqlite://...` or `postgres://...`, maybe with a password.
    pub database_url: SecretString,
    /// Stripe.
    pub stripe: Stripe,
    /// The worker.
    pub worker: Worker,
    /// The Link pages.
    pub link: Link,
    /// Hours after which the portal signs out who does nothing.
    pub portal_hours: u32,
    /// How long what only grows is kept.
    pub retention: Retention,
    /// Webhooks that are sent.
    pub webhooks: Webhooks,
    /// The HTTP server.
    pub server: Server,
    /// The log.
    pub log: Log,
    /// The fault that a test arms.
    pub fault: Option<Fault>,
    public_url: Option<Url>,
    master_key: Option<(SecretString, String)>,
    master_key_file: Option<(PathBuf, String)>,
}

/// How Stripe is reached.
#[derive(Clone, Debug)]
pub struct Stripe {
    /// The origin of the API.
    pub api_base: Url,
    /// The origin of the OAuth pages.
    pub connect_base: Url,
    /// Requests a second to one endpoint for one account; `None`: what Stripe allows for the mode; 0: no limit.
    pub rate_per_endpoint: Option<u32>,
    /// Requests a second for one account; `None` and 0 as above.
    pub rate_per_account: Option<u32>,
    /// After this a request is given up.
    pub timeout: Duration,
    /// Seconds that the time in a webhook's signature may be away from ours.
    pub webhook_tolerance: u32,
}

/// How tasks are worked on.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// Tasks at the same time.
    pub concurrency: usize,
    /// A silent worker loses its task after this.
    pub lease: Duration,
    /// The pause between two looks when nothing was due.
    pub poll: Duration,
}

/// How long Link things live.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Hours that a Link URL lives.
    pub url_hours: u32,
    /// Minutes that a Link page's browser session lives.
    pub session_minutes: u32,
}

/// How many days what only grows is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Changes of the feeds: a reader who comes later reads again from the lists.
    pub changes_days: u32,
    /// Outgoing events and their deliveries, after they were delivered or given up.
    pub deliveries_days: u32,
    /// Datasets that ended, but for those that tell where a data type stands.
    pub datasets_days: u32,
}

/// The HTTP server.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// How long open requests and running syncs get to end after SIGTERM.
    pub drain: Duration,
    /// Requests with an API key that may be made in a day, for each active company and once more; 0: any number.
    pub daily_quota: u32,
    /// The largest request body in bytes.
    pub body_limit: usize,
}

/// The log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// What is logged, in the notation of tracing's `EnvFilter`.
    pub filter: String,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads the settings: the defaults, then `file`, then the `variables`, then the `options` as pairs of a setting's
    /// path and its value.
    ///
    /// # Errors
    /// When a setting is unknown or not usable. The master key is not looked at: see [`Self::master_key`].
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        options: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::defaults()?;
        if let Some(path) = file {
            layers.file(path)?;
        }
        layers.environment(variables)?;
        for (path, text) in options {
            layers.option(path, text)?;
        }
        Self::check(&Reader(&layers))
    }

    fn check(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: read.parsed("listen", "an address and a port, such as 127.0.0.1:8080")?,
            database_url: read.database_url()?,
            stripe: Stripe {
                api_base: read.required_origin("stripe.api_base")?,
                connect_base: read.required_origin("stripe.connect_base")?,
                rate_per_endpoint: read.optional_number("stripe.rate_per_endpoint", 0, 1_000_000)?,
                rate_per_account: read.optional_number("stripe.rate_per_account", 0, 1_000_000)?,
                timeout: Duration::from_secs(read.number("stripe.timeout_seconds", 1, 600)?.into()),
                webhook_tolerance: read.number("stripe.webhook_tolerance_seconds", 1, 86_400)?,
            },
            worker: Worker {
                concurrency: read.number("worker.concurrency", 1, 1_024)? as usize,
                lease: Duration::from_secs(read.number("worker.lease_seconds", 1, 3_600)?.into()),
                poll: Duration::from_millis(read.number("worker.poll_milliseconds", 1, 60_000)?.into()),
            },
            link: Link {
                url_hours: read.number("link.url_hours", 1, 8_760)?,
                session_minutes: read.number("link.session_minutes", 1, 1_440)?,
            },
            portal_hours: read.number("portal.session_hours", 1, 720)?,
            retention: Retention {
                changes_days: read.number("retention.changes_days", 1, 36_500)?,
                deliveries_days: read.number("retention.deliveries_days", 1, 36_500)?,
                datasets_days: read.number("retention.datasets_days", 1, 36_500)?,
            },
            webhooks: Webhooks::read(read)?,
            server: Server {
                drain: Duration::from_secs(read.number("server.drain_seconds", 0, 3_600)?.into()),
                daily_quota: read.number("server.daily_quota", 0, 1_000_000_000)?,
                body_limit: read.number("server.body_limit_bytes", 1_024, 1_073_741_824)? as usize,
            },
            log: Log { format: read.log_format()?, filter: read.log_filter()? },
            fault: read.optional("test.fault", fault::FORM)?,
            public_url: read.origin("public_url")?,
            master_key: read.sourced("master_key")?,
            master_key_file: read.sourced("master_key_file")?,
        })
    }

    /// The origin under which browsers reach this installation, which listens on `bound`.
    ///
    /// # Errors
    /// When `public_url` is not set and `bound` is not loopback: nobody could know a name for it.
    pub fn public_url(&self, bound: SocketAddr) -> Result<Url, ConfigError> {
        let derived = || Url::parse(&format!("http://{bound}")).ok().filter(|_| bound.ip().is_loopback());
        self.public_url.clone().or_else(derived).ok_or_else(|| ConfigError::Bad {
            setting: "public_url".to_owned(),
            source_name: "the defaults".to_owned(),
            allowed: format!("set when the address {bound} is not loopback, such as https://data.example.com"),
        })
    }

    /// The master key, from `master_key` or from the file that `master_key_file` names.
    ///
    /// # Errors
    /// When neither or both are set, the file can be read by others, or the text is no master key. There is never a way
    /// on without one.
    pub fn master_key(&self) -> Result<MasterKey, ConfigError> {
        let (setting, source_name, text) = match (&self.master_key, &self.master_key_file) {
            (None, None) => return Err(ConfigError::NoMasterKey),
            (Some(_), Some((_, source))) => {
                return Err(ConfigError::Bad {
                    setting: "master_key_file".to_owned(),
                    source_name: source.clone(),
                    allowed: "left out when `master_key` is set".to_owned(),
                });
            }
            (Some((text, source)), None) => ("master_key", source, text.clone()),
            (None, Some((path, source))) => ("master_key_file", source, private_file(path, source)?),
        };
        MasterKey::parse(&text).map_err(|cause| ConfigError::MasterKey {
            setting,
            source_name: source_name.clone(),
            cause,
        })
    }
}

/// Reads a file that only its owner may read.
fn private_file(path: &Path, source: &str) -> Result<SecretString, ConfigError> {
    let broken = |reason: String| ConfigError::File {
        source_name: format!("the master key's file {} (named by {source})", path.display()),
        reason,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(|error| broken(error.to_string()))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(broken(format!("others can read it (mode {mode:o}); make it 0600")));
        }
    }
    std::fs::read_to_string(path).map(SecretString::from).map_err(|error| broken(error.to_string()))
}

/// The `SQLite` file that a database URL names; `None` for PostgreSQL and for a database in memory.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the URL is asked for its file, not for its password")]
pub fn sqlite_file(database_url: &SecretString) -> Option<PathBuf> {
    let rest = database_url.expose_secret().strip_prefix("sqlite:")?;
    let file = rest.strip_prefix("//").unwrap_or(rest).split('?').next().unwrap_or_default();
    (!file.is_empty() && file != ":memory:").then(|| PathBuf::from(file))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a key is written to a file")]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)], options: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Config::load(None, variables, options.iter().map(|(path, value)| (*path, (*value).to_owned())))
    }

    #[test]
    fn the_defaults_are_usable_and_need_only_a_master_key() {
        let config = load(&[], &[]).unwrap();
        assert_eq!(config.stripe.api_base.as_str(), "https://api.stripe.com/");
        assert_eq!((config.stripe.rate_per_endpoint, config.link.url_hours), (None, 24));
        assert_eq!(config.public_url(config.listen).unwrap().as_str(), "http://127.0.0.1:8080/");
        assert!(matches!(config.master_key(), Err(ConfigError::NoMasterKey)));
    }

    #[test]
    fn options_win_over_variables_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "listen = '127.0.0.1:1'\n[worker]\nconcurrency = 1\nlease_seconds = 11").unwrap();
        let variables = [("TRIBUTARY_LISTEN", "127.0.0.1:2"), ("TRIBUTARY_WORKER_CONCURRENCY", "2"), ("HOME", "/")];
        let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let options = [("listen", "127.0.0.1:3".to_owned())];
        let config = Config::load(Some(file.path()), variables, options).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!((config.worker.concurrency, config.worker.lease), (2, Duration::from_secs(11)));
    }

    #[test]
    fn a_refusal_names_the_setting_its_source_and_what_is_allowed_but_not_the_value() {
        for (name, value, words) in [
            (
                "TRIBUTARY_WORKER_CONCURRENCY",
                "many",
                ["worker.concurrency", "TRIBUTARY_WORKER_CONCURRENCY", "1 to 1024"],
            ),
            ("TRIBUTARY_LISTEN", "localhost", ["listen", "TRIBUTARY_LISTEN", "address"]),
            (
                "TRIBUTARY_DATABASE_URL",
                "mysql://u:hunter2@h/d",
                ["database_url", "TRIBUTARY_DATABASE_URL", "postgres://"],
            ),
            ("TRIBUTARY_PUBLIC_URL", "http://example.com", ["public_url", "TRIBUTARY_PUBLIC_URL", "loopback"]),
            ("TRIBUTARY_PUBLIC_URL", "https://example.com/x", ["public_url", "TRIBUTARY_PUBLIC_URL", "path"]),
            ("TRIBUTARY_STRIPE_API_BASE", "", ["stripe.api_base", "TRIBUTARY_STRIPE_API_BASE", "set"]),
            ("TRIBUTARY_LOG_FILTER", "a=b=c", ["log.filter", "TRIBUTARY_LOG_FILTER", "level"]),
            ("TRIBUTARY_NO_SUCH", "1", ["no_such", "TRIBUTARY_NO_SUCH", "worker.concurrency"]),
        ] {
            let message = load(&[(name, value)], &[]).unwrap_err().to_string();
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_file_with_an_unknown_setting_or_no_toml_is_refused() {
        for (text, word) in [("[worker]\nspeed = 1", "worker.speed"), ("listen", "="), ("listen = 1.5", "whole number")]
        {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            let message = Config::load(Some(file.path()), [], []).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains(file.path().to_str().unwrap()), "{message}");
        }
    }

    #[test]
    fn origins_are_https_or_loopback() {
        for good in ["https://a.example", "http://127.0.0.1:8080", "http://[::1]:1/", "http://localhost:3"] {
            assert!(load(&[("TRIBUTARY_PUBLIC_URL", good)], &[]).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1", "ftp://localhost", "https://u:p@a.example", "https://a.example/?q", "nonsense"] {
            assert!(load(&[("TRIBUTARY_PUBLIC_URL", bad)], &[]).is_err(), "{bad}");
        }
        let config = load(&[], &[("listen", "0.0.0.0:8080")]).unwrap();
        assert!(config.public_url(config.listen).unwrap_err().to_string().contains("public_url"));
    }

    #[cfg(unix)]
    #[test]
    fn a_master_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(path, MasterKey::generate().to_text().expose_secret()).unwrap();
        let key = || load(&[("TRIBUTARY_MASTER_KEY_FILE", path)], &[]).unwrap().master_key();
        for (mode, usable) in [(0o600, true), (0o400, true), (0o604, false), (0o640, false)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(key().is_ok(), usable, "{mode:o}");
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(path, "tributary-master-v1:a:AAAA").unwrap();
        let message = key().unwrap_err().to_string();
        assert!(message.contains("master_key_file") && message.contains("32 bytes"), "{message}");
        let both = load(&[("TRIBUTARY_MASTER_KEY_FILE", path), ("TRIBUTARY_MASTER_KEY", "x")], &[]).unwrap();
        assert!(both.master_key().unwrap_err().to_string().contains("left out"));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let secrets = [("TRIBUTARY_MASTER_KEY", "hunter2"), ("TRIBUTARY_DATABASE_URL", "postgres://u:hunter2@h/d")];
        let shown = format!("{:?}", load(&secrets, &[]).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_sqlite_url_names_its_file() {
        for (url, file) in [
            ("sqlite://a.db", Some("a.db")),
            ("sqlite:///x/a.db?mode=rwc", Some("/x/a.db")),
            ("sqlite:a.db", Some("a.db")),
            ("sqlite::memory:", None),
            ("postgres://h/d", None),
        ] {
            assert_eq!(sqlite_file(&url.to_owned().into()), file.map(PathBuf::from), "{url}");
        }
    }
}
