//! Setting an integration up: what an admin gives is checked here, then once at Stripe, then sealed and kept.

use entity::integration::{self, Mode, Scope, Sync};
use secrecy::{ExposeSecret, SecretString};

use super::{Fault, Means, schedules, webhooks};
use base::boxed;
use base::vault::Place;
use store::connections::Among;
use stripe::oauth::Platform;
use sync::schedule::{self, Plan};

/// What is to be changed; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// `ca_...`
    pub client_id: Option<String>,
    /// `sk_test_...` or `sk_live_...`, by the integration's mode.
    pub secret_key: Option<SecretString>,
    /// `whsec_...`
    pub webhook_secret: Option<SecretString>,
    /// `read_only` or `read_write`.
    pub scope: Option<String>,
    /// `once`, `hourly`, `daily`, `weekly` or `monthly`.
    pub sync: Option<String>,
    /// The hour that daily and rarer syncs keep to, `03:00`; an empty text is none.
    pub sync_at: Option<String>,
    /// The time zone of that hour, `Europe/Berlin`; an empty text is UTC.
    pub sync_time_zone: Option<String>,
    /// Whether it starts links and syncs. Not given, the first complete set-up switches it on.
    pub enabled: Option<bool>,
}

/// A value that is not taken, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Refusal {
    /// The field: `client_id`, `secret_key`, `webhook_secret`, `scope`, `sync`, `sync_at`,
    /// `sync_time_zone` or `enabled`.
    pub field: &'static str,
    /// What is wrong and what is allowed. It never shows a secret.
    pub message: String,
}

/// Why an integration was not set. Nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none with this platform key.
    #[error("there is no integration `{0}`; `exgd` is Stripe, `yzth` is Stripe Test")]
    NotFound(String),
    /// A value is not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Stripe could not be asked whether the key is good.
    #[error("nothing was saved, because Stripe could not be asked whether the secret key is good: {0}")]
    Unreachable(stripe::error::Error),
    /// Ours to mend.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Sets the integration `platform_key`: all of the change, or nothing. Its connections follow another plan at once.
///
/// # Errors
/// See [`Error`]; nothing is saved then.
#[boxed]
pub async fn set<'a>(means: Means<'a>, platform_key: &'a str, change: Change) -> Result<integration::Model, Error> {
    let row = store::integrations::by_key(means.db, platform_key).await?;
    let mut row = row.ok_or_else(|| Error::NotFound(platform_key.to_owned()))?;
    let was_complete = row.client_id.is_some() && row.secret_key.is_some();
    let plan = Plan::of(&row);
    plain(&mut row, &change)?;
    let key = means.keys.installation(means.db).await.map_err(Fault::from)?;
    if let Some(given) = &change.secret_key {
        let secret = checked("secret_key", given, &|text| secret_key(text, row.mode))?;
        good_at_stripe(means, &secret, row.mode).await?;
        row.secret_key_hint = Some(hint(&secret));
        row.secret_key = Some(key.seal(&place(&row, "secret_key"), &secret));
        row.refused_at = None;
    }
    if let Some(given) = &change.webhook_secret {
        let secret = checked("webhook_secret", given, &webhook_secret)?;
        webhooks::roll(&key, &mut row, &secret, means.clock.now())?;
    }
    let complete = row.client_id.is_some() && row.secret_key.is_some();
    row.enabled = change.enabled.unwrap_or(row.enabled || (complete && !was_complete));
    if row.enabled && !complete {
        let message = "it cannot be switched on before it has a client_id and a secret_key".to_owned();
        return Err(Refusal { field: "enabled", message }.into());
    }
    row.updated_at = means.clock.now();
    let tx = store::write(means.db).await?;
    let row = store::integrations::save(&tx, row).await?;
    if Plan::of(&row) != plan {
        schedules::renew(&tx, Among::Integration(row.id), row.updated_at).await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// The platform as the integration knows it, with its key opened.
///
/// # Errors
/// When the integration has no keys, or they do not open.
#[boxed]
pub async fn platform<'a>(means: Means<'a>, row: &'a integration::Model) -> Result<Platform, Fault> {
    let secret_key = secret_key_of(means, row).await?;
    Ok(Platform { client_id: row.client_id.clone().unwrap_or_default(), secret_key })
}

