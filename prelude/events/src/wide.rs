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
