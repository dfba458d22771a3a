//! What the groups of a pass may take of memory: a pass that would need more ends, never beyond it. Then the groups are made in
//! rounds, each of a share of the keys.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of the groups in all parts of a pass, and how many there may be. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    bytes: Arc<AtomicU64>,
    most: u64,
    /// What answers of earlier rounds take.
    held: u64,
    exceeded: Arc<AtomicBool>,
}

/// The keys of one round: those whose hash has this remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub round: u64,
    pub rounds: u64,
}

impl Share {
    /// All keys.
    pub const ALL: Self = Self { round: 0, rounds: 1 };
    /// More rounds than this are not worth their reading.
    const MOST: u64 = 256;

    /// The next number of rounds to try; `None`: it is no use.
    pub fn more(rounds: u64) -> Option<u64> {
        Some(rounds * 4).filter(|rounds| *rounds <= Self::MOST)
    }
}

impl Budget {
    /// What groups may always take: a budget below it is meant for segments in work.
    const LEAST: u64 = if cfg!(test) { 1_000_000 } else { 32_000_000 };

    /// So many bytes at most.
    pub fn new(most: u64) -> Self {
        Self { bytes: Arc::default(), most: most.max(Self::LEAST), held: 0, exceeded: Arc::default() }
    }

    /// The same budget for another round, beside answers that take so many bytes.
    pub fn beside(&self, held: u64) -> Self {
        Self { bytes: Arc::default(), most: self.most, held, exceeded: Arc::default() }
    }

    /// Whether groups did not fit.
    pub fn exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    /// Whether a part may grow from so many bytes to so many.
    pub fn has_room(&self, before: u64, now: u64) -> bool {
        let all = (self.bytes.load(Ordering::Relaxed) + now).saturating_sub(before);
        self.held + all + all / 2 <= self.most
    }

    /// Notes that a part has grown (or shrunk) to so many bytes.
    ///
    /// # Errors
    /// When all parts together and the answer that is made of them do not fit.
    pub fn change(&self, before: u64, now: u64, groups: usize) -> Result<()> {
        let all = match now.checked_sub(before) {
            Some(more) => self.bytes.fetch_add(more, Ordering::Relaxed) + more,
            None => self.bytes.fetch_sub(before - now, Ordering::Relaxed).saturating_sub(before - now),
        };
        // While the answer is made, its columns stand beside the states they are made of.
        let needed = self.held + all + all / 2;
        if needed <= self.most {
            return Ok(());
        }
        self.exceeded.store(true, Ordering::Relaxed);
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        Err(Error::request(format!(
            "grouping: {groups} groups so far, with what is computed of them, need {:.2} GB, more than the memory budget of \
             {:.2} GB; raise it with `memory_budget_gb`, filter first, or group by fewer values",
            gigabytes(needed),
            gigabytes(self.most)
        )))
    }
}
