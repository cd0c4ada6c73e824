//! From a path to what it asks for.

use super::super::error::Error;
use super::endpoints::Verb;
use super::resource::{RESOURCES, Resource};

/// What a path asks for.
#[derive(Debug)]
pub enum Target {
    /// `/v1/account`, or `/v1/accounts/{id}` with its id.
    Account(Option<String>),
    /// `/v1/balance`
    Balance,
    /// `/v1/webhook_endpoints`, or one of them.
    Endpoints(Verb),
    /// A list, with the parent's id for a sub-list.
    List(&'static Resource, Option<String>),
    /// One object.
    One(&'static Resource, String),
}

/// A path understood: what it asks for, and the pattern that limits and counters know it by.
#[derive(Debug)]
pub struct Route {
    /// For instance `/v1/charges/{id}`.
    pub pattern: &'static str,
    /// What is asked for.
    pub target: Target,
}

impl Route {
    /// Finds what a path asks for.
    ///
    /// # Errors
    /// 404 for an address that is not in the tables.
    pub fn find(method: &str, path: &str) -> Result<Self, Error> {
        let fixed = match path {
            "/v1/account" => Some(("/v1/account", Target::Account(None))),
            "/v1/balance" => Some(("/v1/balance", Target::Balance)),
            _ => None,
        };
        let fixed = fixed.or_else(|| endpoints(method, path));
        let found = fixed.or_else(|| {
            let id = matched("/v1/accounts/{id}", path)?;
            Some(("/v1/accounts/{id}", Target::Account(Some(id))))
        });
        let found = found.or_else(|| RESOURCES.iter().find_map(|resource| in_resource(resource, path)));
        let (pattern, target) = found.ok_or_else(|| Error::no_such_url(method, path))?;
        Ok(Self { pattern, target })
    }
}

const ENDPOINTS: &str = "/v1/webhook_endpoints";
const ENDPOINT: &str = "/v1/webhook_endpoints/{id}";

fn endpoints(method: &str, path: &str) -> Option<(&'static str, Target)> {
    let one = matched(ENDPOINT, path);
    let verb = match (method, one) {
        ("GET", None) if path == ENDPOINTS => return Some((ENDPOINTS, Target::Endpoints(Verb::List))),
        ("POST", None) if path == ENDPOINTS => return Some((ENDPOINTS, Target::Endpoints(Verb::Create))),
        ("GET", Some(id)) => Verb::Get(id),
        ("POST", Some(id)) => Verb::Update(id),
        ("DELETE", Some(id)) => Verb::Delete(id),
        _ => return None,
    };
    Some((ENDPOINT, Target::Endpoints(verb)))
}

/// The patterns of all routes.
pub fn patterns() -> impl Iterator<Item = &'static str> {
    let fixed = ["/v1/account", "/v1/balance", "/v1/accounts/{id}", ENDPOINTS, ENDPOINT];
    fixed.into_iter().chain(RESOURCES.iter().flat_map(|resource| [Some(resource.path), resource.item]).flatten())
}

fn in_resource(resource: &'static Resource, path: &str) -> Option<(&'static str, Target)> {
    if let Some(id) = matched(resource.path, path) {
        return Some((resource.path, Target::List(resource, Some(id).filter(|id| !id.is_empty()))));
    }
    let item = resource.item?;
    let id = matched(item, path)?;
    Some((item, Target::One(resource, id)))
}

/// What stands for a pattern's `{id}` in a path of its form; nothing at all when the pattern has none.
fn matched(pattern: &str, path: &str) -> Option<String> {
    let Some((head, tail)) = pattern.split_once("{id}") else { return (pattern == path).then(String::new) };
    let id = path.strip_prefix(head)?.strip_suffix(tail)?;
    if id.is_empty() || id.contains('/') {
        return None;
    }
    Some(percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_finds_itself() {
        for resource in RESOURCES {
            let path = resource.path.replace("{id}", "x_1");
            assert_eq!(Route::find("GET", &path).unwrap().pattern, resource.path);
            if let Some(item) = resource.item {
                let route = Route::find("GET", &item.replace("{id}", "x_1")).unwrap();
                assert!(matches!(route.target, Target::One(found, id) if found.path == resource.path && id == "x_1"));
            }
        }
    }

    #[test]
    fn other_addresses_are_unknown() {
        for path in [
            "/v1",
            "/v1/",
            "/v1/charges/",
            "/v1/charge",
            "/v1/charges/a/b",
            "/v1/checkout",
            "/charges",
            "/v1/accounts/",
        ] {
            assert!(Route::find("GET", path).is_err(), "{path}");
        }
    }
}
