//! The hash of this room.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A fast hash for words and short texts; keys here come from the user's own files.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fold(u64);

/// A hash of so much, and of a word behind it.
#[inline]
pub(crate) fn mixed(before: u64, word: u64) -> u64 {
    let product =
        u128::from(before ^ word ^ 0x243f_6a88_85a3_08d3).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (product >> 64) as u64 ^ product as u64
}

impl Fold {
    fn mix(&mut self, word: u64) {
        self.0 = mixed(self.0, word);
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        let rest = words.remainder();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (rest.len() as u64) << 56);
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }
}

/// A map with this hash.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;