/// The integration's secret key, opened.
///
/// # Errors
/// When it has none, or it does not open.
#[boxed]
pub async fn secret_key_of<'a>(means: Means<'a>, row: &'a integration::Model) -> Result<SecretString, Fault> {
    let key = means.keys.installation(means.db).await?;
    Ok(key.open(&place(row, "secret_key"), row.secret_key.as_deref().unwrap_or_default())?)
}

/// Where a secret of an integration lives.
pub(super) fn place(row: &integration::Model, column: &'static str) -> Place {
    Place::new("integration", row.id, column)
}

/// The values that are no secrets.
fn plain(row: &mut integration::Model, change: &Change) -> Result<(), Refusal> {
    if let Some(given) = &change.client_id {
        let text = trimmed("client_id", given)?;
        client_id(&text).map_err(|message| Refusal { field: "client_id", message })?;
        row.client_id = Some(text);
    }
    if let Some(given) = &change.scope {
        let allowed = [Scope::ReadOnly, Scope::ReadWrite];
        row.scope = one_of("scope", given, &allowed, Scope::as_str)?;
    }
    if let Some(given) = &change.sync {
        let allowed = [Sync::Once, Sync::Hourly, Sync::Daily, Sync::Weekly, Sync::Monthly];
        row.sync = one_of("sync", given, &allowed, Sync::as_str)?;
    }
    by_the_clock(row, change)
}

/// The hour and its time zone: both are to be read again.
fn by_the_clock(row: &mut integration::Model, change: &Change) -> Result<(), Refusal> {
    let set = |given: &str| Some(given.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(given) = &change.sync_time_zone {
        row.sync_time_zone = set(given);
        schedule::hour("00:00", row.sync_time_zone.as_deref())
            .map_err(|message| Refusal { field: "sync_time_zone", message })?;
    }
    if let Some(given) = &change.sync_at {
        row.sync_at = set(given);
        let text = row.sync_at.as_deref().unwrap_or("00:00");
        schedule::hour(text, row.sync_time_zone.as_deref()).map_err(|message| Refusal { field: "sync_at", message })?;
    }
    Ok(())
}

fn one_of<T: Copy>(
    field: &'static str,
    given: &str,
    allowed: &[T],
    word: impl Fn(T) -> &'static str,
) -> Result<T, Refusal> {
    let found = allowed.iter().copied().find(|one| word(*one) == given.trim());
    found.ok_or_else(|| {
        let words = allowed.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ");
        Refusal { field, message: format!("`{}` is not allowed; use one of {words}", shown(given)) }
    })
}

/// Enough of a wrong word to know it again, not enough to spill a secret that was put in the wrong place.
fn shown(given: &str) -> String {
    given.trim().chars().take(12).collect()
}

fn trimmed(field: &'static str, given: &str) -> Result<String, Refusal> {
    let text = given.trim();
    let refuse = |message: &str| Err(Refusal { field, message: message.to_owned() });
    match () {
        () if text.is_empty() => refuse("it is empty"),
        () if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte)) => {
            refuse("it has characters that Stripe never uses: only letters, digits and `_` are allowed")
        }
        () if text.len() > 255 => refuse("it is longer than 255 characters"),
        () => Ok(text.to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret that was just given is looked at before it is sealed")]
fn checked(
    field: &'static str,
    given: &SecretString,
    form: &dyn Fn(&str) -> Result<(), String>,
) -> Result<SecretString, Refusal> {
    let text = trimmed(field, given.expose_secret())?;
    form(&text).map_err(|message| Refusal { field, message })?;
    Ok(text.into())
}

/// Prefix and last four characters.
#[expect(clippy::disallowed_methods, reason = "shows what an admin knows a secret again by")]
pub(super) fn hint(secret: &SecretString) -> String {
    let text = secret.expose_secret();
    let prefix = ["sk_test_", "sk_live_", "whsec_"].into_iter().find(|one| text.starts_with(one)).unwrap_or_default();
    let rest = &text[prefix.len()..];
    // Of a short secret four characters would be too much of it.
    let last = if rest.len() >= 12 { &rest[rest.len() - 4..] } else { "" };
    format!("{prefix}...{last}")
}

/// What the thing is that was put in the wrong field, where its prefix tells.
fn known(text: &str) -> Option<&'static str> {
    let prefixes = [
        ("pk_", "a publishable key"),
        ("rk_", "a restricted key"),
        ("sk_", "a secret key"),
        ("ca_", "a client id"),
        ("whsec_", "a webhook signing secret"),
        ("acct_", "an account id"),
        ("rt_", "a refresh token"),
        ("ac_", "an authorization code"),
    ];
    prefixes.into_iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, name)| name)
}

