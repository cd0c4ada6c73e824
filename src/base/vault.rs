//! The one place that sees a secret in the clear on its way to or from the database.
//!
//! Two layers: a [`MasterKey`], which lives outside the database, wraps a [`DataKey`] for each owner (a company, or the
//! installation); data keys seal the secrets. The cipher is XChaCha20-Poly1305 with a fresh random nonce, and a sealed
//! text is bound to its [`Place`]: moved to another row, column or table, cut, or altered by a bit, it does not open.
//! Every sealed text carries the id of the key that it needs, so that keys can be exchanged one after another.
#![expect(clippy::disallowed_methods, reason = "this is the door")]

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

/// How a master key's text begins.
const MASTER_PREFIX: &str = "tributary-master-v1";
/// How a sealed text begins; a change of cipher would get another.
const VERSION: &str = "v1";
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce of XChaCha20-Poly1305.
const NONCE_BYTES: usize = 24;

/// Why something does not open. No variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The text is no master key. Where it came from, its reader knows.
    #[error("{0}; make one with `tributary key generate-master`")]
    MasterKey(&'static str),
    /// The sealed text has no form that this version knows.
    #[error("a sealed text has an unknown form")]
    Form,
    /// The sealed text asks for a key that is not here.
    #[error("a sealed text needs the key {needed}, but the key at hand is {at_hand}")]
    WrongKey {
        /// The id in the sealed text.
        needed: String,
        /// The id of the key that was tried.
        at_hand: String,
    },
    /// The sealed text was altered, or belongs to another place.
    #[error("a sealed text does not open: it was altered or moved")]
    Altered,
}

/// Where a sealed text lives. It opens nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The table's name.
    pub table: &'static str,
    /// The row's key, as text.
    pub row: String,
    /// The column's name.
    pub column: &'static str,
}

impl Place {
    /// The cell of `table` in the row `row` and the column `column`.
    pub fn new(table: &'static str, row: impl fmt::Display, column: &'static str) -> Self {
        Self { table, row: row.to_string(), column }
    }

    /// The place as associated data: each part with its length before it, so that no two places read alike.
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [VERSION, self.table, &self.row, self.column] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// A secret of 32 bytes that wipes itself and never shows itself.
#[derive(Clone)]
struct KeyBytes(Zeroizing<[u8; KEY_BYTES]>);

impl KeyBytes {
    fn generate() -> Self {
        Self(Zeroizing::new(<[u8; KEY_BYTES]>::generate()))
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let bytes: &[u8; KEY_BYTES] = &self.0;
        XChaCha20Poly1305::new(bytes.into())
    }

    #[expect(clippy::expect_used, reason = "no secret is that long")]
    fn seal(&self, key_id: &str, place: &Place, plain: &[u8]) -> String {
        let cipher = self.cipher();
        let nonce = XNonce::generate();
        let payload = Payload { msg: plain, aad: &place.associated_data() };
        let sealed = cipher.encrypt(&nonce, payload).expect("the cipher refuses only messages of more than 256 GiB");
        let bytes = [nonce.as_slice(), &sealed].concat();
        format!("{VERSION}.{key_id}.{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    fn open(&self, key_id: &str, place: &Place, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut parts = sealed.split('.');
        let (Some(VERSION), Some(needed), Some(body), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VaultError::Form);
        };
        if needed != key_id {
            return Err(VaultError::WrongKey { needed: needed.to_owned(), at_hand: key_id.to_owned() });
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::Form)?;
        let (nonce, cipher_text) = bytes.split_at_checked(NONCE_BYTES).ok_or(VaultError::Form)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| VaultError::Form)?;
        let payload = Payload { msg: cipher_text, aad: &place.associated_data() };
        let cipher = self.cipher();
        cipher.decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| VaultError::Altered)
    }
}

/// The key that wraps all data keys. It comes from the settings and is never stored.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    bytes: KeyBytes,
}

impl MasterKey {
    /// A new random key with a new random id.
    #[must_use]
    pub fn generate() -> Self {
        Self { id: hex::encode(<[u8; 4]>::generate()), bytes: KeyBytes::generate() }
    }

