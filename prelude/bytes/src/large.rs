//! Large pages for the memory of columns.

/// Columns below this size are not worth asking for.
const LARGE: usize = 4 << 20;

/// Asks the system for large pages for the memory of a vector that is about to be filled: taking memory page by page costs
/// as much as filling it. Nothing is different when the wish is not granted.
///
/// ```
/// let mut values: Vec<f64> = Vec::with_capacity(1000);
/// recoil_bytes::in_large_pages(&mut values);
/// values.push(1.0);
/// assert_eq!(values, [1.0]);
/// ```
pub fn in_large_pages<T>(values: &mut Vec<T>) {
    if values.capacity().saturating_mul(size_of::<T>()) >= LARGE {
        advise(values);
    }
}

#[cfg(target_os = "linux")]
fn advise<T>(values: &mut Vec<T>) {
    const PAGE: usize = 4096;
    let bytes = values.capacity() * size_of::<T>();
    let start = values.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    let Some(whole) = bytes.checked_sub(skipped).map(|rest| rest / PAGE * PAGE) else { return };
    // SAFETY: `skipped..skipped + whole` are whole pages inside the allocation of the vector, which is borrowed mutably; the
    // advice changes how pages are made, never what is in them.
    unsafe {
        libc::madvise(start.add(skipped).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_values: &mut Vec<T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_large_pages_changes_nothing() {
        let mut values: Vec<u64> = (0..1000).collect();
        values.reserve_exact(3 << 20);
        in_large_pages(&mut values);
        values.extend(1000..3 << 20);
        assert!(values.iter().copied().eq(0..3 << 20));
        in_large_pages(&mut Vec::<u8>::new());
        in_large_pages(&mut vec![(); 9]);
    }
}
