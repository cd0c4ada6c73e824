//! The signature of a webhook: that Stripe sent these very bytes, and sent them now.
//!
//! `Stripe-Signature: t=<second>,v1=<hex>[,v1=<hex>...][,<other scheme>=...]`. What is signed is the second, a dot and the
//! raw body, with HMAC-SHA256; its key is the whole secret, `whsec_` too. Nothing is parsed before it is known to be true.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The longest header that is looked at, in bytes: dozens of signatures, far more than a roll brings.
pub const LONGEST_HEADER: usize = 4_096;
/// Bytes of a signature.
const BYTES: usize = 32;

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no header.
    #[error("the header Stripe-Signature is missing")]
    Missing,
    /// The header is not one of Stripe's.
    #[error("the header Stripe-Signature does not read t=...,v1=...")]
    Malformed,
    /// The header has signatures, none of which is of a scheme that counts.
    #[error("the header Stripe-Signature has no signature of the scheme v1")]
    NoScheme,
    /// No signature fits.
    #[error(
        "no signature fits the body: it was signed with another secret, or altered on the way; an admin sets the \
         signing secret of this endpoint"
    )]
    Wrong,
    /// It was signed too long ago.
    #[error("it was signed too long ago: it was held back on the way, or the clock of this machine is fast")]
    TooOld,
    /// It was signed in the future.
    #[error("it was signed in the future: the clock of this machine is slow")]
    TooNew,
}

impl Refusal {
    /// Its word in counts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "no_signature",
            Self::Malformed => "malformed_signature",
            Self::NoScheme => "unknown_scheme",
            Self::Wrong => "wrong_signature",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
        }
    }
}

/// Checks the header against the raw body, under any of the secrets: during a roll there are two. `now` is a Unix second,
/// `tolerance` the seconds that the time in the header may be away from it, before or after.
///
/// # Errors
/// See [`Refusal`].
pub fn verify(header: &[u8], body: &[u8], secrets: &[SecretString], now: i64, tolerance: i64) -> Result<(), Refusal> {
    let (time, signatures) = parse(header)?;
    if signatures.is_empty() {
        return Err(Refusal::NoScheme);
    }
    // Every pair is compared, each in constant time: how long it takes tells nothing of which one fits.
    let fits = secrets.iter().flat_map(|secret| signatures.iter().map(move |one| (secret, one)));
    if !fits.fold(false, |found, (secret, one)| is_of(secret, time, body, one) | found) {
        return Err(Refusal::Wrong);
    }
    let second = time.parse::<i64>().map_err(|_| Refusal::Malformed)?;
    match now.saturating_sub(second) {
        late if late > tolerance => Err(Refusal::TooOld),
        late if late < -tolerance => Err(Refusal::TooNew),
        _ => Ok(()),
    }
}

/// The time as it was written, and the signatures of the scheme `v1`; those of other schemes are passed over.
fn parse(header: &[u8]) -> Result<(&str, Vec<[u8; BYTES]>), Refusal> {
    if header.len() > LONGEST_HEADER {
        return Err(Refusal::Malformed);
    }
    let text = std::str::from_utf8(header).map_err(|_| Refusal::Malformed)?;
    let (mut time, mut signatures) = (None, Vec::new());
    for part in text.split(',') {
        let (scheme, value) = part.trim().split_once('=').ok_or(Refusal::Malformed)?;
        match scheme {
            "t" if time.is_some() || value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(Refusal::Malformed);
            }
            "t" => time = Some(value),
            "v1" => {
                let mut bytes = [0; BYTES];
                // What is no digest fits nothing; another one beside it may.
                if hex::decode_to_slice(value, &mut bytes).is_ok() {
                    signatures.push(bytes);
                }
            }
            _ => {}
        }
    }
    Ok((time.ok_or(Refusal::Malformed)?, signatures))
}

#[expect(clippy::disallowed_methods, reason = "the key of the digest that a delivery is compared with")]
fn is_of(secret: &SecretString, time: &str, body: &[u8], signature: &[u8; BYTES]) -> bool {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.chain_update(time.as_bytes()).chain_update(b".").chain_update(body).verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\"id\": \"evt_1\"}";
    const AT: i64 = 1_234_567_890;
    /// Made by the Node library for the secret `whsec_test` and this body and second.
    const DIGEST: &str = "b3438eb4cd223087802cdde731a317ddccd5a62b8132472fa8e5343a090d3471";

    fn check(header: &str) -> Result<(), Refusal> {
        verify(header.as_bytes(), BODY, &["whsec_test".to_owned().into()], AT, 300)
    }

    #[test]
    fn s28_what_stripes_libraries_sign_is_believed() {
        let zeros = "0".repeat(64);
        for header in [
            format!("t={AT},v1={DIGEST}"),
            format!("t={AT}, v1={DIGEST}"),
            format!("v1={DIGEST},t={AT}"),
            format!("t={AT},v1={zeros},v1={DIGEST}"),
            format!("t={AT},v1=short,v1={DIGEST},v0={zeros},v9=x"),
        ] {
            assert_eq!(check(&header), Ok(()), "{header}");
        }
    }

    #[test]
    fn s28_a_header_that_is_not_stripes_is_refused() {
        for (header, refusal) in [
            (String::new(), Refusal::Malformed),
            ("t".to_owned(), Refusal::Malformed),
            (format!("v1={DIGEST}"), Refusal::Malformed),
            (format!("t=,v1={DIGEST}"), Refusal::Malformed),
            (format!("t={AT},t={AT},v1={DIGEST}"), Refusal::Malformed),
            (format!("t=-5,v1={DIGEST}"), Refusal::Malformed),
            (format!("t={AT},v0={DIGEST}"), Refusal::NoScheme),
            (format!("t={AT},v1={}", &DIGEST[..62]), Refusal::NoScheme),
            (format!("t={AT},v1={}", DIGEST.replace('b', "c")), Refusal::Wrong),
            (format!("t={},v1={DIGEST}", AT + 1), Refusal::Wrong),
            (format!("t={},v1={DIGEST}", "9".repeat(40)), Refusal::Wrong),
            (format!("t={AT},v1={DIGEST},{}", "x=y,".repeat(1_024)), Refusal::Malformed),
        ] {
            assert_eq!(check(&header), Err(refusal), "{header}");
        }
    }

    #[test]
    fn s28_time_counts_in_both_directions_and_the_body_to_its_last_byte() {
        let header = format!("t={AT},v1={DIGEST}");
        let at = |now| verify(header.as_bytes(), BODY, &["whsec_test".to_owned().into()], now, 300);
        assert_eq!((at(AT + 300), at(AT - 300)), (Ok(()), Ok(())));
        assert_eq!((at(AT + 301), at(AT - 301)), (Err(Refusal::TooOld), Err(Refusal::TooNew)));
        let secrets = ["whsec_new".to_owned().into(), "whsec_test".to_owned().into()];
        assert_eq!(verify(header.as_bytes(), BODY, &secrets, AT, 300), Ok(()), "during a roll the second one counts");
        assert_eq!(verify(header.as_bytes(), BODY, &[], AT, 300), Err(Refusal::Wrong));
        for altered in [&b"{\"id\":\"evt_1\"}"[..], b"{\"id\": \"evt_1\"}\n", b"{\"id\": \"evt_2\"}", b""] {
            assert_eq!(verify(header.as_bytes(), altered, &secrets, AT, 300), Err(Refusal::Wrong));
        }
    }
}