    /// Reads `tributary-master-v1:<id>:<base64 of 32 bytes>`; space around it is left out.
    ///
    /// # Errors
    /// [`VaultError::MasterKey`] says which part is wrong, without showing it.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        let text = text.expose_secret().trim();
        if text.is_empty() {
            return Err(VaultError::MasterKey("it is empty"));
        }
        let mut parts = text.split(':');
        let (Some(MASTER_PREFIX), Some(id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VaultError::MasterKey("it must read tributary-master-v1:<id>:<base64 of 32 bytes>"));
        };
        let named = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !named {
            return Err(VaultError::MasterKey("its id must be 1 to 32 letters, digits or hyphens"));
        }
        let decoded = BASE64_STANDARD.decode(body).map_err(|_| VaultError::MasterKey("its last part is not base64"))?;
        let decoded = Zeroizing::new(decoded);
        let bytes = KeyBytes::from_slice(&decoded).ok_or(VaultError::MasterKey("its length is not 32 bytes"))?;
        Ok(Self { id: id.to_owned(), bytes })
    }

    /// The text that [`Self::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let mut body = BASE64_STANDARD.encode(self.bytes.0.as_ref());
        let text = format!("{MASTER_PREFIX}:{}:{body}", self.id);
        body.zeroize();
        text.into()
    }

    /// The key's id, which every key that it wraps carries.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Wraps the data key of `owner`, for storing.
    #[must_use]
    pub fn wrap(&self, owner: Uuid, key: &DataKey) -> String {
        self.bytes.seal(&self.id, &Self::place(owner), key.bytes.0.as_ref())
    }

    /// Unwraps the data key of `owner`.
    ///
    /// # Errors
    /// When another master key wrapped it, or it is another owner's, or it was altered.
    pub fn unwrap(&self, owner: Uuid, wrapped: &str) -> Result<DataKey, VaultError> {
        let plain = self.bytes.open(&self.id, &Self::place(owner), wrapped)?;
        KeyBytes::from_slice(&plain).map(DataKey::from_bytes).ok_or(VaultError::Form)
    }

    fn place(owner: Uuid) -> Place {
        Place::new("data_key", owner, "wrapped")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).field("bytes", &"[REDACTED]").finish()
    }
}

/// The key of one owner. Its id is the beginning of its SHA-256.
#[derive(Clone)]
pub struct DataKey {
    id: String,
    bytes: KeyBytes,
}

impl DataKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_bytes(KeyBytes::generate())
    }

    fn from_bytes(bytes: KeyBytes) -> Self {
        let mut id = digest(bytes.0.as_ref());
        id.truncate(8);
        Self { id, bytes }
    }

    /// The key's id, which every text that it seals carries.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals `plain` for `place`: `v1.<key id>.<base64url of nonce and cipher text>`.
    #[must_use]
    pub fn seal(&self, place: &Place, plain: &SecretString) -> String {
        self.bytes.seal(&self.id, place, plain.expose_secret().as_bytes())
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// When another key sealed it, or it was sealed for another place, or it was altered.
    pub fn open(&self, place: &Place, sealed: &str) -> Result<SecretString, VaultError> {
        let plain = self.bytes.open(&self.id, place, sealed)?;
        std::str::from_utf8(&plain).map(SecretString::from).map_err(|_| VaultError::Form)
    }

    /// The HMAC-SHA256 of `data` under a key derived for `label`: two labels never give the same tag.
    #[must_use]
    pub fn mac(&self, label: &str, data: &[u8]) -> [u8; 32] {
        self.keyed(label, data).finalize().into_bytes().into()
    }

    /// Whether `tag` is the [`mac`](Self::mac) of `data` for `label`, compared in constant time.
    #[must_use]
    pub fn verify(&self, label: &str, data: &[u8], tag: &[u8]) -> bool {
        self.keyed(label, data).verify_slice(tag).is_ok()
    }

    fn keyed(&self, label: &str, data: &[u8]) -> Hmac<Sha256> {
        let master = hmac_sha256(self.bytes.0.as_ref(), &[b"tributary mac v1 ", label.as_bytes()]);
        let derived = Zeroizing::new(<[u8; 32]>::from(master.finalize().into_bytes()));
        hmac_sha256(derived.as_ref(), &[data])
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).field("bytes", &"[REDACTED]").finish()
    }
}

#[expect(clippy::expect_used, reason = "the algorithm takes every key")]
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().fold(mac, Hmac::chain_update)
}

/// The SHA-256 of `data` in lower-case hexadecimal.
#[must_use]
pub fn digest(data: &[u8]) -> String {
    hex::encode(Sha256::digest(data))
}

