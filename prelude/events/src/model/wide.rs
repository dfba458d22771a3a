//! Work compiled for the processor at hand.

/// Runs `work` compiled with AVX2 where the processor has it.
///
/// `work` must be a closure of simple loops over slices that the compiler can inline here and turn into vector code;
/// without AVX2 the same loops are compiled for any processor.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the line above has asked the processor for AVX2, the only feature the function is compiled with.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// The place of the last word that `is` says yes to, a chunk of words at a time.
#[inline(always)]
pub(crate) fn last_word<const N: usize>(words: &[[u8; N]], is: impl Fn([u8; N]) -> bool) -> Option<usize> {
    const CHUNK: usize = 64;
    wide(|| {
        let mut end = words.len();
        for chunk in words.rchunks(CHUNK) {
            // No early end: a loop over all of a chunk is vector code.
            if chunk.iter().fold(false, |any, &word| any | is(word)) {
                return chunk.iter().rposition(|&word| is(word)).map(|at| end - chunk.len() + at);
            }
            end -= chunk.len();
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_found_wherever_it_is() {
        for length in [0, 1, 63, 64, 65, 200] {
            for wanted in 0..length {
                let mut words = vec![[0u8, 7]; length];
                words[wanted] = [1, 7];
                words[wanted / 2] = [1, 7];
                assert_eq!(last_word(&words, |word| word[0] == 1), Some(wanted), "{wanted} of {length}");
            }
            assert_eq!(last_word(&vec![[0u8, 7]; length], |word| word[0] == 1), None);
        }
    }
}