fn not_that(text: &str, wanted: &str) -> String {
    known(text).map_or_else(|| format!("it must be {wanted}"), |name| format!("this is {name}; it must be {wanted}"))
}

fn client_id(text: &str) -> Result<(), String> {
    let good = text.strip_prefix("ca_").is_some_and(|rest| !rest.is_empty());
    if good { Ok(()) } else { Err(not_that(text, "the Connect client id, which begins with ca_")) }
}

fn webhook_secret(text: &str) -> Result<(), String> {
    let good = text.strip_prefix("whsec_").is_some_and(|rest| !rest.is_empty());
    if good { Ok(()) } else { Err(not_that(text, "the endpoint's signing secret, which begins with whsec_")) }
}

fn secret_key(text: &str, mode: Mode) -> Result<(), String> {
    let (own, other, other_mode) = match mode {
        Mode::Live => ("sk_live_", "sk_test_", "a test mode key; it belongs to Stripe Test (yzth)"),
        Mode::Test => ("sk_test_", "sk_live_", "a live mode key; it belongs to Stripe (exgd)"),
    };
    match () {
        () if text.strip_prefix(own).is_some_and(|rest| !rest.is_empty()) => Ok(()),
        () if text.starts_with(other) => Err(format!("this is {other_mode}, and this integration takes {own}...")),
        () => Err(not_that(text, &format!("the platform's secret key, which begins with {own}"))),
    }
}

async fn good_at_stripe(means: Means<'_>, key: &SecretString, mode: Mode) -> Result<(), Error> {
    use stripe::error::Error as Answer;
    let account = means.stripe.account(key.clone(), None, mode == Mode::Live);
    let refused = |message: String| Err(Refusal { field: "secret_key", message }.into());
    match account.get("/v1/account", "/v1/account", &[]).await {
        Ok(_) => Ok(()),
        Err(Answer::PlatformKey(text)) => refused(format!("Stripe does not know this key; it says: {text}")),
        Err(Answer::NotPermitted(text)) => refused(format!("Stripe does not let this key in; it says: {text}")),
        Err(error) => Err(Error::Unreachable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_checked_by_its_form_and_its_mode() {
        let refused = |result: Result<(), String>, part: &str| {
            let message = result.unwrap_err();
            assert!(message.contains(part), "{message}");
        };
        secret_key("sk_test_1", Mode::Test).unwrap();
        secret_key("sk_live_1", Mode::Live).unwrap();
        client_id("ca_1").unwrap();
        webhook_secret("whsec_1").unwrap();
        refused(secret_key("sk_live_1", Mode::Test), "live mode key; it belongs to Stripe (exgd)");
        refused(secret_key("sk_test_1", Mode::Live), "belongs to Stripe Test (yzth)");
        refused(secret_key("pk_test_1", Mode::Test), "publishable");
        refused(secret_key("ca_1", Mode::Test), "this is a client id");
        refused(secret_key("sk_test_", Mode::Test), "begins with sk_test_");
        refused(client_id("sk_test_1"), "this is a secret key");
        refused(webhook_secret("hunter2"), "begins with whsec_");
    }

    #[test]
    fn blanks_around_are_cut_and_blanks_within_are_refused() {
        assert_eq!(trimmed("client_id", "  ca_1\n").unwrap(), "ca_1");
        assert_eq!(trimmed("client_id", " ").unwrap_err().message, "it is empty");
        assert!(trimmed("client_id", "ca_1 2").is_err());
        assert!(trimmed("client_id", "ca_\u{200b}1").is_err());
    }

    #[test]
    fn a_hint_shows_the_prefix_and_the_last_four() {
        assert_eq!(hint(&"sk_test_51abcdefghijWXYZ".to_owned().into()), "sk_test_...WXYZ");
        assert_eq!(hint(&"sk_test_short".to_owned().into()), "sk_test_...");
        assert_eq!(hint(&"whsec_0123456789abcdef".to_owned().into()), "whsec_...cdef");
    }

    #[test]
    fn a_word_outside_the_list_is_named_with_the_list() {
        let error = one_of("sync", "yearly", &[Sync::Once, Sync::Daily], Sync::as_str).unwrap_err();
        assert_eq!(error.to_string(), "sync: `yearly` is not allowed; use one of once, daily");
    }
}