/// A new random text of 43 URL-safe characters (256 bits): a link's token, a state, an API key's secret part.
#[must_use]
pub fn random_text() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(<[u8; 32]>::generate())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("credential", 7, "access_token")
    }

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let key = DataKey::generate();
        let sealed = key.seal(&place(), &secret("sk_test_1"));
        assert!(sealed.starts_with(&format!("v1.{}.", key.id())) && !sealed.contains("sk_test"));
        assert_eq!(key.open(&place(), &sealed).unwrap().expose_secret(), "sk_test_1");
        assert_ne!(sealed, key.seal(&place(), &secret("sk_test_1")), "a nonce is used once");
    }

    #[test]
    fn moved_to_another_place_it_fails_closed() {
        let key = DataKey::generate();
        let sealed = key.seal(&place(), &secret("sk_test_1"));
        for other in [
            Place::new("credential", 8, "access_token"),
            Place::new("credential", 7, "refresh_token"),
            Place::new("integration", 7, "access_token"),
            Place::new("credential", "7access", "_token"),
        ] {
            assert_eq!(key.open(&other, &sealed).unwrap_err(), VaultError::Altered, "{other:?}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_fails_closed() {
        let key = DataKey::generate();
        let sealed = key.seal(&place(), &secret("sk"));
        let (head, body) = sealed.rsplit_once('.').unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(body).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(altered));
            assert_eq!(key.open(&place(), &text).unwrap_err(), VaultError::Altered, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(&place(), &sealed[..length]).is_err(), "cut at {length}");
        }
        assert_eq!(key.open(&place(), &sealed.replacen("v1", "v2", 1)).unwrap_err(), VaultError::Form);
    }

    #[test]
    fn another_key_is_named_and_does_not_open_it() {
        let (key, other) = (DataKey::generate(), DataKey::generate());
        let sealed = key.seal(&place(), &secret("sk"));
        let error = other.open(&place(), &sealed).unwrap_err();
        assert_eq!(error, VaultError::WrongKey { needed: key.id().into(), at_hand: other.id().into() });
        let relabelled = sealed.replacen(key.id(), other.id(), 1);
        assert_eq!(other.open(&place(), &relabelled).unwrap_err(), VaultError::Altered);
    }

    #[test]
    fn a_data_key_unwraps_for_its_owner_and_its_master_only() {
        let (master, key, owner) = (MasterKey::generate(), DataKey::generate(), Uuid::from_u128(1));
        let wrapped = master.wrap(owner, &key);
        let sealed = key.seal(&place(), &secret("sk"));
        let again = master.unwrap(owner, &wrapped).unwrap();
        assert_eq!(again.open(&place(), &sealed).unwrap().expose_secret(), "sk");
        assert_eq!(master.unwrap(Uuid::from_u128(2), &wrapped).unwrap_err(), VaultError::Altered);
        assert!(matches!(MasterKey::generate().unwrap(owner, &wrapped), Err(VaultError::WrongKey { .. })));
    }

    #[test]
    fn a_master_key_survives_its_text_and_a_bad_one_is_refused_without_showing_it() {
        let master = MasterKey::generate();
        let text = master.to_text();
        assert_eq!(MasterKey::parse(&text).unwrap().to_text().expose_secret(), text.expose_secret());
        let short = BASE64_STANDARD.encode([1; 31]);
        for (bad, reason) in [
            (String::new(), "empty"),
            ("hunter2".to_owned(), "must read"),
            (format!("{MASTER_PREFIX}:a:{short}"), "length"),
            (format!("{MASTER_PREFIX}:a:***"), "base64"),
            (format!("{MASTER_PREFIX}:a b:{short}"), "id"),
            (format!("{MASTER_PREFIX}:a:{short}:x"), "must read"),
        ] {
            let error = MasterKey::parse(&bad.clone().into()).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("hunter2") && !error.contains(&short), "{error}");
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        let (master, key) = (MasterKey::generate(), DataKey::generate());
        for shown in [format!("{master:?}"), format!("{key:?}")] {
            assert!(shown.contains("[REDACTED]"), "{shown}");
        }
    }

    #[test]
    fn tags_are_separate_by_label_and_by_key() {
        let key = DataKey::generate();
        let tag = key.mac("session", b"data");
        assert!(key.verify("session", b"data", &tag));
        for (label, data) in [("state", b"data".as_slice()), ("session", b"date"), ("sessiond", b"ata")] {
            assert!(!key.verify(label, data, &tag), "{label}");
        }
        assert!(!key.verify("session", b"data", &tag[..31]));
        assert!(!DataKey::generate().verify("session", b"data", &tag));
    }

    #[test]
    fn digests_are_sha_256_and_random_texts_differ() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let text = random_text();
        assert_eq!(text.len(), 43);
        assert_ne!(text, random_text());
    }
}
