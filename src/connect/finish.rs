//! Finish: the owner is back from Stripe with a code.
//!
//! The state is spent before the code is exchanged, because a code that is used twice disconnects the account. Once it
//! is exchanged, the account is either kept by a connection, held for the owner's decision, or given back.

use std::time::Duration;

use entity::connection::{self, Fault as Note, Status};
use entity::credential;
use entity::id::{CompanyId, ConnectionId};
use entity::integration::{self, Mode};
use entity::oauth_state;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::begin::is_open;
use super::events::{self, Kind};
use super::{Fault, Means, integrations, revoke};
use base::boxed;
use base::fault::{self, Point};
use base::task::Task;
use base::vault::{Place, digest};
use store::connections::{Granted, Next};
use stripe::oauth;

/// How long the account's name is waited for; without it the connection is linked all the same.
const NAME_TIMEOUT: Duration = Duration::from_secs(2);

/// What became of a state that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was good, and is spent now.
    Good(oauth_state::Model),
    /// Its ten minutes were over.
    Over(oauth_state::Model),
    /// Another browser began with it; it stays for that one.
    Foreign,
    /// It was spent before, or never ours.
    Unknown,
}

/// Spends a state, in this browser.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn spend<'a>(means: Means<'a>, state: &'a str, session: Option<&str>) -> Result<State, Fault> {
    let digest = digest(state.as_bytes());
    let tx = store::write(means.db).await?;
    let spent = match session {
        Some(session) => store::oauth_states::spend(&tx, &digest, session).await?,
        None => None,
    };
    let foreign = spent.is_none() && store::oauth_states::waits(&tx, &digest).await?;
    tx.commit().await?;
    Ok(match spent {
        Some(row) if row.expires_at <= means.clock.now() => State::Over(row),
        Some(row) => State::Good(row),
        None if foreign => State::Foreign,
        None => State::Unknown,
    })
}

/// How a consent ended.
#[derive(Debug)]
pub enum Ending {
    /// The connection is Linked, now or by another tab before.
    Linked(ConnectionId),
    /// It is not, and the connection's newest fault says why.
    Failed(ConnectionId, Failure),
    /// Another account than before: nothing is kept until the owner decides.
    AnotherAccount(Box<Held>),
    /// The connection is not there any more.
    Gone,
}

/// Why a consent came to nothing. Its [`word`](Failure::word) is the fault's `status_text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The owner said no.
    Cancelled,
    /// The owner took longer than ten minutes.
    TooLate,
    /// Stripe did not take the code.
    Code,
    /// The account is of the other mode.
    Mode,
    /// Another scope than asked for was granted.
    Scope,
    /// The account is linked to this company already.
    Duplicate,
    /// The owner chose to stay with the account from before.
    OtherAccount,
    /// The integration was switched off meanwhile.
    Disabled,
    /// The integration's keys are wrong.
    Setup,
    /// Stripe does not answer.
    Unavailable,
    /// Anything else.
    Unknown,
}

impl Failure {
    /// Every one of them.
    pub const ALL: [Self; 11] = [
        Self::Cancelled,
        Self::TooLate,
        Self::Code,
        Self::Mode,
        Self::Scope,
        Self::Duplicate,
        Self::OtherAccount,
        Self::Disabled,
        Self::Setup,
        Self::Unavailable,
        Self::Unknown,
    ];

    /// The word that it is kept by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "access_denied",
            Self::TooLate => "state_expired",
            Self::Code => "invalid_grant",
            Self::Mode => "wrong_mode",
            Self::Scope => "invalid_scope",
            Self::Duplicate => "already_linked",
            Self::OtherAccount => "another_account",
            Self::Disabled => "integration_disabled",
            Self::Setup => "invalid_client",
            Self::Unavailable => "temporarily_unavailable",
            Self::Unknown => "server_error",
        }
    }

    /// The failure with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// The contract's status code.
    #[must_use]
    pub const fn status_code(self) -> &'static str {
        match self {
            Self::Cancelled => "403",
            _ => "500",
        }
    }

    /// What it says to whoever reads the connection over the API.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Cancelled => "User cancelled",
            Self::TooLate => "The owner came back from Stripe after more than 10 minutes; they can begin again.",
            Self::Code => "Stripe did not take the authorization code; the owner can begin again.",
            Self::Mode => "The account that came back is of the other mode; the keys of the integration do not match.",
            Self::Scope => "Stripe granted another scope than the integration asks for.",
            Self::Duplicate => "The account is linked to this company by another connection.",
            Self::OtherAccount => "The owner came back with another account than before and kept the earlier one.",
            Self::Disabled => "The integration is switched off or has no keys; the operator can change that.",
            Self::Setup => {
                "Stripe refused the integration's client id or secret key; the operator has to set it right."
            }
            Self::Unavailable => "Stripe did not answer; the owner can begin again in a few minutes.",
            Self::Unknown => "Unknown error occurred",
        }
    }

    const fn of(error: &oauth::Error) -> Self {
        match error {
            oauth::Error::Code(_) => Self::Code,
            oauth::Error::Platform(_) => Self::Setup,
            oauth::Error::Unavailable(_) => Self::Unavailable,
            oauth::Error::NotConnected(_) | oauth::Error::Controlled(_) | oauth::Error::Refused { .. } => Self::Unknown,
        }
    }
}

