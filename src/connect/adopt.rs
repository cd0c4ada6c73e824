//! Adopt: an account that was connected elsewhere becomes a connection here, and its owner is not asked again.
//!
//! With Stripe Connect an account is connected to the platform's application, whichever program asked for it. So whoever
//! moves here with the same application needs the account's id alone, and Stripe says whether the application may read it.
//! Tokens that came with it are not kept: nothing is read with them.

use std::collections::BTreeMap;

use entity::connection::{self, Status};
use entity::{credential, integration};

use super::begin::is_open;
use super::{Fault, Means, finish, integrations};
use base::boxed;
use store::connections::Granted;
use stripe::error::Error as Refusal;

/// What may be shown: the account, and whatever else Stripe's own answer to an OAuth exchange has.
const KNOWN: [&str; 8] = [
    "accountId",
    "stripe_user_id",
    "scope",
    "livemode",
    "token_type",
    "access_token",
    "refresh_token",
    "stripe_publishable_key",
];

/// Why an account is not adopted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was shown is no use; it says why.
    #[error("{0}")]
    Refused(String),
    /// It cannot be done as the connection or the integration stands.
    #[error("{0}")]
    Conflict(String),
    /// Stripe cannot be asked now.
    #[error("Stripe could not be asked whether the account is connected: {0}. Nothing was changed; try again.")]
    Unavailable(Refusal),
    /// A fault of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Links a connection to the account that is shown, once Stripe has said that the integration's application may read it.
/// Nothing is read before somebody asks for it. Shown again, it changes nothing.
///
/// # Errors
/// See [`Error`].
#[boxed]
pub async fn adopt<'a>(
    means: Means<'a>,
    connection: &'a connection::Model,
    shown: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let account = account(shown)?;
    match (&connection.account_id, connection.status) {
        (Some(linked), Status::Linked) if linked == account => return Ok(()),
        (Some(other), _) if other != account => {
            return Err(Error::Conflict(format!(
                "The connection holds the data of the account {other}: make another connection for {account}."
            )));
        }
        _ => {}
    }
    let integration = store::integrations::by_id(means.db, connection.integration_id).await?;
    let integration = integration.filter(is_open).ok_or_else(|| {
        Error::Conflict("The integration is switched off or has no keys: set it up and switch it on first.".to_owned())
    })?;
    let scope = agreed(shown, &integration)?;
    let livemode = integration.mode == integration::Mode::Live;
    let linked = store::connections::by_account(means.db, account, livemode).await?;
    if linked.iter().any(|other| other.company_id == connection.company_id && other.id != connection.id) {
        return Err(Error::Conflict(format!("The account {account} is linked to this company by another connection.")));
    }
    let granted = Granted {
        account_id: account.to_owned(),
        account_name: asked(means, &integration, account, livemode).await?,
        livemode,
        scope,
    };
    let row = credential::Model {
        connection_id: connection.id,
        kind: credential::Kind::Oauth,
        access_token: None,
        refresh_token: None,
        created_at: means.clock.now(),
    };
    if finish::keep(means, granted, row, false).await? {
        Ok(())
    } else {
        Err(Error::Conflict("The connection was linked or deleted at the same moment.".to_owned()))
    }
}

/// The account's id among what is shown.
fn account(shown: &BTreeMap<String, String>) -> Result<&str, Error> {
    if let Some(name) = shown.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let name: String = name.chars().take(100).collect();
        return Err(Error::Refused(format!("{name:?} is not known; send accountId: the Stripe account, acct_...")));
    }
    let given = shown.get("accountId").or_else(|| shown.get("stripe_user_id"));
    let well = |id: &&String| {
        id.strip_prefix("acct_").is_some_and(|rest| {
            (1..=60).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    let missing = || Error::Refused("accountId must be the id of a Stripe account, acct_...".to_owned());
    given.filter(well).map(String::as_str).ok_or_else(missing)
}

/// The scope that was granted: what is shown, or what the integration asks for. What is shown must agree with the
/// integration.
fn agreed(shown: &BTreeMap<String, String>, integration: &integration::Model) -> Result<String, Error> {
    let mode = if integration.mode == integration::Mode::Live { "true" } else { "false" };
    if shown.get("livemode").is_some_and(|given| given != mode) {
        let said = format!("livemode must be {mode}: that is the mode of the integration {}.", integration.name);
        return Err(Error::Refused(said));
    }
    match shown.get("scope").map(String::as_str) {
        None => Ok(integration.scope.as_str().to_owned()),
        Some(scope @ ("read_only" | "read_write")) => Ok(scope.to_owned()),
        Some(_) => Err(Error::Refused("scope must be read_only or read_write.".to_owned())),
    }
}

/// Asks Stripe for the account, as the integration's application. Returns what it calls itself.
async fn asked(
    means: Means<'_>,
    integration: &integration::Model,
    account: &str,
    livemode: bool,
) -> Result<Option<String>, Error> {
    let platform = integrations::platform(means, integration).await?;
    let stripe = means.stripe.account(platform.secret_key, Some(account.to_owned()), livemode).once_only();
    match stripe.get("/v1/account", "/v1/account", &[]).await {
        Ok(answer) => Ok(finish::name_in(&answer.body)),
        Err(Refusal::PlatformKey(_)) => Err(Error::Conflict(format!(
            "Stripe does not take the secret key of the integration {}: set it right first.",
            integration.name
        ))),
        Err(refusal) if refusal.is_passing() => Err(Error::Unavailable(refusal)),
        Err(_) => Err(Error::Refused(format!(
            "Stripe does not let the application of the integration {} read {account}: the account is not connected to it, or \
             not in this mode. Ask its owner to link by the connection's linkUrl.",
            integration.name
        ))),
    }
}
