//! Begin: the owner has consented on our page and is sent to Stripe.

use chrono::Duration;
use entity::id::CompanyId;
use entity::{company, connection, integration, oauth_state};
use url::Url;

use super::events::{self, Kind};
use super::link::Links;
use super::{Fault, Means};
use base::boxed;
use base::vault::{digest, random_text};
use store::Tx;
use stripe::oauth;

/// How long the owner may take at Stripe. A code lives 5 minutes; this leaves time to sign in before.
const STATE_LIVES: Duration = Duration::minutes(10);

/// By what right a consent is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// A Link URL with this serial, which is spent now.
    Serial(i32),
    /// The same browser posted it before, within its session.
    SameBrowser,
}

/// A consent on its way.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The connection that waits for it.
    pub connection: connection::Model,
    /// The digest of the state.
    pub digest: String,
    /// Where the owner is sent.
    pub url: Url,
}

/// Why a consent cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection or the company is not there (any more).
    #[error("the connection is not there any more")]
    Gone,
    /// It is linked already.
    #[error("the connection is linked already")]
    AlreadyLinked,
    /// The Link URL was used by somebody else.
    #[error("the Link URL was used before")]
    Spent,
    /// The integration is switched off, or has no keys yet.
    #[error("the integration is not available")]
    Disabled,
    /// Ours to mend.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Whether an integration can start links: switched on and set up.
#[must_use]
pub const fn is_open(integration: &integration::Model) -> bool {
    integration.enabled && integration.client_id.is_some() && integration.secret_key.is_some()
}

/// Begins for a connection: spends the Link URL, keeps the state, and says where the owner is sent. `session` is the
/// digest of the browser's session.
///
/// # Errors
/// See [`Error`]; nothing is kept then.
#[boxed]
pub async fn connection<'a>(
    means: Means<'a>,
    links: Links<'a>,
    id: (CompanyId, entity::id::ConnectionId),
    ticket: Ticket,
    session: &'a str,
) -> Result<Begun, Error> {
    let tx = store::write(means.db).await?;
    let connection = store::connections::hold(&tx, id.1).await?;
    let connection = connection.filter(|row| row.company_id == id.0).ok_or(Error::Gone)?;
    if let Ticket::Serial(serial) = ticket {
        let spent = store::links::spend(&tx, connection.id, serial).await?;
        // A double click posts twice: the second finds the URL spent, by the same browser.
        if !spent && !store::oauth_states::begun_by(&tx, session).await?.contains(&connection.id) {
            return Err(Error::Spent);
        }
    }
    keep(means, links, tx, connection, session).await
}

/// Begins for a company that has chosen an integration: takes the connection through it that was never linked, or
/// makes one, so that a double click makes one connection and not two.
///
/// # Errors
/// See [`Error`]; nothing is kept then.
#[boxed]
pub async fn company<'a>(
    means: Means<'a>,
    links: Links<'a>,
    company: &'a company::Model,
    platform_key: &str,
    ticket: Ticket,
    session: &str,
) -> Result<Begun, Error> {
    let tx = store::write(means.db).await?;
    // Held before anything is read: whoever clicks twice waits here, and then sees what the first click made.
    store::links::hold_company(&tx, company.id).await?.ok_or(Error::Gone)?;
    let integration = store::integrations::by_key(&tx, platform_key).await?.ok_or(Error::Disabled)?;
    if let Ticket::Serial(serial) = ticket {
        let spent = store::links::spend_company(&tx, company.id, serial).await?;
        let mine = store::oauth_states::begun_by(&tx, session).await?;
        let of_company = store::connections::of_company(&tx, company.id).await?;
        if !spent && !of_company.iter().any(|one| mine.contains(&one.id)) {
            return Err(Error::Spent);
        }
    }
    let waiting = store::connections::waiting(&tx, company.id, integration.id).await?;
    let connection = if let Some(waiting) = waiting {
        waiting
    } else {
        let made = store::connections::create(&tx, company.id, integration.id, means.clock.now()).await?;
        events::connection(&tx, means.public_url, Kind::ConnectionCreated, made.id, made.created_at).await?;
        made
    };
    keep(means, links, tx, connection, session).await
}

async fn keep(
    means: Means<'_>,
    links: Links<'_>,
    tx: Tx,
    connection: connection::Model,
    session: &str,
) -> Result<Begun, Error> {
    if connection.status == connection::Status::Linked {
        return Err(Error::AlreadyLinked);
    }
    let integration = store::integrations::by_id(&tx, connection.integration_id).await?.ok_or(Error::Disabled)?;
    let client_id = integration.client_id.as_deref().filter(|_| is_open(&integration)).ok_or(Error::Disabled)?;
    let (state, now) = (random_text(), means.clock.now());
    let row = oauth_state::Model {
        digest: digest(state.as_bytes()),
        connection_id: connection.id,
        session_digest: session.to_owned(),
        expected_account: connection.account_id.clone(),
        created_at: now,
        expires_at: now + STATE_LIVES,
    };
    let digest = row.digest.clone();
    store::oauth_states::create(&tx, row).await?;
    let callback = links.callback().map_err(Fault::from)?;
    let url = oauth::authorize_url(means.stripe, client_id, integration.scope.as_str(), &state, &callback)
        .map_err(Fault::from)?;
    tx.commit().await?;
    Ok(Begun { connection, digest, url })
}