/// An account that was granted and that nobody has taken yet. Its tokens are sealed for the connection that would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The company.
    pub company: CompanyId,
    /// The connection that expected another account.
    pub connection: ConnectionId,
    /// The connection that this one would become.
    pub instead: ConnectionId,
    /// The account, `acct_...`.
    pub account_id: String,
    /// What it calls itself, where that could be read.
    pub account_name: Option<String>,
    /// Its mode.
    pub livemode: bool,
    /// What was granted.
    pub scope: String,
    access_token: String,
    refresh_token: Option<String>,
}

/// Notes that a consent came to nothing. A connection that is Linked stays as it is.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn failed(means: &Means<'_>, id: ConnectionId, failure: Failure) -> Result<(), Fault> {
    let means = *means;
    let tx = store::write(means.db).await?;
    let linked = store::connections::by_id(&tx, id).await?.is_some_and(|row| row.status == Status::Linked);
    if !linked {
        let note = Note {
            status_code: failure.status_code().to_owned(),
            status_text: failure.word().to_owned(),
            message: failure.message().to_owned(),
            at: means.clock.now(),
            resolved_at: None,
        };
        store::connection_faults::push(&tx, id, note).await?;
        events::connection(&tx, means.public_url, Kind::ConnectionFailed, id, means.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Exchanges the code of a state that was just spent, checks what came, and keeps it. Run it to its end, whatever
/// becomes of the request: half way, a merchant would be connected at Stripe and nowhere here.
///
/// # Errors
/// When something of ours is at fault.
#[boxed]
pub async fn exchange<'a>(means: Means<'a>, state: &'a oauth_state::Model, code: String) -> Result<Ending, Fault> {
    let Some(connection) = store::connections::by_id(means.db, state.connection_id).await? else {
        return Ok(Ending::Gone);
    };
    // Another tab was quicker: this code stays unused, which harms nobody.
    if connection.status == Status::Linked {
        return Ok(Ending::Linked(connection.id));
    }
    let integration = store::integrations::by_id(means.db, connection.integration_id).await?;
    let Some(integration) = integration.filter(is_open) else {
        return fail(means, &connection, Failure::Disabled).await;
    };
    let platform = integrations::platform(means, &integration).await?;
    let grant = match oauth::exchange(means.stripe, &platform, code).await {
        Ok(grant) => grant,
        Err(error) => {
            tracing::warn!(connection.id = %connection.id, %error, "a code was not exchanged");
            return fail(means, &connection, Failure::of(&error)).await;
        }
    };
    fault::at(Point::Exchanged);
    settle(means, state, &connection, &integration, &platform.secret_key, grant).await
}

async fn fail(means: Means<'_>, connection: &connection::Model, failure: Failure) -> Result<Ending, Fault> {
    failed(&means, connection.id, failure).await?;
    Ok(Ending::Failed(connection.id, failure))
}

/// From here on Stripe has the account connected: every way out keeps it, holds it or gives it back.
async fn settle(
    means: Means<'_>,
    state: &oauth_state::Model,
    connection: &connection::Model,
    integration: &integration::Model,
    key: &SecretString,
    grant: oauth::Grant,
) -> Result<Ending, Fault> {
    let unwanted = match () {
        () if grant.livemode != (integration.mode == Mode::Live) => Some(Failure::Mode),
        () if grant.scope != integration.scope.as_str() => Some(Failure::Scope),
        () if is_duplicate(means, connection, &grant).await? => Some(Failure::Duplicate),
        () => None,
    };
    if let Some(failure) = unwanted {
        revoke::give_back(means, integration, &grant.account_id, grant.livemode).await?;
        return fail(means, connection, failure).await;
    }
    let another = state.expected_account.as_ref().is_some_and(|expected| *expected != grant.account_id);
    let into = if another { ConnectionId::new() } else { connection.id };
    let mut held = hold(means, connection, into, grant).await?;
    if another {
        held.account_name = name(means, key, &held).await;
        return Ok(Ending::AnotherAccount(Box::new(held)));
    }
    if !link(means, &held, connection).await? {
        revoke::give_back(means, integration, &held.account_id, held.livemode).await?;
        let now = store::connections::by_id(means.db, connection.id).await?;
        return Ok(now.map_or(Ending::Gone, |row| Ending::Linked(row.id)));
    }
    if let Some(name) = name(means, key, &held).await {
        store::connections::set_account_name(means.db, connection.id, &name).await?;
    }
    Ok(Ending::Linked(connection.id))
}

async fn is_duplicate(means: Means<'_>, connection: &connection::Model, grant: &oauth::Grant) -> Result<bool, Fault> {
    let linked = store::connections::by_account(means.db, &grant.account_id, grant.livemode).await?;
    Ok(linked.iter().any(|other| other.company_id == connection.company_id && other.id != connection.id))
}

/// Seals what was granted for the connection that takes it.
async fn hold(
    means: Means<'_>,
    connection: &connection::Model,
    into: ConnectionId,
    grant: oauth::Grant,
) -> Result<Held, Fault> {
    let key = means.keys.company(means.db, connection.company_id).await?;
    let seal = |column, secret: &SecretString| key.seal(&Place::new("credential", into, column), secret);
    Ok(Held {
        company: connection.company_id,
        connection: connection.id,
        instead: into,
        account_name: None,
        access_token: seal("access_token", &grant.access_token),
        refresh_token: grant.refresh_token.as_ref().map(|token| seal("refresh_token", token)),
        account_id: grant.account_id,
        livemode: grant.livemode,
        scope: grant.scope,
    })
}

/// Links a connection to the account that was granted, and asks for its first sync. `false` when the connection is gone,
/// or linked by another tab meanwhile.
async fn link(means: Means<'_>, held: &Held, connection: &connection::Model) -> Result<bool, Fault> {
    let granted = Granted {
        account_id: held.account_id.clone(),
        account_name: held.account_name.clone().or_else(|| connection.account_name.clone()),
        livemode: held.livemode,
        scope: held.scope.clone(),
    };
    let row = credential::Model {
        connection_id: connection.id,
        kind: credential::Kind::Oauth,
        access_token: Some(held.access_token.clone()),
        refresh_token: held.refresh_token.clone(),
        created_at: means.clock.now(),
    };
    keep(means, granted, row, true).await
}

/// One transaction: Linked, the credential, and the first sync if it is asked for. `false` when the connection is gone, or
/// linked meanwhile.
pub(super) async fn keep(
    means: Means<'_>,
    granted: Granted,
    credential: credential::Model,
    sync: bool,
) -> Result<bool, Fault> {
    let (id, now) = (credential.connection_id, means.clock.now());
    let account_id = granted.account_id.clone();
    let tx = store::write(means.db).await?;
    let current = store::connections::hold(&tx, id).await?;
    let Some(current) = current.filter(|row| row.status != Status::Linked) else { return Ok(false) };
    let kind = if current.linked_at.is_some() { Kind::ConnectionReconnected } else { Kind::ConnectionConnected };
    store::connections::set_linked(&tx, id, granted, now).await?;
    store::credentials::replace(&tx, credential).await?;
    if sync {
        store::jobs::enqueue(&tx, &Task::Sync { connection: id }, now).await?;
    } else {
        store::connections::reschedule(&tx, id, Next { sync: None, pass: None }).await?;
    }
    events::connection(&tx, means.public_url, kind, id, now).await?;
    tx.commit().await?;
    tracing::info!(connection.id = %id, account.id = account_id, "linked");
    Ok(true)
}

/// The name is a nicety: not to get it is no failure.
async fn name(means: Means<'_>, key: &SecretString, held: &Held) -> Option<String> {
    let account = means.stripe.account(key.clone(), Some(held.account_id.clone()), held.livemode);
    let call = account.get("/v1/account", "/v1/account", &[]);
    let answer = tokio::time::timeout(NAME_TIMEOUT, call).await.ok()?.ok()?;
    name_in(&answer.body)
}

/// What an account calls itself.
pub(super) fn name_in(account: &[u8]) -> Option<String> {
    let about: About = serde_json::from_slice(account).ok()?;
    let named =
        [about.business_profile.and_then(|one| one.name), about.settings.and_then(|one| one.dashboard.display_name)];
    named.into_iter().flatten().chain(about.email).find(|name| !name.trim().is_empty())
}

#[derive(Deserialize)]
struct About {
    business_profile: Option<Business>,
    settings: Option<Settings>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Business {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    dashboard: Dashboard,
}

#[derive(Default, Deserialize)]
struct Dashboard {
    display_name: Option<String>,
}

/// The owner decided for the other account: it becomes a connection of its own. The one from before keeps its id, its
/// data and its history, so that the data of two accounts is never mixed.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn take<'a>(means: Means<'a>, held: &'a Held) -> Result<Ending, Fault> {
    let Some(before) = store::connections::owned(means.db, held.company, held.connection).await? else {
        return Ok(Ending::Gone);
    };
    let (made, now) = (held.instead, means.clock.now());
    let tx = store::write(means.db).await?;
    if store::connections::even_deleted(&tx, made).await?.is_none() {
        store::connections::create_as(&tx, made, held.company, before.integration_id, now).await?;
        events::connection(&tx, means.public_url, Kind::ConnectionCreated, made, now).await?;
    }
    tx.commit().await?;
    let Some(made) = store::connections::by_id(means.db, held.instead).await? else { return Ok(Ending::Gone) };
    link(means, held, &made).await?;
    Ok(Ending::Linked(made.id))
}

/// The owner decided to go back: the other account is given back.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn refuse<'a>(means: Means<'a>, held: &'a Held) -> Result<(), Fault> {
    if let Some(before) = store::connections::owned(means.db, held.company, held.connection).await? {
        if let Some(integration) = store::integrations::by_id(means.db, before.integration_id).await? {
            revoke::give_back(means, &integration, &held.account_id, held.livemode).await?;
        }
        failed(&means, before.id, Failure::OtherAccount).await?;
    }
    Ok(())
}
