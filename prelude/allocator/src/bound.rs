//! How much is kept.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are kept at most, whatever [`keep_at_most`] says.
pub const MOST: usize = 1 << 30;

/// A quarter of it until a program says what it has.
static BOUND: AtomicUsize = AtomicUsize::new(MOST / 4);

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
