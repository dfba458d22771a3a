//! XXH64 (xxHash's specification, 0.1.1), of whole words: the seed of random numbers, and what tells tables apart.

const PRIMES: [u64; 5] =
    [0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63, 0x27d4_eb2f_1656_67c5];

fn round(sum: u64, word: u64) -> u64 {
    sum.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

/// XXH64 with seed 0 of whole words, lowest byte first.
pub(crate) fn xxh64(words: &[u64]) -> u64 {
    let (stripes, rest) = words.as_chunks::<4>();
    let mut hash = if stripes.is_empty() {
        PRIMES[4]
    } else {
        let mut sums = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, 0_u64.wrapping_sub(PRIMES[0])];
        for stripe in stripes {
            sums.iter_mut().zip(stripe).for_each(|(sum, word)| *sum = round(*sum, *word));
        }
        let turned = sums.iter().zip([1, 7, 12, 18]).map(|(sum, by)| sum.rotate_left(by));
        let all = turned.fold(0_u64, u64::wrapping_add);
        sums.iter().fold(all, |hash, sum| (hash ^ round(0, *sum)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]))
    };
    hash = hash.wrapping_add(8 * words.len() as u64);
    for word in rest {
        hash = (hash ^ round(0, *word)).rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 32)
}

/// 128 bits that differ when bytes do, for all that will be met.
pub(crate) fn digest(bytes: &[u8]) -> u128 {
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut words: Vec<u64> = whole.iter().chain([&last]).map(|word| u64::from_le_bytes(*word)).collect();
    words.push(bytes.len() as u64);
    let first = xxh64(&words);
    // The second half begins with the first one.
    words.push(first);
    words.rotate_right(1);
    u128::from(first) << 64 | u128::from(xxh64(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_specification() {
        // Python's xxhash 4.1, of no bytes, and of the numbers from 0 on as words.
        let words: Vec<u64> = (0..9).collect();
        assert_eq!(xxh64(&[]), 0xef46_db37_51d8_e999);
        for (count, hash) in HASHES {
            assert_eq!(xxh64(&words[..count]), hash, "{count} words");
        }
    }

    const HASHES: [(usize, u64); 4] = [
        (1, 0x34c9_6acd_cadb_1bbb),
        (3, 0xd469_5755_13b9_8fda),
        (4, 0xd5fe_80bd_05f8_7c8e),
        (9, 0xb73f_7062_7f94_2bee),
    ];

    #[test]
    fn digests_differ() {
        let all = [&b""[..], b"a", b"ab", b"ab\0", b"abcdefgh", b"abcdefgh\0"].map(digest);
        assert!((0..all.len()).all(|at| !all[..at].contains(&all[at])));
    }
}
