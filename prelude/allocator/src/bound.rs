//! How much is kept.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are kept at most unless [`keep_at_most`] says less.
pub const MOST: usize = 256 << 20;

static BOUND: AtomicUsize = AtomicUsize::new(MOST);

/// From now on at most so many bytes that nobody uses are kept, and never more than [`MOST`]: for programs that work within
/// a budget of memory. What is kept beyond it goes to the system when the next block is given back.
///
/// ```
/// recoil_allocator::keep_at_most(16 << 20);
/// ```
pub fn keep_at_most(bytes: usize) {
    BOUND.store(bytes.min(MOST), Ordering::Relaxed);
}

pub(crate) fn bound() -> usize {
    BOUND.load(Ordering::Relaxed)
}
