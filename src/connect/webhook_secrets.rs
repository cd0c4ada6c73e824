//! The secrets that webhooks are signed with: made, sealed, and changed with a time in which both sign.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use entity::id::WebhookConsumerId;
use entity::webhook_consumer::Model;
use rand::RngExt;
use secrecy::SecretString;

use super::Fault;
use super::keys::Keys;
use base::boxed;
use base::vault::Place;
use store::Db;

fn present(id: WebhookConsumerId) -> Place {
    Place::new("webhook_consumer", id, "secret")
}

fn previous(id: WebhookConsumerId) -> Place {
    Place::new("webhook_consumer", id, "previous_secret")
}

/// As Standard Webhooks has it: `whsec_` and the base64 of 32 random bytes.
#[must_use]
pub fn generate() -> SecretString {
    format!("whsec_{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; 32]>())).into()
}

/// A new secret, sealed for a consumer.
///
/// # Errors
/// When the key is not at hand.
#[boxed]
pub async fn seal(db: &Db, keys: &Keys, id: WebhookConsumerId, secret: &SecretString) -> Result<String, Fault> {
    Ok(keys.installation(db).await?.seal(&present(id), secret))
}

/// The secrets that sign now, the present one first.
///
/// # Errors
/// When the key is not at hand, or what is sealed does not open.
#[boxed]
pub async fn signing(db: &Db, keys: &Keys, consumer: &Model, now: DateTime<Utc>) -> Result<Vec<SecretString>, Fault> {
    let key = keys.installation(db).await?;
    let mut secrets = vec![key.open(&present(consumer.id), &consumer.secret)?];
    let until = consumer.previous_secret_until.filter(|until| *until > now);
    if let (Some(_), Some(sealed)) = (until, &consumer.previous_secret) {
        secrets.push(key.open(&previous(consumer.id), sealed)?);
    }
    Ok(secrets)
}

/// Makes a new secret; the present one signs beside it until a time. None when there is no such consumer.
///
/// # Errors
/// As [`signing`].
#[boxed]
pub async fn rotate(
    db: &Db,
    keys: &Keys,
    id: WebhookConsumerId,
    both_until: DateTime<Utc>,
) -> Result<Option<SecretString>, Fault> {
    let key = keys.installation(db).await?;
    let tx = store::write(db).await?;
    let Some(row) = store::webhook_consumers::hold(&tx, id).await? else { return Ok(None) };
    let before = key.seal(&previous(id), &key.open(&present(id), &row.secret)?);
    let secret = generate();
    let sealed = key.seal(&present(id), &secret);
    store::webhook_consumers::rotate(&tx, id, sealed, Some((before, both_until))).await?;
    tx.commit().await?;
    Ok(Some(secret))
}
