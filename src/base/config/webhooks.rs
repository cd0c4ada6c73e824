//! The settings of webhooks that are sent.

use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::ConfigError;
use super::reader::Reader;

/// How receivers of webhooks are told.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// How long a receiver may take to answer.
    pub timeout: Duration,
    /// Private networks in which receivers may be, on any port and also without TLS.
    pub networks: Networks,
    /// Ports of receivers elsewhere.
    pub ports: Ports,
    /// Days of nothing but failures after which a consumer is disabled.
    pub disable_after_days: u32,
}

impl Default for Webhooks {
    /// As in the defaults.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            networks: Networks::default(),
            ports: Ports(vec![443, 8443]),
            disable_after_days: 5,
        }
    }
}

impl Webhooks {
    pub(super) fn read(read: &Reader) -> Result<Self, ConfigError> {
        let networks = "networks, separated by commas, such as 10.0.0.0/8, 127.0.0.1";
        Ok(Self {
            timeout: Duration::from_secs(read.number("webhooks.timeout_seconds", 1, 60)?.into()),
            networks: read.optional("webhooks.networks", networks)?.unwrap_or_default(),
            ports: read.parsed("webhooks.ports", "ports, separated by commas, such as 443, 8443")?,
            disable_after_days: read.number("webhooks.disable_after_days", 1, 365)?,
        })
    }
}

/// Networks, or single addresses, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let one =
            |part: &str| part.parse::<IpNet>().ok().or_else(|| part.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        parts(text).map(|part| one(part).ok_or(())).collect::<Result<_, _>>().map(Self)
    }
}

/// Ports, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports(pub Vec<u16>);

impl FromStr for Ports {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parts(text).map(|part| part.parse().map_err(drop)).collect::<Result<_, _>>().map(Self)
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
