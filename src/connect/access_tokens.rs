//! Access tokens: a web page shows one instead of an API key. It is good for one company, for a day, and for little.

use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::hs256;
use super::keys::{self, Keys};
use base::boxed;
use store::Db;

/// Seconds that a token lives.
pub const LIFE: i64 = 86_400;
/// Under this label the signing key is made of the installation's.
const LABEL: &str = "access-token";
/// Whom a token is for.
const AUDIENCE: &str = "tributary";

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be signed.
    #[error("an access token cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// A key of ours is not at hand.
    #[error(transparent)]
    Keys(#[from] keys::Error),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: CompanyId,
    iat: i64,
    exp: i64,
}

/// A JWT (HS256) for a company, good from `now` for [`LIFE`] seconds.
///
/// # Errors
/// A fault of our own key.
#[boxed]
pub async fn issue(db: &Db, keys: &Keys, company: CompanyId, now: DateTime<Utc>) -> Result<String, Error> {
    hs256::install();
    let iat = now.timestamp();
    let claims = Claims { aud: AUDIENCE.to_owned(), sub: company, iat, exp: iat + LIFE };
    let key = EncodingKey::from_secret(&secret(db, keys).await?);
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
}

/// The company that a token is good for at `now`; none when it is no token of ours, or its day is over.
///
/// # Errors
/// A fault of our own key.
#[boxed]
pub async fn known(db: &Db, keys: &Keys, token: &str, now: DateTime<Utc>) -> Result<Option<CompanyId>, Error> {
    // Whatever has no two dots is an API key, or nothing.
    if token.split('.').count() != 3 {
        return Ok(None);
    }
    hs256::install();
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&[AUDIENCE]);
    // The clock is ours: see below.
    rules.validate_exp = false;
    rules.required_spec_claims = ["exp", "aud", "sub"].map(str::to_owned).into();
    let key = DecodingKey::from_secret(&secret(db, keys).await?);
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims);
    Ok(claims.filter(|claims| claims.exp > now.timestamp()).map(|claims| claims.sub))
}

async fn secret(db: &Db, keys: &Keys) -> Result<[u8; 32], keys::Error> {
    Ok(keys.installation(db).await?.mac(LABEL, b"signing key"))
}
