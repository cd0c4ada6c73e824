//! What a browser's session remembers of its way through Link.

use std::collections::BTreeMap;

use entity::connection;
use entity::id::{CompanyId, ConnectionId};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use tower_sessions::session::Error;

use super::embedded::Host;
use base::vault::{digest, random_text};
use connect::begin::Begun;
use connect::finish::Held;
use connect::sweep::HELD;

const KEY: &str = "link";
/// So many consents are remembered; older ones are asked for again.
const REMEMBERED: usize = 12;
/// So many parameters of the Link URL are carried to the redirect, and so many characters of each.
const CARRIED: (usize, usize) = (20, 500);

/// What a session remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marks {
    /// Goes into every form of this session.
    pub form: String,
    /// The consents that this browser has posted, newest last.
    pub begun: Vec<Mark>,
    /// An account that waits for the owner's decision; kept apart, where the sweep finds it.
    #[serde(skip)]
    pub held: Option<Held>,
    /// Parameters of the Link URL, for the redirect at the end.
    pub carried: BTreeMap<String, String>,
    /// The page of another site that opened the newest Link URL in a window.
    #[serde(default)]
    pub host: Option<Host>,
}

/// A consent that this browser has posted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// The digest of its state.
    pub state: String,
    /// The company.
    pub company: CompanyId,
    /// The connection.
    pub connection: ConnectionId,
    /// When, in Unix seconds.
    pub at: i64,
}

impl Marks {
    /// What the session remembers; nothing for a new one.
    pub async fn of(session: &Session) -> Result<Self, Error> {
        let mut marks: Self = session.get(KEY).await?.unwrap_or_default();
        marks.held = session.get::<Option<Held>>(HELD).await?.flatten();
        Ok(marks)
    }

    /// What it remembers, with a text for its forms.
    pub async fn with_form(session: &Session) -> Result<Self, Error> {
        let mut marks = Self::of(session).await?;
        if marks.form.is_empty() {
            marks.form = random_text();
            marks.keep(session).await?;
        }
        Ok(marks)
    }

    /// Keeps it, at the end of the request.
    pub async fn keep(&self, session: &Session) -> Result<(), Error> {
        session.insert(KEY, self).await?;
        session.insert(HELD, &self.held).await
    }

    /// Whether a form is of this session. Digests are compared, so that time tells nothing of the text.
    pub fn made(&self, form: &str) -> bool {
        !self.form.is_empty() && digest(self.form.as_bytes()) == digest(form.as_bytes())
    }

    /// Notes a consent.
    pub fn add(&mut self, begun: &Begun, at: i64) {
        let connection = &begun.connection;
        self.note(Mark { state: begun.digest.clone(), company: connection.company_id, connection: connection.id, at });
    }

    /// Notes a consent, if it is not noted.
    pub fn note(&mut self, mark: Mark) {
        if !self.begun.iter().any(|one| one.state == mark.state) {
            self.begun.push(mark);
            self.begun.drain(..self.begun.len().saturating_sub(REMEMBERED));
        }
    }

    /// The newest consent that this browser posted for a connection.
    pub fn newest(&self, connection: &connection::Model) -> Option<&Mark> {
        self.begun.iter().rev().find(|mark| mark.connection == connection.id)
    }

    /// Whether this browser posted a consent for any connection of a company.
    pub fn knows(&self, company: CompanyId) -> bool {
        self.begun.iter().any(|mark| mark.company == company)
    }

    /// The consent with this state.
    pub fn with_state(&self, state: &str) -> Option<&Mark> {
        let digest = digest(state.as_bytes());
        self.begun.iter().find(|mark| mark.state == digest)
    }

    /// The account that waits for a decision about this connection.
    pub fn held_for(&self, connection: &connection::Model) -> Option<&Held> {
        self.held.as_ref().filter(|held| held.connection == connection.id)
    }

    /// The page that opened a window for this connection.
    pub fn host_of(&self, connection: ConnectionId) -> Option<&Host> {
        self.host.as_ref().filter(|host| host.connection == connection)
    }

    /// Remembers the Link URL's parameters other than our own. `true` when that changed anything.
    pub fn carry(&mut self, query: &[(String, String)]) -> bool {
        let own = |name: &str| name == "token" || name.starts_with("link.");
        let carried: BTreeMap<String, String> = query
            .iter()
            .filter(|(name, value)| !own(name) && name.len() <= CARRIED.1 && value.len() <= CARRIED.1)
            .take(CARRIED.0)
            .cloned()
            .collect();
        let changed = !carried.is_empty() && carried != self.carried;
        if changed {
            self.carried = carried;
        }
        changed
    }
}
