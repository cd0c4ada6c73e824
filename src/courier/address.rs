//! Which addresses may be dialled: those that all of the Internet reaches, and those that a setting names.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};

use futures::future::BoxFuture;
use ipnet::IpNet;
use url::Url;

use base::config::Webhooks;

/// Networks of IPv4 that are nobody's on the Internet, or a cloud's own (metadata, platform services).
const NOT_OPEN_4: [&str; 17] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    // Multicast, reserved, broadcast.
    "224.0.0.0/3",
];
/// The only part of IPv6 that is open. Mapped and translated IPv4 (`::ffff:0:0/96`, `64:ff9b::/96`), unique local, link
/// local and multicast addresses are all outside of it.
const OPEN_6: &str = "2000::/3";
/// Parts of that which are not: Teredo and other protocols' own, examples, 6to4.
const NOT_OPEN_6: [&str; 5] = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

/// What a receiver's address must at least be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of the Internet reaches it, or a setting names it.
    Public,
    /// A setting names it.
    Inside,
}

/// Why an address is not dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no URL that a receiver can have.
    #[error("{0}")]
    Form(&'static str),
    /// The port is not allowed.
    #[error("port {0} is not allowed for a receiver; the operator's setting webhooks.ports names those that are")]
    Port(u16),
    /// The address is not reached by all of the Internet.
    #[error("{0} is a private, local or reserved address; the operator's setting webhooks.networks can allow it")]
    Address(String),
    /// Neither https nor in a network that a setting names.
    #[error(
        "{0} is not in a network that the operator's setting webhooks.networks allows, so it must use https and an allowed port"
    )]
    NotInside(String),
    /// The name leads nowhere.
    #[error("the name {0} has no address")]
    NoAddress(String),
}

/// Finds the addresses of a host.
pub trait Names: Send + Sync + Debug {
    /// All of them.
    fn look_up(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own way to find addresses.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn look_up(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// To be resolved.
    Name(String),
    /// Judged already.
    Address,
}

/// A URL that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) least: Standing,
}

/// What may be dialled.
#[derive(Clone, Debug)]
pub struct Rules {
    networks: Vec<IpNet>,
    ports: Vec<u16>,
    not_open: Vec<IpNet>,
    open: Option<IpNet>,
}

impl Rules {
    /// By these settings.
    #[must_use]
    pub fn new(settings: &Webhooks) -> Self {
        let closed = NOT_OPEN_4.iter().chain(&NOT_OPEN_6).filter_map(|text| text.parse().ok()).collect();
        Self {
            networks: settings.networks.0.clone(),
            ports: settings.ports.0.clone(),
            not_open: closed,
            open: OPEN_6.parse().ok(),
        }
    }

