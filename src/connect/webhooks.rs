//! The webhook endpoint of an integration: made at Stripe, its secret sealed, and rolled without losing a delivery.

use chrono::{DateTime, TimeDelta, Utc};
use entity::integration::{self, Mode};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::integrations::{self, hint, place};
use super::{Fault, Means};
use base::boxed;
use base::vault::DataKey;
use stripe::webhook_endpoints as endpoints;
use sync::hints::EVENT_TYPES;

/// How long deliveries are believed that were signed with the secret before: as long as Stripe signs with it.
const ROLL: TimeDelta = TimeDelta::hours(24);
/// Where an installation takes webhooks; the integration's platform key follows.
pub const PATH: &str = "/stripe/webhooks/";

/// Why there is no endpoint. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such integration.
    #[error("there is no integration `{0}`; `exgd` is Stripe, `yzth` is Stripe Test")]
    NotFound(String),
    /// It cannot be made like this.
    #[error("{0}")]
    Refused(String),
    /// Stripe did not make it.
    #[error("there is no new endpoint, because Stripe did not make it: {0}")]
    Stripe(#[from] stripe::error::Error),
    /// Ours to mend.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Whether an endpoint could be made, as far as that is known without Stripe: for whoever saves something first. `keyed` says
/// that the integration will have a secret key by then.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Refused`], or a fault.
#[boxed]
pub async fn check<'a>(means: Means<'a>, platform_key: &'a str, url: &Url, keyed: bool) -> Result<(), Error> {
    target(means, platform_key, url, keyed).await.map(drop)
}

/// The integration, and the whole address that its endpoint would have.
async fn target(
    means: Means<'_>,
    platform_key: &str,
    url: &Url,
    keyed: bool,
) -> Result<(integration::Model, String), Error> {
    let row = store::integrations::by_key(means.db, platform_key).await?;
    let row = row.ok_or_else(|| Error::NotFound(platform_key.to_owned()))?;
    let url = address(row.mode, &row.platform_key, url).map_err(Error::Refused)?;
    if !keyed && row.secret_key.is_none() {
        let message = format!("{} has no secret key yet: set it first, Stripe is asked with it", row.name);
        return Err(Error::Refused(message));
    }
    Ok((row, url))
}

/// Makes the Connect endpoint of the integration at Stripe and keeps its secret. `url` is an origin, such as the public
/// URL, or the whole address. An endpoint of ours that was there before is replaced: the new one is there before the old
/// one goes, and what the old one signed is believed for a day.
///
/// # Errors
/// See [`Error`].
#[boxed]
pub async fn register<'a>(means: Means<'a>, platform_key: &'a str, url: &Url) -> Result<integration::Model, Error> {
    let (mut row, url) = target(means, platform_key, url, false).await?;
    let secret_key = integrations::secret_key_of(means, &row).await?;
    let old = endpoints::list(means.stripe, &secret_key).await?;
    let is_ours = |one: &endpoints::Endpoint| one.url == url || Some(&one.id) == row.webhook_endpoint_id.as_ref();
    let old: Vec<String> = old.into_iter().filter(is_ours).map(|one| one.id).collect();
    let made = endpoints::create(means.stripe, &secret_key, &url, EVENT_TYPES).await?;
    let secret = made
        .secret
        .ok_or_else(|| stripe::error::Error::Transport("the endpoint that it made has no signing secret".to_owned()))?;
    let (key, now) = (means.keys.installation(means.db).await.map_err(Fault::from)?, means.clock.now());
    roll(&key, &mut row, &secret, now)?;
    row.webhook_endpoint_id = Some(made.id);
    row.webhook_url = Some(url);
    row.webhook_registered_at = Some(now);
    row.updated_at = now;
    let row = store::integrations::save(means.db, row).await?;
    for id in old {
        if let Err(error) = endpoints::delete(means.stripe, &secret_key, &id).await {
            tracing::warn!(endpoint.id = id, %error, "the former webhook endpoint is still there; what it sends is counted as duplicate or refused");
        }
    }
    Ok(row)
}

