//! One loop, compiled for several widths of vectors; the processor's is chosen when it runs.

/// Runs a loop with the widest vectors the processor has. All do the same arithmetic: results are equal.
macro_rules! widest {
    (fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty $body:block) => {
        #[inline(always)]
        fn $name($($argument: $kind),*) -> $answer {
            #[inline(always)]
            fn plain($($argument: $kind),*) -> $answer $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
                fn with_avx512($($argument: $kind),*) -> $answer {
                    plain($($argument),*)
                }

                #[target_feature(enable = "avx2")]
                fn with_avx2($($argument: $kind),*) -> $answer {
                    plain($($argument),*)
                }

                if recoil_vectors::allowed(recoil_vectors::Width::Avx512)
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the condition has found all features that the function uses.
                    return unsafe { with_avx512($($argument),*) };
                }
                if recoil_vectors::allowed(recoil_vectors::Width::Avx2) && is_x86_feature_detected!("avx2") {
                    // SAFETY: the condition has found the feature that the function uses.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            plain($($argument),*)
        }
    };
}

pub(crate) use widest;
