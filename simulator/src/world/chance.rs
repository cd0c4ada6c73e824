//! Chance that falls the same every time: what looks random is a hash of the seed and of what it decides.

/// A source of decisions. It has no state: the same question gets the same answer.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The root of everything made from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5354_5249_5045_0001))
    }

    /// The source for one numbered thing below this one.
    pub fn of(self, number: u64) -> Self {
        Self(mix(self.0 ^ mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The source for one named thing below this one.
    pub fn named(self, what: &str) -> Self {
        Self(self.bits(what))
    }

    /// 64 bits that depend on the source and on `what` alone.
    pub fn bits(self, what: &str) -> u64 {
        let name = what
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        mix(self.0 ^ name)
    }

    /// A number from 0 to `bound` - 1.
    pub fn below(self, what: &str, bound: u64) -> u64 {
        let wide = u128::from(self.bits(what)) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(self, what: &str, low: i64, high: i64) -> i64 {
        low + self.below(what, high.abs_diff(low) + 1).cast_signed()
    }

    /// True in one of `many` cases.
    pub fn one_in(self, what: &str, many: u64) -> bool {
        self.below(what, many) == 0
    }

    /// One of the list.
    pub fn pick<T>(self, what: &str, list: &'static [T]) -> &'static T {
        let end = list.len().saturating_sub(1);
        let at = usize::try_from(self.below(what, list.len() as u64)).unwrap_or(0);
        &list[at.min(end)]
    }
}

/// Mixes 64 bits so that each output bit depends on each input bit; [`unmix`] goes back.
pub fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The inverse of [`mix`].
pub fn unmix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 31) ^ (bits >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    bits = (bits ^ (bits >> 27) ^ (bits >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    bits ^ (bits >> 30) ^ (bits >> 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_can_be_undone() {
        for bits in [0, 1, 77, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(unmix(mix(bits)), bits);
        }
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let chance = Chance::new(7);
        for number in 0..1_000 {
            let drawn = chance.of(number).between("x", -3, 5);
            assert!((-3..=5).contains(&drawn));
            assert!(chance.of(number).below("y", 10) < 10);
        }
    }
}
