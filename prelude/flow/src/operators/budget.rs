//! What the groups of a pass may take of memory: a pass that would need more ends with an error, never beyond it.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the groups in all parts of a pass, and how many there may be. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    bytes: Arc<AtomicU64>,
    most: u64,
}

impl Budget {
    /// What groups may always take: a budget below it is meant for segments in work.
    const LEAST: u64 = 32_000_000;

    /// So many bytes at most.
    pub fn new(most: u64) -> Self {
        Self { bytes: Arc::default(), most: most.max(Self::LEAST) }
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
        let needed = all + all / 2;
        if needed <= self.most {
            return Ok(());
        }
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        Err(Error::request(format!(
            "grouping: {groups} groups so far, with what is computed of them, need {:.2} GB, more than the memory budget of \
             {:.2} GB; raise it with `memory_budget_gb`, filter first, or group by fewer values",
            gigabytes(needed),
            gigabytes(self.most)
        )))
    }
}