/// Puts a new signing secret in the place of the present one, which is believed for a day longer. The same one again
/// changes nothing.
///
/// # Errors
/// When the present one does not open.
#[expect(clippy::disallowed_methods, reason = "tells whether a secret is a new one")]
pub(super) fn roll(
    key: &DataKey,
    row: &mut integration::Model,
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    if let Some(sealed) = &row.webhook_secret {
        let present = key.open(&place(row, "webhook_secret"), sealed)?;
        if present.expose_secret() == secret.expose_secret() {
            return Ok(());
        }
        row.webhook_secret_previous = Some(key.seal(&place(row, "webhook_secret_previous"), &present));
        row.webhook_previous_until = Some(now + ROLL);
    }
    row.webhook_secret_hint = Some(hint(secret));
    row.webhook_secret = Some(key.seal(&place(row, "webhook_secret"), secret));
    Ok(())
}

/// The signing secrets that count now: the present one, and during a roll the one before. None when none was set.
///
/// # Errors
/// When one does not open.
#[boxed]
pub async fn secrets<'a>(means: Means<'a>, row: &'a integration::Model) -> Result<Vec<SecretString>, Fault> {
    let key = means.keys.installation(means.db).await?;
    let mut secrets = Vec::with_capacity(2);
    if let Some(sealed) = &row.webhook_secret {
        secrets.push(key.open(&place(row, "webhook_secret"), sealed)?);
    }
    let rolls = row.webhook_previous_until.is_some_and(|until| means.clock.now() < until);
    if let Some(sealed) = row.webhook_secret_previous.as_ref().filter(|_| rolls) {
        secrets.push(key.open(&place(row, "webhook_secret_previous"), sealed)?);
    }
    Ok(secrets)
}

/// Whether the endpoint is at Stripe and enabled; in words.
///
/// # Errors
/// What is wrong with it, and what to do.
#[boxed]
pub async fn look<'a>(means: Means<'a>, row: &'a integration::Model) -> Result<String, String> {
    let Some(id) = &row.webhook_endpoint_id else {
        return Ok("no endpoint was registered; new data is read by schedule alone".to_owned());
    };
    let again = "register it again with `tributary integration set --register-webhook`";
    let key = integrations::secret_key_of(means, row).await.map_err(|error| error.to_string())?;
    match endpoints::get(means.stripe, &key, id).await {
        Ok(endpoint) if endpoint.status.as_deref() == Some("disabled") => {
            Err(format!("Stripe has disabled the endpoint {id}: {again}"))
        }
        Ok(endpoint) => Ok(format!("the endpoint {id} posts to {}", endpoint.url)),
        Err(stripe::error::Error::Missing { .. }) => {
            Err(format!("the endpoint {id} is not at Stripe any more: {again}"))
        }
        Err(error) => Err(format!("the endpoint {id} could not be looked at: {error}")),
    }
}

/// The whole address of the endpoint.
fn address(mode: Mode, platform_key: &str, url: &Url) -> Result<String, String> {
    let mut url = url.clone();
    if url.path() == "/" {
        url.set_path(&format!("{PATH}{platform_key}"));
    }
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => return Err(format!("{url} has no host that Stripe could post to")),
    };
    match mode {
        Mode::Live if url.scheme() != "https" => {
            Err(format!("{url} must be https: Stripe posts live events nowhere else"))
        }
        Mode::Live if here => {
            Err(format!("{url} is on this machine or network, where Stripe's live events do not come"))
        }
        _ if !matches!(url.scheme(), "http" | "https") => Err(format!("{url} must be an address of http or https")),
        _ => Ok(url.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r28_an_endpoint_is_where_stripe_can_post_to() {
        let live = |url: &str| address(Mode::Live, "exgd", &url.parse().unwrap());
        let test = |url: &str| address(Mode::Test, "yzth", &url.parse().unwrap());
        assert_eq!(live("https://data.example.com").unwrap(), "https://data.example.com/stripe/webhooks/exgd");
        assert_eq!(live("https://a.example/proxy/exgd").unwrap(), "https://a.example/proxy/exgd");
        assert_eq!(test("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080/stripe/webhooks/yzth");
        for bad in [
            "http://data.example.com",
            "https://localhost",
            "https://127.0.0.1",
            "https://192.168.1.2",
            "https://[::1]",
        ] {
            assert!(live(bad).is_err(), "{bad}");
        }
        assert!(test("ftp://a.example").is_err());
    }
}
