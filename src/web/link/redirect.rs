//! Where Link leads at its end: the profile's redirect template, checked when it is saved, and filled in and checked again
//! when it is followed.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

/// Everything but what needs no encoding anywhere.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The names that the contract gives a meaning.
const RESERVED: [&str; 12] = [
    "clientId",
    "connectionId",
    "companyId",
    "integrationId",
    "sourceId",
    "platform",
    "platformName",
    "sourceType",
    "statusCode",
    "errorMessage",
    "statusText",
    "data.company.companyName",
];

/// Fills in the template. `values` are the reserved names, `carried` the Link URL's own parameters; a name that neither
/// knows is empty. None when the outcome is no address that may be gone to; the reason is in the error.
///
/// # Errors
/// Why the built-in page is shown instead.
pub fn fill(
    template: &str,
    allowed: &[String],
    values: &BTreeMap<&'static str, String>,
    carried: &BTreeMap<String, String>,
) -> Result<Url, &'static str> {
    let value = |name: &str| values.get(name).or_else(|| carried.get(name)).cloned().unwrap_or_default();
    let (url, templated) = filled(template, &value)?;
    if !is_safe(&url) {
        return Err(UNSAFE);
    }
    if templated && !allowed.iter().any(|entry| matches(entry, &url)) {
        return Err("its host is not in whiteListUrls");
    }
    Ok(url)
}

/// Whether a template can be followed at all, with names that stand for something: what [`fill`] would refuse whatever they
/// stand for is not worth keeping.
///
/// # Errors
/// Why it never can.
pub fn check(template: &str, allowed: &[String]) -> Result<(), &'static str> {
    let (url, templated) = filled(template, &str::to_owned)?;
    match templated {
        // The host may become any of the allowed ones.
        true if allowed.iter().any(|entry| is_allowing(entry, url.scheme())) => Ok(()),
        true => Err("a name stands in its host, and whiteListUrls has no address that it may become"),
        false if is_safe(&url) => Ok(()),
        false => Err(UNSAFE),
    }
}

/// Why an address is not gone to.
const UNSAFE: &str = "it is neither https nor on this machine";

/// The address that a template becomes, and whether its host was filled in.
fn filled(template: &str, value: &impl Fn(&str) -> String) -> Result<(Url, bool), &'static str> {
    let (head, tail) = split_host(template).ok_or("it is no https address")?;
    if RESERVED.iter().any(|name| head.contains(&format!("{{{name}}}"))) {
        return Err("a reserved name stands in its host");
    }
    let filled = format!("{}{}", replace(head, value), replace(tail, value));
    let url = Url::parse(&filled).map_err(|_| "filled in it is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name");
    }
    Ok((url, head.contains('{')))
}

/// Scheme and host, and the rest.
fn split_host(template: &str) -> Option<(&str, &str)> {
    let start = template.find("://")? + 3;
    let end = template[start..].find(['/', '?', '#', '\\']).map_or(template.len(), |at| start + at);
    Some(template.split_at(end))
}

fn replace(text: &str, value: &impl Fn(&str) -> String) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, next)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.extend(utf8_percent_encode(&value(name), ENCODED));
        rest = next;
    }
    filled.push_str(rest);
    filled
}

/// An entry with a path allows this path alone; one without allows its origin.
fn matches(entry: &str, url: &Url) -> bool {
    let Ok(entry) = Url::parse(entry) else { return false };
    let path = entry.path().trim_end_matches('/');
    entry.origin() == url.origin() && (path.is_empty() || path == url.path().trim_end_matches('/'))
}

/// Whether an entry of whiteListUrls allows an address of this scheme that may be gone to.
fn is_allowing(entry: &str, scheme: &str) -> bool {
    Url::parse(entry).is_ok_and(|entry| entry.scheme() == scheme && is_safe(&entry))
}

fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, carried: &[(&str, &str)]) -> Result<String, &'static str> {
        let values = BTreeMap::from([("companyId", "c 1".to_owned()), ("errorMessage", "User cancelled".to_owned())]);
        let carried = carried.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let allowed = ["https://good.example/".to_owned(), "https://path.example/done".to_owned()];
        fill(template, &allowed, &values, &carried).map(String::from)
    }

    #[test]
    fn names_are_filled_in_and_encoded() {
        let url =
            filled("https://a.example/x?c={companyId}&m={errorMessage}&n={mine}&o={other}", &[("mine", "a&b=c#")]);
        assert_eq!(url.unwrap(), "https://a.example/x?c=c%201&m=User%20cancelled&n=a%26b%3Dc%23&o=");
        assert_eq!(filled("https://a.example/{companyid}", &[]).unwrap(), "https://a.example/", "names have a case");
        assert_eq!(filled("http://127.0.0.1:9/x", &[]).unwrap(), "http://127.0.0.1:9/x");
    }

    #[test]
    fn a_host_is_filled_in_only_with_what_is_allowed() {
        let host = |value| filled("https://{where}/x", &[("where", value)]);
        assert_eq!(host("good.example").unwrap(), "https://good.example/x");
        for bad in ["evil.example", "good.example@evil.example", "good.example.evil.example", "good.example:8", ""] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(filled("https://{where}/done", &[("where", "path.example")]).unwrap(), "https://path.example/done");
        assert!(filled("https://{where}/other", &[("where", "path.example")]).is_err());
        assert!(filled("https://{companyId}.example/", &[]).is_err());
    }

    #[test]
    fn what_could_never_be_followed_is_not_worth_keeping() {
        let check = |template: &str, allowed: &[&str]| {
            check(template, &allowed.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
        };
        for (template, allowed) in [
            ("https://a.example/{companyId}?s={statusCode}&n={data.company.companyName}", &[][..]),
            ("http://127.0.0.1:9/x", &[]),
            ("http://localhost/{companyId}", &[]),
            ("https://{region}.x.example/a", &["https://eu.x.example"]),
            ("http://{where}:9/", &["https://a.example", "http://localhost:9/done"]),
        ] {
            assert_eq!(check(template, allowed), Ok(()), "{template}");
        }
        for (template, allowed, why) in [
            ("http://app.example.com/done", &[][..], "neither https"),
            ("http://app.example.com/done", &["http://app.example.com"], "neither https"),
            ("https://{companyId}.x.example", &["https://a.x.example"], "reserved"),
            ("https://{region}.x.example/a", &[], "whiteListUrls"),
            ("https://{region}.x.example/a", &["eu.x.example", "http://eu.x.example"], "whiteListUrls"),
            ("http://{region}.x.example/a", &["https://eu.x.example", "http://eu.x.example"], "whiteListUrls"),
            ("https://u:p@a.example/", &[], "user name"),
            ("https:///", &[], "no address"),
            ("app.example.com/done", &[], "no https address"),
            ("javascript:alert(1)", &[], "no https address"),
        ] {
            assert!(check(template, allowed).unwrap_err().contains(why), "{template}");
        }
    }

    #[test]
    fn what_is_no_safe_address_is_refused() {
        for bad in ["javascript:alert(1)", "//evil.example", "http://a.example/", "https://u:p@a.example/", "ftp://a/"]
        {
            assert!(filled(bad, &[]).is_err(), "{bad}");
        }
    }
}
