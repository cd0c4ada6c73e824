//! Revoke: a connection ends, from here or at Stripe.

use chrono::{DateTime, Utc};
use entity::connection::{self, Fault as Note, Status};
use entity::id::ConnectionId;
use entity::{company, integration};
use sea_orm::DbErr;
use url::Url;

use super::events::{self, Kind};
use super::{Fault, Means, integrations};
use base::boxed;
use base::task::Task;
use store::Tx;
use stripe::oauth;

/// Why a connection cannot be unlinked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Only a Linked one can.
    #[error("only a Linked connection can be unlinked; this one is {}", .0.as_str())]
    NotLinked(Status),
    /// Ours to mend.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Unlinks: the schedule ends, the credential is wiped, the data stays. Access at Stripe ends when no other connection
/// uses the account in this mode; otherwise another company would be cut off. When Stripe cannot be told, the
/// connection is Unlinked all the same and a fault on it says so.
///
/// # Errors
/// [`Error::NotLinked`] when it is not Linked.
#[boxed]
pub async fn unlink<'a>(means: Means<'a>, connection: &'a connection::Model) -> Result<(), Error> {
    let tx = store::write(means.db).await?;
    // First here, then there: a sync that meets the closed door must not take it for the owner's doing.
    let ended = store::connections::set_ended(&tx, connection.id, Status::Unlinked, means.clock.now()).await?;
    if !ended {
        let status = store::connections::by_id(&tx, connection.id).await?.map_or(connection.status, |row| row.status);
        return Err(Error::NotLinked(status));
    }
    store::credentials::wipe(&tx, connection.id).await?;
    events::connection(&tx, means.public_url, Kind::ConnectionDisconnected, connection.id, means.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(connection.id = %connection.id, "unlinked");
    let (Some(account), Some(livemode)) = (&connection.account_id, connection.livemode) else { return Ok(()) };
    if let Some(integration) = store::integrations::by_id(means.db, connection.integration_id).await?
        && let Some(error) = give_back(means, &integration, account, livemode).await?
    {
        note(means, connection.id, &error).await?;
    }
    Ok(())
}

async fn note(means: Means<'_>, id: ConnectionId, error: &oauth::Error) -> Result<(), Fault> {
    let tx = store::write(means.db).await?;
    let note = Note {
        status_code: "502".to_owned(),
        status_text: "deauthorize_failed".to_owned(),
        message: format!(
            "The connection is unlinked here, but Stripe could not be told ({error}). The account's owner can end the \
             access in Stripe's Dashboard."
        ),
        at: means.clock.now(),
        resolved_at: None,
    };
    store::connection_faults::push(&tx, id, note).await?;
    Ok(tx.commit().await?)
}

/// Ends the access to an account at Stripe, unless a Linked connection uses it. What comes back is why Stripe did not
/// do it; it is logged already.
///
/// # Errors
/// When something of ours is at fault.
#[boxed]
pub async fn give_back<'a>(
    means: Means<'a>,
    integration: &'a integration::Model,
    account: &str,
    livemode: bool,
) -> Result<Option<oauth::Error>, Fault> {
    if !store::connections::by_account(means.db, account, livemode).await?.is_empty() {
        return Ok(None);
    }
    if integration.client_id.is_none() || integration.secret_key.is_none() {
        return Ok(Some(oauth::Error::Platform("the integration has no keys any more".to_owned())));
    }
    let platform = integrations::platform(means, integration).await?;
    match oauth::deauthorize(means.stripe, &platform, account).await {
        Ok(()) | Err(oauth::Error::NotConnected(_)) => Ok(None),
        Err(error) => {
            tracing::warn!(account.id = account, %error, "the access at Stripe could not be ended");
            Ok(Some(error))
        }
    }
}

/// Deletes a connection: unlinks it first where it is Linked, then nobody sees it, and a job removes the rest.
///
/// # Errors
/// When something of ours is at fault.
#[boxed]
pub async fn delete<'a>(means: Means<'a>, connection: &'a connection::Model) -> Result<(), Fault> {
    match unlink(means, connection).await {
        Ok(()) | Err(Error::NotLinked(_)) => {}
        Err(Error::Fault(fault)) => return Err(fault),
    }
    let now = means.clock.now();
    let tx = store::write(means.db).await?;
    // Of one that another request has deleted meanwhile nothing more is told.
    store::connections::hold(&tx, connection.id).await?;
    events::connection(&tx, means.public_url, Kind::ConnectionDeleted, connection.id, now).await?;
    store::connections::set_deleted(&tx, connection.id, now).await?;
    store::credentials::wipe(&tx, connection.id).await?;
    store::oauth_states::forget(&tx, connection.id).await?;
    let task = Task::Erase { company: connection.company_id, connection: connection.id };
    store::jobs::enqueue(&tx, &task, now).await?;
    tx.commit().await?;
    tracing::info!(connection.id = %connection.id, "deleted");
    Ok(())
}

/// Deletes a company, after all of its connections.
///
/// # Errors
/// When something of ours is at fault; connections before it are deleted then, and it can be called again.
#[boxed]
pub async fn delete_company<'a>(means: Means<'a>, company: &'a company::Model) -> Result<(), Fault> {
    for connection in store::connections::of_company(means.db, company.id).await? {
        delete(means, &connection).await?;
    }
    let now = means.clock.now();
    let tx = store::write(means.db).await?;
    if store::companies::delete(&tx, company.id, now).await? {
        events::company(&tx, means.public_url, Kind::CompanyDeleted, company, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Stripe said that the owner has ended the access (403 `account_invalid`): no more syncs, the data stays, the owner can
/// link again. A connection that is not Linked any more stays as it is.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn deauthorized(means: &Means<'_>, id: ConnectionId) -> Result<(), Fault> {
    let means = *means;
    let tx = store::write(means.db).await?;
    deauthorized_in(&tx, means.public_url, id, means.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// As [`deauthorized`], within a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn deauthorized_in(tx: &Tx, public_url: &Url, id: ConnectionId, now: DateTime<Utc>) -> Result<(), DbErr> {
    if store::connections::set_ended(tx, id, Status::Deauthorized, now).await? {
        store::credentials::wipe(tx, id).await?;
        let note = Note {
            status_code: "403".to_owned(),
            status_text: "account_invalid".to_owned(),
            message: "The account's owner has ended the access at Stripe; they can link again with the Link URL."
                .to_owned(),
            at: now,
            resolved_at: None,
        };
        store::connection_faults::push(tx, id, note).await?;
        events::connection(tx, public_url, Kind::ConnectionDisconnected, id, now).await?;
        tracing::info!(connection.id = %id, "deauthorized at Stripe");
    }
    Ok(())
}
