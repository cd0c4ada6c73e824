//! Standard Webhooks: what is sent is signed, so that the receiver can tell who sent it and when.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// The header's value: one `v1,` signature over `id.seconds.body` for each secret; none when a secret is not one.
pub(super) fn sign(secrets: &[SecretString], id: &str, seconds: i64, body: &str) -> Option<String> {
    let signed = format!("{id}.{seconds}.{body}");
    let all: Option<Vec<String>> = secrets.iter().map(|secret| one(secret, signed.as_bytes())).collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join(" "))
}

#[expect(clippy::disallowed_methods, reason = "the key of the signature")]
fn one(secret: &SecretString, signed: &[u8]) -> Option<String> {
    let key = BASE64_STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).ok()?.chain_update(signed).finalize();
    Some(format!("v1,{}", BASE64_STANDARD.encode(mac.into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn s30_the_example_of_the_standard_is_signed_alike() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let made = |secrets: &[SecretString]| {
            sign(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(made(std::slice::from_ref(&secret)).as_deref(), Some(expected));
        let both = made(&[secret, SecretString::from("whsec_AAAA")]).unwrap();
        assert!(both.starts_with(expected) && both.split(' ').count() == 2, "{both}");
        assert_eq!(made(&[SecretString::from("no secret")]), None);
        assert_eq!(made(&[]), None);
    }
}
