//! The one generator behind everything that is random over rows: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Its numbers
//! are the same on every machine and with every compiler, so that the same seed is the same choice for good.

/// What the state advances by: 2^64 over the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of random words.
///
/// ```
/// let mut random = segment::random::SplitMix64::new(0);
/// assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
/// assert_eq!(random.next(), segment::random::lot(0, 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word.
    #[allow(clippy::should_implement_trait)] // it has no end
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }
}

/// The word at a place of the sequence of a seed, counted from 0: the lot of the row or the event with this number.
pub fn lot(seed: u64, place: u64) -> u64 {
    mix(seed.wrapping_add(STEP.wrapping_mul(place.wrapping_add(1))))
}

/// One word of several, well mixed; their order counts.
pub fn digest(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(0, |state, word| mix((state ^ word).wrapping_add(STEP)))
}

/// The finaliser of the generator: different words stay different.
fn mix(word: u64) -> u64 {
    let mut word = word;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first words of seed 1234567, as the authors' C code prints them.
    #[test]
    fn the_words_are_those_of_the_reference() {
        let mut random = SplitMix64::new(1_234_567);
        let words = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        for (place, word) in words.into_iter().enumerate() {
            assert_eq!((random.next(), lot(1_234_567, place as u64)), (word, word));
        }
        assert_ne!(digest([1, 2]), digest([2, 1]));
    }
}
