//! Data keys at hand: unwrapped by the master key, made when they are first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entity::id::CompanyId;
use sea_orm::DbErr;
use uuid::Uuid;

use base::boxed;
use base::clock::SharedClock;
use base::vault::{DataKey, MasterKey, VaultError};
use store::Db;

/// Why a key is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] DbErr),
    /// The master key is not the one that wrapped it.
    #[error("the master key is not the one that this database was made with: {0}")]
    Vault(#[from] VaultError),
}

/// The keys of this installation and of its companies.
#[derive(Debug)]
pub struct Keys {
    master: MasterKey,
    clock: SharedClock,
    unwrapped: Mutex<HashMap<Uuid, Arc<DataKey>>>,
}

impl Keys {
    /// Keys under this master key.
    #[must_use]
    pub fn new(master: MasterKey, clock: SharedClock) -> Self {
        Self { master, clock, unwrapped: Mutex::default() }
    }

    /// The installation's own key: seals integrations' secrets, hashes API keys, signs Link URLs.
    ///
    /// # Errors
    /// When the database does not answer, or the master key is another one.
    #[boxed]
    pub async fn installation(&self, db: &Db) -> Result<Arc<DataKey>, Error> {
        self.of(db, Uuid::nil()).await
    }

    /// A company's key: seals what Stripe gave us for it.
    ///
    /// # Errors
    /// As [`Keys::installation`].
    #[boxed]
    pub async fn company(&self, db: &Db, company: CompanyId) -> Result<Arc<DataKey>, Error> {
        self.of(db, company.0).await
    }

    /// Forgets an unwrapped key, after it was destroyed in the database.
    pub fn forget(&self, company: CompanyId) {
        self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner).remove(&company.0);
    }

    async fn of(&self, db: &Db, owner: Uuid) -> Result<Arc<DataKey>, Error> {
        if let Some(key) = self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner).get(&owner) {
            return Ok(Arc::clone(key));
        }
        let wrapped = match store::data_keys::find(db, owner).await? {
            Some(wrapped) => wrapped,
            None => self.make(db, owner).await?,
        };
        let key = Arc::new(self.master.unwrap(owner, &wrapped)?);
        self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner).insert(owner, Arc::clone(&key));
        Ok(key)
    }

    /// Makes a key; when two do so at once, the first one in the database is everybody's.
    async fn make(&self, db: &Db, owner: Uuid) -> Result<String, Error> {
        let wrapped = self.master.wrap(owner, &DataKey::generate());
        store::data_keys::insert(db, owner, wrapped.clone(), self.clock.now()).await?;
        Ok(store::data_keys::find(db, owner).await?.unwrap_or(wrapped))
    }
}
