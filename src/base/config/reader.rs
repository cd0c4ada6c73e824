//! Takes settings out of the layers, each with its check.

use std::{net::IpAddr, str::FromStr};

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::{ConfigError, LogFormat, layers::Layers, sqlite_file};

/// Takes settings out of the layers, each with its check.
pub(super) struct Reader<'a>(pub(super) &'a Layers);

impl Reader<'_> {
    pub(super) fn bad(&self, path: &str, allowed: impl Into<String>) -> ConfigError {
        let source_name = self.0.get(path).map(|setting| setting.source.to_string()).unwrap_or_default();
        ConfigError::Bad { setting: path.to_owned(), source_name, allowed: allowed.into() }
    }

    /// The text of a setting without space around it; `None` when it is empty.
    pub(super) fn text(&self, path: &str) -> Result<Option<&str>, ConfigError> {
        Ok(Some(self.0.get(path)?.text.trim()).filter(|text| !text.is_empty()))
    }

    pub(super) fn parsed<T: FromStr>(&self, path: &str, allowed: &str) -> Result<T, ConfigError> {
        self.text(path)?.unwrap_or_default().parse().map_err(|_| self.bad(path, allowed))
    }

    pub(super) fn optional<T: FromStr>(&self, path: &str, allowed: &str) -> Result<Option<T>, ConfigError> {
        self.text(path)?.map(|text| text.parse().map_err(|_| self.bad(path, allowed))).transpose()
    }

    pub(super) fn optional_number(&self, path: &str, least: u32, most: u32) -> Result<Option<u32>, ConfigError> {
        let number = |text: &str| text.parse().ok().filter(|number| (least..=most).contains(number));
        let allowed = || self.bad(path, format!("a whole number from {least} to {most}"));
        self.text(path)?.map(|text| number(text).ok_or_else(allowed)).transpose()
    }

    pub(super) fn number(&self, path: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
        let allowed = || self.bad(path, format!("a whole number from {least} to {most}"));
        self.optional_number(path, least, most)?.ok_or_else(allowed)
    }

    pub(super) fn origin(&self, path: &str) -> Result<Option<Url>, ConfigError> {
        let allowed = "an origin without a path, with https, or with http on a loopback host";
        let read = |text: &str| Url::parse(text).ok().filter(is_safe_origin).ok_or_else(|| self.bad(path, allowed));
        self.text(path)?.map(read).transpose()
    }

    pub(super) fn required_origin(&self, path: &str) -> Result<Url, ConfigError> {
        self.origin(path)?.ok_or_else(|| self.bad(path, "set"))
    }

    pub(super) fn database_url(&self) -> Result<SecretString, ConfigError> {
        let postgres = |text: &str| ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        let url = self.text("database_url")?.map(|text| (SecretString::from(text), postgres(text)));
        // A database in memory would be a new one for every connection of the pool.
        let usable = url.filter(|(url, postgres)| *postgres || sqlite_file(url).is_some());
        usable
            .map(|(url, _)| url)
            .ok_or_else(|| self.bad("database_url", "sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME"))
    }

    pub(super) fn log_format(&self) -> Result<LogFormat, ConfigError> {
        match self.text("log.format")? {
            Some("auto") => Ok(LogFormat::Auto),
            Some("text") => Ok(LogFormat::Text),
            Some("json") => Ok(LogFormat::Json),
            _ => Err(self.bad("log.format", "auto, text or json")),
        }
    }

    pub(super) fn log_filter(&self) -> Result<String, ConfigError> {
        let text = self.text("log.filter")?.unwrap_or_default();
        let known = EnvFilter::try_new(text).map(|_| text.to_owned());
        known.map_err(|_| self.bad("log.filter", "a level or targets with levels, such as info,tributary::sync=debug"))
    }

    /// The value of a setting with the place that set it; `None` when it is empty.
    pub(super) fn sourced<T: for<'t> From<&'t str>>(&self, path: &str) -> Result<Option<(T, String)>, ConfigError> {
        let source = self.0.get(path)?.source.to_string();
        Ok(self.text(path)?.map(|text| (text.into(), source)))
    }
}

/// Whether `url` is nothing but an origin, and one over which secrets may go.
fn is_safe_origin(url: &Url) -> bool {
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    };
    bare && anonymous && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}
