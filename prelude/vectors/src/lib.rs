//! How wide vectors may be. Loops that are compiled for several widths give the same bits in each; [`limit`] lets a test
//! show it, and `RECOIL_VECTORS` (`avx512`, `avx2` or `none`) lets anybody.

use std::sync::atomic::{AtomicU8, Ordering};

/// A width of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// What every processor of the architecture has.
    None = 1,
    /// 256 bits.
    Avx2 = 2,
    /// 512 bits.
    Avx512 = 3,
}

/// 0 until the environment was asked.
static MOST: AtomicU8 = AtomicU8::new(0);

/// Whether loops may use vectors of this width where the processor has them.
#[inline]
pub fn allowed(width: Width) -> bool {
    match MOST.load(Ordering::Relaxed) {
        0 => width as u8 <= asked(),
        most => width as u8 <= most,
    }
}

/// Loops that begin from now on use no wider vectors than these.
pub fn limit(most: Width) {
    MOST.store(most as u8, Ordering::Relaxed);
}

/// Makes a function whose loop is compiled for several widths of vectors; the widest that is allowed and that the processor
/// has is chosen when it runs. All do the same arithmetic: results are equal.
///
/// ```
/// recoil_vectors::widest! {
///     fn scale(values: &mut [f64], factor: f64) -> () {
///         values.iter_mut().for_each(|value| *value *= factor);
///     }
/// }
/// let mut values = [1.0, 2.0];
/// scale(&mut values, 3.0);
/// assert_eq!(values, [3.0, 6.0]);
/// ```
#[macro_export]
macro_rules! widest {
    ($(#[$about:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty $body:block) => {
        $(#[$about])*
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

                if $crate::allowed($crate::Width::Avx512)
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the condition has found all features that the function uses.
                    return unsafe { with_avx512($($argument),*) };
                }
                if $crate::allowed($crate::Width::Avx2) && is_x86_feature_detected!("avx2") {
                    // SAFETY: the condition has found the feature that the function uses.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            plain($($argument),*)
        }
    };
}

#[cold]
fn asked() -> u8 {
    let width = match std::env::var("RECOIL_VECTORS").as_deref() {
        Ok("none") => Width::None,
        Ok("avx2") => Width::Avx2,
        _ => Width::Avx512,
    };
    limit(width);
    width as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_for_wider_vectors() {
        limit(Width::Avx2);
        assert_eq!([Width::None, Width::Avx2, Width::Avx512].map(allowed), [true, true, false]);
        limit(Width::Avx512);
        assert!(allowed(Width::Avx512));
    }
}
