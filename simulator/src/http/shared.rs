//! What all requests share, and what a request's key lets it see.

use super::clock::Clock;
use super::counters::Counters;
use super::credentials;
use super::error::Error;
use super::faults::Faults;
use super::journal::Journal;
use super::limits::Limits;
use super::oauth::connections::{Connections, Scope, Standing};
use super::options::Options;
use super::settings::Settings;
use super::version::SERVED;
use super::webhooks::Webhooks;
use crate::world::{Action, World};
use axum::http::HeaderMap;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::Notify;

/// The platform's own account: it exists and is empty.
pub const PLATFORM_ACCOUNT: &str = "acct_simulatorplatform";

/// What all requests share.
pub struct Shared {
    /// The accounts and their objects.
    pub world: Arc<World>,
    /// As it was started.
    pub options: Options,
    /// How it behaves now.
    settings: RwLock<Settings>,
    /// The simulator's time.
    pub clock: Clock,
    /// What has been served.
    pub counters: Arc<Counters>,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// Who has asked lately.
    pub limits: Limits,
    /// Who is told of events.
    pub webhooks: Arc<Webhooks>,
    /// Rings when something has happened.
    pub happened: Notify,
    /// The platform's secret keys; the last one works, the others have been rolled (trap 60).
    keys: Mutex<Vec<String>>,
    journal: Mutex<Journal>,
    /// Events of the connections themselves, which are in no account's list.
    of_connections: Mutex<Vec<Value>>,
    connections: Mutex<Connections>,
    next_account: Mutex<Option<String>>,
}

/// What a request may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// `acct_…`
    pub account: String,
    /// What it may do there.
    pub scope: Scope,
}

impl Shared {
    /// Puts together what a server needs.
    ///
    /// # Errors
    /// When no client for webhooks can be made.
    pub fn new(world: Arc<World>, options: Options, clock: Clock, journal: Journal) -> anyhow::Result<Self> {
        let connections = Mutex::new(Connections::new(options.livemode()));
        let webhooks = Webhooks::new(options.webhook.clone(), clock.clone(), options.livemode())?;
        Ok(Self {
            settings: RwLock::new(Settings::of(&options)),
            keys: Mutex::new(vec![options.secret_key.clone()]),
            world,
            webhooks: Arc::new(webhooks),
            options,
            clock,
            counters: Arc::default(),
            faults: Arc::default(),
            limits: Limits::default(),
            happened: Notify::new(),
            journal: Mutex::new(journal),
            of_connections: Mutex::default(),
            connections,
            next_account: Mutex::default(),
        })
    }

    /// How the simulator behaves at this moment.
    #[must_use]
    pub fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches how it behaves.
    ///
    /// # Errors
    /// A sentence that names the setting; then nothing has changed.
    pub fn set(&self, settings: Settings) -> Result<(), String> {
        settings.check()?;
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        self.world.set_late(settings.late_seconds);
        self.happened.notify_one();
        Ok(())
    }

    /// Makes something happen, writes it down and returns the events of it.
    ///
    /// # Errors
    /// A sentence that says why it cannot happen, or could not be written down.
    pub fn act(&self, account: &str, action: Action, now: i64) -> Result<Vec<Value>, String> {
        // Held while it happens, so that the journal has the world's order.
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let events = self.world.act(account, action.clone(), now)?;
        journal.note(now, account, action).map_err(|error| format!("It happened, but the journal failed: {error}"))?;
        drop(journal);
        self.happened.notify_one();
        Ok(events)
    }

    /// Ends a connection, and tells the platform; whether there was one.
    pub fn disconnect(&self, account: &str) -> bool {
        let was_connected = self.connections().disconnect(account);
        if was_connected {
            self.tell(account, "account.application.deauthorized");
        }
        was_connected
    }

