//! Ids shaped like Stripe's that lead back to the row they name, so that no map from id to row is needed.

use super::{
    Kind,
    chance::{Chance, mix, unmix},
};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Base-62 digits that 64 bits need.
const WORD: usize = 11;

/// Makes and reads the ids of one account.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    chance: Chance,
}

impl Ids {
    /// The ids below this source.
    pub fn new(chance: Chance) -> Self {
        Self { chance: chance.named("ids") }
    }

    fn key(self, kind: Kind) -> u64 {
        self.chance.of(kind as u64).bits("key")
    }

    /// The id of row `number`: `prefix`, an underscore and 24 letters and digits (58 for a checkout session).
    pub fn id(self, kind: Kind, prefix: &str, number: u64) -> String {
        let key = self.key(kind);
        let first = mix(number ^ key);
        let second = mix(first ^ key);
        let mut id = String::with_capacity(64);
        id.push_str(prefix);
        id.push_str(if kind == Kind::Charge || kind == Kind::PaymentIntent { "_3P" } else { "_1P" });
        push_word(&mut id, first);
        push_word(&mut id, second);
        if kind == Kind::CheckoutSession {
            (0..3).fold(second, |last, _| {
                push_word(&mut id, mix(last));
                mix(last)
            });
        }
        id
    }

    /// The row that an id may name. The caller compares its own id of that row with the one given: only then it does.
    pub fn number(self, kind: Kind, id: &str) -> Option<u64> {
        let tail = id.rsplit('_').next()?.as_bytes();
        let word = tail.get(2..2 + WORD)?;
        let bits = word.iter().try_fold(0_u64, |bits, digit| {
            let value = DIGITS.iter().position(|known| known == digit)? as u64;
            bits.checked_mul(62)?.checked_add(value)
        })?;
        Some(unmix(bits) ^ self.key(kind))
    }

    /// `length` letters and digits for something that is no row: a fingerprint, a bank account, a discount.
    pub fn token(self, what: &str, number: u64, length: usize) -> String {
        let source = self.chance.named(what).of(number);
        let mut token = String::with_capacity(length + WORD);
        let mut round = 0;
        while token.len() < length {
            push_word(&mut token, source.of(round).bits("token"));
            round += 1;
        }
        token.truncate(length);
        token
    }
}

fn push_word(text: &mut String, mut bits: u64) {
    let mut word = [b'0'; WORD];
    for digit in word.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(bits % 62).unwrap_or(0)];
        bits /= 62;
    }
    text.extend(word.iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_row() {
        let ids = Ids::new(Chance::new(3));
        for number in [0, 1, 999_999, u64::from(u32::MAX)] {
            let id = ids.id(Kind::Charge, "ch", number);
            assert_eq!(id.len(), 27, "{id}");
            assert_eq!(ids.number(Kind::Charge, &id), Some(number));
        }
        let session = ids.id(Kind::CheckoutSession, "cs_test", 5);
        assert_eq!(ids.number(Kind::CheckoutSession, &session), Some(5));
        assert_eq!(ids.number(Kind::Charge, "ch_nonsense"), None);
        assert_eq!(ids.number(Kind::Charge, ""), None);
    }
}
