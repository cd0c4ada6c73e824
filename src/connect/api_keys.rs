//! API keys: made, shown once, kept as a keyed hash, known again.

use entity::api_key;
use entity::id::ApiKeyId;
use rand::seq::IndexedRandom;
use sea_orm::DbErr;
use secrecy::SecretString;

use super::keys::{self, Keys};
use base::boxed;
use base::clock::Clock;
use base::vault::digest;
use store::Db;

/// How a key begins.
const PREFIX: &str = "trb_";
/// Random characters of a key: 40 of 62 letters and digits hold 238 bits.
const RANDOM: usize = 40;
/// Characters of the checksum, which tells a mistyped key from an unknown one without the database.
const CHECK: usize = 6;
/// The most keys at once.
pub const MOST: usize = 10;
/// Under this label keys are hashed.
const LABEL: &str = "api-key";
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why a key was not made or not removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are as many keys as there may be.
    #[error("There are {MOST} API keys already, which is the most there can be. Delete one first.")]
    TooMany,
    /// It is the only one.
    #[error("This is the last API key. Create another one before you delete it, or nobody can reach the API.")]
    Last,
    /// There is no such key.
    #[error("There is no such API key.")]
    None,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] DbErr),
    /// A key of ours is not at hand.
    #[error(transparent)]
    Keys(#[from] keys::Error),
}

/// Makes a key: `trb_`, 40 random letters and digits, and a checksum of 6. The key itself is not kept.
///
/// # Errors
/// [`Error::TooMany`], or a fault.
#[boxed]
pub async fn create(
    db: &Db,
    keys: &Keys,
    clock: &dyn Clock,
    name: Option<String>,
) -> Result<(api_key::Model, SecretString), Error> {
    let hashing = keys.installation(db).await?;
    let key = generate();
    let row = api_key::Model {
        id: ApiKeyId::new(),
        name,
        key_mac: hex::encode(hashing.mac(LABEL, key.as_bytes())),
        hint: format!("{PREFIX}…{}", &key[key.len() - 4..]),
        created_at: clock.now(),
        last_used_at: None,
    };
    let tx = store::write(db).await?;
    store::profiles::hold(&tx).await?;
    if store::api_keys::all(&tx).await?.len() >= MOST {
        return Err(Error::TooMany);
    }
    store::api_keys::insert(&tx, row.clone()).await?;
    tx.commit().await?;
    Ok((row, key.into()))
}

/// The key that this text is; none when it is no key of ours. Notes its use, at most once a minute.
///
/// # Errors
/// A fault of the database or of our own key.
#[boxed]
pub async fn known(db: &Db, keys: &Keys, clock: &dyn Clock, text: &str) -> Result<Option<api_key::Model>, Error> {
    if !well_formed(text) {
        return Ok(None);
    }
    let mac = hex::encode(keys.installation(db).await?.mac(LABEL, text.as_bytes()));
    let Some(row) = store::api_keys::by_mac(db, &mac).await? else { return Ok(None) };
    let now = clock.now();
    if row.last_used_at.is_none_or(|last| now - last >= chrono::Duration::minutes(1)) {
        // A database that takes no writes can be read all the same.
        if let Err(error) = store::api_keys::used(db, row.id, now).await {
            tracing::warn!(%error, key.id = %row.id, "the use of an API key could not be noted");
        }
    }
    Ok(Some(row))
}

/// Removes a key, unless it is the last one.
///
/// # Errors
/// [`Error::None`], [`Error::Last`], or a fault.
#[boxed]
pub async fn delete(db: &Db, id: ApiKeyId) -> Result<(), Error> {
    let tx = store::write(db).await?;
    store::profiles::hold(&tx).await?;
    let all = store::api_keys::all(&tx).await?;
    if all.iter().all(|key| key.id != id) {
        return Err(Error::None);
    }
    if all.len() == 1 {
        return Err(Error::Last);
    }
    store::api_keys::delete(&tx, id).await?;
    tx.commit().await?;
    Ok(())
}

fn generate() -> String {
    let mut rng = rand::rng();
    let random: String = (0..RANDOM).filter_map(|_| LETTERS.choose(&mut rng)).copied().map(char::from).collect();
    format!("{PREFIX}{random}{}", checksum(&random))
}

fn well_formed(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .filter(|rest| rest.is_ascii() && rest.len() == RANDOM + CHECK)
        .is_some_and(|rest| checksum(&rest[..RANDOM]) == rest[RANDOM..])
}

fn checksum(random: &str) -> String {
    let hash = digest(random.as_bytes());
    let mut number = u64::from_str_radix(&hash[..8], 16).unwrap_or_default();
    let mut letters = String::with_capacity(CHECK);
    for _ in 0..CHECK {
        let place = usize::try_from(number % 62).unwrap_or_default();
        letters.extend(LETTERS.get(place).copied().map(char::from));
        number /= 62;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_told_from_a_well_formed_one() {
        assert!(well_formed(&generate()));
        let random = "a".repeat(RANDOM);
        let key = format!("{PREFIX}{random}{}", checksum(&random));
        for bad in
            ["", "trb_", "trb_é", &key[..key.len() - 1], &key.replacen('a', "b", 1), &key.replacen("trb", "TRB", 1)]
        {
            assert!(!well_formed(bad), "{bad}");
        }
    }
}
