//! Who signs in to the portal: the first admin by a set-up token, everyone by a password.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng};
use entity::id::UserId;
use entity::user;
use sea_orm::DbErr;
use secrecy::{ExposeSecret, SecretString};

use super::keys::{self, Keys};
use base::boxed;
use base::clock::Clock;
use base::vault::{digest, random_text};
use store::Db;

/// Characters that a password has at least.
pub const SHORTEST: usize = 12;
/// Bytes that a password may have: hashing more would only cost time.
const LONGEST: usize = 1024;
/// Under this label the set-up token is made.
const LABEL: &str = "set-up";

/// Why a user was not made or not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no address.
    #[error("The email is no address: give one such as me@example.com.")]
    Email,
    /// The password is too short or too long.
    #[error("The password must have {SHORTEST} characters or more, and {LONGEST} bytes at most.")]
    Password,
    /// The token is another one.
    #[error("This is not the set-up token. The server prints it when it starts.")]
    Token,
    /// Somebody is there already.
    #[error("The first user was set up already. Sign in, or reset the password with `tributary user reset-password`.")]
    SetUp,
    /// Nobody has this address.
    #[error("there is no user with the email {0}")]
    None(String),
    /// A hash cannot be made or read.
    #[error("a password cannot be hashed: {0}")]
    Hash(String),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] DbErr),
    /// A key of ours is not at hand.
    #[error(transparent)]
    Keys(#[from] keys::Error),
}

/// The token that lets the first user be made; none when there is a user. It is the same on every process and at every
/// start, and nothing is stored: it is made of the installation's key.
///
/// # Errors
/// A fault of the database or of our own key.
#[boxed]
pub async fn set_up_token(db: &Db, keys: &Keys) -> Result<Option<String>, Error> {
    if store::users::count(db).await? > 0 {
        return Ok(None);
    }
    let tag = keys.installation(db).await?.mac(LABEL, b"the first user");
    Ok(Some(hex::encode(&tag[..16])))
}

/// Makes the first user.
///
/// # Errors
/// [`Error::SetUp`], [`Error::Token`], what is wrong with the email or the password, or a fault.
#[boxed]
pub async fn set_up(
    db: &Db,
    keys: &Keys,
    clock: &dyn Clock,
    token: &str,
    email: &str,
    password: SecretString,
) -> Result<user::Model, Error> {
    let expected = set_up_token(db, keys).await?.ok_or(Error::SetUp)?;
    // Of digests it does not matter how long a comparison takes.
    if digest(token.trim().as_bytes()) != digest(expected.as_bytes()) {
        return Err(Error::Token);
    }
    let row = fresh(clock, email, password).await?;
    let tx = store::write(db).await?;
    store::profiles::hold(&tx).await?;
    if store::users::count(&tx).await? > 0 {
        return Err(Error::SetUp);
    }
    store::users::insert(&tx, row.clone()).await?;
    tx.commit().await?;
    Ok(row)
}

/// The user whom this email and this password are of; none when there is none. An unknown email takes as long as a
/// wrong password.
///
/// # Errors
/// A fault.
#[boxed]
pub async fn sign_in(
    db: &Db,
    clock: &dyn Clock,
    email: &str,
    password: SecretString,
) -> Result<Option<user::Model>, Error> {
    let found = store::users::by_email(db, email.trim()).await?;
    let kept = match &found {
        Some(row) => row.password_hash.clone(),
        None => hash(random_text().into()).await?,
    };
    if !verify(password, kept).await? {
        return Ok(None);
    }
    if let Some(row) = &found {
        store::users::signed_in(db, row.id, clock.now()).await?;
    }
    Ok(found)
}

/// Gives a user a new random password, and signs them out everywhere.
///
/// # Errors
/// [`Error::None`], or a fault.
#[boxed]
pub async fn reset_password(db: &Db, clock: &dyn Clock, email: &str) -> Result<SecretString, Error> {
    let row = store::users::by_email(db, email.trim()).await?.ok_or_else(|| Error::None(email.trim().to_owned()))?;
    let password = SecretString::from(random_text());
    store::users::set_password(db, row.id, hash(password.clone()).await?, clock.now()).await?;
    Ok(password)
}

async fn fresh(clock: &dyn Clock, email: &str, password: SecretString) -> Result<user::Model, Error> {
    let email = address(email)?;
    let now = clock.now();
    Ok(user::Model {
        id: UserId::new(),
        email_folded: email.to_lowercase(),
        email,
        name: None,
        password_hash: hash(checked(password)?).await?,
        password_set_at: now,
        created_at: now,
        last_sign_in_at: Some(now),
    })
}

fn address(given: &str) -> Result<String, Error> {
    let given = given.trim();
    let plain = given.len() <= 254 && !given.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let halves = given.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if plain && halves { Ok(given.to_owned()) } else { Err(Error::Email) }
}

#[expect(clippy::disallowed_methods, reason = "a new password is looked at before it is hashed")]
fn checked(password: SecretString) -> Result<SecretString, Error> {
    let text = password.expose_secret();
    let good = text.chars().count() >= SHORTEST && text.len() <= LONGEST;
    if good { Ok(password) } else { Err(Error::Password) }
}

/// Hashing takes long on purpose: it does not hold up other requests.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Hash(error.to_string()))?
}

#[expect(clippy::disallowed_methods, reason = "a password is hashed")]
async fn hash(password: SecretString) -> Result<user::PasswordHash, Error> {
    apart(move || {
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(password.expose_secret().as_bytes(), &salt);
        hash.map(|hash| user::PasswordHash(hash.to_string())).map_err(|error| Error::Hash(error.to_string()))
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "a password is compared with its hash")]
async fn verify(password: SecretString, kept: user::PasswordHash) -> Result<bool, Error> {
    apart(move || {
        let hash = PasswordHash::new(&kept.0).map_err(|error| Error::Hash(error.to_string()))?;
        match Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::Password) => Ok(false),
            Err(error) => Err(Error::Hash(error.to_string())),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_halves_and_no_blanks() {
        for good in ["me@example.com", " me@example.com ", "a@b"] {
            assert_eq!(address(good).unwrap(), good.trim());
        }
        for bad in ["", "me", "@example.com", "me@", "me @example.com", "me@exam\nple.com"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_password_opens_only_its_own_hash() {
        let kept = hash("correct horse battery".to_owned().into()).await.unwrap();
        assert!(kept.0.starts_with("$argon2id$"));
        assert!(verify("correct horse battery".to_owned().into(), kept.clone()).await.unwrap());
        assert!(!verify("correct horse batterY".to_owned().into(), kept).await.unwrap());
        assert!(checked("short".to_owned().into()).is_err());
    }
}