    /// Tells the platform of its connection with an account.
    pub fn tell(&self, account: &str, name: &str) {
        if !self.webhooks.listened_to() {
            return;
        }
        let event = json!({
            "account": account,
            "api_version": SERVED,
            "context": null,
            "created": self.clock.seconds(),
            "data": { "object": { "id": self.options.client_id, "name": "The platform", "object": "application" } },
            "id": format!("evt_1P{}", Alphanumeric.sample_string(&mut rand::rng(), 22)),
            "livemode": false,
            "object": "event",
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": name,
        });
        self.of_connections.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.happened.notify_one();
    }

    /// The events of connections since the last call.
    pub fn take_told(&self) -> Vec<Value> {
        std::mem::take(&mut self.of_connections.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connections, for this moment alone.
    pub fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account that the next authorization begins with, if one was chosen.
    pub fn next_account(&self) -> MutexGuard<'_, Option<String>> {
        self.next_account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An account's own secret key, as its owner has it.
    #[must_use]
    pub fn own_key(&self, account: &str) -> String {
        own_key(self.options.livemode(), account)
    }

    /// Which account a request is about: the platform's key with `Stripe-Account` or an account in the path, an access
    /// token, or an account's own key.
    ///
    /// # Errors
    /// 401 for no key or a wrong one, 403 `account_invalid` for an account that the key does not reach.
    pub fn access(&self, headers: &HeaderMap, in_path: Option<&str>) -> Result<Access, Error> {
        let key = credentials::key_of(headers).ok_or_else(Error::no_key)?;
        let header = named_account(headers)?;
        if let (Some(header), Some(path)) = (header, in_path)
            && header != path
        {
            return Err(Error::no_access(&key, path));
        }
        let named = header.or(in_path);
        match self.is_platforms(&key) {
            Some(true) => return self.platform_access(&key, named),
            Some(false) => return Err(Error::expired_key(&key)),
            None => {}
        }
        let access = self.account_access(&key)?;
        match named {
            Some(other) if other != access.account => Err(Error::no_access(&key, other)),
            _ => Ok(access),
        }
    }

    /// Whether a key of the platform's works or has been rolled; `None` for a key of somebody else's.
    #[must_use]
    pub fn is_platforms(&self, key: &str) -> Option<bool> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let place = keys.iter().rposition(|known| known == key)?;
        Some(place + 1 == keys.len())
    }

    /// From now on another key is the platform's; the accounts stay connected.
    pub fn roll_key(&self, key: String) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
    }

    fn platform_access(&self, key: &str, named: Option<&str>) -> Result<Access, Error> {
        let account = named.unwrap_or(PLATFORM_ACCOUNT);
        let own = (account == PLATFORM_ACCOUNT).then_some(Scope::ReadWrite);
        let scope = own.or_else(|| self.connections().scope(account)).ok_or_else(|| Error::no_access(key, account))?;
        Ok(Access { account: account.to_owned(), scope })
    }

    fn account_access(&self, key: &str) -> Result<Access, Error> {
        match self.connections().standing(key) {
            Some(Standing::Good(account, scope)) => return Ok(Access { account: account.clone(), scope: *scope }),
            Some(Standing::Replaced) => return Err(Error::expired_key(key)),
            Some(Standing::Revoked(account)) => return Err(Error::no_access(key, account)),
            None => {}
        }
        let own = own_key(self.options.livemode(), "");
        let account = key.strip_prefix(&own).map(|rest| format!("acct_{rest}"));
        let account = account.filter(|account| self.world.has(account)).ok_or_else(|| Error::wrong_key(key))?;
        Ok(Access { account, scope: Scope::ReadWrite })
    }
}

/// An account's own secret key: `sk_test_own_` and the account's id without its `acct_`.
#[must_use]
pub fn own_key(livemode: bool, account: &str) -> String {
    let mode = if livemode { "live" } else { "test" };
    format!("sk_{mode}_own_{}", account.trim_start_matches("acct_"))
}

fn named_account(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    if headers.contains_key("stripe-context") {
        return Err(Error::invalid("The simulator does not know Stripe-Context; use Stripe-Account."));
    }
    let Some(value) = headers.get("stripe-account") else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::invalid("Stripe-Account is not text."))?;
    Ok(Some(text))
}
