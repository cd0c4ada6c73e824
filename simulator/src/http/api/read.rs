//! Objects and pages as they are sent.

use super::super::error::Error;
use super::super::params::Params;
use super::super::shared::PLATFORM_ACCOUNT;
use super::expand::Look;
use super::list;
use super::resource::{Resource, noun};
use super::route::Target;
use crate::world::{Kind, Page, Refusal};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// The platform's own account and its balance.
pub fn of_platform(account: &str, target: &Target) -> Option<Value> {
    if account != PLATFORM_ACCOUNT {
        return None;
    }
    Some(match target {
        Target::Balance => json!({
            "object": "balance", "available": [], "pending": [], "livemode": false, "refund_and_dispute_prefunding": null,
        }),
        _ => json!({
            "id": account, "object": "account", "type": "standard", "country": "US", "default_currency": "usd",
            "business_profile": { "name": "The platform" }, "charges_enabled": false, "payouts_enabled": false,
            "details_submitted": false, "email": null, "metadata": {},
            "settings": { "dashboard": { "display_name": "The platform", "timezone": "Etc/UTC" } },
        }),
    })
}

/// One object.
pub fn one(resource: &Resource, id: &str, mut params: Params, look: &Look<'_>) -> Result<Vec<u8>, Error> {
    let expand = list::expansions(&mut params, resource.kind, false)?;
    params.finish()?;
    let object = look.world.get(look.account, resource.kind, id, look.now);
    let mut object = object.ok_or_else(|| Error::missing(StatusCode::NOT_FOUND, resource.noun, id, "id"))?;
    for path in &expand {
        path.apply(&mut object, look);
    }
    bytes(&object)
}

/// A list as it is sent.
#[derive(Serialize)]
struct Listed<'a> {
    object: &'static str,
    url: &'a str,
    has_more: bool,
    data: &'a [Value],
}

/// A page of a list.
pub fn page(resource: &Resource, parent: Option<&str>, params: Params, look: &Look<'_>) -> Result<Vec<u8>, Error> {
    let request = list::Request::read(resource, parent, params, look)?;
    if let (Some((kind, filter)), Some(id)) = (resource.parent, parent) {
        let found = look.world.get(look.account, kind, id, look.now);
        if found.is_none_or(|parent| parent["deleted"] == true) {
            return Err(Error::missing(StatusCode::NOT_FOUND, noun(kind), id, filter));
        }
    }
    let page = if look.account == PLATFORM_ACCOUNT {
        empty_page(&request)
    } else {
        look.world.page(look.account, resource.kind, &request.query)
    };
    let mut page = page.map_err(|refusal| refused(&refusal, resource.kind))?;
    for row in &mut page.data {
        for path in &request.expand {
            path.apply(row, look);
        }
    }
    let url = resource.path.replace("{id}", parent.unwrap_or_default());
    bytes(&Listed { object: "list", url: &url, has_more: page.has_more, data: &page.data })
}

/// The platform's own account has nothing, so no cursor is in it either.
fn empty_page(request: &list::Request) -> Result<Page, Refusal> {
    let (after, before) = (request.query.after.clone(), request.query.before.clone());
    let cursor = after.map(|id| ("starting_after", id)).or(before.map(|id| ("ending_before", id)));
    match cursor {
        Some((param, id)) => Err(Refusal::NoSuchCursor { param, id }),
        None => Ok(Page { data: Vec::new(), has_more: false }),
    }
}

fn refused(refusal: &Refusal, kind: Kind) -> Error {
    match refusal {
        Refusal::NoSuchCursor { param, id } => Error::missing(StatusCode::BAD_REQUEST, noun(kind), id, param),
        Refusal::Invalid(message) => Error::invalid(message),
    }
}

/// As it is sent.
pub fn bytes(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(4096);
    serde_json::to_writer(&mut bytes, body).map_err(|error| Error::not_simulated(&error.to_string()))?;
    Ok(bytes)
}
