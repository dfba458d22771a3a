//! How much came over the network.

use std::sync::atomic::{AtomicU64, Ordering};

// Shared by all cells of a notebook: the prelude is one dylib, so these statics exist once.
static BYTES: AtomicU64 = AtomicU64::new(0);
static QUESTIONS: AtomicU64 = AtomicU64::new(0);
static AGAIN: AtomicU64 = AtomicU64::new(0);

/// What came over the network since the program began, of all files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Bytes of files, also of those that had to be fetched again.
    pub bytes: u64,
    /// Questions that were sent to servers.
    pub questions: u64,
    /// How many of them repeated one that failed.
    pub again: u64,
}

/// What came over the network since the program began.
pub fn counts() -> Counts {
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    Counts { bytes: of(&BYTES), questions: of(&QUESTIONS), again: of(&AGAIN) }
}

pub(crate) fn received(bytes: usize) {
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

pub(crate) fn asked(again: bool) {
    QUESTIONS.fetch_add(1, Ordering::Relaxed);
    AGAIN.fetch_add(again.into(), Ordering::Relaxed);
}
