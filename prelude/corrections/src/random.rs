//! Numbers that look random and are the same for the same inputs, as the reference draws them: the inputs are hashed
//! (XXH64), and the hash is the seed of a small generator (PCG32, one stream).
//!
//! Sources: O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically
//! Good Algorithms for Random Number Generation", 2014; the distributions are those of the GNU C++ library.

use crate::hash::xxh64;

/// From what distribution a number is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distribution {
    /// Flat between 0 and 1.
    Flat,
    /// A Gaussian of width 1, as the C++ library of the reference draws it.
    LibraryNormal,
    /// A Gaussian of width 1.
    Normal,
}

/// The number that belongs to these words.
pub(crate) fn draw(words: &[u64], distribution: Distribution) -> f64 {
    let mut generator = Pcg32::new(xxh64(words));
    match distribution {
        Distribution::Flat => generator.flat(),
        Distribution::LibraryNormal => {
            let (_, y, square) = in_the_circle(|| 2.0 * generator.flat() - 1.0, |square| square <= 1.0);
            y * (-2.0 * square.ln() / square).sqrt()
        }
        Distribution::Normal => {
            let next = || f64::from(generator.next()) / f64::from(1_u32 << 31) - 1.0;
            let (x, _, square) = in_the_circle(next, |square| square < 1.0);
            x * (-2.0 * square.ln() / square).sqrt()
        }
    }
}

/// Two numbers whose squares add up to what is wanted, and the sum.
fn in_the_circle(mut next: impl FnMut() -> f64, wanted: impl Fn(f64) -> bool) -> (f64, f64, f64) {
    loop {
        let (x, y) = (next(), next());
        let square = x * x + y * y;
        if wanted(square) && square > 0.0 {
            return (x, y, square);
        }
    }
}

struct Pcg32(u64);

impl Pcg32 {
    const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
    const INCREMENT: u64 = 1_442_695_040_888_963_407;

    fn new(seed: u64) -> Self {
        Self(Self::step(seed.wrapping_add(Self::INCREMENT)))
    }

    fn step(state: u64) -> u64 {
        state.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT)
    }

    fn next(&mut self) -> u32 {
        let old = self.0;
        self.0 = Self::step(old);
        // The 32 bits that are meant, turned by the five highest.
        let mixed = ((old ^ (old >> 18)) >> 27) as u32;
        mixed.rotate_right((old >> 59) as u32)
    }

    /// 64 bits as a number from 0 to 1, without 1.
    fn flat(&mut self) -> f64 {
        const TURN: f64 = 4_294_967_296.0;
        let (low, high) = (f64::from(self.next()), f64::from(self.next()));
        ((low + high * TURN) / (TURN * TURN)).min(1.0_f64.next_down())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference() {
        let words = [1.2_f64.to_bits(), 2.3_f64.to_bits(), 5];
        assert_eq!(draw(&words, Distribution::Normal), -1.263_776_278_956_304);
        assert_eq!(draw(&words, Distribution::Flat), 0.531_294_772_673_223_7);
        // One of two values that its own tests know, by C++ library.
        assert_eq!(draw(&words, Distribution::LibraryNormal), 2.227_655_564_267_796);
    }
}
