//! `Stripe-Signature`: HMAC-SHA256 over the second, a dot and the body; the key is the whole secret, `whsec_` too.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// The header for a body that is signed with each of these secrets.
pub fn header<'a>(secrets: impl IntoIterator<Item = &'a str>, at: i64, body: &str) -> String {
    let mut header = format!("t={at}");
    for secret in secrets {
        // Writing to a string cannot fail.
        let _ = write!(header, ",v1={}", code(secret, at, body));
    }
    header
}

/// One signature, in hexadecimal.
pub fn code(secret: &str, at: i64, body: &str) -> String {
    let signed = format!("{at}.{body}");
    // HMAC takes a key of any length, so there is always one.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(signed.as_bytes()));
    mac.map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_stripes_libraries_compute() {
        // stripe.webhooks.generateTestHeaderString({ payload: '{"id": "evt_1"}', secret: 'whsec_test', timestamp: 1234567890 })
        let expected = "t=1234567890,v1=b3438eb4cd223087802cdde731a317ddccd5a62b8132472fa8e5343a090d3471";
        assert_eq!(header(["whsec_test"], 1_234_567_890, "{\"id\": \"evt_1\"}"), expected);
    }
}