    /// Reads a URL: https to an allowed port may lead anywhere that is open; anything else only where a setting allows. An
    /// address in it (in whatever form; `Url` has made decimal, octal and hexadecimal ones plain) is judged at once.
    pub(super) fn read(&self, url: &str) -> Result<Target, Refused> {
        let url = Url::parse(url).map_err(|_| Refused::Form("this is no URL"))?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Form("a receiver's address begins with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Form("a receiver's address has no user and no password in it"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let least = if secure && self.ports.contains(&port) { Standing::Public } else { Standing::Inside };
        let (host, ip) = match url.host() {
            Some(url::Host::Domain(name)) => (Host::Name(name.to_owned()), None),
            Some(url::Host::Ipv4(ip)) => (Host::Address, Some(IpAddr::from(ip))),
            Some(url::Host::Ipv6(ip)) => (Host::Address, Some(IpAddr::from(ip))),
            None => return Err(Refused::Form("a receiver's address names a host")),
        };
        if let Some(ip) = ip {
            self.judge_one(&ip.to_string(), ip, least)?;
        }
        // A port is told apart from an address: with a setting for neither, the port is what is wrong.
        if least == Standing::Inside && self.networks.is_empty() {
            return Err(if secure {
                Refused::Port(port)
            } else {
                Refused::Form("a receiver's address begins with https://")
            });
        }
        Ok(Target { host, least })
    }

    /// The addresses to dial, when every one of them may be: a name that leads to an open and to a private one is refused.
    pub(super) fn judge(&self, name: &str, found: &[IpAddr], least: Standing) -> Result<Vec<SocketAddr>, Refused> {
        if found.is_empty() {
            return Err(Refused::NoAddress(name.to_owned()));
        }
        found.iter().try_for_each(|ip| self.judge_one(name, *ip, least))?;
        Ok(found.iter().map(|ip| SocketAddr::new(*ip, 0)).collect())
    }

    fn judge_one(&self, name: &str, ip: IpAddr, least: Standing) -> Result<(), Refused> {
        let shown = || if name == ip.to_string() { name.to_owned() } else { format!("{name} ({ip})") };
        match () {
            () if self.networks.iter().any(|network| network.contains(&ip.to_canonical())) => Ok(()),
            () if !self.is_open(ip) => Err(Refused::Address(shown())),
            () if least == Standing::Inside => Err(Refused::NotInside(shown())),
            () => Ok(()),
        }
    }

    fn is_open(&self, ip: IpAddr) -> bool {
        let closed = self.not_open.iter().any(|network| network.contains(&ip));
        !closed && (ip.is_ipv4() || self.open.is_some_and(|open| open.contains(&ip)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::config::Webhooks;

    fn rules(networks: &str) -> Rules {
        let settings = Webhooks {
            networks: networks.parse().unwrap(),
            ports: "443, 8443".parse().unwrap(),
            ..Webhooks::default()
        };
        Rules::new(&settings)
    }

    #[test]
    fn s24_addresses_that_are_not_open_are_refused_in_every_form() {
        let rules = rules("");
        for refused in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://10.1.2.3/",
            "https://172.31.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://100.100.100.200/",
            "https://169.254.169.254/latest/meta-data/",
            "https://168.63.129.16/",
            "https://192.0.0.192/",
            "https://198.18.0.1/",
            "https://203.0.113.9/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[64:ff9b:1::1]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[fd00:ec2::254]/",
            "https://[ff02::1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:db8::1]/",
            "https://[2001:0:7f00:1::]/",
            "https://127。0。0。1/",
        ] {
            assert!(matches!(rules.read(refused), Err(Refused::Address(_))), "{refused}: {:?}", rules.read(refused));
        }
        for good in ["https://93.184.216.34/hook", "https://[2606:2800:220:1::1]/", "https://8.8.8.8:8443/"] {
            assert!(rules.read(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn s24_a_url_that_no_receiver_has_is_refused() {
        let rules = rules("");
        for refused in [
            "",
            "no url",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "data:,x",
            "http://example.com/",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://",
        ] {
            assert!(matches!(rules.read(refused), Err(Refused::Form(_))), "{refused}: {:?}", rules.read(refused));
        }
        assert_eq!(rules.read("https://example.com:22/"), Err(Refused::Port(22)));
        assert!(rules.read("https://example.com/").is_ok() && rules.read("https://example.com:8443/").is_ok());
    }

    #[test]
    fn s25_a_name_is_refused_when_any_of_its_addresses_is() {
        let rules = rules("");
        let (open, private) = ("93.184.216.34".parse().unwrap(), "10.0.0.1".parse().unwrap());
        assert!(rules.judge("hook", &[open], Standing::Public).is_ok());
        for mixed in [&[open, private][..], &[private, open], &[private]] {
            assert!(matches!(rules.judge("hook", mixed, Standing::Public), Err(Refused::Address(_))), "{mixed:?}");
        }
        assert_eq!(rules.judge("hook", &[], Standing::Public), Err(Refused::NoAddress("hook".to_owned())));
    }

    #[test]
    fn s24_a_setting_allows_a_network_on_any_port_and_without_tls() {
        let rules = rules("127.0.0.0/8, ::1");
        for good in ["http://127.0.0.1:9000/", "https://127.0.0.1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]/"] {
            assert!(rules.read(good).is_ok(), "{good}");
        }
        for refused in ["http://10.0.0.1/", "http://8.8.8.8/", "https://8.8.8.8:22/"] {
            assert!(rules.read(refused).is_err(), "{refused}");
        }
        let target = rules.read("http://hook.example/").unwrap();
        let at = |text: &str| rules.judge("hook.example", &[text.parse().unwrap()], target.least);
        assert!(at("127.0.0.1").is_ok() && at("8.8.8.8").is_err() && at("10.0.0.1").is_err());
    }
}
